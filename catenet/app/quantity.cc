// SPDX-License-Identifier: Apache-2.0
#include "catenet/app/quantity.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "catenet/app/spelling.h"
#include "catenet/base/text.h"

namespace catenet::app {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t scale;
};

constexpr std::int64_t kKilo = 1'000;
constexpr std::int64_t kMega = 1'000'000;
constexpr std::int64_t kGiga = 1'000'000'000;
constexpr std::int64_t kTera = 1'000'000'000'000;

constexpr std::array kSizeUnits = {
    Unit{"B", 1},           Unit{"kB", kKilo},      Unit{"MB", kMega},      Unit{"GB", kGiga},      Unit{"TB", kTera},
    Unit{"KiB", 1LL << 10}, Unit{"MiB", 1LL << 20}, Unit{"GiB", 1LL << 30}, Unit{"TiB", 1LL << 40},
};
constexpr std::array kDurationUnits = {
    Unit{"ns", 1},           Unit{"us", kKilo},        Unit{"ms", kMega},         Unit{"s", kGiga},
    Unit{"min", 60 * kGiga}, Unit{"h", 3'600 * kGiga}, Unit{"d", 86'400 * kGiga},
};
constexpr std::array kRateUnits = {
    Unit{"bit", 1},   Unit{"kbit", kKilo},   Unit{"Mbit", kMega},   Unit{"Gbit", kGiga},   Unit{"Tbit", kTera},
    Unit{"bit/s", 1}, Unit{"kbit/s", kKilo}, Unit{"Mbit/s", kMega}, Unit{"Gbit/s", kGiga}, Unit{"Tbit/s", kTera},
    Unit{"bps", 1},   Unit{"kbps", kKilo},   Unit{"Mbps", kMega},   Unit{"Gbps", kGiga},   Unit{"Tbps", kTera},
};
constexpr std::size_t kRateUnitsShown = 5;

constexpr int kMostDigits = 20;
constexpr int kLargestExponent = 40;

std::unexpected<std::string> wrong_quantity(std::string message) { return std::unexpected(std::move(message)); }

/// digits * 10^exponent, and the unit behind it.
struct Decimal {
  __int128 digits = 0;
  int exponent = 0;
  std::string_view unit;
};

/// Reads the "e-6" at the front of `rest`; an "e" without digits is left there as part of a unit.
int take_exponent(std::string_view& rest) {
  const std::size_t sign = rest.size() > 1 && (rest[1] == '-' || rest[1] == '+') ? 1 : 0;
  if (rest.size() <= 1 + sign || (rest[0] != 'e' && rest[0] != 'E') || !is_digit(rest[1 + sign])) {
    return 0;
  }
  const bool down = rest[1] == '-';
  int exponent = 0;
  for (rest.remove_prefix(1 + sign); !rest.empty() && is_digit(rest.front()); rest.remove_prefix(1)) {
    exponent = std::min(exponent * 10 + (rest.front() - '0'), 1'000);
  }
  return down ? -exponent : exponent;
}

Parsed<Decimal> parse_decimal(std::string_view text) {
  std::string_view rest = text;
  if (rest.starts_with('-')) {
    return wrong_quantity(fmt::format("'{}' is negative", text));
  }
  rest.remove_prefix(rest.starts_with('+') ? 1 : 0);
  Decimal out;
  int seen = 0;
  int significant = 0;
  bool fraction = false;
  for (; !rest.empty(); rest.remove_prefix(1)) {
    const char c = rest.front();
    if (c == '.' && !fraction && seen > 0) {
      fraction = true;
    } else if (is_digit(c)) {
      significant += significant > 0 || c != '0' ? 1 : 0;
      if (significant > kMostDigits || ++seen > 2 * kMostDigits) {
        return wrong_quantity(fmt::format("'{}' has more than {} digits", text, kMostDigits));
      }
      out.digits = out.digits * 10 + (c - '0');
      out.exponent -= fraction ? 1 : 0;
    } else if (c != '_' || seen == 0) {  // 1_000_000
      break;
    }
  }
  if (seen == 0) {
    return wrong_quantity(fmt::format("'{}' is not a number", text));
  }
  out.exponent += take_exponent(rest);
  out.unit = rest;
  return out;
}

Parsed<__int128> scaled(const Decimal& decimal, std::int64_t scale, std::string_view finest) {
  __int128 value = 0;
  if (decimal.digits == 0) {
    return value;
  }
  bool over = decimal.exponent > kLargestExponent || __builtin_mul_overflow(decimal.digits, scale, &value);
  for (int i = 0; i < decimal.exponent && !over; ++i) {
    over = __builtin_mul_overflow(value, 10, &value);
  }
  if (over) {
    return wrong_quantity("the number is too large");
  }
  for (int i = decimal.exponent; i < 0; ++i) {
    if (value % 10 != 0) {
      return wrong_quantity(fmt::format("the number is finer than 1{}{}", finest.empty() ? "" : " ", finest));
    }
    value /= 10;
  }
  return value;
}

/// `bare`: the scale of a number without a unit; 0 when one must be written.
Parsed<__int128> quantity(std::string_view text, std::span<const Unit> units, std::size_t shown, std::int64_t bare) {
  const auto decimal = parse_decimal(text);
  if (!decimal) {
    return wrong_quantity(decimal.error());
  }
  std::vector<std::string_view> names;
  for (const Unit& unit : units) {
    names.push_back(unit.name);
  }
  const std::string expected = join_or(std::span(names).first(shown));
  std::int64_t scale = bare;
  if (!decimal->unit.empty()) {
    const auto unit = std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.name == decimal->unit; });
    if (unit == units.end()) {
      return wrong_quantity(
          fmt::format("unknown unit '{}'; expected {}{}", decimal->unit, expected, did_you_mean(decimal->unit, names)));
    }
    scale = unit->scale;
  } else if (bare == 0 && decimal->digits != 0) {
    return wrong_quantity(fmt::format("'{}' has no unit; expected {}", text, expected));
  }
  return scaled(*decimal, scale, units.front().name);
}

