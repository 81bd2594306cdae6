// SPDX-License-Identifier: Apache-2.0
// ICMP for IPv6 (RFC 4443): an eight-byte header whose second half depends on the type, then data or the quoted packet.
// The checksum covers a pseudo-header, too (RFC 8200 8.1). Types below 128 are errors.
#pragma once
#include <cstddef>
#include <cstdint>

#include "catenet/wire/bytes.h"
#include "catenet/wire/ipv6.h"

namespace catenet::wire {

enum class Icmpv6Type : std::uint8_t {
  kUnreachable = 1,
  kPacketTooBig = 2,
  kTimeExceeded = 3,
  kParameterProblem = 4,
  kEcho = 128,
  kEchoReply = 129,
  kListenerQuery = 130,
  kListenerReport = 131,
  kListenerDone = 132,
  kRouterSolicitation = 133,
  kRouterAdvertisement = 134,
  kNeighborSolicitation = 135,
  kNeighborAdvertisement = 136,
  kRedirect = 137,
  kListenerReportV2 = 143,
};

/// Codes of kUnreachable (RFC 4443 3.1).
enum class Icmpv6Unreachable : std::uint8_t {
  kNoRoute = 0,
  kAdministrativelyProhibited = 1,
  kBeyondScope = 2,
  kAddress = 3,
  kPort = 4,
  kSourcePolicy = 5,
  kRejectRoute = 6,
};
enum class Icmpv6TimeExceeded : std::uint8_t { kTransit = 0, kReassembly = 1 };
/// Codes of kParameterProblem (RFC 4443 3.4, RFC 7112 5).
enum class Icmpv6Parameter : std::uint8_t {
  kHeaderField = 0,
  kNextHeader = 1,
  kOption = 2,
  kIncompleteChain = 3,  ///< a first fragment without the upper layer's header
};

inline constexpr std::size_t kIcmpv6HeaderSize = 8;

struct Icmpv6Header {
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  be16 checksum;
  be32 word;  ///< identifier and sequence; or an MTU; or the parameter problem's pointer

  [[nodiscard]] Icmpv6Type kind() const { return Icmpv6Type{type}; }
  [[nodiscard]] bool is(Icmpv6Type t) const { return kind() == t; }
  [[nodiscard]] std::uint16_t id() const { return static_cast<std::uint16_t>(word >> 16); }
  [[nodiscard]] std::uint16_t sequence() const { return static_cast<std::uint16_t>(word); }
  [[nodiscard]] std::uint32_t mtu() const { return word; }
  [[nodiscard]] std::uint32_t pointer() const { return word; }
  /// An error quotes the packet that caused it, and is never itself answered with an error (RFC 4443 2.4(e)).
  [[nodiscard]] bool is_error() const { return type < 128; }

  // Headers ready to send, but for the checksum, which is zero.
  static Icmpv6Header echo(std::uint16_t id, std::uint16_t sequence);
  static Icmpv6Header echo_reply(std::uint16_t id, std::uint16_t sequence);
  static Icmpv6Header unreachable(Icmpv6Unreachable code);
  static Icmpv6Header packet_too_big(std::uint32_t mtu);
  static Icmpv6Header time_exceeded(Icmpv6TimeExceeded code);
  /// `pointer` is the offset of the offending byte in the packet that is quoted.
  static Icmpv6Header parameter_problem(Icmpv6Parameter code, std::size_t pointer);

  /// In place. kTooShort below eight bytes. The checksum is verified above; types and codes are not judged.
  static Parsed<const Icmpv6Header*> parse(Bytes message);
};
static_assert(sizeof(Icmpv6Header) == kIcmpv6HeaderSize && FixedHeader<Icmpv6Header>);

/// The packet quoted by an error, as far as it came.
struct Icmpv6Quote {
  const Ipv6Header* header = nullptr;  ///< in place
  IpProtocol protocol{};               ///< the upper layer's, behind the extension headers
  bool is_later_fragment = false;      ///< `payload` is from the middle of the packet
  Bytes payload;                       ///< the upper layer's header and what follows, as far as it was quoted

  /// `message` starts at the ICMPv6 header of an error. Errors as Ipv6Header::parse_quoted and Ipv6ChainReader::next.
  static Parsed<Icmpv6Quote> parse(Bytes message);
};

}  // namespace catenet::wire
