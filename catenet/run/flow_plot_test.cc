// SPDX-License-Identifier: Apache-2.0
#include "catenet/run/flow_plot.h"

#include <gmock/gmock.h>

#include <cmath>
#include <sstream>

namespace catenet::run {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

FlowTable table(const std::string& text) {
  std::istringstream file(text);
  auto read = FlowTable::read(file);
  EXPECT_TRUE(read) << (read ? "" : read.error());
  return read ? *read : FlowTable();
}

std::string fault_of(const std::string& text) {
  std::istringstream file(text);
  auto read = FlowTable::read(file);
  return read ? "" : read.error();
}

TEST(FlowPlot, MarksAreRoundNumbers) {
  EXPECT_THAT(axis_marks(0, 10, 5), ElementsAre(0, 2, 4, 6, 8, 10));
  EXPECT_THAT(axis_marks(0, 1, 5), ElementsAre(0, testing::DoubleEq(0.2), testing::DoubleEq(0.4),
                                               testing::DoubleEq(0.6000000000000001), testing::DoubleEq(0.8), 1));
  EXPECT_THAT(axis_marks(3, 47, 5), ElementsAre(10, 20, 30, 40));
  EXPECT_THAT(axis_marks(0, 1'060'000, 5), ElementsAre(0, 500'000, 1'000'000));
  EXPECT_THAT(axis_marks(1, 1, 5), ElementsAre());
  EXPECT_FALSE(std::signbit(axis_marks(0, 10, 5).at(0))) << "-0 is no label";
}

TEST(FlowPlot, ReadsNumbersByTheNameOfTheColumn) {
  const FlowTable t = table("time_s,state,cwnd_bytes\n0.5,SYN-SENT,\n0.75,ESTABLISHED,14480\n");
  EXPECT_EQ(t.rows(), 2U);
  EXPECT_THAT(t.column("time_s"), ElementsAre(0.5, 0.75));
  EXPECT_TRUE(std::isnan(t.column("cwnd_bytes")[0]));
  EXPECT_EQ(t.column("cwnd_bytes")[1], 14480);
  EXPECT_TRUE(std::isnan(t.column("state")[0]));
  EXPECT_TRUE(t.column("nothing").empty());
}

TEST(FlowPlot, RefusesWhatIsNoFlow) {
  EXPECT_THAT(fault_of(""), HasSubstr("no heading"));
  EXPECT_THAT(fault_of("a,b\n1,2\n"), HasSubstr("time_s"));
  EXPECT_THAT(fault_of("time_s,b\n1,2\n1\n"), HasSubstr("line 3"));
  EXPECT_THAT(fault_of("time_s,b\nnow,2\n"), HasSubstr("line 2"));
}

TEST(FlowPlot, DrawsStepsWhereTheNumbersAre) {
  const std::string svg = flow_svg(table("time_s,cwnd_bytes,ssthresh_bytes,in_flight_bytes,snd_una,snd_nxt,snd_edge,"
                                         "retransmits,srtt_ms,rttvar_ms\n"
                                         "0,,,0,0,1,0,0,,\n"
                                         "1,10000,,5000,1,5001,60000,0,20,10\n"
                                         "2,5000,7000,5000,2501,7501,60000,1,30,10\n"),
                                   "a-1: <10.0.0.1:1> & b");
  EXPECT_THAT(svg, HasSubstr("a-1: &lt;10.0.0.1:1&gt; &amp; b"));
  for (const char* label : {"time [s]", "sequence number [kB]", "window [kB]", "round trip [ms]", "sent again"}) {
    EXPECT_THAT(svg, HasSubstr(label));
  }
  // The middle panel: 240 high from 372 on, values up to 1.06 * 10,000; time from 90 to 940.
  EXPECT_THAT(svg, HasSubstr("stroke=\"#1f77b4\" d=\"M515.0 385.6H940.0V498.8\""));
  // The segment that was sent again when 2,501 were acknowledged, of 1.06 * 7,501.
  EXPECT_THAT(svg, HasSubstr("cx=\"940.0\" cy=\"240.5\""));
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
}

TEST(FlowPlot, DrawsNothingOfNothing) {
  const std::string svg = flow_svg(table("time_s,cwnd_bytes\n"), "empty");
  EXPECT_THAT(svg, HasSubstr("</svg>"));
  EXPECT_THAT(svg, Not(HasSubstr("class=\"series\"")));
}

}  // namespace
}  // namespace catenet::run
