// SPDX-License-Identifier: Apache-2.0
// Ethernet frames without preamble and FCS: the 14-byte header, the VLAN tag, and the two framings that share a wire,
// Ethernet II (a type, RFC 894) and 802.3 (a length, then LLC and perhaps SNAP, RFC 1042). IEEE 802.3 3.2, 802.1Q 9.
#pragma once
#include <cstddef>
#include <cstdint>

#include "catenet/wire/bytes.h"
#include "catenet/wire/link_address.h"
#include "catenet/wire/llc.h"

namespace catenet::wire {

/// Values of the type field that this house speaks or must tell apart (IEEE registry).
enum class EtherType : std::uint16_t {
  kIpv4 = 0x0800,
  kArp = 0x0806,
  kWakeOnLan = 0x0842,
  kTransparentBridging = 0x6558,
  kRarp = 0x8035,
  kVlan = 0x8100,
  kIpv6 = 0x86dd,
  kFlowControl = 0x8808,
  kSlowProtocols = 0x8809,
  kMpls = 0x8847,
  kPppoeDiscovery = 0x8863,
  kPppoeSession = 0x8864,
  kServiceVlan = 0x88a8,
  kLldp = 0x88cc,
  kLoopback = 0x9000,
};

// Sizes in bytes.
inline constexpr std::size_t kEthernetHeaderSize = 14;
inline constexpr std::size_t kEthernetMinFrame = 60;    ///< without FCS; shorter ones are padded before they leave
inline constexpr std::size_t kEthernetMaxFrame = 1514;  ///< untagged, without FCS
inline constexpr std::size_t kEthernetMtu = 1500;       ///< the greatest payload, and the greatest 802.3 length
inline constexpr std::size_t kFcsSize = 4;
inline constexpr std::size_t kEthernetPreamble = 8;  ///< with the start-of-frame delimiter
inline constexpr std::size_t kEthernetInterframeGap = 12;
inline constexpr std::uint16_t kEtherTypeMin = 0x0600;  ///< from here on the field is a type, not a length

struct EthernetHeader {
  MacAddress destination;
  MacAddress source;
  be16 type;  ///< an EtherType, or an 802.3 length when below kEtherTypeMin

  [[nodiscard]] EtherType ether_type() const { return EtherType{std::uint16_t{type}}; }
  [[nodiscard]] bool is_length() const { return type < kEtherTypeMin; }
  static EthernetHeader make(const MacAddress& to, const MacAddress& from, EtherType what) {
    return {to, from, static_cast<std::uint16_t>(what)};
  }
};
static_assert(sizeof(EthernetHeader) == kEthernetHeaderSize && FixedHeader<EthernetHeader>);

/// What follows a type of kVlan or kServiceVlan: priority, drop eligibility, VLAN id, then the next type.
struct VlanTag {
  be16 tci;
  be16 type;

  [[nodiscard]] std::uint16_t vlan_id() const { return tci & 0x0fff; }
  [[nodiscard]] std::uint8_t priority() const { return static_cast<std::uint8_t>(tci >> 13); }
  [[nodiscard]] bool drop_eligible() const { return (tci & 0x1000) != 0; }
  static constexpr std::uint16_t make_tci(unsigned priority, bool drop_eligible, unsigned vlan_id) {
    return static_cast<std::uint16_t>((priority & 7) << 13 | (drop_eligible ? 0x1000 : 0) | (vlan_id & 0x0fff));
  }
};
static_assert(sizeof(VlanTag) == 4 && FixedHeader<VlanTag>);

enum class EthernetFraming : std::uint8_t { kEthernet2, kLlc, kSnap };

/// A frame's header in either framing, and where its payload lies.
struct EthernetFrame {
  MacAddress destination;
  MacAddress source;
  EthernetFraming framing = EthernetFraming::kEthernet2;
  std::uint16_t type = 0;        ///< EtherType: the field itself, or SNAP's when its OUI is zero; 0 otherwise
  Llc llc;                       ///< meaningful unless the framing is kEthernet2
  std::size_t payload_size = 0;  ///< Ethernet II: all that follows, padding included; 802.3: without padding

  /// Bytes before the payload.
  [[nodiscard]] std::size_t header_size() const {
    return kEthernetHeaderSize + (framing == EthernetFraming::kEthernet2 ? 0 : llc.size());
  }
  /// `frame` starts at the destination and ends before the FCS. kTooShort without a whole header; kBadLength when the
  /// length is 1501..1535 (neither length nor type), beyond the frame, or too small for its LLC header.
  static Parsed<EthernetFrame> parse(Bytes frame);
  /// Writes the header (the 802.3 length from llc and payload_size, which must not exceed kEthernetMtu together);
  /// returns header_size().
  std::size_t emit(MutableBytes out) const;
};

}  // namespace catenet::wire
