// SPDX-License-Identifier: Apache-2.0
// Neighbour discovery for IPv6 (RFC 4861 4): solicitations and advertisements of neighbours, and the options of all
// five messages. Routers' messages and redirects have options of their own, which are passed over here.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>

#include "catenet/wire/bytes.h"
#include "catenet/wire/icmpv6.h"
#include "catenet/wire/link_address.h"

namespace catenet::wire {

inline constexpr std::uint8_t kNdpHopLimit = 255;  ///< else the message came from beyond the link (RFC 4861 3.1)

enum class NdpOptionType : std::uint8_t { kSourceLinkAddress = 1, kTargetLinkAddress = 2 };

/// A neighbour solicitation or advertisement, without its options (RFC 4861 4.3, 4.4).
struct NdpNeighborMessage {
  static constexpr std::uint32_t kRouter = 0x80000000;     ///< in icmp.word of advertisements: the sender is a router
  static constexpr std::uint32_t kSolicited = 0x40000000;  ///< it answers a solicitation
  static constexpr std::uint32_t kOverride = 0x20000000;   ///< it is worth more than what is known already
  Icmpv6Header icmp;
  Ipv6Address target;

  [[nodiscard]] bool is_router() const { return (icmp.word & kRouter) != 0; }
  [[nodiscard]] bool is_solicited() const { return (icmp.word & kSolicited) != 0; }
  [[nodiscard]] bool is_override() const { return (icmp.word & kOverride) != 0; }

  static NdpNeighborMessage solicitation(const Ipv6Address& target);
  static NdpNeighborMessage advertisement(const Ipv6Address& target, std::uint32_t flags);
};
static_assert(sizeof(NdpNeighborMessage) == 24 && FixedHeader<NdpNeighborMessage>);

/// An option with an Ethernet address, ready to send.
struct NdpLinkAddressOption {
  std::uint8_t type = 0;
  std::uint8_t length = 1;  ///< in units of eight bytes
  MacAddress address;
};
static_assert(sizeof(NdpLinkAddressOption) == 8 && FixedHeader<NdpLinkAddressOption>);

/// The options of a message as values; unknown ones are passed over (RFC 4861 4.6).
struct NdpOptions {
  std::optional<MacAddress> source_link_address;
  std::optional<MacAddress> target_link_address;
  /// kBadOption when a length is zero or reaches beyond the bytes, or a link address is not of six bytes.
  static Parsed<NdpOptions> parse(Bytes options);
  bool operator==(const NdpOptions&) const = default;
};

}  // namespace catenet::wire
