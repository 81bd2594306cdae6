// SPDX-License-Identifier: Apache-2.0
// Network-order integers with alignment 1, for packed header views: be16/be32/be64 read and write like plain integers.
#pragma once
#include <bit>
#include <compare>
#include <cstdint>
#include <cstring>

namespace catenet {

template <typename T>
constexpr T swap_if_little(T v) {
  if constexpr (std::endian::native == std::endian::little) {
    if constexpr (sizeof(T) == 2) {
      return __builtin_bswap16(v);
    } else if constexpr (sizeof(T) == 4) {
      return __builtin_bswap32(v);
    } else {
      return __builtin_bswap64(v);
    }
  } else {
    return v;
  }
}

template <typename T>
class BigEndian {
 public:
  constexpr BigEndian() = default;
  constexpr BigEndian(T host) { set(host); }  // NOLINT(google-explicit-constructor): reads like an integer
  constexpr operator T() const {              // NOLINT(google-explicit-constructor)
    return swap_if_little(std::bit_cast<T>(bytes_));
  }
  constexpr BigEndian& operator=(T host) {
    set(host);
    return *this;
  }

 private:
  struct Bytes {
    unsigned char b[sizeof(T)];
  };
  constexpr void set(T host) { bytes_ = std::bit_cast<Bytes>(swap_if_little(host)); }
  Bytes bytes_{};
};

using be16 = BigEndian<std::uint16_t>;
using be32 = BigEndian<std::uint32_t>;
using be64 = BigEndian<std::uint64_t>;
static_assert(sizeof(be16) == 2 && alignof(be16) == 1);
static_assert(sizeof(be32) == 4 && alignof(be32) == 1);
static_assert(sizeof(be64) == 8 && alignof(be64) == 1);

}  // namespace catenet
