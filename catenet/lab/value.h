// SPDX-License-Identifier: Apache-2.0
// A measured or expected quantity: a count, bytes, a time, a rate, a ratio, or a word. Numbers are exact: 128-bit
// integers in units of 1e-9 (of one, a byte, a second, a bit/s), wide enough for every 64-bit count.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "catenet/base/rate.h"
#include "catenet/base/time.h"
#include "catenet/lab/units.h"

namespace catenet::lab {

struct Value {
  enum class Kind : std::uint8_t { kCount, kSize, kTime, kRate, kRatio, kText };
  static constexpr std::int64_t kNano = 1'000'000'000;

  Kind kind = Kind::kCount;
  __int128 nano = 0;  ///< of a number
  std::string text;   ///< of a word

  static Value count(std::int64_t n) { return number(Kind::kCount, n); }
  static Value size(std::uint64_t bytes) { return number(Kind::kSize, bytes); }
  static Value time(Duration t) { return {Kind::kTime, t.ns(), {}}; }
  static Value rate(BitRate r) { return number(Kind::kRate, r.bits_per_second()); }
  /// 1 = everything, in parts per billion.
  static Value ratio_ppb(std::int64_t ppb) { return {Kind::kRatio, ppb, {}}; }
  static Value word(std::string w) { return {Kind::kText, 0, std::move(w)}; }
  static Value flag(bool b) { return word(b ? "true" : "false"); }

  [[nodiscard]] bool is_text() const { return kind == Kind::kText; }
  /// "10MB", "4.2Mbit", "50ms", "1%", "7", or the word.
  [[nodiscard]] std::string to_text() const;
  /// "a count", "bytes", "a time", "a rate", "a ratio", "a word"
  [[nodiscard]] std::string_view kind_name() const;

  /// Any number with or without a unit of rate, time or size, a percentage, a word or a text in quotes.
  static Parsed<Value> parse(std::string_view text);

 private:
  static Value number(Kind kind, __int128 whole) { return {kind, whole * kNano, {}}; }
};

}  // namespace catenet::lab
