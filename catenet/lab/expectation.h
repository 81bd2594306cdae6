// SPDX-License-Identifier: Apache-2.0
// One line of `expect:`: SUBJECT OP VALUE, for instance "bulk.goodput >= 5Mbit". Parsed with the lab; compared with the
// facts of the run at its end. Comparison is exact; no floating point.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "catenet/lab/diagnostic.h"
#include "catenet/lab/value.h"

namespace catenet::lab {

enum class Comparison : std::uint8_t { kEqual, kNotEqual, kLess, kAtMost, kGreater, kAtLeast };
std::string_view symbol_of(Comparison comparison);

struct Expectation {
  std::string text;  ///< as the user wrote it
  std::string subject;
  Comparison comparison = Comparison::kEqual;
  Value value;
  Place place;
};

/// `place` is left empty.
Parsed<Expectation> parse_expectation(std::string_view text);

/// What is known at the end of a run, by dotted path: "get-page.exit", "drops.ttl-expired".
class Facts {
 public:
  virtual ~Facts() = default;
  /// Nothing when there is no such fact, for example a goodput of a program that never started.
  [[nodiscard]] virtual std::optional<Value> find(std::string_view path) const = 0;
};

struct ExpectationResult {
  std::string text;  ///< the expectation
  bool ok = false;
  std::string got;   ///< the value found; "nothing" when there is none
  std::string miss;  ///< empty when ok; else by how much, or why it cannot be compared
};

ExpectationResult evaluate(const Expectation& expectation, const Facts& facts);

}  // namespace catenet::lab
