// SPDX-License-Identifier: Apache-2.0
#include "catenet/lab/expectation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "catenet/base/text.h"

namespace catenet::lab {
namespace {

struct Symbol {
  std::string_view text;
  Comparison comparison;
};
// Longer symbols first: "<=" is not "<".
constexpr std::array kSymbols = {
    Symbol{"==", Comparison::kEqual},   Symbol{"!=", Comparison::kNotEqual}, Symbol{"<=", Comparison::kAtMost},
    Symbol{">=", Comparison::kAtLeast}, Symbol{"<", Comparison::kLess},      Symbol{">", Comparison::kGreater},
};

bool subject_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string_view("-_.#").find(c) != std::string_view::npos;
}

bool holds(Comparison comparison, int order) {
  switch (comparison) {
    case Comparison::kEqual:
      return order == 0;
    case Comparison::kNotEqual:
      return order != 0;
    case Comparison::kLess:
      return order < 0;
    case Comparison::kAtMost:
      return order <= 0;
    case Comparison::kGreater:
      return order > 0;
    case Comparison::kAtLeast:
      return order >= 0;
  }
  return false;
}

/// Why `expected` cannot be held against `got`, or empty. A bare number stands for a count, bytes or a ratio (0.01).
std::string mismatch(const Value& got, const Value& expected) {
  if (got.kind == expected.kind) {
    return {};
  }
  const bool bare = expected.kind == Value::Kind::kCount;
  if (bare && (got.kind == Value::Kind::kSize || got.kind == Value::Kind::kRatio || expected.nano == 0) &&
      !got.is_text()) {
    return {};
  }
  if (bare && got.kind == Value::Kind::kTime) {
    return "the value is a time; write a unit, for example 50ms";
  }
  if (bare && got.kind == Value::Kind::kRate) {
    return "the value is a rate; write a unit, for example 5Mbit";
  }
  return fmt::format("cannot compare {} with {}", got.kind_name(), expected.kind_name());
}

/// "0.8Mbit (16%) too low"
std::string distance(const Value& got, const Value& expected) {
  const __int128 difference = got.nano > expected.nano ? got.nano - expected.nano : expected.nano - got.nano;
  if (difference == 0) {
    return "exactly the value it must not be";
  }
  std::string out = Value{got.kind, difference, {}}.to_text();
  if (expected.nano > 0) {
    // Per mille, cut at a million times the expectation; wide enough because both sides are 64-bit counts times 1e9.
    const __int128 per_mille = std::min<__int128>(difference / (expected.nano / 1'000 + 1), 1'000'000'000);
    out += fmt::format(" ({}%)", decimal_text(per_mille, 1));
  }
  return out + (got.nano > expected.nano ? " too high" : " too low");
}

}  // namespace

std::string_view symbol_of(Comparison comparison) {
  const auto it = std::find_if(kSymbols.begin(), kSymbols.end(),
                               [&](const Symbol& symbol) { return symbol.comparison == comparison; });
  return it->text;
}

Parsed<Expectation> parse_expectation(std::string_view text) {
  const auto wrong = [](std::string message) { return std::unexpected(std::move(message)); };
  const std::size_t at = text.find_first_of("=!<>");
  if (at == std::string_view::npos) {
    return wrong(fmt::format("{} compares nothing; expected SUBJECT OP VALUE with OP one of ==, !=, <, <=, > or >=",
                             in_quotes(text)));
  }
  const auto symbol = std::find_if(kSymbols.begin(), kSymbols.end(),
                                   [&](const Symbol& s) { return text.substr(at).starts_with(s.text); });
  if (symbol == kSymbols.end()) {
    return wrong(fmt::format("unknown comparison {}; expected ==, !=, <, <=, > or >={}", in_quotes(text.substr(at, 1)),
                             text[at] == '=' ? "; did you mean '=='?" : ""));
  }
  Expectation out;
  out.text = trim(text);
  out.subject = trim(text.substr(0, at));
  out.comparison = symbol->comparison;
  if (out.subject.empty() || !std::all_of(out.subject.begin(), out.subject.end(), subject_character)) {
    return wrong(fmt::format("{} is not a subject; expected a dotted name such as get-page.exit or drops.ttl-expired",
                             in_quotes(out.subject)));
  }
  auto value = Value::parse(text.substr(at + symbol->text.size()));
  if (!value) {
    return wrong(value.error());
  }
  if (value->is_text() && out.comparison != Comparison::kEqual && out.comparison != Comparison::kNotEqual) {
    return wrong(fmt::format("{} is a word; words compare with == and != only", in_quotes(value->text)));
  }
  out.value = std::move(*value);
  return out;
}

ExpectationResult evaluate(const Expectation& expectation, const Facts& facts) {
  ExpectationResult result{expectation.text, false, "nothing", ""};
  const std::optional<Value> got = facts.find(expectation.subject);
  if (!got) {
    result.miss = fmt::format("the run has no {}", expectation.subject);
    return result;
  }
  result.got = got->to_text();
  result.miss = mismatch(*got, expectation.value);
  if (!result.miss.empty()) {
    return result;
  }
  if (got->is_text()) {
    result.ok = (got->text == expectation.value.text) == (expectation.comparison == Comparison::kEqual);
    result.miss = result.ok ? "" : fmt::format("got {}", in_quotes(got->text));
    return result;
  }
  const int order = got->nano < expectation.value.nano ? -1 : got->nano > expectation.value.nano ? 1 : 0;
  result.ok = holds(expectation.comparison, order);
  result.miss = result.ok ? "" : distance(*got, expectation.value);
  return result;
}

}  // namespace catenet::lab
