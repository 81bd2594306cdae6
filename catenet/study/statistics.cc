// SPDX-License-Identifier: Apache-2.0
#include "catenet/study/statistics.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <vector>

#include "catenet/base/check.h"

namespace catenet::study {

Summary summarize(std::span<const double> values) {
  check(!values.empty(), "a summary of nothing");
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  Summary out;
  out.n = sorted.size();
  out.least = sorted.front();
  out.most = sorted.back();
  double sum = 0;
  for (const double value : sorted) {
    sum += value;
  }
  const auto n = static_cast<double>(out.n);
  // A sum of equal values is rounded; their mean is the value.
  out.mean = out.least == out.most ? out.least : std::clamp(sum / n, out.least, out.most);
  if (out.n < 2) {
    return out;
  }
  double squares = 0;
  for (const double value : sorted) {
    squares += (value - out.mean) * (value - out.mean);
  }
  out.deviation = std::sqrt(squares / (n - 1));
  out.half = student_t(0.95, out.n - 1) * *out.deviation / std::sqrt(n);
  return out;
}

double student_t(double probability, std::size_t degrees) {
  check(probability > 0 && probability < 1 && degrees > 0, "student_t: a probability and degrees of freedom");
  const boost::math::students_t distribution(static_cast<double>(degrees));
  return boost::math::quantile(distribution, 0.5 + probability / 2);
}

}  // namespace catenet::study
