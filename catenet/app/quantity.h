// SPDX-License-Identifier: Apache-2.0
// Quantities in the arguments of programs: "10MB", "20ms", "5Mbit", in the syntax of lab files (which are read on a
// higher floor). Decimal arithmetic on integers: a value is exact in its unit (1 byte, 1 ns, 1 bit/s) or an error. And
// the way back: quantities as the programs print them.
#pragma once
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "catenet/base/rate.h"
#include "catenet/base/time.h"

namespace catenet::app {

/// The value, or what is wrong, in words for a person.
template <typename T>
using Parsed = std::expected<T, std::string>;

/// Bytes, at most 2^62; B, kB, MB, GB, TB, KiB, MiB, GiB, TiB; no unit means bytes.
[[nodiscard]] Parsed<std::uint64_t> parse_size(std::string_view text);
/// At most 100 years; ns, us, ms, s, min, h, d. Only 0 may go without a unit.
[[nodiscard]] Parsed<Duration> parse_duration(std::string_view text);
/// Above zero, at most 1e18 bit/s; bit, kbit, Mbit, Gbit, Tbit, also with "/s", and bps, kbps, Mbps, Gbps, Tbps.
[[nodiscard]] Parsed<BitRate> parse_rate(std::string_view text);
[[nodiscard]] Parsed<std::uint64_t> parse_integer(std::string_view text, std::uint64_t low, std::uint64_t high);

/// "0.412": milliseconds, cut to three places as ping and traceroute print them.
[[nodiscard]] std::string milliseconds_text(Duration time);
/// "1.234567": seconds, cut to microseconds.
[[nodiscard]] std::string seconds_text(Duration time);
/// "64.8 Mbit/s": three digits or more, cut.
[[nodiscard]] std::string rate_text(std::int64_t bits_per_second);
/// Bits per second of `bytes` in `time`, rounded down; 0 when no time passed.
[[nodiscard]] std::int64_t goodput(std::uint64_t bytes, Duration time);
/// `part` of `whole` in 1e-9, rounded down; 0 of nothing.
[[nodiscard]] std::int64_t ratio_ppb(std::uint64_t part, std::uint64_t whole);
/// "33.3333%" from parts per billion: as many places as it takes, four at most.
[[nodiscard]] std::string percent_text(std::int64_t ppb);

}  // namespace catenet::app
