// SPDX-License-Identifier: Apache-2.0
// statistics.cc against published values: the table of t in NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2
// (column 0.975), and its mean of ZARR13.DAT (1.3.5.2).
#include "catenet/study/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace catenet::study {
namespace {

TEST(Statistics, QuantilesOfStudentsT) {
  const std::pair<std::size_t, double> table[] = {{1, 12.706}, {2, 4.303},  {3, 3.182},  {4, 2.776},  {9, 2.262},
                                                  {10, 2.228}, {29, 2.045}, {30, 2.042}, {100, 1.984}};
  for (const auto& [degrees, t] : table) {
    EXPECT_NEAR(student_t(0.95, degrees), t, 0.0005) << degrees;
  }
  EXPECT_NEAR(student_t(0.95, 10'000'000), 1.960, 0.0005);
  EXPECT_NEAR(student_t(0.90, 5), 2.015, 0.0005);
}

TEST(Statistics, IntervalOfAMean) {
  // 195 values of mean 9.261460 and standard deviation 0.022789: 9.258242 to 9.264679.
  EXPECT_NEAR(student_t(0.95, 194) * 0.02278881 / std::sqrt(195.0), 0.003218, 0.000002);
  const std::vector<double> values = {12, 10, 11, 15, 7};
  const Summary summary = summarize(values);
  EXPECT_EQ(summary.n, 5U);
  EXPECT_DOUBLE_EQ(summary.mean, 11);
  EXPECT_NEAR(*summary.deviation, 2.915476, 1e-6);  // sqrt(34 / 4)
  EXPECT_NEAR(*summary.half, 2.776445 * 2.915476 / std::sqrt(5.0), 1e-5);
  EXPECT_EQ(summary.least, 7);
  EXPECT_EQ(summary.most, 15);
}

TEST(Statistics, OneValueHasNoInterval) {
  const std::vector<double> one = {4.5};
  const Summary summary = summarize(one);
  EXPECT_EQ(summary.mean, 4.5);
  EXPECT_FALSE(summary.half.has_value());
  EXPECT_FALSE(summary.deviation.has_value());
}

TEST(Statistics, EqualValuesAndAnyOrder) {
  const std::vector<double> equal(7, 0.1);
  EXPECT_EQ(summarize(equal).mean, 0.1);
  EXPECT_EQ(*summarize(equal).half, 0);
  const std::vector<double> a = {0.1, 0.7, 1e9};
  const std::vector<double> b = {1e9, 0.1, 0.7};
  EXPECT_EQ(summarize(a).mean, summarize(b).mean);
}

}  // namespace
}  // namespace catenet::study
