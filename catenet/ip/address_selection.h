// SPDX-License-Identifier: Apache-2.0
// Which of several addresses (RFC 6724): the source for a destination, and the order of destinations of a name. The
// rules about home addresses, temporary addresses and next hops' prefixes wait for those who have them.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "catenet/wire/ip_address.h"

namespace catenet::ip {

/// A row of the policy table (RFC 6724 2.1): the default one.
struct AddressPolicy {
  std::uint8_t precedence;
  std::uint8_t label;
};
/// IPv4 addresses are asked for in their mapped form.
[[nodiscard]] AddressPolicy policy_of(const wire::Ipv6Address& address);

struct SourceCandidate {
  wire::Ipv6Address address;
  std::uint8_t prefix_length = 128;
  bool deprecated = false;
  bool outgoing = false;  ///< an address of the interface by which the packet leaves
};
/// RFC 6724 5: is `a` the better source for `destination`? False for equals: the one that was configured first stays.
[[nodiscard]] bool is_better_source(const SourceCandidate& a, const SourceCandidate& b,
                                    const wire::Ipv6Address& destination);

struct DestinationCandidate {
  wire::IpAddress address;
  std::optional<wire::IpAddress> source;  ///< what we would send from; nothing: there is no way there
  std::uint8_t prefix_length = 128;       ///< of the source
  bool deprecated = false;                ///< the source is
};
/// RFC 6724 6: puts the better destinations in front; equals keep their order.
void sort_destinations(std::span<DestinationCandidate> candidates);

}  // namespace catenet::ip
