// SPDX-License-Identifier: Apache-2.0
#include "catenet/base/rng.h"

#include <bit>

namespace catenet {

std::uint64_t Rng::below(std::uint64_t bound) {
  if (bound == 0) {
    return 0;
  }
  unsigned __int128 product = static_cast<unsigned __int128>(next()) * bound;
  if (static_cast<std::uint64_t>(product) < bound) {
    const std::uint64_t threshold = (0 - bound) % bound;
    while (static_cast<std::uint64_t>(product) < threshold) {
      product = static_cast<unsigned __int128>(next()) * bound;
    }
  }
  return static_cast<std::uint64_t>(product >> 64);
}

namespace {
/// -log2(u / 2^64) for u >= 1 in 6.32 fixed point, bit by bit (square and compare): exact to 2^-31 on every machine.
std::uint64_t minus_log2_q32(std::uint64_t u) {
  const int leading = std::countl_zero(u);
  std::uint64_t m = u << leading;  // mantissa in [2^63, 2^64): value m / 2^63 in [1, 2)
  std::uint64_t fraction = 0;      // log2 of the mantissa, 32 bits
  for (int bit = 31; bit >= 0; --bit) {
    const auto square = static_cast<std::uint64_t>((static_cast<unsigned __int128>(m) * m) >> 64);  // m^2 / 2^64
    if ((square >> 63) != 0) {  // mantissa squared is 2 or more
      fraction |= std::uint64_t{1} << bit;
      m = square;
    } else {
      m = square << 1;
    }
  }
  return ((static_cast<std::uint64_t>(leading) + 1) << 32) - fraction;
}
}  // namespace

std::uint64_t Rng::exponential(std::uint64_t mean) {
  constexpr std::uint64_t kLn2Q32 = 2977044472ULL;  // ln 2 * 2^32
  const std::uint64_t u = next() | 1;
  const std::uint64_t ln_q32 =
      static_cast<std::uint64_t>((static_cast<unsigned __int128>(minus_log2_q32(u)) * kLn2Q32) >> 32);
  return static_cast<std::uint64_t>((static_cast<unsigned __int128>(ln_q32) * mean) >> 32);
}

}  // namespace catenet
