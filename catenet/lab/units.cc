// SPDX-License-Identifier: Apache-2.0
#include "catenet/lab/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "catenet/base/text.h"
#include "catenet/lab/diagnostic.h"
#include "catenet/lab/spelling.h"

namespace catenet::lab {
namespace {

constexpr std::int64_t kKilo = 1'000;
constexpr std::int64_t kMega = 1'000'000;
constexpr std::int64_t kGiga = 1'000'000'000;
constexpr std::int64_t kTera = 1'000'000'000'000;

// The first spelling of each scale is the one we print.
constexpr std::array kRateUnits = {
    Unit{"bit", 1},   Unit{"kbit", kKilo},   Unit{"Mbit", kMega},   Unit{"Gbit", kGiga},   Unit{"Tbit", kTera},
    Unit{"bit/s", 1}, Unit{"kbit/s", kKilo}, Unit{"Mbit/s", kMega}, Unit{"Gbit/s", kGiga}, Unit{"Tbit/s", kTera},
    Unit{"bps", 1},   Unit{"kbps", kKilo},   Unit{"Mbps", kMega},   Unit{"Gbps", kGiga},   Unit{"Tbps", kTera},
};
constexpr std::array kDurationUnits = {
    Unit{"ns", 1},           Unit{"us", kKilo},        Unit{"ms", kMega},         Unit{"s", kGiga},
    Unit{"min", 60 * kGiga}, Unit{"h", 3'600 * kGiga}, Unit{"d", 86'400 * kGiga}, Unit{"\u00b5s", kKilo},
};
constexpr std::array kSizeUnits = {
    Unit{"B", 1},           Unit{"kB", kKilo},      Unit{"MB", kMega},      Unit{"GB", kGiga},      Unit{"TB", kTera},
    Unit{"KiB", 1LL << 10}, Unit{"MiB", 1LL << 20}, Unit{"GiB", 1LL << 30}, Unit{"TiB", 1LL << 40},
};
constexpr std::array kLengthUnits = {Unit{"mm", 1}, Unit{"cm", 10}, Unit{"m", 1'000}, Unit{"km", 1'000'000}};

constexpr std::int64_t kLongestDuration = 36'525LL * 86'400 * kGiga;  // 100 years: sums of such still fit 64 bits
constexpr int kMostDigits = 20;                                       // 2^64 - 1 has as many
constexpr int kLargestExponent = 40;

std::unexpected<std::string> wrong(std::string message) { return std::unexpected(std::move(message)); }

std::string unit_names(std::span<const Unit> units, std::size_t shown) {
  std::vector<std::string_view> names;
  for (const Unit& unit : units.first(std::min(shown, units.size()))) {
    names.push_back(unit.name);
  }
  return join_or(names);
}

std::string unknown_unit(std::string_view unit, std::span<const Unit> units, std::size_t shown) {
  NearestWord nearest(unit);
  for (const Unit& candidate : units) {
    nearest.offer(candidate.name);
  }
  return fmt::format("unknown unit {}; expected {}{}", in_quotes(unit), unit_names(units, shown), nearest.hint());
}

/// A quantity in its smallest unit. `bare` is the scale of a number without a unit, 0 when one must be written.
Parsed<__int128> quantity(std::string_view text, std::span<const Unit> units, std::size_t shown, std::int64_t bare) {
  const auto decimal = parse_decimal(text);
  if (!decimal) {
    return wrong(decimal.error());
  }
  if (decimal->digits < 0) {
    return wrong(fmt::format("{} is negative", in_quotes(text)));
  }
  std::int64_t scale = bare;
  if (!decimal->unit.empty()) {
    const Unit* unit = find_unit(units, decimal->unit);
    if (unit == nullptr) {
      return wrong(unknown_unit(decimal->unit, units, shown));
    }
    scale = unit->scale;
  } else if (bare == 0 && decimal->digits != 0) {
    return wrong(fmt::format("{} has no unit; expected {}", in_quotes(text), unit_names(units, shown)));
  }
  return scaled(*decimal, scale, units.front().name);
}

/// `value` in the largest of the first `count` units that divides it.
std::string in_units(std::uint64_t value, std::span<const Unit> units) {
  const Unit* best = &units.front();
  for (const Unit& unit : units) {
    if (unit.scale > best->scale && value % static_cast<std::uint64_t>(unit.scale) == 0) {
      best = &unit;
    }
  }
  return fmt::format("{}{}", value / static_cast<std::uint64_t>(best->scale), best->name);
}

}  // namespace

std::span<const Unit> rate_units() { return kRateUnits; }
std::span<const Unit> duration_units() { return kDurationUnits; }
std::span<const Unit> size_units() { return kSizeUnits; }

const Unit* find_unit(std::span<const Unit> units, std::string_view name) {
  const auto it = std::find_if(units.begin(), units.end(), [&](const Unit& unit) { return unit.name == name; });
  return it == units.end() ? nullptr : &*it;
}

Parsed<Decimal> parse_decimal(std::string_view text) {
  const std::string_view whole = trim(text);
  std::string_view rest = whole;
  const auto not_a_number = [&] { return wrong(fmt::format("{} is not a number", in_quotes(whole))); };
  Decimal out;
  const bool negative = rest.starts_with('-');
  rest.remove_prefix(negative || rest.starts_with('+') ? 1 : 0);
  int seen = 0;
  int significant = 0;
  bool fraction = false;
  for (; !rest.empty(); rest.remove_prefix(1)) {
    if (rest.front() == '.' && !fraction && seen > 0) {
      fraction = true;
      continue;
    }
    if (rest.front() == '_' && seen > 0) {
      continue;  // 1_000_000
    }
    if (!is_digit(rest.front())) {
      break;
    }
    significant += significant > 0 || rest.front() != '0' ? 1 : 0;
    if (significant > kMostDigits || ++seen > 2 * kMostDigits) {
      return wrong(fmt::format("{} has more than {} digits", in_quotes(whole), kMostDigits));
    }
    out.digits = out.digits * 10 + (rest.front() - '0');
    out.exponent -= fraction ? 1 : 0;
  }
  if (seen == 0) {
    return not_a_number();
  }
  // "1e-6", but "1e" and "1exa" keep their letters as a unit.
  const std::size_t sign = rest.size() > 1 && (rest[1] == '-' || rest[1] == '+') ? 1 : 0;
  if (!rest.empty() && (rest[0] == 'e' || rest[0] == 'E') && rest.size() > 1 + sign && is_digit(rest[1 + sign])) {
    int exponent = 0;
    const bool down = rest[1] == '-';
    rest.remove_prefix(1 + sign);
    for (; !rest.empty() && is_digit(rest.front()); rest.remove_prefix(1)) {
      exponent = std::min(exponent * 10 + (rest.front() - '0'), 1'000);
    }
    out.exponent += down ? -exponent : exponent;
  }
  out.digits = negative ? -out.digits : out.digits;
  out.unit = trim(rest);
  return out;
}

Parsed<__int128> scaled(const Decimal& decimal, __int128 scale, std::string_view finest) {
  if (decimal.digits == 0) {
    return 0;
  }
  __int128 value = decimal.digits;
  if (__builtin_mul_overflow(value, scale, &value) || decimal.exponent > kLargestExponent) {
    return wrong("the number is too large");
  }
  for (int i = 0; i < decimal.exponent; ++i) {
    if (__builtin_mul_overflow(value, 10, &value)) {
      return wrong("the number is too large");
    }
  }
  for (int i = decimal.exponent; i < 0; ++i) {
    if (value % 10 != 0) {
      return wrong(fmt::format("the number is finer than 1{}{}", finest.starts_with('1') ? "" : " ", finest));
    }
    value /= 10;
  }
  return value;
}

Parsed<BitRate> parse_rate(std::string_view text) {
  if (trim(text) == "unlimited") {
    return BitRate::unlimited();
  }
  const auto bits = quantity(text, kRateUnits, 5, 0);
  if (!bits) {
    return wrong(bits.error());
  }
  if (*bits == 0) {
    return wrong(fmt::format("{} is zero; a rate is above zero or 'unlimited'", in_quotes(text)));
  }
  if (*bits > BitErrorRate::kOne) {
    return wrong(fmt::format("{} is out of range; at most 1000000Tbit", in_quotes(text)));
  }
  return BitRate::bps(static_cast<std::uint64_t>(*bits));
}

Parsed<Duration> parse_duration(std::string_view text) {
  const auto ns = quantity(text, kDurationUnits, 7, 0);
  if (!ns) {
    return wrong(ns.error());
  }
  if (*ns > kLongestDuration) {
    return wrong(fmt::format("{} is out of range; at most 36525d (100 years)", in_quotes(text)));
  }
  return Duration::nanoseconds(static_cast<std::int64_t>(*ns));
}

Parsed<std::uint64_t> parse_size(std::string_view text) {
  const auto bytes = quantity(text, kSizeUnits, 9, 1);
  if (!bytes) {
    return wrong(bytes.error());
  }
  if (*bytes > static_cast<__int128>(1) << 62) {
    return wrong(fmt::format("{} is out of range; at most 4194304TiB", in_quotes(text)));
  }
  return static_cast<std::uint64_t>(*bytes);
}

Parsed<Probability> parse_probability(std::string_view text) {
  const auto decimal = parse_decimal(text);
  if (!decimal) {
    return wrong(decimal.error());
  }
  if (!decimal->unit.empty() && decimal->unit != "%") {
    return wrong(fmt::format("unknown unit {}; expected a percentage such as 1%", in_quotes(decimal->unit)));
  }
  if (decimal->digits < 0) {
    return wrong(fmt::format("{} is negative", in_quotes(text)));
  }
  const bool percent = !decimal->unit.empty();
  const auto ppb = scaled(*decimal, percent ? 10'000'000 : Probability::kOne, "0.0000001%");
  if (!ppb) {
    return wrong(ppb.error());
  }
  if (percent && *ppb > Probability::kOne) {
    return wrong(fmt::format("{} is over 100%", in_quotes(text)));
  }
  if (!percent && *ppb >= Probability::kOne) {
    return wrong(
        fmt::format("{} has no unit; expected a percentage such as 1% or a fraction below 1", in_quotes(text)));
  }
  return Probability::from_ppb(static_cast<std::uint64_t>(*ppb));
}

Parsed<BitErrorRate> parse_bit_error_rate(std::string_view text) {
  const auto decimal = parse_decimal(text);
  if (!decimal) {
    return wrong(decimal.error());
  }
  if (!decimal->unit.empty()) {
    return wrong(fmt::format("{} has a unit; expected a fraction such as 1e-6", in_quotes(text)));
  }
  const auto parts = scaled(*decimal, BitErrorRate::kOne, "1e-18");
  if (!parts) {
    return wrong(parts.error());
  }
  if (*parts < 0 || *parts > BitErrorRate::kOne) {
    return wrong(fmt::format("{} is out of range; expected 0 to 1", in_quotes(text)));
  }
  return BitErrorRate{static_cast<std::uint64_t>(*parts)};
}

Parsed<std::uint64_t> parse_length_mm(std::string_view text) {
  const auto mm = quantity(text, kLengthUnits, 4, 0);
  if (!mm) {
    return wrong(mm.error());
  }
  if (*mm > kTera) {
    return wrong(fmt::format("{} is out of range; at most 1000000km", in_quotes(text)));
  }
  return static_cast<std::uint64_t>(*mm);
}

Parsed<std::uint32_t> parse_packets(std::string_view text) {
  static constexpr std::array kUnits = {Unit{"p", 1}};
  const auto packets = quantity(text, kUnits, 1, 0);
  if (!packets) {
    return wrong(packets.error());
  }
  if (*packets < 1 || *packets > 1'000'000'000) {
    return wrong(fmt::format("{} is out of range; expected 1p to 1000000000p", in_quotes(text)));
  }
  return static_cast<std::uint32_t>(*packets);
}

Parsed<std::uint64_t> parse_integer(std::string_view text, std::uint64_t low, std::uint64_t high) {
  const auto decimal = parse_decimal(text);
  const auto whole = decimal && decimal->unit.empty() ? scaled(*decimal, 1, "1") : Parsed<__int128>(wrong(""));
  if (!whole) {
    return wrong(fmt::format("{} is not a whole number; expected {} to {}", in_quotes(text), low, high));
  }
  if (*whole < static_cast<__int128>(low) || *whole > static_cast<__int128>(high)) {
    return wrong(fmt::format("{} is out of range; expected {} to {}", in_quotes(text), low, high));
  }
  return static_cast<std::uint64_t>(*whole);
}

Parsed<bool> parse_flag(std::string_view text) {
  if (text == "true" || text == "yes" || text == "on") {
    return true;
  }
  if (text == "false" || text == "no" || text == "off") {
    return false;
  }
  return wrong(fmt::format("{} is neither true nor false", in_quotes(text)));
}

std::string to_text(BitRate rate) {
  return rate.is_unlimited() ? "unlimited" : in_units(rate.bits_per_second(), rate_units().first(5));
}

std::string to_text(Duration duration) {
  const auto ns = duration.ns();
  return ns < 0 ? "-" + in_units(static_cast<std::uint64_t>(-(ns + 1)) + 1, duration_units().first(4))
                : in_units(static_cast<std::uint64_t>(ns), duration_units().first(ns == 0 ? 1 : 4));
}

std::string to_text(Probability probability) { return decimal_text(probability.ppb(), 7) + "%"; }

std::string to_text(BitErrorRate rate) {
  std::uint64_t digits = rate.per_e18;
  int exponent = -18;
  while (digits != 0 && digits % 10 == 0 && exponent < 0) {
    digits /= 10;
    ++exponent;
  }
  return digits == 0 ? "0" : exponent == 0 ? fmt::format("{}", digits) : fmt::format("{}e{}", digits, exponent);
}

std::string size_text(std::uint64_t bytes) {
  const std::string binary = in_units(bytes, size_units().last(4));
  const std::string decimal = in_units(bytes, size_units().first(5));
  return bytes % 1024 != 0 || bytes == 0 || decimal.size() < binary.size() ? decimal : binary;
}

std::string length_text(std::uint64_t millimetres) { return in_units(millimetres, kLengthUnits); }

std::string decimal_text(__int128 digits, unsigned places) {
  std::string out;
  const bool negative = digits < 0;
  __int128 rest = negative ? -digits : digits;
  bool significant = false;
  for (unsigned i = 0; i < places; ++i, rest /= 10) {
    const int digit = static_cast<int>(rest % 10);
    significant = significant || digit != 0;
    if (significant) {
      out += static_cast<char>('0' + digit);
    }
  }
  if (significant) {
    out += '.';
  }
  do {
    out += static_cast<char>('0' + static_cast<int>(rest % 10));
    rest /= 10;
  } while (rest != 0);
  if (negative) {
    out += '-';
  }
  std::reverse(out.begin(), out.end());
  return out;
}

}  // namespace catenet::lab
