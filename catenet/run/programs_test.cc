// SPDX-License-Identifier: Apache-2.0
#include "catenet/run/programs.h"

#include <gmock/gmock.h>

#include <csignal>

#include "catenet/run/run_test_bench.h"

namespace catenet::run {
namespace {
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using Phase = ProgramRecord::Phase;

TEST(ProgramRecord, SaysHowItEndedAndWhetherThatIsRight) {
  lab::Program program;
  lab::Program service;
  service.service.value = true;
  lab::Program any;
  any.exit.value = std::nullopt;
  struct Row {
    const lab::Program& described;
    Phase phase;
    int exit;
    int signal;
    const char* failure;
    bool expected;
    const char* ending;
    bool cut_off = false;
  };
  const Row rows[] = {
      {program, Phase::ended, 0, 0, "", true, "exit 0"},
      {program, Phase::ended, 1, 0, "", false, "exit 1"},
      {program, Phase::ended, -1, SIGKILL, "", false, "killed by signal 9"},
      {program, Phase::running, -1, 0, "", false, "still running"},
      {program, Phase::waiting, -1, 0, "", false, "never started"},
      {program, Phase::ended, 127, 0, "no shell", false, "did not start: no shell"},
      {service, Phase::running, -1, 0, "", true, "still running"},
      {service, Phase::ended, -1, SIGTERM, "", true, "killed by signal 15"},
      {service, Phase::ended, -1, SIGSEGV, "", false, "killed by signal 11"},
      {service, Phase::ended, 1, 0, "", false, "exit 1"},
      {service, Phase::waiting, -1, 0, "", false, "never started"},
      {any, Phase::ended, 7, 0, "", true, "exit 7"},
      {any, Phase::ended, -1, SIGSEGV, "", true, "killed by signal 11"},
      {any, Phase::running, -1, 0, "", false, "still running"},
      {program, Phase::ended, 0, 0, "", false, "cut off by the end of the lab", true},
  };
  for (const Row& row : rows) {
    ProgramRecord record;
    record.described = &row.described;
    record.phase = row.phase;
    record.exit = row.exit;
    record.signal = row.signal;
    record.failure = row.failure;
    record.cut_off = row.cut_off;
    EXPECT_EQ(record.as_expected(), row.expected) << record.ending();
    EXPECT_EQ(record.ending(), row.ending);
  }
}

TEST(Programs, StartAtTheirTime) {
  const Ran ran("nodes: {a: {kind: host, run: [{run: ping b count=1, at: 1.5s}]}, b: host}\nlinks: [a -- b]");
  EXPECT_EQ(ran.program("ping")["started_s"], 1.5);
  EXPECT_EQ(ran.program("ping")["exit"], 0);
  EXPECT_EQ(ran.status(), "passed");
}

TEST(Programs, AChainFollowsOneLongestWindowAfterEachEnd) {
  const Ran ran(R"(
nodes:
  a:
    kind: host
    run:
      - {run: ping b count=1, name: third, after: [second, first], at: 10ms}
      - {run: ping b count=1, name: second, after: first}
      - {run: ping b count=1, name: first}
      - {run: ping b count=1, name: late, after: first, at: 3s}
  b: host
links: [a -- b]
)");
  const auto time = [&](const char* name, const char* key) { return ran.program(name)[key].get<double>(); };
  const double hand_over = Programs::kHandOver.to_seconds();
  EXPECT_DOUBLE_EQ(time("second", "started_s"), time("first", "ended_s") + hand_over);
  EXPECT_DOUBLE_EQ(time("third", "started_s"), time("second", "ended_s") + hand_over);
  EXPECT_EQ(time("late", "started_s"), 3.0);
}

TEST(Programs, AServiceIsFollowedWhenItIsReadyAndEndsWithTheLab) {
  const Ran ran(kThreeNodes);
  EXPECT_EQ(ran.status(), "passed") << testing::PrintToString(ran.result.failed);
  EXPECT_EQ(ran.program("e")["started_s"], 0.05);
  EXPECT_EQ(ran.program("es")["exit"], 0);
  EXPECT_TRUE(ran.program("es")["service"]);
  EXPECT_EQ(ran.program("es")["result"]["connections"], 1);
  EXPECT_THAT(ran.console.lines, testing::Contains(HasSubstr("program ready es")));
}

TEST(Programs, AProgramThatFailsFailsTheLab) {
  const Ran ran(R"(
nodes:
  a: {kind: host, run: [fetch http://b/, {run: ping b count=1, name: next, after: fetch}]}
  b: host
links: [a -- b]
)");
  EXPECT_EQ(ran.status(), "failed");
  EXPECT_EQ(ran.program("fetch")["exit"], 1);
  EXPECT_EQ(ran.program("next")["exit"], 0) << "who follows waits for the end, not for success";
  ASSERT_EQ(ran.result.failed.size(), 1U);
  EXPECT_THAT(ran.result.failed[0], StartsWith("program fetch on a: exit 1; look at "));
  EXPECT_THAT(ran.result.failed[0], HasSubstr("programs/fetch.stdout"));
}

TEST(Programs, TheExitCodeMayBeAnother) {
  const char* text =
      "nodes: {a: {kind: host, run: [{run: 'fetch http://b/', exit: %}]}, b: host}\nlinks: [a -- b]\nuntil: 3s";
  const auto status = [&](std::string_view exit) {
    std::string lab = text;
    return Ran(lab.replace(lab.find('%'), 1, exit)).status();
  };
  EXPECT_EQ(status("0"), "failed");
  EXPECT_EQ(status("1"), "passed");
  EXPECT_EQ(status("2"), "failed");
  EXPECT_EQ(status("any"), "passed");
}

TEST(Programs, WhoWaitsForWhatDoesNotHappenNeverStarts) {
  const Ran ran(R"(
until: 2s
nodes:
  a: {kind: host, run: [{run: ping b count=1000, name: long, exit: any}, {run: ping b, name: next, after: long}]}
  b: host
links: [a -- b]
)");
  EXPECT_EQ(ran.status(), "failed");
  EXPECT_TRUE(ran.program("next")["started_s"].is_null());
  ASSERT_EQ(ran.result.failed.size(), 1U);
  EXPECT_THAT(ran.result.failed[0], StartsWith("program next on a: never started"));
  EXPECT_EQ(ran.report()["sim"]["end_s"], 2.0);
  EXPECT_EQ(ran.program("long")["result"]["sent"], 3) << "at 0, 1 and 2 s: what it found out is not lost";
}

TEST(Programs, WhatTheyPrintIsInTheirFiles) {
  RunOptions options;
  const char* text = R"(
nodes:
  a: {kind: host, run: [{run: ping b count=1, name: p}, {run: ping b count=1, name: q, stdout: logs/q.txt}]}
  b: host
links: [a -- b]
)";
  const Ran ran(text);
  EXPECT_THAT(ran.folder.read("programs/p.stdout"), StartsWith("PING b (10.0.0.2)"));
  EXPECT_THAT(ran.folder.read("programs/logs/q.txt"), StartsWith("PING b (10.0.0.2)"));
  EXPECT_THAT(ran.console.texts, IsEmpty());
  options.echo_programs = true;
  EXPECT_THAT(Ran(text, options).console.texts, HasSubstr("1 packets transmitted, 1 received"));
}

TEST(Programs, WithoutAFileToPrintToAProgramDoesNotStart) {
  Folder out;
  std::filesystem::create_directories(out / "programs/p.stdout");
  RunOptions options;
  options.out = out.path();
  const Ran ran("nodes: {a: {kind: host, run: [{run: ping b count=1, name: p}]}, b: host}\nlinks: [a -- b]", options);
  EXPECT_EQ(ran.program("p")["exit"], 127);
  ASSERT_EQ(ran.result.failed.size(), 1U);
  EXPECT_THAT(ran.result.failed[0], StartsWith("program p on a: did not start: cannot write "));
}

TEST(Programs, ADiskThatIsFullIsTold) {
  if (!std::filesystem::exists("/dev/full")) {
    GTEST_SKIP() << "no /dev/full";
  }
  Folder out;
  std::filesystem::create_directories(out / "programs");
  std::filesystem::create_symlink("/dev/full", out / "programs/p.stdout");
  RunOptions options;
  options.out = out.path();
  const Ran ran("nodes: {a: {kind: host, run: [{run: ping b count=1, name: p}]}, b: host}\nlinks: [a -- b]", options);
  EXPECT_EQ(ran.status(), "passed");
  EXPECT_THAT(ran.result.warnings, ElementsAre(HasSubstr("p.stdout is not complete")));
}

}  // namespace
}  // namespace catenet::run
