// SPDX-License-Identifier: Apache-2.0
// The IPv6 header (RFC 8200 3) and its extension headers (RFC 8200 4) as they lie in the packet. Ipv6ChainReader walks
// the chain without copying; Ipv6OptionReader walks the options of a hop-by-hop or destination options header.
//
// An offset counts from the first byte of the IPv6 header, which is what a parameter problem points to (RFC 4443 3.4).
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>

#include "catenet/wire/bytes.h"
#include "catenet/wire/ip_address.h"
#include "catenet/wire/ip_protocol.h"

namespace catenet::wire {

inline constexpr std::size_t kIpv6HeaderSize = 40;
inline constexpr std::size_t kIpv6MaxPayload = 65535;    ///< behind the header, without jumbograms
inline constexpr std::size_t kIpv6MinMtu = 1280;         ///< every link carries this much (RFC 8200 5)
inline constexpr std::size_t kIpv6MinReassembly = 1500;  ///< every host reassembles this much (RFC 8200 5)

struct Ipv6Header {
  be32 version_class_flow = 0x60000000;
  be16 payload_length;  ///< of all that follows the header, extension headers included
  std::uint8_t next_header = static_cast<std::uint8_t>(IpProtocol::kNoNextHeader);
  std::uint8_t hop_limit = 0;
  Ipv6Address source;
  Ipv6Address destination;

  static constexpr std::uint32_t kFlowLabelMask = 0x000fffff;

  [[nodiscard]] unsigned version() const { return version_class_flow >> 28; }
  /// DSCP and ECN (RFC 2474, RFC 3168).
  [[nodiscard]] std::uint8_t traffic_class() const { return static_cast<std::uint8_t>(version_class_flow >> 20); }
  [[nodiscard]] std::uint8_t dscp() const { return static_cast<std::uint8_t>(traffic_class() >> 2); }
  [[nodiscard]] Ecn ecn() const { return Ecn{static_cast<std::uint8_t>(traffic_class() & 3)}; }
  [[nodiscard]] std::uint32_t flow_label() const { return version_class_flow & kFlowLabelMask; }
  [[nodiscard]] IpProtocol next() const { return IpProtocol{next_header}; }

  void set_traffic_class(std::uint8_t value) {
    version_class_flow = (version_class_flow & ~(std::uint32_t{0xff} << 20)) | std::uint32_t{value} << 20;
  }
  void set_ecn(Ecn ecn) {
    set_traffic_class(static_cast<std::uint8_t>((traffic_class() & 0xfc) | static_cast<std::uint8_t>(ecn)));
  }
  /// The low 20 bits of `label` (RFC 6437).
  void set_flow_label(std::uint32_t label) {
    version_class_flow = (version_class_flow & ~kFlowLabelMask) | (label & kFlowLabelMask);
  }

  /// In place. `bytes` starts at the header; what lies beyond the payload is a link's padding. kTooShort, kBadVersion,
  /// kBadTotalLength (a payload that reaches beyond `bytes`).
  static Parsed<const Ipv6Header*> parse(Bytes bytes);
  /// The same for a header quoted in an ICMPv6 error, whose packet may have been cut.
  static Parsed<const Ipv6Header*> parse_quoted(Bytes bytes);
};
static_assert(sizeof(Ipv6Header) == kIpv6HeaderSize && FixedHeader<Ipv6Header>);

/// How hop-by-hop options, destination options and routing headers start.
struct Ipv6ExtensionHeader {
  std::uint8_t next_header = 0;
  std::uint8_t length = 0;  ///< in units of eight bytes, without the first eight
  [[nodiscard]] std::size_t size() const { return (std::size_t{length} + 1) * 8; }
};
static_assert(sizeof(Ipv6ExtensionHeader) == 2 && FixedHeader<Ipv6ExtensionHeader>);

/// RFC 8200 4.4. What follows depends on the type, none of which is understood here; type 0 is dead (RFC 5095).
struct Ipv6RoutingHeader {
  static constexpr std::size_t kTypeOffset = 2;  ///< of the type within the header: where a parameter problem points
  Ipv6ExtensionHeader common;
  std::uint8_t type = 0;
  std::uint8_t segments_left = 0;  ///< 0: the packet has been everywhere, the header may be passed over
};
static_assert(sizeof(Ipv6RoutingHeader) == 4 && FixedHeader<Ipv6RoutingHeader>);

/// RFC 8200 4.5.
struct Ipv6FragmentHeader {
  static constexpr std::size_t kOffsetOffset = 2;  ///< of the offset field within the header
  static constexpr std::uint16_t kMore = 1;
  std::uint8_t next_header = 0;
  std::uint8_t reserved = 0;
  be16 offset_more;  ///< offset in units of eight bytes in the high 13 bits; see the getters
  be32 id;

