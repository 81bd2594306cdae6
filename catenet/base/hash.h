// SPDX-License-Identifier: Apache-2.0
// A 64-bit mixing hash (multiply-fold, as in wyhash), the same on every machine: run digests, stream names, flow
// hashes. Not against an adversary: tables keyed by packets from outside mix in a secret from the host's own random
// stream.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "catenet/base/endian.h"

namespace catenet {

constexpr std::uint64_t mix64(std::uint64_t a, std::uint64_t b) {
  const unsigned __int128 product =
      static_cast<unsigned __int128>(a ^ 0x9e3779b97f4a7c15ULL) * (b ^ 0xd1b54a32d192ed03ULL);
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

/// Eight bytes as a number, the same on every machine.
inline std::uint64_t hash_load(const std::byte* from, std::size_t count = 8) {
  std::uint64_t v = 0;
  std::memcpy(&v, from, count);
  return std::endian::native == std::endian::big ? __builtin_bswap64(v) : v;
}

inline std::uint64_t hash_bytes(std::span<const std::byte> bytes, std::uint64_t seed = 0) {
  std::uint64_t h = mix64(seed, bytes.size());
  const std::byte* p = bytes.data();
  std::size_t n = bytes.size();
  for (; n >= 8; n -= 8, p += 8) {
    h = mix64(h, hash_load(p));
  }
  return n == 0 ? h : mix64(h, hash_load(p, n));
}

/// A frame of `size` bytes, of which `bytes` (64 at most are looked at) are the first: four products side by side.
inline std::uint64_t hash_frame(std::span<const std::byte> bytes, std::size_t size) {
  if (bytes.size() < 32) {
    return hash_bytes(bytes, size);
  }
  const std::byte* first = bytes.data();
  const std::byte* last = first + std::min<std::size_t>(bytes.size(), 64) - 32;  // overlaps, and misses nothing
  const std::uint64_t a = mix64(hash_load(first) ^ size, hash_load(first + 8));
  const std::uint64_t b = mix64(hash_load(first + 16) ^ 0xa0761d6478bd642fULL, hash_load(first + 24));
  const std::uint64_t c = mix64(hash_load(last) ^ 0xe7037ed1a0b428dbULL, hash_load(last + 8));
  const std::uint64_t d = mix64(hash_load(last + 16) ^ 0x8ebc6af09c88c6e3ULL, hash_load(last + 24));
  return mix64(a ^ (b << 1 | b >> 63), c ^ (d << 1 | d >> 63));
}

inline std::uint64_t hash_text(std::string_view text, std::uint64_t seed = 0) {
  return hash_bytes(std::as_bytes(std::span(text.data(), text.size())), seed);
}

}  // namespace catenet
