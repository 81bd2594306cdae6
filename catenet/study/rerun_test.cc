// SPDX-License-Identifier: Apache-2.0
// rerun.cc: runs made again, up to a moment and from there on otherwise.
#include "catenet/study/rerun.h"

#include "catenet/study/study_test_bench.h"

namespace catenet::study {
namespace {
using testing::HasSubstr;

Instant at_s(double seconds) { return Instant::from_ns(static_cast<std::int64_t>(seconds * 1e9)); }

std::expected<Replay, run::RunFailure> replayed(const Done& done, const ReplayOptions& options) {
  run::Notebook console;
  return replay(done.open(), options, console);
}

TEST(Replay, BringsTheTablesOfAMomentBack) {
  run::RunOptions options;
  options.tables_at = {at_s(0.5), at_s(1.5)};
  const Done done(echo_lab("20%", "seed: 4\n"), options);
  const auto again = replayed(done, {.to = at_s(1.5)});
  ASSERT_TRUE(again.has_value()) << again.error().text;
  EXPECT_EQ(again->out, done.path() / "replay-1.5s");
  EXPECT_TRUE(again->past.partings.empty());
  EXPECT_EQ(again->past.moments, 2U) << "those of both moments are the same";
  EXPECT_EQ(again->past.captures, 4U);
  EXPECT_EQ(open_run(again->out)->end(), at_s(1.5));
}

TEST(Replay, AgreesAtAnyMoment) {
  const Done done(echo_lab("20%", "seed: 4\n"));
  for (const double seconds : {0.000001, 0.002003, 1.0, 1.0000001, 2.9, 3.0}) {
    const auto again = replayed(done, {.to = at_s(seconds)});
    ASSERT_TRUE(again.has_value()) << again.error().text;
    EXPECT_TRUE(again->past.partings.empty()) << seconds;
  }
}

TEST(Replay, GoesOnWithAnotherProgramAndKeepsThePast) {
  const Done done(echo_lab("20%", "seed: 4\n"));
  run::Folder place;
  const auto again =
      replayed(done, {.to = at_s(1.2), .out = place / "other", .what = {"b: ping a count=2 interval=10ms"}});
  ASSERT_TRUE(again.has_value()) << again.error().text;
  EXPECT_TRUE(again->past.partings.empty());
  const RunFolder other = *open_run(place / "other");
  EXPECT_NE(other.digest(), done.open().digest());
  const auto difference = compare_runs(done.open(), other);
  ASSERT_TRUE(difference.has_value());
  ASSERT_FALSE(difference->partings.empty());
  EXPECT_GE(difference->partings.front().at, at_s(1.2)) << "they part where the program begins";
}

TEST(Replay, GoesOnWithAnEvent) {
  const Done done(echo_lab("20%", "seed: 4\nevents: [2500ms: link a--r loss=5%]\n"));
  const run::Folder place;
  const auto again = replayed(done, {.to = at_s(1.2), .out = place / "down", .then = {"link a--r down"}});
  ASSERT_TRUE(again.has_value()) << again.error().text;
  EXPECT_TRUE(again->past.partings.empty());
  const auto difference = compare_runs(done.open(), *open_run(place / "down"));
  ASSERT_TRUE(difference.has_value());
  ASSERT_FALSE(difference->partings.empty());
  EXPECT_EQ(difference->partings.front().at, at_s(1.2)) << "the link goes down there";
  const auto shorter = replayed(done, {.to = at_s(1.2), .out = place / "short", .then = {"for 100ms: link a--r down"}});
  ASSERT_TRUE(shorter.has_value()) << shorter.error().text;
  EXPECT_NE(open_run(place / "down")->digest(), open_run(place / "short")->digest());
  EXPECT_THAT(done.open().lab, HasSubstr("2500ms: \"link a--r loss=5%\""));
  const auto before = replayed(done, {.to = at_s(1.2)});
  ASSERT_TRUE(before.has_value()) << before.error().text;
  EXPECT_TRUE(before->past.partings.empty());
  EXPECT_TRUE(lab_of(*open_run(before->out)).has_value()) << "what is left is a lab again";
  EXPECT_THAT(replayed(done, {.to = at_s(1), .then = {"link a--x down"}}).error().text, HasSubstr("--then:1:"));
}

TEST(Replay, NoticesThatThePastIsNotThatOfTheRun) {
  const Done done(echo_lab("0%"));
  std::string lab = done.folder().read("lab.yaml");
  const std::size_t delay = lab.find("delay: 2ms");
  ASSERT_NE(delay, std::string::npos);
  std::ofstream(done.path() / "lab.yaml") << lab.replace(delay, 10, "delay: 3ms");
  const auto again = replayed(done, {.to = at_s(1)});
  ASSERT_TRUE(again.has_value()) << again.error().text;
  EXPECT_FALSE(again->past.partings.empty());
}

TEST(Replay, RefusesWhatCannotBe) {
  const Done done(echo_lab("0%"));
  EXPECT_THAT(replayed(done, {.to = at_s(100)}).error().text, HasSubstr("ended at 3."));
  EXPECT_THAT(replayed(done, {.to = Instant::zero()}).error().text, HasSubstr("a moment after 0"));
  EXPECT_THAT(replayed(done, {.to = at_s(1), .what = {"a: pong"}}).error().text, HasSubstr("did you mean 'ping'?"));
  EXPECT_THAT(replayed(done, {.to = at_s(1), .what = {"a: ping b"}, .until = Duration::seconds(1)}).error().text,
              HasSubstr("expected a later --until"));
  std::filesystem::remove(done.path() / "lab.yaml");
  EXPECT_THAT(replayed(done, {.to = at_s(1)}).error().text, HasSubstr("lab.yaml is missing"));
  RunFolder real = done.open();
  real.report["sim"]["clock"] = "real";
  EXPECT_THAT(lab_of(real).error().text, HasSubstr("ran in real time"));
}

TEST(RunAgain, MakesTheCapturesThatWereNotMade) {
  const Done quiet(echo_lab("20%", "capture: none\n"));
  const ScratchFolder scratch;
  const auto again = run_again(quiet.open(), scratch.path());
  ASSERT_TRUE(again.has_value()) << again.error().text;
  EXPECT_EQ(again->captures.size(), 4U);
  EXPECT_EQ(again->label, quiet.path().string());
  RunFolder other = quiet.open();
  other.report["sim"]["digest"] = "0000000000000000";
  const ScratchFolder second;
  EXPECT_THAT(run_again(other, second.path()).error().text, HasSubstr("made again has the digest"));
}

TEST(ScratchFolder, GoesWithTheObject) {
  std::filesystem::path path;
  {
    const ScratchFolder scratch;
    path = scratch.path();
    EXPECT_TRUE(std::filesystem::is_directory(path));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace catenet::study
