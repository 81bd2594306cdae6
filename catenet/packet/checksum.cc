// SPDX-License-Identifier: Apache-2.0
#include "catenet/packet/checksum.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "catenet/base/endian.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace catenet {
namespace {

// Sums are made in the machine's own byte order and swapped once at the end (RFC 1071 2(B): the sum is byte-order
// independent up to a swap of the result).
std::uint64_t sum_words(const std::byte* p, std::size_t n) {
  std::uint64_t sum = 0;
  std::uint64_t carries = 0;
  for (; n >= 8; n -= 8, p += 8) {
    std::uint64_t v = 0;
    std::memcpy(&v, p, 8);
    carries += __builtin_add_overflow(sum, v, &sum) ? 1 : 0;  // end around: 2^64 is 1
  }
  sum = (sum & 0xffffffff) + (sum >> 32) + carries;
  if ((n & 4) != 0) {
    std::uint32_t v = 0;
    std::memcpy(&v, p, 4);
    sum += v;
    p += 4;
  }
  if ((n & 2) != 0) {
    std::uint16_t v = 0;
    std::memcpy(&v, p, 2);
    sum += v;
    p += 2;
  }
  if ((n & 1) != 0) {
    const auto last = std::to_integer<std::uint16_t>(*p);
    sum += std::endian::native == std::endian::little ? last : last << 8;
  }
  return sum;
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) std::uint64_t sum_words_avx2(const std::byte* p, std::size_t n) {
  // 32-bit words are widened to 64-bit lanes, so no carry is lost; four accumulators hide the latency of the adds.
  __m256i a = _mm256_setzero_si256();
  __m256i b = _mm256_setzero_si256();
  const __m256i low = _mm256_set1_epi64x(0xffffffff);
  for (; n >= 64; n -= 64, p += 64) {
    const __m256i x = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    const __m256i y = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + 32));
    a = _mm256_add_epi64(a, _mm256_add_epi64(_mm256_and_si256(x, low), _mm256_srli_epi64(x, 32)));
    b = _mm256_add_epi64(b, _mm256_add_epi64(_mm256_and_si256(y, low), _mm256_srli_epi64(y, 32)));
  }
  alignas(32) std::uint64_t lanes[4];
  _mm256_store_si256(reinterpret_cast<__m256i*>(lanes), _mm256_add_epi64(a, b));
  // Dirty upper halves make every SSE instruction that follows slow, memcpy's too, and not every compiler clears them
  // at the end of a function with a target of its own.
  _mm256_zeroupper();
  return lanes[0] + lanes[1] + lanes[2] + lanes[3] + sum_words(p, n);
}

using SumWords = std::uint64_t (*)(const std::byte*, std::size_t);
const SumWords kLongSum = __builtin_cpu_supports("avx2") ? sum_words_avx2 : sum_words;
#else
constexpr auto kLongSum = sum_words;
#endif

constexpr std::size_t kWorthVectors = 128;

std::uint64_t sum_piece(std::span<const std::byte> piece) {
  return piece.size() >= kWorthVectors ? kLongSum(piece.data(), piece.size()) : sum_words(piece.data(), piece.size());
}

/// The sum over pieces that follow each other, in the machine's order until it is asked for.
struct Pieces {
  std::uint64_t sum = 0;  // of fewer than 2^16 pieces below 2^48 each
  bool odd = false;
  void add(std::span<const std::byte> piece) {
    std::uint64_t part = sum_piece(piece);
    if (odd) [[unlikely]] {  // RFC 1071 2(B): a piece at an odd place sums with its bytes swapped
      part = __builtin_bswap16(checksum_fold_native(part));
    }
    sum += part;
    odd ^= (piece.size() & 1) != 0;
  }
  [[nodiscard]] std::uint32_t add_to(std::uint32_t before) const {
    return checksum_fold(before) + checksum_swap(checksum_fold_native(sum));
  }
};

}  // namespace

std::uint32_t checksum_add(std::span<const std::byte> bytes, std::uint32_t sum) {
  return checksum_fold(sum) + checksum_swap(checksum_fold_native(sum_piece(bytes)));
}

std::uint32_t checksum_add(const Packet& packet, std::size_t offset, std::uint32_t sum) {
  if (packet.slice_count() == 0) {
    return checksum_add(packet.head().subspan(offset), sum);
  }
  Pieces pieces;
  packet.for_each_piece(offset, [&](std::span<const std::byte> piece) { pieces.add(piece); });
  return pieces.add_to(sum);
}

std::uint64_t checksum_native(const Packet& packet, std::uint64_t sum) {
  if (packet.slice_count() == 0) {
    return sum + sum_piece(packet.head());
  }
  Pieces pieces;
  packet.for_each_piece(0, [&](std::span<const std::byte> piece) { pieces.add(piece); });
  return sum + pieces.sum;
}

std::uint32_t checksum_add_first(const Packet& packet, std::size_t length, std::uint32_t sum) {
  Pieces pieces;
  packet.for_each_piece(0, [&](std::span<const std::byte> piece) {
    const std::size_t n = std::min(piece.size(), length);
    length -= n;
    pieces.add(piece.first(n));
  });
  return pieces.add_to(sum);
}

void mark_partial_checksum(Packet& packet, std::size_t start_offset, std::size_t field_offset) {
  PacketMeta& m = packet.meta();
  m.checksum = ChecksumState::partial;
  m.checksum_start = static_cast<std::uint16_t>(packet.headroom() + start_offset);
  m.checksum_field = static_cast<std::uint16_t>(packet.headroom() + field_offset);
}

void complete_checksum(Packet& packet) {
  PacketMeta& m = packet.meta();
  if (m.checksum != ChecksumState::partial) {
    return;
  }
  check(m.checksum_start >= packet.headroom(), "partial checksum starts before the front");
  const std::uint32_t sum = checksum_add(packet, m.checksum_start - packet.headroom());
  const be16 field = finish_partial_checksum(sum, m.checksum_field - m.checksum_start);
  std::memcpy(packet.storage() + m.checksum_field, &field, sizeof field);
  m.checksum = ChecksumState::verified;
  m.checksum_start = 0;
  m.checksum_field = 0;
}

}  // namespace catenet
