// SPDX-License-Identifier: Apache-2.0
// chart.cc: axes of quantities and of words, units, and that a chart is well-formed.
#include "catenet/study/chart.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace catenet::study {
namespace {
using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<double> places(std::vector<std::string> texts) { return make_axis("p", std::move(texts)).places; }

TEST(ChartAxis, PutsQuantitiesWhereTheyBelong) {
  EXPECT_THAT(places({"0%", "1%", "2%", "4%"}), ElementsAre(0, 0.25, 0.5, 1));
  EXPECT_THAT(places({"0", "0.01", "2%"}), ElementsAre(0, DoubleNear(0.5, 1e-9), 1))
      << "a fraction is a probability too";
  EXPECT_THAT(places({"20ms", "0", "10ms"}), ElementsAre(1, 0, 0.5));
  EXPECT_THAT(places({"1Mbit", "2Mbit", "3Mbit"}), ElementsAre(0, 0.5, 1));
  EXPECT_THAT(places({"10p", "20p"}), ElementsAre(0, 1));
  EXPECT_THAT(places({"64KiB", "32KiB", "96KiB"}), ElementsAre(0.5, 0, 1));
  EXPECT_THAT(places({"5"}), ElementsAre(0.5));
}

TEST(ChartAxis, IsLogarithmicOverTwoOrdersOfMagnitude) {
  EXPECT_THAT(places({"1Mbit", "10Mbit", "100Mbit"}), ElementsAre(0, DoubleNear(0.5, 1e-9), DoubleNear(1, 1e-9)));
}

TEST(ChartAxis, PutsWordsSideBySide) {
  const ChartAxis axis = make_axis("p", {"cubic", "bbr", "newreno"});
  EXPECT_FALSE(axis.quantities);
  EXPECT_THAT(axis.places, ElementsAre(0, 0.5, 1));
  EXPECT_FALSE(make_axis("p", {"1Mbit", "10ms"}).quantities) << "of two kinds";
  EXPECT_FALSE(make_axis("p", {"1Mbit", "unlimited"}).quantities);
}

TEST(Chart, SaysValuesInUnitsOfTheirFact) {
  EXPECT_EQ(fact_text("up.goodput_bps", 4'595'638), "4.5956 Mbit/s");
  EXPECT_EQ(fact_text("up.rtt_avg_s", 0.0123), "12.3 ms");
  EXPECT_EQ(fact_text("up.rtt_avg_s", 0), "0 µs");
  EXPECT_EQ(fact_text("x.queue_bytes", 1500), "1.5 kB");
  EXPECT_EQ(fact_text("up.retransmits", 11), "11");
}

TEST(Chart, HasALineForEachSeriesAndABarForEachInterval) {
  Chart chart{"up.goodput_bps", make_axis("links.a--b.<loss>", {"0%", "1%"}), {}};
  chart.series.push_back({"x=1 & more", {{0, 5e6, 1e5}, {1, 4e6, 2e5}}});
  chart.series.push_back({"x=2", {{0, 3e6, std::nullopt}}});
  const std::string svg = chart_svg(chart);
  const auto count = [&](std::string_view what) {
    std::size_t n = 0;
    for (std::size_t at = svg.find(what); at != std::string::npos; at = svg.find(what, at + 1)) {
      ++n;
    }
    return n;
  };
  EXPECT_EQ(count("class=\"mean\""), 2U);
  EXPECT_EQ(count("class=\"ci\""), 2U);
  EXPECT_EQ(count("<circle"), 3U);
  EXPECT_THAT(svg, HasSubstr("links.a--b.&lt;loss&gt;"));
  EXPECT_THAT(svg, HasSubstr("x=1 &amp; more"));
  EXPECT_THAT(svg, HasSubstr("[Mbit/s]"));
  EXPECT_EQ(count("nan") + count("inf"), 0U);
  EXPECT_THAT(chart_svg({"f", make_axis("p", {"a"}), {{"", {}}}}), HasSubstr("</svg>"));
}

}  // namespace
}  // namespace catenet::study
