// SPDX-License-Identifier: Apache-2.0
// ICMP for IPv4 (RFC 792; next-hop MTU, RFC 1191; timestamps and address masks, RFC 950): an eight-byte header whose
// second half depends on the type, then data or the quoted packet. The checksum covers the whole message.
#pragma once
#include <cstddef>
#include <cstdint>

#include "catenet/wire/bytes.h"
#include "catenet/wire/ip_address.h"
#include "catenet/wire/ipv4.h"

namespace catenet::wire {

enum class IcmpType : std::uint8_t {
  kEchoReply = 0,
  kUnreachable = 3,
  kSourceQuench = 4,  // obsolete (RFC 6633): neither sent nor acted upon
  kRedirect = 5,
  kEcho = 8,
  kRouterAdvertisement = 9,
  kRouterSolicitation = 10,
  kTimeExceeded = 11,
  kParameterProblem = 12,
  kTimestamp = 13,
  kTimestampReply = 14,
  kMaskRequest = 17,
  kMaskReply = 18,
};

/// Codes of kUnreachable (RFC 792, RFC 1122 3.2.2.1, RFC 1812 5.2.7.1).
enum class IcmpUnreachable : std::uint8_t {
  kNet = 0,
  kHost = 1,
  kProtocol = 2,
  kPort = 3,
  kFragmentationNeeded = 4,
  kSourceRouteFailed = 5,
  kNetUnknown = 6,
  kHostUnknown = 7,
  kHostIsolated = 8,
  kNetProhibited = 9,
  kHostProhibited = 10,
  kNetForTos = 11,
  kHostForTos = 12,
  kAdministrativelyProhibited = 13,
  kHostPrecedence = 14,
  kPrecedenceCutoff = 15,
};
enum class IcmpTimeExceeded : std::uint8_t { kTransit = 0, kReassembly = 1 };
enum class IcmpRedirect : std::uint8_t { kNet = 0, kHost = 1, kNetForTos = 2, kHostForTos = 3 };

inline constexpr std::size_t kIcmpHeaderSize = 8;
inline constexpr std::size_t kIcmpMaxErrorPacket = 576;  ///< an error's whole IP packet (RFC 1812 4.3.2.3)
inline constexpr std::size_t kIcmpMinQuotedPayload = 8;  ///< beyond the quoted IP header (RFC 792)

struct IcmpHeader {
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  be16 checksum;
  be16 word0;  ///< identifier; or, in its high byte, the parameter problem's pointer
  be16 word1;  ///< sequence; or the next-hop MTU; with word0, a redirect's gateway

  [[nodiscard]] IcmpType kind() const { return IcmpType{type}; }
  [[nodiscard]] bool is(IcmpType t) const { return kind() == t; }
  [[nodiscard]] std::uint16_t id() const { return word0; }
  [[nodiscard]] std::uint16_t sequence() const { return word1; }
  [[nodiscard]] std::uint16_t next_hop_mtu() const { return word1; }  // 0 from routers older than RFC 1191
  [[nodiscard]] std::uint8_t pointer() const { return static_cast<std::uint8_t>(word0 >> 8); }
  [[nodiscard]] Ipv4Address gateway() const { return Ipv4Address(std::uint32_t{word0} << 16 | word1); }
  /// An error quotes the packet that caused it, and is never itself answered with an error (RFC 1122 3.2.2).
  [[nodiscard]] bool is_error() const {
    return is(IcmpType::kUnreachable) || is(IcmpType::kSourceQuench) || is(IcmpType::kRedirect) ||
           is(IcmpType::kTimeExceeded) || is(IcmpType::kParameterProblem);
  }

  // Headers ready to send, but for the checksum, which is zero.
  static IcmpHeader echo(std::uint16_t id, std::uint16_t sequence);
  static IcmpHeader echo_reply(std::uint16_t id, std::uint16_t sequence);
  static IcmpHeader unreachable(IcmpUnreachable code, std::uint16_t next_hop_mtu = 0);
  static IcmpHeader time_exceeded(IcmpTimeExceeded code);
  /// `pointer` is the offset of the offending byte in the packet that is quoted.
  static IcmpHeader parameter_problem(std::uint8_t pointer);
  static IcmpHeader redirect(IcmpRedirect code, Ipv4Address gateway);

  /// In place. kTooShort below eight bytes, or below what its type must carry: 20 for timestamps, 12 for masks, and a
  /// quoted IP header (28) for errors. The checksum is verified above; types and codes are not judged.
  static Parsed<const IcmpHeader*> parse(Bytes message);
};
static_assert(sizeof(IcmpHeader) == kIcmpHeaderSize && FixedHeader<IcmpHeader>);

/// What follows the header of kTimestamp and kTimestampReply: milliseconds since midnight UT; bit 31 set when they are
/// not (RFC 792).
struct IcmpTimestamps {
  be32 originate;
  be32 receive;
  be32 transmit;
};
static_assert(sizeof(IcmpTimestamps) == 12 && FixedHeader<IcmpTimestamps>);

/// The packet quoted by an error, as far as it came.
struct IcmpQuote {
  const Ipv4Header* header = nullptr;  ///< in place
  Bytes payload;  ///< what follows the quoted header, at least 8 bytes from a correct sender; RFC 4884 extensions
                  ///< and padding, if any, are at its end

  /// `message` starts at the ICMP header of an error. Errors as Ipv4Header::parse_quoted; kTooShort when fewer than
  /// eight bytes of payload are quoted and the quoted packet had more.
  static Parsed<IcmpQuote> parse(Bytes message);
};

}  // namespace catenet::wire
