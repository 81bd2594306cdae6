// SPDX-License-Identifier: Apache-2.0
// UDP's eight bytes (RFC 768). The checksum needs the addresses and is verified above.
#pragma once
#include <cstddef>
#include <cstdint>

#include "catenet/wire/bytes.h"

namespace catenet::wire {

inline constexpr std::size_t kUdpHeaderSize = 8;
inline constexpr std::size_t kUdpMaxPayload = 65535 - 20 - kUdpHeaderSize;  ///< over IPv4 without options

struct UdpHeader {
  be16 source_port;
  be16 destination_port;
  be16 length;    ///< header and payload
  be16 checksum;  ///< 0: the sender made none; a computed 0 is sent as 0xffff

  [[nodiscard]] bool has_checksum() const { return checksum != 0; }
  [[nodiscard]] std::size_t payload_size() const { return length - kUdpHeaderSize; }  ///< after parse() only

  /// In place. `bytes` is the IP payload; what lies beyond `length` is not part of the datagram. kTooShort below eight
  /// bytes; kBadLength when `length` is below eight or beyond `bytes`.
  static Parsed<const UdpHeader*> parse(Bytes bytes);
};
static_assert(sizeof(UdpHeader) == kUdpHeaderSize && FixedHeader<UdpHeader>);

inline Parsed<const UdpHeader*> UdpHeader::parse(Bytes bytes) {
  const auto* header = view<UdpHeader>(bytes);
  if (header == nullptr) {
    return bad(WireError::kTooShort);
  }
  if (header->length < kUdpHeaderSize || header->length > bytes.size()) {
    return bad(WireError::kBadLength);
  }
  return header;
}

}  // namespace catenet::wire
