// SPDX-License-Identifier: Apache-2.0
#include "catenet/lab/value.h"

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <cstdlib>
#include <span>

#include "catenet/lab/diagnostic.h"
#include "catenet/lab/spelling.h"

namespace catenet::lab {
namespace {

/// In the largest of `units` that leaves at least one before the point. `base` units of 1e-9 make one of scale 1.
std::string with_unit(__int128 nano, std::span<const Unit> units, __int128 base) {
  const __int128 size = nano < 0 ? -nano : nano;
  const Unit* best = &units.front();
  for (const Unit& unit : units) {
    if (unit.scale >= best->scale && size >= unit.scale * base) {
      best = &unit;
    }
  }
  const __int128 one = best->scale * base;
  // Six places are enough to read; a value that is shorter is shown exactly.
  constexpr __int128 kPlaces = 1'000'000;
  return decimal_text(nano / one * kPlaces + nano % one * kPlaces / one, 6) + std::string(best->name);
}

bool is_word(std::string_view text) {
  if (text.empty() || std::isalpha(static_cast<unsigned char>(text.front())) == 0) {
    return false;
  }
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && std::string_view("-_./:+").find(c) == text.npos) {
      return false;
    }
  }
  return true;
}

Parsed<Value> number_with_unit(const Decimal& decimal, std::string_view text) {
  const auto make = [](Value::Kind kind, Parsed<__int128> nano) -> Parsed<Value> {
    return nano ? Parsed<Value>(Value{kind, *nano, {}}) : std::unexpected(nano.error());
  };
  constexpr std::string_view kFinest = "1e-9";
  if (decimal.unit.empty()) {
    return make(Value::Kind::kCount, scaled(decimal, Value::kNano, kFinest));
  }
  if (decimal.unit == "%") {
    return make(Value::Kind::kRatio, scaled(decimal, Value::kNano / 100, kFinest));
  }
  if (const Unit* unit = find_unit(duration_units(), decimal.unit); unit != nullptr) {
    return make(Value::Kind::kTime, scaled(decimal, unit->scale, "1ns"));
  }
  if (const Unit* unit = find_unit(rate_units(), decimal.unit); unit != nullptr) {
    return make(Value::Kind::kRate, scaled(decimal, static_cast<__int128>(unit->scale) * Value::kNano, kFinest));
  }
  if (const Unit* unit = find_unit(size_units(), decimal.unit); unit != nullptr) {
    return make(Value::Kind::kSize, scaled(decimal, static_cast<__int128>(unit->scale) * Value::kNano, kFinest));
  }
  NearestWord nearest(decimal.unit);
  for (const auto units : {rate_units(), duration_units(), size_units()}) {
    for (const Unit& unit : units) {
      nearest.offer(unit.name);
    }
  }
  return std::unexpected(fmt::format("unknown unit {} in {}; expected a rate (Mbit), a time (ms), a size (MB) or %{}",
                                     in_quotes(decimal.unit), in_quotes(text), nearest.hint()));
}

}  // namespace

std::string Value::to_text() const {
  switch (kind) {
    case Kind::kCount:
      return decimal_text(nano, 9);
    case Kind::kSize:
      return with_unit(nano, size_units().first(5), kNano);
    case Kind::kTime:
      return with_unit(nano, duration_units().first(4), 1);
    case Kind::kRate:
      return with_unit(nano, rate_units().first(5), kNano);
    case Kind::kRatio:
      return decimal_text(nano, 7) + "%";
    case Kind::kText:
      return text;
  }
  return {};
}

std::string_view Value::kind_name() const {
  static constexpr std::array<std::string_view, 6> kNames = {"a count", "bytes",   "a time",
                                                             "a rate",  "a ratio", "a word"};
  return kNames.at(static_cast<std::size_t>(kind));
}

Parsed<Value> Value::parse(std::string_view text) {
  while (text.starts_with(' ')) {
    text.remove_prefix(1);
  }
  while (text.ends_with(' ')) {
    text.remove_suffix(1);
  }
  if (text.empty()) {
    return std::unexpected(std::string("a value is missing"));
  }
  if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front()) {
    return word(std::string(text.substr(1, text.size() - 2)));
  }
  if (is_word(text)) {
    return word(std::string(text));
  }
  const auto decimal = parse_decimal(text);
  return decimal ? number_with_unit(*decimal, text) : std::unexpected(decimal.error());
}

}  // namespace catenet::lab
