// SPDX-License-Identifier: Apache-2.0
// What `events:` becomes (event.cc, describe_events.cc, event_action.cc). Their messages are in
// testdata/broken/event_*.
#include "catenet/lab/event.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catenet/lab/explain.h"
#include "catenet/lab/loader.h"

namespace catenet::lab {
namespace {
using namespace literals;
using testing::ElementsAre;

constexpr std::string_view kEventLab = R"(
nodes:
  a: {kind: host, run: [{run: ping c, name: probe}]}
  b: host
  c: {kind: host, run: [{run: http-server /x=1kB, name: server}]}
  r1: router
  r2: router
links:
  - a -- r1
  - b -- r1
  - r1 -- r2: {delay: 5ms}
  - r2 -- c
)";

Description load_events(const std::string& events) {
  LoadedLab loaded = load_text(std::string(kEventLab) + "events:\n" + events, "t.yaml");
  EXPECT_TRUE(loaded.ok()) << loaded.errors();
  return std::move(loaded.lab);
}
Event only(const std::string& event) {
  Description lab = load_events("  - " + event + "\n");
  EXPECT_EQ(lab.events.size(), 1U);
  return lab.events.at(0);
}
template <typename Action>
Action action(const std::string& what) {
  return std::get<Action>(only("1s: " + what).action);
}

TEST(LabEvent, HappensAtATimeOrForAWhile) {
  EXPECT_EQ(only("1500ms: crash a").time.after, 1500_ms);
  EXPECT_FALSE(only("1s: crash a").time.lasts.has_value());
  for (const char* interval : {"4s..8s", "4s .. 8s", "4s for 4s"}) {
    const EventTime time = only(std::string(interval) + ": crash a").time;
    EXPECT_EQ(time.after, 4_s) << interval;
    EXPECT_EQ(time.lasts, 4_s) << interval;
  }
  EXPECT_EQ(only("0: crash a").time.after, 0_s);
  EXPECT_EQ(only("60s: crash a").time.after, 60_s) << "at the end of the run, still";
}

TEST(LabEvent, WaitsForAProgram) {
  const EventTime time = only("probe ends + 500ms for 2s: crash a").time;
  EXPECT_EQ(time.moment, EventTime::Moment::kEnds);
  EXPECT_EQ(time.program, "probe");
  EXPECT_EQ(time.after, 500_ms);
  EXPECT_EQ(time.lasts, 2_s);
  EXPECT_EQ(only("server ready: crash a").time.moment, EventTime::Moment::kReady);
  EXPECT_EQ(only("probe starts +1s: crash a").time.after, 1_s);
}

TEST(LabEvent, ChangesALinkOrOneDirectionOfIt) {
  const auto both = action<LinkChange>("link r2--r1 rate=1Mbit reorder=2% by 3ms");
  EXPECT_EQ(both.on.link, 2U);
  EXPECT_TRUE(both.on.forward && both.on.backward);
  EXPECT_EQ(both.rate, BitRate::mbps(1));
  EXPECT_EQ(both.reorder, Probability::from_ppb(20'000'000));
  EXPECT_EQ(both.reorder_by, 3_ms);
  EXPECT_FALSE(both.delay.has_value());
  for (const char* forward : {"r1->r2", "r2<-r1", "r1 -> r2"}) {
    const auto one = action<LinkChange>("link " + std::string(forward) + " loss=1%");
    EXPECT_TRUE(one.on.forward && !one.on.backward) << forward;
  }
  EXPECT_FALSE(action<LinkChange>("link r1<-r2 loss=1%").on.forward);
  EXPECT_EQ(action<LinkChange>("link r1--r2 down").up, false);
}

TEST(LabEvent, FlapsAndBursts) {
  EXPECT_EQ(action<LinkFlap>("link r1--r2 flap period=500ms").down, 250_ms);
  EXPECT_EQ(action<LinkFlap>("link r1--r2 flap period=1s down=1ms").down, 1_ms);
  const auto lengths = action<LinkBurst>("link r1--r2 burst good=100 bad=4 loss=50%");
  EXPECT_EQ(lengths.to_bad, Probability::from_ppb(10'000'000));
  EXPECT_EQ(lengths.to_good, Probability::from_ppb(250'000'000));
  EXPECT_EQ(lengths.loss_bad, Probability::from_ppb(500'000'000));
  EXPECT_TRUE(lengths.loss_good.is_zero());
  EXPECT_EQ(action<LinkBurst>("link r1--r2 burst p=1% r=25%").loss_bad, Probability::from_ppb(1'000'000'000));
}

TEST(LabEvent, FiltersCount) {
  const auto third = action<LinkFilter>("filter r1->r2 drop 3rd \"tcp and src a\"");
  EXPECT_EQ(third.action, LinkFilter::Action::kDrop);
  EXPECT_EQ(third.nth, 3U);
  EXPECT_FALSE(third.repeats);
  EXPECT_EQ(third.expression, "tcp and src a");
  EXPECT_FALSE(third.on.backward);
  const auto tenth = action<LinkFilter>("filter r1--r2 delay 20ms every 10th 'udp'");
  EXPECT_EQ(tenth.nth, 10U);
  EXPECT_TRUE(tenth.repeats);
  EXPECT_EQ(tenth.delay, 20_ms);
  const auto each = action<LinkFilter>("filter r1--r2 corrupt 'udp'");
  EXPECT_EQ(each.nth, 1U);
  EXPECT_TRUE(each.repeats);
}

TEST(LabEvent, PartitionsHaveTwoSides) {
  const auto named = action<NetworkPartition>("partition b, a from c");
  EXPECT_THAT(named.a, ElementsAre(0, 1));
  EXPECT_THAT(named.b, ElementsAre(2));
  EXPECT_FALSE(named.one_way);
  EXPECT_TRUE(action<NetworkPartition>("partition a -> c").one_way);
  EXPECT_THAT(action<NetworkPartition>("partition b").b, ElementsAre(0, 2, 3, 4)) << "from all others";
}

TEST(LabEvent, SeveralMayShareATime) {
  const Description lab = load_events("  - 1s: [crash a, crash b]\n  - 2s: restart a,b\n");
  ASSERT_EQ(lab.events.size(), 3U);
  EXPECT_EQ(lab.events[1].text(), "1s: crash b");
  EXPECT_THAT(std::get<NodeChange>(lab.events[2].action).nodes, ElementsAre(0, 1));
}

TEST(LabEvent, TheOutlookOfALinkIsTheWorstThatEventsDo) {
  const Description lab = load_events(
      "  - 1s: link r1--r2 delay=2ms\n  - 1s: link a->r1 loss=1%\n  - 1s: partition c -> b\n"
      "  - 1s: link r2--c delay=0\n");
  const auto outlooks = link_outlooks(lab);
  EXPECT_EQ(outlooks[2].least_delay, 2_ms);
  EXPECT_EQ(outlooks[3].least_delay, 0_s);
  EXPECT_EQ(outlooks[0].least_delay, 1_us);
  EXPECT_TRUE(outlooks[0].forward);
  EXPECT_FALSE(outlooks[0].backward);
  EXPECT_TRUE(outlooks[1].backward) << "into b, which is the link's a";
  EXPECT_FALSE(outlooks[1].forward || outlooks[2].forward || outlooks[2].backward || outlooks[3].forward);
}

TEST(LabEvent, AnEndFromTheCommandLineLeavesThemOut) {
  LoadOptions options;
  options.overrides = {"until=5s"};
  const LoadedLab loaded =
      load_text(std::string(kEventLab) + "events:\n  - 5s: crash a\n  - 6s: crash c\n", "t", options);
  ASSERT_TRUE(loaded.ok()) << loaded.errors();
  EXPECT_EQ(loaded.lab.events.size(), 2U);
  const std::string explained = explain(loaded.lab);
  EXPECT_THAT(explained, testing::HasSubstr("5s: \"crash a\""));
  EXPECT_EQ(explained.find("crash c"), std::string::npos) << "so that it can be loaded again";
}

TEST(LabEvent, AnOverrideMayReplaceThem) {
  LoadOptions options;
  options.overrides = {"events=[2s: crash a, 'probe ends: crash c']"};
  const LoadedLab loaded = load_text(kEventLab, "t.yaml", options);
  ASSERT_TRUE(loaded.ok()) << loaded.errors();
  EXPECT_EQ(loaded.lab.events.size(), 2U);
  EXPECT_THAT(explain(loaded.lab),
              testing::HasSubstr("events:\n  - 2s: \"crash a\"\n  - \"probe ends\": \"crash c\"\n"));
}

}  // namespace
}  // namespace catenet::lab
