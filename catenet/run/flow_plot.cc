// SPDX-License-Identifier: Apache-2.0
#include "catenet/run/flow_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <span>

namespace catenet::run {
namespace {

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();
constexpr double kWidth = 960;
constexpr double kLeft = 90;
constexpr double kRight = 20;
constexpr double kPanelHeight = 240;
constexpr double kGap = 56;  // between panels; the legend is there
constexpr double kTop = 76;
constexpr std::size_t kMaxLine = 4096;

std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> cells;
  while (true) {
    const std::size_t comma = line.find(',');
    cells.push_back(line.substr(0, comma));
    if (comma == std::string_view::npos) {
      return cells;
    }
    line.remove_prefix(comma + 1);
  }
}

double number(std::string_view text) {
  double value = kNothing;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : kNothing;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    out += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '"' ? "&quot;" : std::string(1, c);
  }
  return out;
}

/// Largest of what is there; 0 if nothing is.
double largest(std::span<const double> values) {
  double most = 0;
  for (const double v : values) {
    most = std::isnan(v) ? most : std::max(most, v);
  }
  return most;
}

struct Series {
  std::string_view column;
  std::string_view label;
  std::string_view colour;
  bool dashed = false;
  bool sets_scale = true;  ///< else it may leave the panel
};
struct Panel {
  std::string_view title;  ///< with the unit, but for its prefix
  std::string_view unit;
  bool thousands = false;  ///< the unit may get k, M, G
  std::span<const Series> series;
};

constexpr Series kSequence[] = {{"snd_edge", "edge of the send window", "#999999", true, false},
                                {"snd_nxt", "sent (snd_nxt)", "#1f77b4"},
                                {"snd_una", "acknowledged (snd_una)", "#2ca02c"}};
constexpr Series kWindow[] = {{"ssthresh_bytes", "slow start threshold", "#d62728", true, false},
                              {"in_flight_bytes", "in flight", "#7f7f7f"},
                              {"cwnd_bytes", "congestion window", "#1f77b4"}};
constexpr Series kTime[] = {{"rttvar_ms", "variation", "#ff7f0e"}, {"srtt_ms", "smoothed round trip", "#1f77b4"}};
constexpr Panel kPanels[] = {
    {"sequence number", "B", true, kSequence}, {"window", "B", true, kWindow}, {"round trip", "ms", false, kTime}};

/// One panel: where it is, and what its axes mean.
struct Frame {
  double top = 0;
  double t0 = 0;
  double t1 = 1;
  double high = 1;  ///< of the values; the low end is 0
  [[nodiscard]] double x(double t) const { return kLeft + (t - t0) / (t1 - t0) * (kWidth - kLeft - kRight); }
  [[nodiscard]] double y(double v) const { return top + kPanelHeight * (1 - v / high); }
};

void draw_axes(std::string& out, const Panel& panel, const Frame& frame, bool last) {
  const double bottom = frame.top + kPanelHeight;
  double divisor = 1;
  std::string_view prefix;
  for (const auto& [factor, word] : {std::pair{1e3, "k"}, {1e6, "M"}, {1e9, "G"}}) {
    if (panel.thousands && frame.high >= 2 * factor) {
      divisor = factor;
      prefix = word;
    }
  }
  for (const double v : axis_marks(0, frame.high, 5)) {
    out += fmt::format("<line class=\"grid\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>", kLeft,
                       frame.y(v), kWidth - kRight, frame.y(v));
    out += fmt::format("<text class=\"mark\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{:g}</text>\n", kLeft - 6,
                       frame.y(v) + 4, v / divisor);
  }
  for (const double t : axis_marks(frame.t0, frame.t1, 10)) {
    out += fmt::format("<line class=\"grid\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>", frame.x(t),
                       frame.top, frame.x(t), bottom);
    out += fmt::format("<text class=\"mark\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{:g}</text>\n",
                       frame.x(t), bottom + 16, t);
  }
  out += fmt::format(
      "<rect class=\"frame\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/>"
      "<text x=\"18\" y=\"{:.1f}\" text-anchor=\"middle\" transform=\"rotate(-90 18 {:.1f})\">{} [{}{}]</text>\n",
      kLeft, frame.top, kWidth - kLeft - kRight, kPanelHeight, frame.top + kPanelHeight / 2,
      frame.top + kPanelHeight / 2, panel.title, prefix, panel.unit);
  if (last) {
    out += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">time [s]</text>\n",
                       (kLeft + kWidth - kRight) / 2, bottom + 34);
  }
}

/// A value holds until the next one: steps.
std::string step_path(std::span<const double> times, std::span<const double> values, const Frame& frame) {
  std::string path;
  bool open = false;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(values[i])) {
      open = false;
      continue;
    }
    path += open ? fmt::format("H{:.1f}V{:.1f}", frame.x(times[i]), frame.y(values[i]))
                 : fmt::format("M{:.1f} {:.1f}", frame.x(times[i]), frame.y(values[i]));
    open = true;
  }
  return path;
}

void draw_retransmits(std::string& out, const FlowTable& table, const Frame& frame) {
  const auto& times = table.column("time_s");
  const auto& count = table.column("retransmits");
  const auto& una = table.column("snd_una");
  for (std::size_t i = 1; i < count.size() && i < una.size(); ++i) {
    if (count[i] > count[i - 1]) {
      out += fmt::format("<circle class=\"again\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\"/>\n", frame.x(times[i]),
                         frame.y(una[i]));
    }
  }
}

