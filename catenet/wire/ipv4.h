// SPDX-License-Identifier: Apache-2.0
// The IPv4 header (RFC 791 3.1) as it lies in the packet; its options are in ipv4_options.h. parse() checks everything
// RFC 1812 5.2.2 asks of a router except the checksum, which needs the sum over the header (packet/checksum.h).
#pragma once
#include <cstddef>
#include <cstdint>

#include "catenet/wire/bytes.h"
#include "catenet/wire/ip_address.h"
#include "catenet/wire/ip_protocol.h"

namespace catenet::wire {

inline constexpr std::size_t kIpv4HeaderSize = 20;
inline constexpr std::size_t kIpv4MaxHeaderSize = 60;
inline constexpr std::size_t kIpv4MaxOptions = 40;
inline constexpr std::size_t kIpv4MaxPacket = 65535;
inline constexpr std::size_t kIpv4MinMtu = 68;          ///< every link carries this much (RFC 791 3.2)
inline constexpr std::size_t kIpv4MinReassembly = 576;  ///< every host reassembles this much

struct Ipv4Header {
  std::uint8_t version_ihl = 0x45;
  std::uint8_t tos = 0;
  be16 total_length;
  be16 id;
  be16 fragment;  ///< flags and offset; see the getters
  std::uint8_t ttl = 0;
  std::uint8_t protocol = 0;
  be16 checksum;
  BeIpv4 source;
  BeIpv4 destination;

  static constexpr std::uint16_t kDontFragment = 0x4000;
  static constexpr std::uint16_t kMoreFragments = 0x2000;
  static constexpr std::uint16_t kOffsetMask = 0x1fff;  ///< in units of eight bytes

  [[nodiscard]] unsigned version() const { return version_ihl >> 4; }
  [[nodiscard]] std::size_t header_size() const { return std::size_t{version_ihl & 0x0fU} * 4; }
  [[nodiscard]] std::uint8_t dscp() const { return tos >> 2; }
  [[nodiscard]] Ecn ecn() const { return Ecn{static_cast<std::uint8_t>(tos & 3)}; }
  [[nodiscard]] bool dont_fragment() const { return (fragment & kDontFragment) != 0; }
  [[nodiscard]] bool more_fragments() const { return (fragment & kMoreFragments) != 0; }
  [[nodiscard]] std::size_t fragment_offset() const {
    return static_cast<std::size_t>(fragment & kOffsetMask) * 8;
  }  ///< bytes
  [[nodiscard]] bool is_fragment() const { return (fragment & (kMoreFragments | kOffsetMask)) != 0; }
  [[nodiscard]] bool is_first_fragment() const { return (fragment & kOffsetMask) == 0; }
  [[nodiscard]] bool has_options() const { return header_size() > kIpv4HeaderSize; }
  [[nodiscard]] std::size_t payload_size() const { return total_length - header_size(); }  ///< after parse() only

  /// The sum over a header without options whose checksum field counts as zero (RFC 1071), not complemented. Of
  /// fields that have just been written the compiler knows the values; who read them as words would wait for memory.
  [[nodiscard]] std::uint32_t sum() const {
    const std::uint32_t from = Ipv4Address(source).value();
    const std::uint32_t to = Ipv4Address(destination).value();
    return (std::uint32_t{version_ihl} << 8 | tos) + total_length + id + fragment +
           (std::uint32_t{ttl} << 8 | protocol) + (from >> 16) + (from & 0xffff) + (to >> 16) + (to & 0xffff);
  }
  void set_header_size(std::size_t bytes) { version_ihl = static_cast<std::uint8_t>(0x40 | bytes / 4); }
  void set_dscp(std::uint8_t dscp) { tos = static_cast<std::uint8_t>(dscp << 2 | (tos & 3)); }
  void set_ecn(Ecn ecn) { tos = static_cast<std::uint8_t>((tos & 0xfc) | static_cast<std::uint8_t>(ecn)); }
  /// `offset` in bytes, a multiple of eight; DF is left as it is.
  void set_fragment(std::size_t offset, bool more) {
    fragment = static_cast<std::uint16_t>((fragment & kDontFragment) | (more ? kMoreFragments : 0) | offset / 8);
  }

  /// In place. `bytes` starts at the header; what lies beyond total_length is a link's padding. kTooShort, kBadVersion,
  /// kBadHeaderLength (IHL below 5), kBadTotalLength (below the header, or beyond `bytes`).
  static Parsed<const Ipv4Header*> parse(Bytes bytes);
  /// The same for a header quoted in an ICMP error, whose packet has been cut: a total length beyond `bytes` is fine.
  static Parsed<const Ipv4Header*> parse_quoted(Bytes bytes);
  /// The options of a parsed header within the `bytes` it was parsed from.
  [[nodiscard]] Bytes options_in(Bytes bytes) const {
    return bytes.subspan(kIpv4HeaderSize, header_size() - kIpv4HeaderSize);
  }
};
static_assert(sizeof(Ipv4Header) == kIpv4HeaderSize && FixedHeader<Ipv4Header>);

inline Parsed<const Ipv4Header*> Ipv4Header::parse_quoted(Bytes bytes) {
  const auto* header = view<Ipv4Header>(bytes);
  if (header == nullptr) [[unlikely]] {
    return bad(WireError::kTooShort);
  }
  if (header->version() != 4) [[unlikely]] {
    return bad(WireError::kBadVersion);
  }
  if (header->header_size() < kIpv4HeaderSize) [[unlikely]] {
    return bad(WireError::kBadHeaderLength);
  }
  if (header->header_size() > bytes.size()) [[unlikely]] {
    return bad(WireError::kTooShort);
  }
  if (header->total_length < header->header_size()) [[unlikely]] {
    return bad(WireError::kBadTotalLength);
  }
  return header;
}

inline Parsed<const Ipv4Header*> Ipv4Header::parse(Bytes bytes) {
  const auto header = parse_quoted(bytes);
  if (header && (*header)->total_length > bytes.size()) [[unlikely]] {
    return bad(WireError::kBadTotalLength);
  }
  return header;
}

}  // namespace catenet::wire
