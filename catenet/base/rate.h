// SPDX-License-Identifier: Apache-2.0
// Bit rates and exact serialisation times. A transmitter keeps the sub-nanosecond remainder of the frames it has sent,
// so that 400 Gbit/s (0.02 ns a byte) does not drift over a long run.
#pragma once
#include <compare>
#include <cstdint>

#include "catenet/base/time.h"

namespace catenet {

/// Bits per second; 0 means "no limit" (serialisation takes no time).
class BitRate {
 public:
  constexpr BitRate() = default;
  static constexpr BitRate bps(std::uint64_t n) { return BitRate(n); }
  static constexpr BitRate kbps(std::uint64_t n) { return BitRate(n * 1'000); }
  static constexpr BitRate mbps(std::uint64_t n) { return BitRate(n * 1'000'000); }
  static constexpr BitRate gbps(std::uint64_t n) { return BitRate(n * 1'000'000'000); }
  static constexpr BitRate unlimited() { return BitRate(0); }

  [[nodiscard]] constexpr std::uint64_t bits_per_second() const { return bps_; }
  [[nodiscard]] constexpr bool is_unlimited() const { return bps_ == 0; }
  constexpr auto operator<=>(const BitRate&) const = default;

  /// Time to send `bytes`, rounded down; what is left of a nanosecond goes to `remainder` (in units of ns*bit/s, below
  /// the rate) and counts for the next call.
  [[nodiscard]] constexpr Duration transmission_time(std::uint64_t bytes, std::uint64_t& remainder) const {
    if (bps_ == 0) {
      return Duration{};
    }
    const std::uint64_t bits = bytes * 8;
    if (bits <= 18'000'000'000'000'000'000ULL / 1'000'000'000ULL - 1) [[likely]] {  // fits 64 bits with the remainder
      const std::uint64_t total = bits * 1'000'000'000ULL + remainder % bps_;
      remainder = total % bps_;
      return Duration::nanoseconds(static_cast<std::int64_t>(total / bps_));
    }
    const unsigned __int128 total = static_cast<unsigned __int128>(bits) * 1'000'000'000ULL + remainder;
    remainder = static_cast<std::uint64_t>(total % bps_);
    return Duration::nanoseconds(static_cast<std::int64_t>(total / bps_));
  }
  [[nodiscard]] constexpr Duration transmission_time(std::uint64_t bytes) const {
    std::uint64_t remainder = 0;
    return transmission_time(bytes, remainder);
  }

 private:
  constexpr explicit BitRate(std::uint64_t n) : bps_(n) {}
  std::uint64_t bps_ = 0;
};

}  // namespace catenet
