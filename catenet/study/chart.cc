// SPDX-License-Identifier: Apache-2.0
#include "catenet/study/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "catenet/lab/units.h"
#include "catenet/run/flow_plot.h"

namespace catenet::study {
namespace {

constexpr double kChartWidth = 560;
constexpr double kChartHeight = 320;
constexpr double kChartLeft = 74;
constexpr double kChartRight = 16;
constexpr double kChartTop = 34;
constexpr double kChartBottom = 48;
constexpr double kLegendLine = 16;
constexpr double kLabelRoom = 44;  // pixels that a mark of the x axis takes
constexpr double kLogFrom = 100;   // greatest over least value from which on an axis is logarithmic
constexpr std::array<std::string_view, 8> kColours = {"#1f77b4", "#d62728", "#2ca02c", "#9467bd",
                                                      "#ff7f0e", "#17becf", "#8c564b", "#7f7f7f"};

/// A quantity of the kinds that labs have, in its smallest unit; the kind tells those apart that cannot share an axis.
struct Quantity {
  char kind = 0;
  double value = 0;
};

std::optional<Quantity> quantity(const std::string& text) {
  if (const auto number = lab::parse_decimal(text); number && number->unit.empty()) {
    return Quantity{'n', static_cast<double>(number->digits) * std::pow(10.0, number->exponent)};
  }
  if (const auto probability = lab::parse_probability(text)) {
    const auto percent = lab::parse_decimal(lab::to_text(*probability));
    return Quantity{'%', percent ? static_cast<double>(percent->digits) * std::pow(10.0, percent->exponent) : 0};
  }
  if (const auto duration = lab::parse_duration(text)) {
    return Quantity{'t', static_cast<double>(duration->ns())};
  }
  if (const auto rate = lab::parse_rate(text); rate && text != "unlimited") {
    return Quantity{'r', static_cast<double>(rate->bits_per_second())};
  }
  if (const auto packets = lab::parse_packets(text)) {
    return Quantity{'p', static_cast<double>(*packets)};
  }
  if (const auto size = lab::parse_size(text)) {
    return Quantity{'b', static_cast<double>(*size)};
  }
  return std::nullopt;
}

/// All of one kind, or nothing. A plain number is of any kind when it is 0.
std::optional<std::vector<double>> quantities(const std::vector<std::string>& texts) {
  std::vector<double> out;
  char kind = 0;
  for (const std::string& text : texts) {
    const auto one = quantity(text);
    if (!one) {
      return std::nullopt;
    }
    const bool zero = one->kind == 'n' && one->value == 0;
    if (!zero && kind != 0 && one->kind != kind) {
      return std::nullopt;
    }
    kind = zero ? kind : one->kind;
    out.push_back(one->value);
  }
  return out;
}

struct Unit {
  std::string_view name;
  double divisor = 1;
};

/// The unit in which a value of this size of a fact is best read.
Unit unit_of(std::string_view fact, double size) {
  using Scale = std::pair<double, std::string_view>;
  constexpr Scale kSeconds[] = {{1, "s"}, {1e-3, "ms"}, {1e-6, "µs"}};
  constexpr Scale kRates[] = {{1e9, "Gbit/s"}, {1e6, "Mbit/s"}, {1e3, "kbit/s"}, {1, "bit/s"}};
  constexpr Scale kBytes[] = {{1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}, {1, "B"}};
  const auto choose = [&](std::span<const Scale> scales) {
    for (const auto& [factor, name] : scales) {
      if (size >= factor) {
        return Unit{name, factor};
      }
    }
    return Unit{scales.back().second, scales.back().first};
  };
  if (fact.ends_with("_bps")) {
    return choose(kRates);
  }
  if (fact.ends_with("_bytes")) {
    return choose(kBytes);
  }
  return fact.ends_with("_s") ? choose(kSeconds) : Unit{"", 1};
}

/// Where values are on the paper.
struct Scale {
  double low = 0;
  double high = 1;
  [[nodiscard]] static double x(double place) {
    constexpr double kEdge = 0.04;  // so that marks do not stand on the frame
    return kChartLeft + (kEdge + place * (1 - 2 * kEdge)) * (kChartWidth - kChartLeft - kChartRight);
  }
  [[nodiscard]] double y(double value) const {
    return kChartHeight - kChartBottom - (value - low) / (high - low) * (kChartHeight - kChartTop - kChartBottom);
  }
};

/// From 0 where that costs little; else around what is there.
Scale scale_of(const Chart& chart) {
  double least = INFINITY;
  double most = -INFINITY;
  for (const ChartSeries& series : chart.series) {
    for (const ChartPoint& point : series.points) {
      least = std::min(least, point.mean - point.half.value_or(0));
      most = std::max(most, point.mean + point.half.value_or(0));
    }
  }
  if (!(least <= most)) {
    return {};
  }
  if (least >= 0 && least < 0.6 * most) {
    return {0, most * 1.06};
  }
  const double room = most > least ? (most - least) * 0.08 : std::max(std::abs(most) * 0.1, 1.0);
  return {least - room, most + room};
}

void draw_y_axis(std::string& out, const Chart& chart, const Scale& scale) {
  const Unit unit = unit_of(chart.fact, std::max(std::abs(scale.low), std::abs(scale.high)));
  for (const double value : run::axis_marks(scale.low / unit.divisor, scale.high / unit.divisor, 5)) {
    const double y = scale.y(value * unit.divisor);
    out += fmt::format(
        "<line class=\"grid\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/><text class=\"mark\" "
        "x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{:g}</text>\n",
        kChartLeft, y, kChartWidth - kChartRight, y, kChartLeft - 6, y + 4, value);
  }
  out += fmt::format("<text x=\"{:.1f}\" y=\"20\" font-weight=\"bold\">{}{}</text>\n", 8.0, html_text(chart.fact),
                     unit.name.empty() ? "" : fmt::format(" [{}]", unit.name));
}

/// Marks where the values are; where two would overlap the second has none.
void draw_x_axis(std::string& out, const ChartAxis& axis) {
  const double bottom = kChartHeight - kChartBottom;
  std::vector<std::size_t> order(axis.texts.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    order[i] = i;
  }
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return axis.places[a] < axis.places[b]; });
  double free = 0;
  for (const std::size_t i : order) {
    const double x = Scale::x(axis.places[i]);
    out += fmt::format("<line class=\"tick\" x1=\"{0:.1f}\" y1=\"{1:.1f}\" x2=\"{0:.1f}\" y2=\"{2:.1f}\"/>", x, bottom,
                       bottom + 4);
    if (x >= free) {
      const std::string& text = axis.texts[i];
      out += fmt::format("<text class=\"mark\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>\n", x,
                         bottom + 17, html_text(text.size() > 20 ? text.substr(0, 18) + "…" : text));
      free = x + std::max(kLabelRoom, 6.5 * static_cast<double>(std::min<std::size_t>(text.size(), 19)) + 8);
    }
  }
  out += fmt::format(
      "<rect class=\"frame\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/><text x=\"{:.1f}\" "
      "y=\"{:.1f}\" text-anchor=\"middle\">{}</text>\n",
      kChartLeft, kChartTop, kChartWidth - kChartLeft - kChartRight, bottom - kChartTop,
      (kChartLeft + kChartWidth - kChartRight) / 2, kChartHeight - 12, html_text(axis.title));
}

