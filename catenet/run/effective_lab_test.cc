// SPDX-License-Identifier: Apache-2.0
// effective_lab.cc: what a run leaves as lab.yaml is the run again.
#include <gmock/gmock.h>

#include "catenet/lab/explain.h"
#include "catenet/run/effective_lab.h"
#include "catenet/run/run_test_bench.h"

namespace catenet::run {
namespace {
using testing::HasSubstr;

constexpr std::string_view kLossyRun = R"(
lab: lossy
until: 4s
seed: 3
nodes:
  a: {kind: host, tcp: {min_rto: 200ms}, run: [{run: bulk b bytes=200kB, name: up}]}
  b: {kind: host, run: [bulk-server, {run: ping a count=2 interval=20ms, name: p, after: up, exit: any}]}
  r: {kind: router, routes: [10.0.0.0/24 via 10.0.1.2]}
links: [a -- r, {"r -- b": {rate: 5Mbit, forward: {loss: 3%}, reorder: 2% by 3ms, queue: 20p}}]
expect: [up.bytes == 200kB, 'drops.queue-full >= 0']
)";

/// The report, but for what depends on the machine.
Json without_wall(Json report) {
  report.erase("wall");
  return report;
}

void expect_same_again(const Ran& first) {
  ASSERT_FALSE(first.failed_to_run) << first.failure.text;
  const Ran again(first.folder.read("lab.yaml"));
  ASSERT_FALSE(again.failed_to_run) << again.failure.text;
  EXPECT_EQ(without_wall(again.report()), without_wall(first.report()));
  const auto files = first.folder.files();
  EXPECT_EQ(again.folder.files(), files);
  for (const std::string& file : files) {
    EXPECT_EQ(again.folder.read(file), first.folder.read(file)) << file;
  }
}

TEST(EffectiveLab, IsTheRunAgain) {
  expect_same_again(Ran(kThreeNodes));
  expect_same_again(Ran(kLossyRun));
}

TEST(EffectiveLab, KeepsTheDifferenceBetweenADefaultAndTheSameValueGiven) {
  const std::string given = effective_lab(load(kLossyRun), {}, {});
  EXPECT_THAT(given, HasSubstr("\n      min_rto: 200ms\n"));
  EXPECT_THAT(given, HasSubstr("\n      # min_rto: 200ms  (default: of the variance)\n"));
}

TEST(EffectiveLab, IsTheRunAgainWithDo) {
  lab::Description lab = load(kThreeNodes);
  ASSERT_TRUE(do_only(lab, std::vector<std::string>{"c: ping a count=1", "a: echo c", "gw: ping a count=1"}));
  expect_same_again(Ran(std::move(lab)));
}

TEST(EffectiveLab, FoldersOfLinuxProgramsAreThoseOfTheLab) {
  const Folder place;
  std::filesystem::create_directories(place / "labs" / "www");
  std::filesystem::create_directories(place / "out");
  const lab::Description lab = load(
      "nodes: {l: {stack: linux, run: [{run: pwd, cwd: www}, {run: pwd, name: q}, {run: pwd, name: r, cwd: /}]}, b: "
      "host}\nlinks: [l -- b]");
  const std::string text = effective_lab(lab, place / "labs", place / "out");
  EXPECT_THAT(text, HasSubstr("cwd: \"../labs/www\"\n"));
  EXPECT_THAT(text, HasSubstr("cwd: \"../labs\"\n"));
  EXPECT_THAT(text, HasSubstr("cwd: \"/\"\n"));
  EXPECT_EQ(effective_lab(load(text), place / "out", place / "out"), text) << "written again it is the same";
}

TEST(EffectiveLab, DoesNotReplaceSomebodysLab) {
  const Folder place;
  std::ofstream(place / "lab.yaml") << kThreeNodes;
  RunOptions options;
  options.out = place.path();
  const Ran ran(kThreeNodes, options);
  EXPECT_TRUE(ran.failed_to_run);
  EXPECT_THAT(ran.failure.text, HasSubstr("lab.yaml is there and no run has written it"));
  EXPECT_EQ(place.read("lab.yaml"), kThreeNodes);
}

}  // namespace
}  // namespace catenet::run
