// SPDX-License-Identifier: Apache-2.0
// The Internet checksum (RFC 1071): sums over bytes and packets, incremental update (RFC 1624), and partial checksums
// that are completed only when a frame leaves our hands (a TAP device, a capture, a link that corrupts). Sums are kept
// as 32-bit ones'-complement accumulators in network order of 16-bit words; fold() ends them.
#pragma once
#include <bit>
#include <cstdint>
#include <cstring>
#include <span>

#include "catenet/packet/packet.h"

namespace catenet {

/// Ones'-complement sum of `bytes` (an odd last byte is padded with zero), not folded to 16 bits, not inverted, added
/// to `sum`. Chosen at run time: AVX2 where the machine has it, else eight bytes a step. RFC 1071 2(A): order of words
/// is free.
[[nodiscard]] std::uint32_t checksum_add(std::span<const std::byte> bytes, std::uint32_t sum = 0);
/// The same over a packet from `offset` to its end, slices of odd length included.
[[nodiscard]] std::uint32_t checksum_add(const Packet& packet, std::size_t offset, std::uint32_t sum = 0);
/// The same over a whole packet, in the machine's order and to be folded by checksum_fold_native(); `sum` too.
[[nodiscard]] std::uint64_t checksum_native(const Packet& packet, std::uint64_t sum);
/// checksum_add() over the packet's first `length` bytes alone (UDP-Lite).
[[nodiscard]] std::uint32_t checksum_add_first(const Packet& packet, std::size_t length, std::uint32_t sum = 0);

/// Carries folded into 16 bits.
[[nodiscard]] constexpr std::uint16_t checksum_fold(std::uint32_t sum) {
  // Both halves added, in the upper one; what the lower half carries into it is the end-around carry.
  return static_cast<std::uint16_t>((sum + std::rotl(sum, 16)) >> 16);
}
/// The same of a sum of 32-bit words in the machine's order of bytes: RFC 1071 2(B), it only has to be swapped once.
[[nodiscard]] constexpr std::uint16_t checksum_fold_native(std::uint64_t sum) {
  return checksum_fold(static_cast<std::uint32_t>((sum + std::rotl(sum, 32)) >> 32));
}
[[nodiscard]] constexpr std::uint16_t checksum_swap(std::uint16_t folded) {
  return std::endian::native == std::endian::little ? __builtin_bswap16(folded) : folded;
}
/// The sum of a few bytes, a multiple of four, in the machine's order; fewer than 2^32 of them.
[[nodiscard]] inline std::uint64_t checksum_words(std::span<const std::byte> bytes) {
  std::uint64_t words = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 4) {
    std::uint32_t word = 0;
    std::memcpy(&word, bytes.data() + i, sizeof word);
    words += word;
  }
  return words;
}
/// checksum_add() for a header: few bytes, a multiple of four.
[[nodiscard]] inline std::uint32_t checksum_add_header(std::span<const std::byte> bytes, std::uint32_t sum = 0) {
  return checksum_fold(sum) + checksum_swap(checksum_fold_native(checksum_words(bytes)));
}
/// The value for a checksum field: the complement of the folded sum.
[[nodiscard]] constexpr std::uint16_t checksum_finish(std::uint32_t sum) {
  return static_cast<std::uint16_t>(~checksum_fold(sum));
}
/// The checksum of one contiguous piece, as stored in a header (0 when the piece already holds its right checksum).
[[nodiscard]] inline std::uint16_t internet_checksum(std::span<const std::byte> bytes) {
  return checksum_finish(checksum_add(bytes));
}
/// New header checksum after one 16-bit word changed from `before` to `after` (RFC 1624, equation 3).
[[nodiscard]] constexpr std::uint16_t checksum_update(std::uint16_t checksum, std::uint16_t before,
                                                      std::uint16_t after) {
  return checksum_finish(static_cast<std::uint32_t>(static_cast<std::uint16_t>(~checksum)) +
                         static_cast<std::uint16_t>(~before) + after);
}

/// Declares the 16-bit field at `field_offset` (from the present front) to hold a pseudo-header sum, the rest of the
/// sum from `start_offset` on still to be added.
void mark_partial_checksum(Packet& packet, std::size_t start_offset, std::size_t field_offset);
/// What a partial checksum with this sum over everything becomes; `offset` is that of its field in the transport
/// header. UDP (whose field is at octet 6) sends 0xffff in place of zero, which means "none" there (RFC 768). All
/// others send zero: judges like Wireshark take 0xffff in TCP for wrong arithmetic (RFC 1624).
[[nodiscard]] constexpr std::uint16_t finish_partial_checksum(std::uint32_t sum, std::size_t offset) {
  constexpr std::size_t kUdpChecksumOffset = 6;
  const std::uint16_t value = checksum_finish(sum);
  return value == 0 && offset == kUdpChecksumOffset ? std::uint16_t{0xffff} : value;
}
/// Turns a partial checksum into a complete one; nothing happens in any other state.
void complete_checksum(Packet& packet);

}  // namespace catenet