void draw_series(std::string& out, const Chart& chart, std::size_t number, const Scale& scale) {
  std::vector<ChartPoint> points = chart.series[number].points;
  std::sort(points.begin(), points.end(),
            [&](const ChartPoint& a, const ChartPoint& b) { return chart.axis.places[a.x] < chart.axis.places[b.x]; });
  const std::string_view colour = kColours[number % kColours.size()];
  const char* dash = number >= kColours.size() ? " stroke-dasharray=\"5 3\"" : "";
  // Side by side a little, so that no interval hides another.
  const double aside = (static_cast<double>(number) - static_cast<double>(chart.series.size() - 1) / 2) *
                       std::min(5.0, 24.0 / static_cast<double>(chart.series.size()));
  std::string path;
  for (const ChartPoint& point : points) {
    const double x = Scale::x(chart.axis.places[point.x]) + aside;
    path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L", x, scale.y(point.mean));
    if (point.half && *point.half > 0) {
      const double top = scale.y(point.mean + *point.half);
      const double bottom = scale.y(point.mean - *point.half);
      out += fmt::format(
          "<path class=\"ci\" stroke=\"{0}\" d=\"M{1:.1f} {3:.1f}V{4:.1f}M{2:.1f} {3:.1f}h8M{2:.1f} {4:.1f}h8\"/>\n",
          colour, x, x - 4, top, bottom);
    }
    out += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\" fill=\"{}\"><title>{}: {}{}</title></circle>\n", x,
                       scale.y(point.mean), colour, html_text(chart.axis.texts[point.x]),
                       fact_text(chart.fact, point.mean),
                       point.half ? fmt::format(" ± {}", fact_text(chart.fact, *point.half)) : "");
  }
  if (chart.axis.quantities) {  // between words there is nothing
    out += fmt::format("<path class=\"mean\" stroke=\"{}\"{} d=\"{}\"/>\n", colour, dash, path);
  }
}

