// SPDX-License-Identifier: Apache-2.0
// Labs whose events.cc and faults.cc do what the file says, whatever the partitions (link_settings.cc too).
#include "catenet/run/events.h"

#include <gmock/gmock.h>

#include "catenet/run/run_test_bench.h"

namespace catenet::run {
namespace {
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

/// a -- r1 -- r2 -- b: a pings b every 100 ms, 20 times, from 0 on.
constexpr std::string_view kLineLab = R"(
until: 10s
nodes:
  a: {kind: host, run: [{run: ping b count=20 interval=100ms timeout=90ms, name: p, exit: any}]}
  b: host
  r1: router
  r2: router
links: [a -- r1, {r1 -- r2: {rate: 10Mbit, delay: 5ms}}, r2 -- b]
events:
)";

/// Lines of events.jsonl of a kind, as "time node text".
std::vector<std::string> told(const Ran& ran, std::string_view kind) {
  std::vector<std::string> out;
  for (const Json& line : ran.folder.read_lines("events.jsonl")) {
    if (line["kind"] == kind) {
      out.push_back(line["t"].dump() + " " + line["node"].get<std::string>() + " " + line["text"].get<std::string>());
    }
  }
  return out;
}

std::int64_t received(const Ran& ran) { return ran.program("p")["result"]["received"]; }

/// Runs it in one partition, in as many as there are nodes, and on three threads: both books balance, and all is the
/// same.
struct Twice {
  explicit Twice(const std::string& lab) : one(lab, sized(0)), many(lab, sized(1)), threads(lab, sized(1, 3)) {
    for (const Ran* ran : {&one, &many, &threads}) {
      EXPECT_TRUE(ran->result.outcome.packets.holds()) << ran->result.outcome.packets.broken_link;
      EXPECT_EQ(ran->result.outcome.packets.unaccounted, 0U);
    }
    for (const Ran* other : {&many, &threads}) {
      EXPECT_EQ(one.result.outcome.digest, other->result.outcome.digest);
      EXPECT_EQ(one.folder.read("events.jsonl"), other->folder.read("events.jsonl"));
      EXPECT_EQ(one.report()["events"], other->report()["events"]);
      EXPECT_EQ(one.report()["programs"], other->report()["programs"]);
    }
  }
  static RunOptions sized(std::uint32_t size, unsigned threads = 1) {
    RunOptions options;
    options.partition_size = size;
    options.threads = threads;
    return options;
  }
  Ran one;
  Ran many;
  Ran threads;
};

Twice line_lab(const std::string& events) { return Twice(std::string(kLineLab) + events); }

TEST(Events, ALinkGoesDownAndUp) {
  const Twice ran = line_lab("  - 450ms: link r1--r2 down\n  - 1050ms: link r1--r2 up\n");
  EXPECT_GT(ran.one.program("p")["result"]["rtt_max_s"], 0.5) << "who has no neighbour any more waits for it";
  EXPECT_THAT(told(ran.one, "event"), ElementsAre("0.45 r1 link r1--r2 down", "1.05 r1 link r1--r2 up"));
  EXPECT_THAT(told(ran.one, "link-down"), ElementsAre("0.45 r1 r2", "0.45 r2 r1"));
  EXPECT_EQ(ran.one.report()["events"][0],
            (Json{{"text", "450ms: link r1--r2 down"}, {"at_s", 0.45}, {"applied", true}}));
}

TEST(Events, AnIntervalGivesBackWhatWasBefore) {
  const Twice ran = line_lab(
      "  - 250ms..1250ms: link r1--r2 loss=100%\n"
      "  - 450ms..650ms: link r1--r2 loss=0%\n");  // begun later: it counts, and then the first one again
  EXPECT_EQ(received(ran.one), 20 - 8);
  EXPECT_THAT(told(ran.one, "event"),
              ElementsAre("0.25 r1 link r1--r2 loss=100%", "0.45 r1 link r1--r2 loss=0%",
                          "0.65 r1 over: link r1--r2 loss=0%", "1.25 r1 over: link r1--r2 loss=100%"));
  EXPECT_EQ(ran.one.report()["drops"]["link-loss"], 8);
}

TEST(Events, WhatStaysHidesWhatIsBelowIt) {
  const Twice ran = line_lab(
      "  - 250ms..1250ms: link r1--r2 loss=100%\n"
      "  - 450ms: link r1--r2 loss=0%\n"
      "  - 550ms: link r1--r2 jitter=1ms\n");
  EXPECT_EQ(received(ran.one), 20 - 2);
}

TEST(Events, OneDirectionOnly) {
  const Twice ran = line_lab("  - 250ms..650ms: link r2->r1 loss=100%\n");
  EXPECT_EQ(received(ran.one), 16);
  EXPECT_EQ(ran.one.report()["nodes"]["r1"]["interfaces"]["r2"]["drops"]["link-loss"], 4);
  EXPECT_FALSE(ran.one.report()["nodes"]["r2"]["interfaces"]["r1"]["drops"].contains("link-loss"));
}

TEST(Events, ADelayThatShrinksBoundsTheWindows) {
  const Twice ran = line_lab("  - 450ms..1s: link r1--r2 delay=10us\n  - 1s: link r1--r2 delay=40ms rate=1Mbit\n");
  EXPECT_EQ(received(ran.one), 20);
  EXPECT_EQ(ran.many.report()["sim"]["partitions"], 4);
  EXPECT_LT(ran.one.program("p")["result"]["rtt_min_s"], 0.001);
  EXPECT_GT(ran.one.program("p")["result"]["rtt_max_s"], 0.08);
}

TEST(Events, ALinkThatWillHaveNoDelayIsNotCut) {
  const Twice ran = line_lab("  - 450ms: link r1--r2 delay=0\n");
  EXPECT_EQ(ran.many.report()["sim"]["partitions"], 3);
}

TEST(Events, FlappingAndWhatPutsAnEndToIt) {
  const Twice ran = line_lab("  - 50ms..950ms: link r1--r2 flap period=400ms down=100ms\n");
  EXPECT_THAT(told(ran.one, "link-down"), Contains("0.85 r1 r2"));
  EXPECT_EQ(told(ran.one, "link-down").size(), 6U);
  EXPECT_EQ(told(ran.one, "link-up").back(), "0.95 r2 r1") << "up at the end of the interval";
  const Twice ended = line_lab("  - 50ms: link r1--r2 flap period=400ms\n  - 300ms: link r1--r2 down\n");
  EXPECT_EQ(told(ended.one, "link-down").size(), 4U);
  EXPECT_EQ(told(ended.one, "link-up").back(), "0.25 r2 r1") << "down stays down";
}

TEST(Events, BurstsLoseFrames) {
  const Twice ran = line_lab("  - 50ms..1950ms: link r1->r2 burst good=3 bad=3\n");
  EXPECT_GT(ran.one.report()["drops"]["link-loss"], 3);
  EXPECT_LT(ran.one.report()["drops"]["link-loss"], 17);
}

TEST(Events, APartitionStopsWhatComesFromTheOtherSide) {
  const Twice both = line_lab("  - 250ms: partition a from b\n  - 650ms: heal\n");
  EXPECT_EQ(received(both.one), 16);
  EXPECT_EQ(both.one.report()["nodes"]["b"]["interfaces"]["r2"]["drops"]["partitioned"], 4);
  const Twice back = line_lab("  - 250ms..650ms: partition b -> a\n");
  EXPECT_EQ(back.one.report()["nodes"]["a"]["interfaces"]["r1"]["drops"]["partitioned"], 4);
  const Twice routers = line_lab("  - 250ms..650ms: partition a,r1 from r2,b\n");
  EXPECT_EQ(routers.one.report()["nodes"]["r2"]["interfaces"]["r1"]["drops"]["partitioned"], 4)
      << "nothing passes a link between the sides";
  EXPECT_EQ(received(line_lab("  - 250ms..650ms: partition r1 -> b\n").one), 20) << "what r1 passes on is not from it";
}

TEST(Events, AFilterTakesTheNthThatFits) {
  const Twice third = line_lab("  - 250ms: filter r1--r2 drop 3rd \"icmp and src a\"\n");
  EXPECT_EQ(received(third.one), 19);
  EXPECT_EQ(third.one.report()["nodes"]["r2"]["interfaces"]["r1"]["drops"]["link-filtered"], 1);
  const Twice every =
      line_lab("  - 250ms..1450ms: filter r2->r1 drop every 3rd \"icmp[icmptype] == icmp-echoreply\"\n");
  EXPECT_EQ(received(every.one), 20 - 4);
  EXPECT_EQ(received(line_lab("  - 250ms: filter r1--r2 drop \"tcp\"\n").one), 20);
  EXPECT_EQ(line_lab("  - 250ms: filter r1->r2 duplicate 2nd \"src a\"\n").one.program("p")["result"]["duplicates"], 1);
  EXPECT_GT(line_lab("  - 250ms: filter r1->r2 delay 40ms 2nd \"src a\"\n").one.program("p")["result"]["rtt_max_s"],
            0.04);
  EXPECT_EQ(received(line_lab("  - 250ms: filter r1->r2 corrupt 2nd \"src a\"\n").one), 19);
}

TEST(Events, HealEndsEveryPartitionAndNoEndIsToldTwice) {
  const Twice ran = line_lab("  - 250ms..900ms: partition a from b\n  - 250ms: partition b\n  - 450ms: heal\n");
  EXPECT_EQ(received(ran.one), 18);
  EXPECT_THAT(told(ran.one, "event"), ElementsAre("0.25 a partition a from b", "0.25 b partition b", "0.45 a heal"));
}

TEST(Events, AtOneInstantEndsComeFirstThenTheOrderOfTheLab) {
  const Twice ran = line_lab(
      "  - 450ms: link r1--r2 up\n  - 250ms..450ms: link r1--r2 loss=100%\n  - 450ms: link r1--r2 down\n"
      "  - 650ms: link r1--r2 up\n");
  EXPECT_THAT(told(ran.one, "event"),
              ElementsAre("0.25 r1 link r1--r2 loss=100%", "0.45 r1 over: link r1--r2 loss=100%",
                          "0.45 r1 link r1--r2 up", "0.45 r1 link r1--r2 down", "0.65 r1 link r1--r2 up"));
}

TEST(Events, AnEventComesBeforeTheFramesOfItsTime) {
  // The ping of 500 ms leaves a at that instant, and would be at r1 1,880 ns later.
  const Twice before = line_lab("  - 500ms..501ms: link a--r1 down\n");
  EXPECT_EQ(before.one.report()["nodes"]["a"]["interfaces"]["r1"]["drops"]["link-down"], 1);
  const Twice arrival = line_lab("  - 500001880ns..501ms: link a--r1 down\n");
  EXPECT_EQ(arrival.one.report()["nodes"]["r1"]["interfaces"]["a"]["drops"]["link-down"], 1);
  const Twice after = line_lab("  - 500001881ns..501ms: link a--r1 down\n");
  EXPECT_FALSE(after.one.report()["nodes"]["r1"]["interfaces"]["a"]["drops"].contains("link-down"));
}

TEST(Events, AtTheStartAndAtTheEnd) {
  const Twice ran = line_lab("  - 0: link r1--r2 loss=100%\n  - 10s: link r1--r2 down\n");
  EXPECT_EQ(received(ran.one), 0);
  EXPECT_EQ(ran.one.report()["events"][1]["applied"], false) << "the run ends after its last program";
}

TEST(Events, WhatFollowsAProgramHappensAHandOverLater) {
  const Twice ran = line_lab("  - p starts + 400ms: link r1--r2 down\n  - p ends: link r1--r2 up\n");
  const Json& events = ran.one.report()["events"];
  EXPECT_EQ(events[0]["at_s"], 0.45);
  EXPECT_EQ(events[1]["at_s"], ran.one.program("p")["ended_s"].get<double>() + 0.05);
  EXPECT_EQ(received(ran.one), 5);
}

TEST(Events, TablesOfTheSameMomentShowWhatTheEventDid) {
  RunOptions options;
  options.tables_at = {Instant::zero() + Duration::milliseconds(450), Instant::zero() + Duration::milliseconds(900)};
  const Ran ran(std::string(kLineLab) + "  - 450ms: link r1--r2 down\n  - 950ms: link r1--r2 up\n", options);
  std::vector<std::string> up;
  for (const Json& row : ran.folder.read_lines("tables.jsonl")) {
    if (row["node"] == "r1") {
      up.push_back(row["moment"].get<std::string>() + " " + row["interfaces"][1]["up"].dump());
    }
  }
  EXPECT_THAT(up, ElementsAre("0.450000000 false", "0.900000000 false", "end true"));
}

TEST(Events, WhatWaitsForAProgramThatIsReplacedIsLeftOut) {
  lab::Description lab = load(std::string(kLineLab) + "  - p ends: link r1--r2 down\n  - 1s: link r1--r2 down\n");
  ASSERT_TRUE(do_only(lab, std::vector<std::string>{"a: ping b count=1"}));
  const Ran ran(lab);
  ASSERT_EQ(ran.report()["events"].size(), 1U);
  EXPECT_EQ(ran.report()["events"][0]["text"], "1s: link r1--r2 down");
}

// ---- nodes --------------------------------------------------------------------------------------------------------

/// b serves; a fetches again and again until it has it.
constexpr std::string_view kServerLab = R"(
until: 60s
nodes:
  a: {kind: host, run: [{run: fetch http://b/x, name: get, exit: any, after: web}]}
  b: {kind: host, run: [{run: http-server /x=2MB, name: web}]}
  sw: switch
links: [a -- sw, {sw -- b: {rate: 10Mbit, delay: 2ms}}]
events:
)";
Twice server_lab(const std::string& events) { return Twice(std::string(kServerLab) + events); }

TEST(Faults, ACrashTakesSocketsWithoutAWordAndARestartRefusesThem) {
  const Twice ran = server_lab("  - 500ms: crash b\n  - 2s: restart b\n");
  EXPECT_THAT(told(ran.one, "connection-closed"), IsEmpty());
  EXPECT_THAT(told(ran.one, "connection-reset"), testing::SizeIs(1)) << "the fresh machine knows nothing of it";
  EXPECT_EQ(ran.one.program("get")["exit"], 1);
  const Json web = ran.one.program("web");
  EXPECT_EQ(web["starts"], 2);
  EXPECT_EQ(web["started_s"], 2.0);
  EXPECT_FALSE(web.contains("crashed"));
  EXPECT_THAT(told(ran.one, "program-exited"), Contains("0.5 b web: cut off by the crash of its node"));
  EXPECT_THAT(told(ran.one, "link-down"), ElementsAre("0.5 b sw", "0.5 sw b"));
  EXPECT_EQ(ran.one.report()["flows"].size(), 2U) << "that of before the crash is in the report too";
  EXPECT_EQ(ran.one.status(), "passed");
}

TEST(Faults, WithoutARestartTheProgramsOfANodeHaveEnded) {
  const Twice ran = server_lab("  - 500ms: crash a\n");
  const Json get = ran.one.program("get");
  EXPECT_TRUE(get["exit"].is_null());
  EXPECT_EQ(get["crashed"], true);
  EXPECT_EQ(get["ended_s"], 0.5);
  EXPECT_EQ(ran.one.result.outcome.end.to_seconds(), 1.5) << "nobody is waited for";
  EXPECT_EQ(ran.one.status(), "passed") << "exit: any";
}

TEST(Faults, ACrashedClientStartsAnew) {
  const Twice ran = server_lab("  - 500ms..800ms: crash a\n");
  const Json get = ran.one.program("get");
  EXPECT_EQ(get["exit"], 0);
  EXPECT_EQ(get["starts"], 2);
  EXPECT_EQ(get["started_s"], 0.8);
  EXPECT_EQ(get["result"]["bytes"], 2'000'000);
  EXPECT_EQ(ran.one.folder.read("programs/get.stdout"), ran.many.folder.read("programs/get.stdout"));
}

TEST(Faults, AFreshMachineUsesOtherNumbers) {
  const Twice ran = server_lab("  - 500ms..800ms: crash a\n");
  std::vector<std::string> ports;
  for (const Json& flow : ran.one.report()["flows"]) {
    if (flow["node"] == "a") {
      ports.push_back(flow["src"]);
    }
  }
  ASSERT_EQ(ports.size(), 2U);
  EXPECT_NE(ports[0], ports[1]);
}

TEST(Faults, ARestartAloneIsAReboot) {
  const Twice ran = server_lab("  - 500ms: restart b\n");
  EXPECT_EQ(ran.one.program("web")["starts"], 2);
  EXPECT_EQ(ran.one.program("web")["started_s"], 0.5);
  EXPECT_THAT(told(ran.one, "connection-reset"), testing::SizeIs(1));
}

TEST(Faults, TwoCrashesNeedBothToEnd) {
  const Twice ran = server_lab("  - 400ms..600ms: crash b\n  - 500ms..900ms: crash b\n");
  EXPECT_EQ(ran.one.program("web")["started_s"], 0.9);
  EXPECT_EQ(ran.one.program("web")["starts"], 2);
}

TEST(Faults, ASwitchForgetsWhereEverybodyIs) {
  const Twice ran = server_lab("  - 500ms..600ms: crash sw\n");
  EXPECT_EQ(ran.one.program("get")["exit"], 0);
  EXPECT_THAT(told(ran.one, "mac-learned"), testing::SizeIs(4)) << "two, and two again";
}

TEST(Faults, ARouterComesBackWithItsRoutes) {
  const Twice ran = line_lab("  - 250ms..650ms: crash r1\n");
  EXPECT_EQ(received(ran.one), 20);
  EXPECT_GT(ran.one.program("p")["result"]["rtt_max_s"], 0.3);
}

TEST(Faults, APausedProgramDoesNotRunAndItsKernelDoes) {
  const Twice ran = server_lab("  - 500ms..3s: pause a\n");
  EXPECT_EQ(ran.one.program("get")["exit"], 0);
  EXPECT_GT(ran.one.program("get")["ended_s"], 3.0) << "it would take 1.7 s";
  EXPECT_EQ(ran.one.report()["flows"][0]["retransmits"], 0);
  const Twice pings = line_lab("  - 450ms..1050ms: pause b\n");
  EXPECT_EQ(received(pings.one), 20) << "the kernel answers";
  const Twice pinger = line_lab("  - 450ms: pause a\n  - 1050ms: resume a\n");
  EXPECT_THAT(told(pinger.one, "event"), ElementsAre("0.45 a pause a", "1.05 a resume a"));
  EXPECT_GT(pinger.one.program("p")["ended_s"], 1.9);
}

TEST(Faults, ACrashEndsAPause) {
  const Twice ran = server_lab("  - 300ms..10s: pause b\n  - 500ms..600ms: crash b\n");
  EXPECT_EQ(ran.one.program("web")["starts"], 2);
  EXPECT_THAT(told(ran.one, "connection-reset"), testing::SizeIs(1));
  EXPECT_EQ(ran.one.report()["events"][0]["until_s"], 10.0);
}

TEST(Faults, StepsAndFlowsGoOnAfterARestart) {
  RunOptions options;
  options.flows.emplace();
  options.step_table = "pcb";
  const Ran ran(std::string(kServerLab) + "  - 500ms..800ms: crash a\n", options);
  EXPECT_THAT(ran.folder.files(), Contains("flows/a-2.csv"));
  const std::size_t first = ran.console.texts.find("a: connect");
  EXPECT_NE(ran.console.texts.find("a: connect", first + 1), std::string::npos);
}

}  // namespace
}  // namespace catenet::run
