// SPDX-License-Identifier: Apache-2.0
// facts.cc: which numbers of a report a sweep keeps.
#include "catenet/study/facts.h"

#include <gmock/gmock.h>

namespace catenet::study {
namespace {
using testing::ElementsAre;
using testing::Pair;

const Json kReport = Json::parse(R"({
  "sim": {"end_s": 2.5, "events": 10, "packet_hops": 4, "digest": "00"},
  "drops": {"queue-full": 3, "link-loss": 1},
  "programs": [{"name": "up", "exit": 0, "started_s": 0.5, "ended_s": 2.0, "result": {"goodput_bps": 1000, "who": "b", "ok": true}},
               {"name": "srv", "exit": null, "started_s": 0.0, "ended_s": null, "result": {}}],
  "flows": [{"retransmits": 2}, {"retransmits": 3}],
  "nodes": {"a": {"counters": {"TcpRetransSegs": 2, "TcpOutSegs": 9}}, "b": {"counters": {"TcpRetransSegs": 3}}}
})");

TEST(Facts, AreTheNumbersOfPrograms) {
  EXPECT_THAT(facts_of(kReport),
              ElementsAre(Pair("drops.link-loss", 1), Pair("drops.queue-full", 3), Pair("drops.total", 4),
                          Pair("flows.retransmits", 5), Pair("flows.total", 2), Pair("sim.end_s", 2.5),
                          Pair("sim.events", 10), Pair("sim.packet_hops", 4), Pair("up.duration_s", 1.5),
                          Pair("up.exit", 0), Pair("up.goodput_bps", 1000), Pair("up.ok", 1)));
}

TEST(Facts, OfNodesAreThoseAskedFor) {
  auto facts = facts_of(kReport, {"nodes.*.counters.TcpRetransSegs", "nodes.b.counters.TcpOutSegs"});
  EXPECT_EQ(facts.at("nodes.a.counters.TcpRetransSegs"), 2);
  EXPECT_EQ(facts.at("nodes.b.counters.TcpRetransSegs"), 3);
  EXPECT_EQ(facts.at("nodes.b.counters.TcpOutSegs"), 0) << "left out in a report because it is zero";
  EXPECT_FALSE(facts.contains("nodes.a.counters.TcpOutSegs"));
  EXPECT_TRUE(is_zero_when_missing("drops.link-loss"));
  EXPECT_FALSE(is_zero_when_missing("up.goodput_bps"));
}

TEST(Facts, OfAnOddReportAreNone) {
  EXPECT_EQ(facts_of(Json::parse(R"({"programs": [1, {"name": 3}], "flows": [null]})")).at("flows.retransmits"), 0);
}

}  // namespace
}  // namespace catenet::study