void draw_legend_of(std::string& out, const Chart& chart) {
  double y = kChartHeight + 8;
  for (std::size_t i = 0; i < chart.series.size() && chart.series.size() > 1; ++i, y += kLegendLine) {
    out += fmt::format(
        "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"{}\" stroke-width=\"2\"{}/>"
        "<text class=\"mark\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n",
        kChartLeft, y, kChartLeft + 22, y, kColours[i % kColours.size()],
        i >= kColours.size() ? " stroke-dasharray=\"5 3\"" : "", kChartLeft + 28, y + 4,
        html_text(chart.series[i].name));
  }
}

}  // namespace

ChartAxis make_axis(std::string title, std::vector<std::string> texts) {
  ChartAxis axis{std::move(title), std::move(texts), {}, false};
  const std::size_t n = axis.texts.size();
  axis.places.assign(n, 0.5);
  const auto values = quantities(axis.texts);
  axis.quantities = values.has_value();
  if (!values) {
    for (std::size_t i = 0; i < n && n > 1; ++i) {
      axis.places[i] = static_cast<double>(i) / static_cast<double>(n - 1);
    }
    return axis;
  }
  const auto [least, most] = std::minmax_element(values->begin(), values->end());
  const bool logarithmic = *least > 0 && *most / *least >= kLogFrom;
  for (std::size_t i = 0; i < n && *most > *least; ++i) {
    const double value = (*values)[i];
    axis.places[i] =
        logarithmic ? std::log(value / *least) / std::log(*most / *least) : (value - *least) / (*most - *least);
  }
  return axis;
}

std::string chart_svg(const Chart& chart) {
  const double legend = chart.series.size() > 1 ? kLegendLine * static_cast<double>(chart.series.size()) + 4 : 0;
  const double height = kChartHeight + legend;
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" viewBox=\"0 0 {0:.0f} {1:.0f}\" "
      "font-family=\"sans-serif\" font-size=\"13\">\n",
      kChartWidth, height);
  const Scale scale = scale_of(chart);
  draw_y_axis(out, chart, scale);
  draw_x_axis(out, chart.axis);
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    draw_series(out, chart, i, scale);
  }
  draw_legend_of(out, chart);
  return out + "</svg>\n";
}

std::string html_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string fact_text(std::string_view fact, double value) {
  const Unit unit = unit_of(fact, std::abs(value));
  return fmt::format("{:.5g}{}{}", value / unit.divisor, unit.name.empty() ? "" : " ", unit.name);
}

}  // namespace catenet::study
