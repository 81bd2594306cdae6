// SPDX-License-Identifier: Apache-2.0
// A 64-bit mixing hash (multiply-fold, as in wyhash), the same on every machine: run digests, stream names, flow
// hashes. Not against an adversary: tables keyed by packets from outside mix in a secret from the host's own random
// stream.
#pragma once
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

inline std::uint64_t hash_bytes(std::span<const std::byte> bytes, std::uint64_t seed = 0) {
  std::uint64_t h = mix64(seed, bytes.size());
  const std::byte* p = bytes.data();
  std::size_t n = bytes.size();
  const auto load = [](const std::byte* from, std::size_t count) {
    std::uint64_t v = 0;
    std::memcpy(&v, from, count);
    return std::endian::native == std::endian::big ? __builtin_bswap64(v) : v;
  };
  for (; n >= 8; n -= 8, p += 8) {
    h = mix64(h, load(p, 8));
  }
  return n == 0 ? h : mix64(h, load(p, n));
}

inline std::uint64_t hash_text(std::string_view text, std::uint64_t seed = 0) {
  return hash_bytes(std::as_bytes(std::span(text.data(), text.size())), seed);
}

}  // namespace catenet