  [[nodiscard]] std::size_t offset() const { return offset_more & 0xfff8; }  ///< bytes
  [[nodiscard]] bool more() const { return (offset_more & kMore) != 0; }
  /// A whole packet that only looks like a fragment (RFC 6946).
  [[nodiscard]] bool is_atomic() const { return offset() == 0 && !more(); }
  /// `offset` in bytes, a multiple of eight.
  void set_offset(std::size_t offset, bool more) {
    offset_more = static_cast<std::uint16_t>(offset | (more ? kMore : 0));
  }
};
inline constexpr std::size_t kIpv6FragmentHeaderSize = 8;
static_assert(sizeof(Ipv6FragmentHeader) == kIpv6FragmentHeaderSize && FixedHeader<Ipv6FragmentHeader>);

/// Is it an extension header that a chain goes on behind? Encryption and authentication headers (RFC 4303, RFC 4302)
/// are upper layers here.
[[nodiscard]] constexpr bool is_ipv6_extension(IpProtocol protocol) {
  return protocol == IpProtocol::kHopByHop || protocol == IpProtocol::kRouting || protocol == IpProtocol::kFragment ||
         protocol == IpProtocol::kDestinationOptions;
}

/// One extension header of a packet.
struct Ipv6Extension {
  IpProtocol type{};
  std::size_t offset = 0;    ///< of the header
  std::size_t size = 0;      ///< bytes
  std::size_t named_at = 0;  ///< where the byte is that names its type
};

/// Walks a packet's extension headers up to its upper layer.
class Ipv6ChainReader {
 public:
  static constexpr unsigned kMaxHeaders = 8;  ///< RFC 8200 4.1 recommends seven at most

  /// `packet` starts at an IPv6 header and has at least its 40 bytes.
  explicit Ipv6ChainReader(Bytes packet)
      : packet_(packet), next_(IpProtocol{load8(packet, offsetof(Ipv6Header, next_header))}) {}
  /// The next extension header, or nothing when upper_layer() is reached. kTooShort when it reaches beyond the bytes,
  /// kBadOption when there are more than kMaxHeaders.
  Parsed<std::optional<Ipv6Extension>> next();
  /// What stands at offset(): an extension header before the end of the walk, an upper layer or kNoNextHeader at it.
  [[nodiscard]] IpProtocol upper_layer() const { return next_; }
  [[nodiscard]] std::size_t offset() const { return at_; }
  /// Where the byte is that names upper_layer().
  [[nodiscard]] std::size_t named_at() const { return named_at_; }
  /// Is what stands at offset() a piece of a packet that does not start with the upper layer's header?
  [[nodiscard]] bool is_later_fragment() const { return later_fragment_; }

 private:
  Bytes packet_;
  std::size_t at_ = kIpv6HeaderSize;
  std::size_t named_at_ = offsetof(Ipv6Header, next_header);
  IpProtocol next_;
  unsigned count_ = 0;
  bool later_fragment_ = false;
};

enum class Ipv6OptionType : std::uint8_t { kPad1 = 0, kPadN = 1, kRouterAlert = 5, kJumbo = 0xc2 };

struct Ipv6Option {
  /// What a node shall do that does not know the option (RFC 8200 4.2): the two highest bits of its type.
  enum class Unknown : std::uint8_t { skip, drop, report, report_unless_multicast };
  std::uint8_t type = 0;
  std::size_t offset = 0;  ///< of its type byte, from the start of the options header
  Bytes data;
  [[nodiscard]] bool is(Ipv6OptionType t) const { return type == static_cast<std::uint8_t>(t); }
  [[nodiscard]] Unknown if_unknown() const { return Unknown{static_cast<std::uint8_t>(type >> 6)}; }
};

/// Walks the options of one header; padding is passed over.
class Ipv6OptionReader {
 public:
  /// `header` is a whole hop-by-hop or destination options header.
  explicit Ipv6OptionReader(Bytes header) : header_(header) {}
  /// The next option, nothing at the end, or kBadOption when one reaches beyond the header.
  Parsed<std::optional<Ipv6Option>> next();
  /// Where the reader stands, from the start of the options header: after an error, the bad option.
  [[nodiscard]] std::size_t offset() const { return at_; }

 private:
  Bytes header_;
  std::size_t at_ = sizeof(Ipv6ExtensionHeader);
};

inline Parsed<const Ipv6Header*> Ipv6Header::parse_quoted(Bytes bytes) {
  const auto* header = view<Ipv6Header>(bytes);
  if (header == nullptr) [[unlikely]] {
    return bad(WireError::kTooShort);
  }
  if (header->version() != 6) [[unlikely]] {
    return bad(WireError::kBadVersion);
  }
  return header;
}

inline Parsed<const Ipv6Header*> Ipv6Header::parse(Bytes bytes) {
  const auto header = parse_quoted(bytes);
  if (header && kIpv6HeaderSize + (*header)->payload_length > bytes.size()) [[unlikely]] {
    return bad(WireError::kBadTotalLength);
  }
  return header;
}

}  // namespace catenet::wire
