// SPDX-License-Identifier: Apache-2.0
// IEEE 802.2 logical link control, and SNAP behind it: who talks to whom above a frame that carries a length instead
// of a type (802.3, 802.11, token ring, cable modems). IP goes as SNAP with OUI zero and an EtherType (RFC 1042).
#pragma once
#include <cstddef>
#include <cstdint>

#include "catenet/wire/bytes.h"

namespace catenet::wire {

/// Service access points.
inline constexpr std::uint8_t kSapBridge = 0x42;  ///< spanning tree
inline constexpr std::uint8_t kSapSnap = 0xaa;
inline constexpr std::uint8_t kSapIso = 0xfe;  ///< IS-IS, CLNP
/// Control fields in use: unnumbered information, and connectionless exchanges without numbering.
inline constexpr std::uint16_t kLlcUi = 0x03;
inline constexpr std::uint32_t kOuiEthernet = 0x000000;  ///< SNAP's protocol is an EtherType

struct Llc {
  std::uint8_t dsap = 0;
  std::uint8_t ssap = 0;
  std::uint16_t control = kLlcUi;  ///< one byte when its two low bits are ones, else the second is the high half
  std::uint32_t oui = 0;           ///< SNAP only, 24 bits
  std::uint16_t protocol = 0;      ///< SNAP only; an EtherType when oui is kOuiEthernet

  /// IP and ARP on a length-framed link (RFC 1042).
  static constexpr Llc snap(std::uint16_t ether_type) { return {kSapSnap, kSapSnap, kLlcUi, kOuiEthernet, ether_type}; }

  [[nodiscard]] constexpr bool is_snap() const { return dsap == kSapSnap && ssap == kSapSnap && control == kLlcUi; }
  [[nodiscard]] constexpr bool is_unnumbered() const { return (control & 3) == 3; }
  /// 3 or 4 bytes, 8 with SNAP.
  [[nodiscard]] constexpr std::size_t size() const { return is_snap() ? 8 : is_unnumbered() ? 3 : 4; }

  /// kTooShort is the only error.
  static Parsed<Llc> parse(Bytes bytes);
  std::size_t emit(MutableBytes out) const;  ///< returns size()
  bool operator==(const Llc&) const = default;
};

}  // namespace catenet::wire
