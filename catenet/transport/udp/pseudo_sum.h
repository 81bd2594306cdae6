// SPDX-License-Identifier: Apache-2.0
// The checksum over a pseudo-header, for either family (RFC 768, RFC 8200 8.1), not folded, to be added to.
#pragma once
#include <cstdint>

#include "catenet/packet/checksum.h"
#include "catenet/wire/ip_address.h"

namespace catenet::transport {

/// `length`: transport header and payload, in bytes. Source and destination are of one family.
[[nodiscard]] inline std::uint32_t pseudo_header_sum(const wire::IpAddress& source, const wire::IpAddress& destination,
                                                     std::uint8_t protocol, std::uint32_t length) {
  // The zero bytes of both layouts add nothing, so the fields can be summed as they are.
  const std::uint32_t addresses = checksum_add_header(destination.bytes(), checksum_add_header(source.bytes()));
  return addresses + protocol + (length >> 16) + (length & 0xffff);
}

/// The same in the machine's order of bytes, for checksum_fold_native().
[[nodiscard]] inline std::uint64_t pseudo_header_native(const wire::IpAddress& source,
                                                        const wire::IpAddress& destination, std::uint8_t protocol,
                                                        std::uint32_t length) {
  const std::uint32_t rest = protocol + (length >> 16) + (length & 0xffff);
  return checksum_words(source.bytes()) + checksum_words(destination.bytes()) + checksum_swap(checksum_fold(rest));
}

}  // namespace catenet::transport
