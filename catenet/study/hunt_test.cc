// SPDX-License-Identifier: Apache-2.0
// hunt.cc, hunt_schedule.cc and trial.cc: schedules are drawn and made small, runs are made by workers, and a fault
// that was planted in the replicated counter is found.
#include "catenet/study/hunt.h"

#include <gmock/gmock.h>

#include <fstream>
#include <set>

#include "catenet/run/load.h"
#include "catenet/study/rerun.h"

namespace catenet::study {
namespace {
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const char* const kCounter =
    "nodes:\n"
    "  a: {run: [{run: counter-primary b c, name: primary}]}\n"
    "  b: {run: [counter-backup]}\n"
    "  c: {run: [counter-backup]}\n"
    "  d: {run: [{run: counter-client a count=10, name: client, after: primary}]}\n"
    "  sw: switch\n"
    "links: [a -- sw, b -- sw, c -- sw, d -- sw]\n"
    "until: 120s\n"
    "expect: [client.surplus == 0]\n";

struct Quiet final : HuntListener {
  void progress(const HuntProgress&) override { ++calls; }
  void found(const Trial& trial, const TrialResult&) override { seeds.push_back(trial.seed); }
  int calls = 0;
  std::vector<std::uint64_t> seeds;
};

struct HuntTest : ::testing::Test {
  std::filesystem::path write(std::string text, bool with_fault) {
    if (with_fault) {
      text.replace(text.find("counter-primary b c"), 19, "counter-primary b c bug=retry");
    }
    const auto path = scratch.path() / (with_fault ? "bad.yaml" : "good.yaml");
    std::ofstream(path) << text;
    return path;
  }
  ScratchFolder scratch;
};

TEST_F(HuntTest, SchedulesFollowFromTheSeedAndAreEventsOfTheLab) {
  const auto file = write(kCounter, false);
  const lab::LoadedLab loaded = run::load_lab(file);
  ASSERT_TRUE(loaded.ok()) << loaded.errors();
  FaultLimits limits;
  limits.kinds.push_back(FaultKind::crash);
  limits.window = Duration::seconds(3);
  std::set<std::string> first_words;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const Schedule schedule = draw_schedule(loaded.lab, limits, seed);
    EXPECT_EQ(texts(schedule), texts(draw_schedule(loaded.lab, limits, seed)));
    EXPECT_LE(schedule.size(), 4U);
    for (const Fault& fault : schedule) {
      EXPECT_LE(fault.at + fault.lasts, limits.window);
      EXPECT_GE(fault.lasts, Duration::milliseconds(1));
      first_words.insert(fault.what.substr(0, fault.what.find(' ')));
    }
    const lab::LoadedLab with = run::load_lab(file, {}, texts(schedule));
    ASSERT_TRUE(with.ok()) << with.errors();
  }
  EXPECT_THAT(first_words, ElementsAre("crash", "link", "partition", "pause"));
  EXPECT_NE(texts(draw_schedule(loaded.lab, limits, 1)), texts(draw_schedule(loaded.lab, limits, 2)));
}

TEST(HuntSchedule, NothingToFailGivesAnEmptyOne) {
  lab::Description empty;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    EXPECT_TRUE(draw_schedule(empty, {}, seed).empty());
  }
}

TEST(HuntSchedule, KindsHaveNames) {
  for (const FaultKind kind : usual_faults()) {
    EXPECT_EQ(fault_kind(name(kind)), kind);
    EXPECT_NE(kind, FaultKind::crash);
  }
  EXPECT_EQ(fault_kind("crash"), FaultKind::crash);
  EXPECT_EQ(fault_kind("nonsense"), std::nullopt);
}

Fault fault(int at_ms, int lasts_ms, const char* what) {
  return {Duration::milliseconds(at_ms), Duration::milliseconds(lasts_ms), what};
}