void draw_legend(std::string& out, const Panel& panel, const Frame& frame, bool again) {
  double x = kLeft;
  const double y = frame.top - 10;
  for (const Series& series : panel.series) {
    out += fmt::format(
        "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"{}\" stroke-width=\"2\"{}/>"
        "<text class=\"mark\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n",
        x, y, x + 24, y, series.colour, series.dashed ? " stroke-dasharray=\"5 3\"" : "", x + 30, y + 4, series.label);
    x += 60 + 7 * static_cast<double>(series.label.size());
  }
  if (again) {
    out += fmt::format(
        "<circle class=\"again\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\"/><text class=\"mark\" x=\"{:.1f}\" "
        "y=\"{:.1f}\">sent again</text>\n",
        x + 5, y, x + 14, y + 4);
  }
}

void draw_panel(std::string& out, const Panel& panel, const FlowTable& table, const Frame& frame, std::size_t number) {
  const bool is_sequence = panel.series.data() == kSequence;
  draw_axes(out, panel, frame, number + 1 == std::size(kPanels));
  draw_legend(out, panel, frame, is_sequence);
  out += fmt::format(
      "<clipPath id=\"p{}\"><rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/></clipPath>"
      "<g clip-path=\"url(#p{})\">\n",
      number, kLeft, frame.top, kWidth - kLeft - kRight, kPanelHeight, number);
  for (const Series& series : panel.series) {
    const std::string path = step_path(table.column("time_s"), table.column(series.column), frame);
    if (!path.empty()) {
      out += fmt::format("<path class=\"series\" stroke=\"{}\"{} d=\"{}\"/>\n", series.colour,
                         series.dashed ? " stroke-dasharray=\"5 3\"" : "", path);
    }
  }
  if (is_sequence) {
    draw_retransmits(out, table, frame);
  }
  out += "</g>\n";
}

}  // namespace

std::expected<FlowTable, std::string> FlowTable::read(std::istream& file) {
  FlowTable table;
  std::string line;
  if (!std::getline(file, line) || line.size() > kMaxLine) {
    return std::unexpected("no heading");
  }
  for (const std::string_view cell : split(line)) {
    table.columns_.emplace_back(cell, std::vector<double>());
  }
  if (table.columns_.front().first != "time_s") {
    return std::unexpected("the first column is not time_s");
  }
  while (std::getline(file, line)) {
    ++table.rows_;
    const auto cells = split(line);
    if (cells.size() != table.columns_.size() || std::isnan(number(cells.front()))) {
      return std::unexpected(
          fmt::format("line {}: expected {} cells that begin with a time", table.rows_ + 1, table.columns_.size()));
    }
    for (std::size_t i = 0; i < cells.size(); ++i) {
      table.columns_[i].second.push_back(number(cells[i]));
    }
  }
  return table;
}

const std::vector<double>& FlowTable::column(std::string_view name) const {
  static const std::vector<double> kNone;
  for (const auto& [called, values] : columns_) {
    if (called == name) {
      return values;
    }
  }
  return kNone;
}

std::vector<double> axis_marks(double low, double high, int count) {
  std::vector<double> marks;
  if (!(high > low) || count < 1) {
    return marks;
  }
  const double rough = (high - low) / count;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  const double step = power * (rough <= power ? 1 : rough <= 2 * power ? 2 : rough <= 5 * power ? 5 : 10);
  const double first = std::ceil(low / step - 1e-9) + 0.0;  // -0.0 would be shown with its sign
  for (double i = first; i * step <= high + step * 1e-9; ++i) {
    marks.push_back(i * step);
  }
  return marks;
}

std::string flow_svg(const FlowTable& table, std::string_view title) {
  const double height = kTop + std::size(kPanels) * (kPanelHeight + kGap) + 4;
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{:.0f}\" height=\"{:.0f}\" viewBox=\"0 0 {:.0f} {:.0f}\" "
      "font-family=\"sans-serif\" font-size=\"13\">\n"
      "<style>.grid{{stroke:#e4e4e4}}.frame{{fill:none;stroke:#444}}.mark{{font-size:11px}}"
      ".series{{fill:none;stroke-width:1.4}}.again{{fill:#d62728}}</style>\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
      "<text x=\"{:.1f}\" y=\"28\" font-size=\"16\">{}</text>\n",
      kWidth, height, kWidth, height, kLeft, escaped(title));
  const auto& times = table.column("time_s");
  Frame frame;
  frame.top = kTop;
  if (!times.empty()) {
    frame.t0 = times.front();
    frame.t1 = times.back() > times.front() ? times.back() : times.front() + 1e-3;
  }
  for (std::size_t i = 0; i < std::size(kPanels); ++i) {
    frame.high = 0;
    for (const Series& series : kPanels[i].series) {
      frame.high = series.sets_scale ? std::max(frame.high, largest(table.column(series.column))) : frame.high;
    }
    frame.high = frame.high > 0 ? frame.high * 1.06 : 1;
    draw_panel(out, kPanels[i], table, frame, i);
    frame.top += kPanelHeight + kGap;
  }
  return out + "</svg>\n";
}

}  // namespace catenet::run
