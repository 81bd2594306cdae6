// SPDX-License-Identifier: Apache-2.0
// Sequence numbers: 32 bits that wrap (RFC 9293 3.4). Two numbers compare by the sign of their distance, which is right
// as long as they are less than 2^31 apart; windows are at most 2^30 (RFC 7323 2.3).
#pragma once
#include <cstdint>

namespace catenet::transport {

/// a < b
[[nodiscard]] constexpr bool seq_before(std::uint32_t a, std::uint32_t b) {
  return static_cast<std::int32_t>(a - b) < 0;
}
/// a <= b
[[nodiscard]] constexpr bool seq_up_to(std::uint32_t a, std::uint32_t b) { return !seq_before(b, a); }
/// low <= x < high
[[nodiscard]] constexpr bool seq_within(std::uint32_t low, std::uint32_t x, std::uint32_t high) {
  return x - low < high - low;
}
[[nodiscard]] constexpr std::uint32_t seq_max(std::uint32_t a, std::uint32_t b) { return seq_before(a, b) ? b : a; }
[[nodiscard]] constexpr std::uint32_t seq_min(std::uint32_t a, std::uint32_t b) { return seq_before(a, b) ? a : b; }

}  // namespace catenet::transport