/// value / 10^places with all its places.
std::string fixed(std::int64_t value, int places) {
  std::int64_t one = 1;
  for (int i = 0; i < places; ++i) {
    one *= 10;
  }
  const bool negative = value < 0;
  const std::int64_t size = negative ? -value : value;
  return fmt::format("{}{}.{:0{}}", negative ? "-" : "", size / one, size % one, places);
}

}  // namespace

Parsed<std::uint64_t> parse_size(std::string_view text) {
  const auto bytes = quantity(text, kSizeUnits, kSizeUnits.size(), 1);
  if (!bytes) {
    return wrong_quantity(bytes.error());
  }
  if (*bytes > static_cast<__int128>(1) << 62) {
    return wrong_quantity(fmt::format("'{}' is out of range; at most 4194304TiB", text));
  }
  return static_cast<std::uint64_t>(*bytes);
}

Parsed<Duration> parse_duration(std::string_view text) {
  constexpr std::int64_t kLongest = 36'525LL * 86'400 * kGiga;
  const auto ns = quantity(text, kDurationUnits, kDurationUnits.size(), 0);
  if (!ns) {
    return wrong_quantity(ns.error());
  }
  if (*ns > kLongest) {
    return wrong_quantity(fmt::format("'{}' is out of range; at most 36525d (100 years)", text));
  }
  return Duration::nanoseconds(static_cast<std::int64_t>(*ns));
}

Parsed<BitRate> parse_rate(std::string_view text) {
  const auto bits = quantity(text, kRateUnits, kRateUnitsShown, 0);
  if (!bits) {
    return wrong_quantity(bits.error());
  }
  if (*bits == 0) {
    return wrong_quantity(fmt::format("'{}' is zero; a rate is above zero", text));
  }
  if (*bits > static_cast<__int128>(kGiga) * kGiga) {
    return wrong_quantity(fmt::format("'{}' is out of range; at most 1000000Tbit", text));
  }
  return BitRate::bps(static_cast<std::uint64_t>(*bits));
}

Parsed<std::uint64_t> parse_integer(std::string_view text, std::uint64_t low, std::uint64_t high) {
  const auto decimal = parse_decimal(text);
  const auto whole = decimal && decimal->unit.empty() ? scaled(*decimal, 1, "") : Parsed<__int128>(wrong_quantity(""));
  if (!whole) {
    return wrong_quantity(fmt::format("'{}' is not a whole number; expected {} to {}", text, low, high));
  }
  if (*whole < static_cast<__int128>(low) || *whole > static_cast<__int128>(high)) {
    return wrong_quantity(fmt::format("'{}' is out of range; expected {} to {}", text, low, high));
  }
  return static_cast<std::uint64_t>(*whole);
}

std::string milliseconds_text(Duration time) { return fixed(time.ns() / 1'000, 3); }
std::string seconds_text(Duration time) { return fixed(time.ns() / 1'000, 6); }

std::string rate_text(std::int64_t bits_per_second) {
  std::size_t unit = 0;
  std::int64_t scale = 1;
  while (unit + 1 < kRateUnitsShown && bits_per_second / scale >= 1'000) {
    scale *= 1'000;
    ++unit;
  }
  const std::int64_t whole = bits_per_second / scale;
  const std::string name = fmt::format("{}/s", kRateUnits[unit].name);
  if (scale == 1 || whole >= 100) {
    return fmt::format("{} {}", whole, name);
  }
  const int places = whole >= 10 ? 1 : 2;
  return fmt::format("{} {}", fixed(bits_per_second / (scale / (places == 1 ? 10 : 100)), places), name);
}

std::int64_t goodput(std::uint64_t bytes, Duration time) {
  if (time <= Duration{}) {
    return 0;
  }
  const auto bits = static_cast<unsigned __int128>(bytes) * 8 * kGiga / static_cast<unsigned __int128>(time.ns());
  constexpr auto kMost = static_cast<unsigned __int128>(INT64_MAX);
  return static_cast<std::int64_t>(std::min(bits, kMost));
}

std::int64_t ratio_ppb(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<std::int64_t>(static_cast<unsigned __int128>(part) * kGiga / whole);
}

std::string percent_text(std::int64_t ppb) {
  std::string text = fixed(ppb / 1'000, 4);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) {
    text.pop_back();
  }
  return text + '%';
}

}  // namespace catenet::app