TEST(HuntSchedule, ShrinksToWhatIsNeeded) {
  // It breaks as long as x covers 1,500 ms and y is there at all.
  const auto breaks = [](const Schedule& schedule) {
    bool x = false;
    bool y = false;
    for (const Fault& f : schedule) {
      x = x ||
          (f.what == "x" && f.at <= Duration::milliseconds(1'500) && f.at + f.lasts > Duration::milliseconds(1'500));
      y = y || f.what == "y";
    }
    return x && y;
  };
  const Schedule drawn = {fault(10, 700, "u"), fault(1'017, 900, "x"), fault(1'200, 300, "v"), fault(2'345, 512, "y"),
                          fault(2'600, 100, "w")};
  ASSERT_TRUE(breaks(drawn));
  const Schedule small = shrink(drawn, breaks, 300);
  ASSERT_EQ(small.size(), 2U);
  EXPECT_TRUE(breaks(small));
  EXPECT_EQ(small[1].lasts, Duration::milliseconds(1));
  EXPECT_LE(small[0].lasts, Duration::milliseconds(200)) << small[0].text();
  EXPECT_EQ(shrink(drawn, breaks, 0).size(), drawn.size()) << "no tries, no change";
}

TEST_F(HuntTest, WorkersMakeTrials) {
  TrialWorkers workers({write(kCounter, false), {}}, scratch.path() / "w", 2, Duration::seconds(60));
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    ASSERT_EQ(workers.start({seed, {"100ms for 1s: link a--sw down"}}), seed - 1);
  }
  EXPECT_FALSE(workers.has_idle());
  std::set<std::uint64_t> seen;
  while (workers.running() > 0) {
    if (const auto finished = workers.wait(1'000)) {
      seen.insert(finished->trial.seed);
      EXPECT_EQ(finished->result.outcome, TrialResult::Outcome::passed) << finished->result.failed.front();
      const TrialResult here = run_trial({scratch.path() / "good.yaml", {}}, finished->trial, scratch.path() / "h");
      EXPECT_EQ(here.digest, finished->result.digest) << "the same run as in this process";
      EXPECT_EQ(here.end, finished->result.end);
    }
  }
  EXPECT_EQ(seen.size(), 2U);
  ASSERT_TRUE(workers.start({3, {"1s: nonsense"}}).has_value());
  std::optional<TrialWorkers::Finished> refused;
  while (!(refused = workers.wait(1'000))) {
  }
  EXPECT_EQ(refused->result.outcome, TrialResult::Outcome::refused);
  EXPECT_THAT(refused->result.failed.front(), HasSubstr("nonsense"));
}

TEST_F(HuntTest, FindsAndShrinksThePlantedFault) {
  HuntOptions options;
  options.lab.file = write(kCounter, true);
  options.last_seed = 200;
  options.jobs = 2;
  options.out = scratch.path() / "out";
  Quiet listener;
  const auto outcome = hunt(options, listener);
  ASSERT_TRUE(outcome.has_value()) << outcome.error().text;
  ASSERT_TRUE(outcome->seed.has_value());
  EXPECT_EQ(outcome->smallest.size(), 1U) << "one lost answer is enough";
  EXPECT_LE(outcome->smallest.size(), outcome->drawn.size());
  EXPECT_THAT(outcome->result.failed.front(), HasSubstr("client.surplus == 0"));
  const auto again = run::load_lab(options.out / "lab.yaml");
  ASSERT_TRUE(again.ok()) << again.errors();
  EXPECT_EQ(again.lab.events.size(), 1U);
  const TrialResult same = run_trial({options.out / "lab.yaml", {}}, {*outcome->seed, {}}, scratch.path() / "again");
  EXPECT_EQ(same.outcome, TrialResult::Outcome::failed);
  EXPECT_EQ(same.digest, outcome->result.digest) << "the file alone is the run";
  options.jobs = 1;
  const auto one = hunt(options, listener);
  ASSERT_TRUE(one.has_value());
  EXPECT_EQ(one->seed, outcome->seed);
  EXPECT_EQ(texts(one->smallest), texts(outcome->smallest)) << "however many runs are made at once";
}

TEST_F(HuntTest, FindsNothingWhereThereIsNothing) {
  HuntOptions options;
  options.lab.file = write(kCounter, false);
  options.last_seed = 40;
  options.jobs = 2;
  options.out = scratch.path() / "out";
  Quiet listener;
  const auto outcome = hunt(options, listener);
  ASSERT_TRUE(outcome.has_value()) << outcome.error().text;
  EXPECT_FALSE(outcome->seed.has_value());
  EXPECT_EQ(outcome->runs, 41U);
  EXPECT_FALSE(std::filesystem::exists(options.out));
}

TEST_F(HuntTest, SaysWhatCannotBeHunted) {
  HuntOptions options;
  options.lab.file = scratch.path() / "real.yaml";
  std::ofstream(options.lab.file) << "nodes: {a: {stack: linux}, b: host}\nlinks: [a -- b]\n";
  Quiet listener;
  const auto outcome = hunt(options, listener);
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().exit_code, 2);
  EXPECT_THAT(outcome.error().text, HasSubstr("real time"));
}

}  // namespace
}  // namespace catenet::study
