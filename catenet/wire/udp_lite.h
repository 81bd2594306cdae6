// SPDX-License-Identifier: Apache-2.0
// UDP-Lite's eight bytes (RFC 3828 3.1): UDP's, where the length, which IP knows anyway, has given way to how much of
// the datagram the checksum covers. The checksum begins with UDP's pseudo-header, whose length is the whole packet's;
// it needs the addresses and is verified above.
#pragma once
#include <cstddef>
#include <cstdint>

#include "catenet/wire/bytes.h"

namespace catenet::wire {

inline constexpr std::size_t kUdpLiteHeaderSize = 8;
inline constexpr std::uint16_t kUdpLiteMinCoverage = 8;  ///< the header is always covered (RFC 3828 3.1)

struct UdpLiteHeader {
  be16 source_port;
  be16 destination_port;
  be16 coverage;  ///< bytes from the header's first on; 0: all
  be16 checksum;  ///< never 0: there is always one, and a computed 0 is sent as 0xffff

  [[nodiscard]] bool has_checksum() const { return checksum != 0; }
  /// Bytes that the checksum covers of a packet of `size` bytes, header and payload; after parse() only.
  [[nodiscard]] std::size_t covered(std::size_t size) const { return coverage == 0 ? size : std::size_t{coverage}; }

  /// In place. `bytes` is the whole IP payload. kTooShort below eight bytes; kBadLength when `coverage` is 1 to 7 or
  /// beyond `bytes`.
  static Parsed<const UdpLiteHeader*> parse(Bytes bytes);
  /// The same where only the first bytes of a packet of `size` are at hand.
  static Parsed<const UdpLiteHeader*> parse(Bytes first, std::size_t size);
};
static_assert(sizeof(UdpLiteHeader) == kUdpLiteHeaderSize && FixedHeader<UdpLiteHeader>);

inline Parsed<const UdpLiteHeader*> UdpLiteHeader::parse(Bytes first, std::size_t size) {
  const auto* header = view<UdpLiteHeader>(first);
  if (header == nullptr) {
    return bad(WireError::kTooShort);
  }
  if (header->coverage != 0 && (header->coverage < kUdpLiteMinCoverage || header->coverage > size)) {
    return bad(WireError::kBadLength);
  }
  return header;
}

inline Parsed<const UdpLiteHeader*> UdpLiteHeader::parse(Bytes bytes) { return parse(bytes, bytes.size()); }

}  // namespace catenet::wire
