// SPDX-License-Identifier: Apache-2.0
// Flow plot: a recorded connection (flow_record.h, OUT/flows/NAME.csv) as one SVG file that needs nothing else. Three
// panels over the same time: sequence numbers with the edge of the send window and what was sent again; congestion
// window, threshold and what is in flight; round trips.
#pragma once
#include <expected>
#include <istream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace catenet::run {

/// A table of numbers by the names of their columns; what is empty or a word is NaN.
class FlowTable {
 public:
  /// The error is text for people, without the file's name.
  [[nodiscard]] static std::expected<FlowTable, std::string> read(std::istream& file);
  /// Empty if there is no such column.
  [[nodiscard]] const std::vector<double>& column(std::string_view name) const;
  [[nodiscard]] std::size_t rows() const { return rows_; }

 private:
  std::vector<std::pair<std::string, std::vector<double>>> columns_;
  std::size_t rows_ = 0;
};

/// Places for about `count` marks of an axis from `low` to `high`: multiples of 1, 2 or 5 times a power of ten.
[[nodiscard]] std::vector<double> axis_marks(double low, double high, int count);

[[nodiscard]] std::string flow_svg(const FlowTable& table, std::string_view title);

}  // namespace catenet::run
