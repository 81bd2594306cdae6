// SPDX-License-Identifier: Apache-2.0
// What a sample of runs says of a mean: Student's t interval (Student, "The probable error of a mean", 1908). It holds
// for independent runs whose values are about normal, or for many runs.
#pragma once
#include <optional>
#include <span>

namespace catenet::study {

struct Summary {
  std::size_t n = 0;
  double mean = 0;
  std::optional<double> deviation;  ///< standard deviation of the sample; needs two values
  std::optional<double> half;       ///< the 95 % confidence interval is mean - half to mean + half; needs two values
  double least = 0;
  double most = 0;
};

/// Of at least one value; the order of the values does not matter for the result.
[[nodiscard]] Summary summarize(std::span<const double> values);

/// The t that |T| stays below with this probability (0 to 1), for a number of degrees of freedom above zero.
[[nodiscard]] double student_t(double probability, std::size_t degrees);

}  // namespace catenet::study
