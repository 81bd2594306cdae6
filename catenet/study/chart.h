// SPDX-License-Identifier: Apache-2.0
// A chart as SVG that needs nothing else: means with their confidence intervals over a parameter, a line for each
// combination of the others.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace catenet::study {

struct ChartPoint {
  std::size_t x = 0;  ///< index into Chart::axis
  double mean = 0;
  std::optional<double> half;  ///< of the interval
};
struct ChartSeries {
  std::string name;  ///< empty: there is only one
  std::vector<ChartPoint> points;
};

/// The values of a parameter as an axis. Quantities of one kind (5%, 20ms, 10Mbit, 64KiB, 100p, 7) stand where they
/// belong, from the least to the greatest, logarithmically when they span two orders of magnitude; words stand side by
/// side in their order.
struct ChartAxis {
  std::string title;
  std::vector<std::string> texts;
  std::vector<double> places;  ///< 0 to 1, beside texts
  bool quantities = false;
};
[[nodiscard]] ChartAxis make_axis(std::string title, std::vector<std::string> texts);

struct Chart {
  std::string fact;  ///< its unit is told by its name: _s, _bps, _bytes
  ChartAxis axis;
  std::vector<ChartSeries> series;
};
[[nodiscard]] std::string chart_svg(const Chart& chart);

/// For text in HTML and SVG.
[[nodiscard]] std::string html_text(std::string_view text);
/// A value with the unit that its fact's name says: "12.3 Mbit/s", "4.5 ms", "7".
[[nodiscard]] std::string fact_text(std::string_view fact, double value);

}  // namespace catenet::study
