// SPDX-License-Identifier: Apache-2.0
// The nearest right word for a wrong one: Damerau-Levenshtein distance (insert, delete, replace, swap neighbours), in
// the variant that edits no piece twice ("optimal string alignment").
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace catenet::lab {

/// Number of edits from `a` to `b`; stops counting above `limit` and returns limit + 1.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit);

/// Collects the best candidate seen; the first of several equally near ones wins.
class NearestWord {
 public:
  explicit NearestWord(std::string_view wrong);
  void offer(std::string_view candidate);
  /// The nearest candidate, or empty when none is near enough to be worth saying (about one edit in three letters).
  [[nodiscard]] std::string_view word() const { return best_; }
  /// "; did you mean 'rate'?" or empty.
  [[nodiscard]] std::string hint() const;

 private:
  std::string wrong_;
  std::string best_;
  std::size_t best_distance_;
};

std::string did_you_mean(std::string_view wrong, std::span<const std::string_view> candidates);

}  // namespace catenet::lab
