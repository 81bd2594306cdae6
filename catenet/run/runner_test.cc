// SPDX-License-Identifier: Apache-2.0
#include "catenet/run/runner.h"

#include <gmock/gmock.h>

#include "catenet/run/run_test_bench.h"

namespace catenet::run {
namespace {
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> moments(const Ran& ran, std::string_view node) {
  std::vector<std::string> found;
  for (const Json& line : ran.folder.read_lines("tables.jsonl")) {
    if (line["node"] == node) {
      found.push_back(line["moment"].get<std::string>() + " " + line["t"].dump());
    }
  }
  return found;
}

TEST(Runner, WritesWhatItFound) {
  const Ran ran(kThreeNodes);
  EXPECT_EQ(ran.status(), "passed");
  EXPECT_FALSE(ran.result.interrupted);
  EXPECT_THAT(ran.result.warnings, IsEmpty());
  EXPECT_THAT(ran.folder.files(),
              ElementsAre("a_gw.pcapng", "c_gw.pcapng", "events.jsonl", "gw_a.pcapng", "gw_c.pcapng", "lab.yaml",
                          "programs/e.stdout", "programs/es.stdout", "programs/p.stdout", "tables.jsonl"));
}

TEST(Runner, ReplacesTheCapturesOfAnEarlierRun) {
  Folder out;
  RunOptions options;
  options.out = out.path();
  const Ran first(kThreeNodes, options);
  const Ran second(std::string(kThreeNodes) + "capture: [a]\n", options);
  EXPECT_THAT(out.files(), ElementsAre("a_gw.pcapng", "events.jsonl", "lab.yaml", "programs/e.stdout",
                                       "programs/es.stdout", "programs/p.stdout", "tables.jsonl"));
}

TEST(Runner, TellsTheStory) {
  const Ran ran(kThreeNodes);
  const auto& lines = ran.console.lines;
  ASSERT_FALSE(lines.empty());
  EXPECT_EQ(lines[0], "  0.000 s  a       link up gw");
  EXPECT_THAT(lines, Contains("  0.000 s  a       program started p: ping c count=2 interval=100ms"));
  EXPECT_THAT(lines, Contains(HasSubstr("gw      ARP resolved 10.0.1.2 is at 02:00:00:03:00:00 on c")));
  EXPECT_THAT(lines, Contains("  0.104 s  a       program exited p: exit 0"));
}

TEST(Runner, EventsAreInTheOrderOfTimeAndNode) {
  RunOptions options;
  options.partition_size = 1;
  const Ran ran(kThreeNodes, options);
  double t = 0;
  std::string node;
  std::size_t drops = 0;
  for (const Json& line : ran.folder.read_lines("events.jsonl")) {
    EXPECT_GE(line["t"].get<double>(), t);
    if (line["t"].get<double>() == t) {
      EXPECT_GE(line["node"].get<std::string>(), node) << line;
    }
    t = line["t"];
    node = line["node"];
    drops += line["kind"] == "drop" ? 1 : 0;
  }
  EXPECT_EQ(drops, ran.result.outcome.packets.dropped) << "every drop is told";
  EXPECT_GT(t, 1.0) << "to the end of the service";
}

TEST(Runner, EndsASecondAfterTheLastProgram) {
  const Ran ran(kThreeNodes);
  EXPECT_EQ(ran.result.outcome.end.to_seconds(), ran.program("p")["ended_s"].get<double>() + 1.0);
}

TEST(Runner, EndsAtUntilAtTheLatest) {
  EXPECT_EQ(Ran("until: 3s\nnodes: {a: host}").result.outcome.end.to_seconds(), 3.0) << "nothing to wait for";
  EXPECT_EQ(Ran("until: 3s\nnodes: {a: {kind: host, run: udp-sink}}").result.outcome.end.to_seconds(), 3.0)
      << "a service is not waited for";
  const Ran cut("until: 700ms\nnodes: {a: {kind: host, run: ping b count=1}, b: host}\nlinks: [a -- b]");
  EXPECT_EQ(cut.result.outcome.end.to_seconds(), 0.7) << "in the second after the last program";
  EXPECT_EQ(cut.status(), "passed");
}

TEST(Runner, AProgramThatTheEndCutsOffHasFailed) {
  const Ran ran("until: 500ms\nnodes: {a: {kind: host, run: ping b count=5}, b: host}\nlinks: [a -- b]");
  EXPECT_EQ(ran.status(), "failed");
  EXPECT_THAT(ran.result.failed, testing::ElementsAre(HasSubstr("program ping on a: cut off by the end of the lab")));
  EXPECT_TRUE(ran.program("ping")["exit"].is_null());
}

TEST(Runner, KeepsTablesAtTheMomentsAskedFor) {
  RunOptions options;
  options.partition_size = 2;
  for (const std::int64_t ms : {0, 20, 100, 600, 4'000, 9'000}) {
    options.tables_at.push_back(Instant::zero() + Duration::milliseconds(ms));
  }
  const Ran ran(kThreeNodes, options);  // the last program ends at 104 ms, the run a second later
  const std::vector<std::string> expected = {"0.000000000 0.0", "0.020000000 0.02", "0.100000000 0.1",
                                             "0.600000000 0.6", "end 1.10400552"};
  EXPECT_EQ(moments(ran, "a"), expected);
  EXPECT_EQ(moments(ran, "gw"), expected);
  EXPECT_EQ(ran.result.outcome.digest, Ran(kThreeNodes).result.outcome.digest) << "to look changes nothing";
  Json first;
  for (const Json& line : ran.folder.read_lines("tables.jsonl")) {
    if (line["node"] == "gw" && line["moment"] == "0.020000000") {
      EXPECT_EQ(line["arp"].size(), 2U);
    }
  }
}

TEST(Runner, AFolderThatCannotBeMadeIsTheMachinesFault) {
  Folder folder;
  std::ofstream(folder / "file") << "in the way";
  RunOptions options;
  options.out = folder / "file/out";
  const Ran ran(kThreeNodes, options);
  ASSERT_TRUE(ran.failed_to_run);
  EXPECT_EQ(ran.failure.exit_code, 3);
  EXPECT_THAT(ran.failure.text, HasSubstr("cannot make the output folder " + options.out.string()));
}

TEST(Runner, AFileThatCannotBeMadeIsTheMachinesFault) {
  for (const char* name : {"events.jsonl", "tables.jsonl", "a_gw.pcapng"}) {
    Folder folder;
    std::filesystem::create_directories(folder / name / "in the way");
    RunOptions options;
    options.out = folder.path();
    const Ran ran(kThreeNodes, options);
    ASSERT_TRUE(ran.failed_to_run) << name;
    EXPECT_EQ(ran.failure.exit_code, 3);
    EXPECT_THAT(ran.failure.text, HasSubstr("cannot write " + (folder / name).string()));
  }
}

TEST(Runner, AFullDiskIsAWarning) {
  if (!std::filesystem::exists("/dev/full")) {
    GTEST_SKIP() << "no /dev/full";
  }
  Folder folder;
  RunOptions options;
  options.out = folder.path();
  std::filesystem::create_symlink("/dev/full", folder / "events.jsonl");
  const Ran ran(kThreeNodes, options);
  EXPECT_EQ(ran.status(), "passed") << "the network did what it should";
  EXPECT_THAT(ran.result.warnings, ElementsAre(HasSubstr("events.jsonl is not complete: ")));
}

TEST(Runner, ATableThatThereIsNotCannotBeStepped) {
  RunOptions options;
  options.step_table = "dns";
  const Ran ran(kThreeNodes, options);
  ASSERT_TRUE(ran.failed_to_run);
  EXPECT_EQ(ran.failure.exit_code, 2);
  EXPECT_EQ(ran.failure.text, "there is no table 'dns'");
}

}  // namespace
}  // namespace catenet::run
