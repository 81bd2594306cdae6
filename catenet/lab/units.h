// SPDX-License-Identifier: Apache-2.0
// Quantities as people write them: "10Mbit", "20ms", "1%", "64KiB", "10MB", "100m". Everything is decimal arithmetic on
// integers: a value is either exact in its unit (1 ns, 1 bit/s, 1 byte, 1 mm, 1e-9) or an error, never rounded.
// k, M, G, T are powers of 1000, Ki, Mi, Gi, Ti powers of 1024. Capitals count: "mbit" is not "Mbit".
#pragma once
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "catenet/base/rate.h"
#include "catenet/base/rng.h"
#include "catenet/base/time.h"

namespace catenet::lab {

/// The value, or what was wrong in words fit for a person ("unknown unit 'mbit'; expected ...").
template <typename T>
using Parsed = std::expected<T, std::string>;

/// Bits that arrive altered, as a fraction of 1e18, so that 1e-15 is still exact.
struct BitErrorRate {
  std::uint64_t per_e18 = 0;
  static constexpr std::uint64_t kOne = 1'000'000'000'000'000'000;
  [[nodiscard]] constexpr bool is_zero() const { return per_e18 == 0; }
  constexpr auto operator<=>(const BitErrorRate&) const = default;
};

/// A number and what is written behind it, not yet a quantity: digits * 10^exponent, unit "Mbit".
struct Decimal {
  __int128 digits = 0;  ///< at most 20 decimal digits
  int exponent = 0;
  std::string_view unit;  ///< a part of the text parsed
};
/// Any decimal number ("-1.5e3") followed by any unit or none; spaces between are allowed.
Parsed<Decimal> parse_decimal(std::string_view text);
/// digits * 10^exponent * scale as an integer; an error when that is not whole ("finer than `finest`") or too large.
Parsed<__int128> scaled(const Decimal& decimal, __int128 scale, std::string_view finest);

/// Above zero, at most 1e18 bit/s; "unlimited" is BitRate::unlimited(). Units bit, kbit, Mbit, Gbit, Tbit, also with
/// "/s", and bps, kbps, Mbps, Gbps, Tbps.
Parsed<BitRate> parse_rate(std::string_view text);
/// 0 to 100 years; ns, us, ms, s, min, h, d. Only 0 may go without a unit.
Parsed<Duration> parse_duration(std::string_view text);
/// Bytes, 0 to 2^62; B, kB, MB, GB, TB, KiB, MiB, GiB, TiB; no unit means bytes.
Parsed<std::uint64_t> parse_size(std::string_view text);
/// 0 to 100 %: "1%", or a fraction below 1 without a sign: "0.01".
Parsed<Probability> parse_probability(std::string_view text);
/// 0 to 1: "1e-6".
Parsed<BitErrorRate> parse_bit_error_rate(std::string_view text);
/// Millimetres from "100m", "2.5km", "30cm"; 0 to 1e9 m.
Parsed<std::uint64_t> parse_length_mm(std::string_view text);
/// Packets from "100p".
Parsed<std::uint32_t> parse_packets(std::string_view text);
Parsed<std::uint64_t> parse_integer(std::string_view text, std::uint64_t low, std::uint64_t high);
/// true or false (also yes/no, on/off).
Parsed<bool> parse_flag(std::string_view text);

/// The shortest exact spelling that the functions above read back: "10Mbit", "1500us" becomes "1500us", 64 KiB "64KiB".
std::string to_text(BitRate rate);
std::string to_text(Duration duration);
std::string to_text(Probability probability);
std::string to_text(BitErrorRate rate);
std::string size_text(std::uint64_t bytes);
std::string length_text(std::uint64_t millimetres);
/// digits / 10^places without trailing zeros: decimal_text(15, 1) is "1.5".
std::string decimal_text(__int128 digits, unsigned places);

/// One unit of a kind of quantity: how many of the smallest unit it holds.
struct Unit {
  std::string_view name;
  std::int64_t scale;
};
std::span<const Unit> rate_units();      ///< in bit/s
std::span<const Unit> duration_units();  ///< in ns
std::span<const Unit> size_units();      ///< in bytes
const Unit* find_unit(std::span<const Unit> units, std::string_view name);

}  // namespace catenet::lab
