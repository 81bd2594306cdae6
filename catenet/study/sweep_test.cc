// SPDX-License-Identifier: Apache-2.0
// sweep.cc, sweep_plan.cc, sweep_store.cc, sweep_report.cc: what is run, what is kept, what is run again and what is
// not.
#include "catenet/study/sweep.h"

#include <gmock/gmock.h>

#include "catenet/study/sweep_report.h"
#include "catenet/study/sweep_test_bench.h"

namespace catenet::study {
namespace {
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(SweepPlan, IsEveryCombination) {
  const SweepPlace place;
  const SweepPlan plan = place.plan();
  EXPECT_EQ(plan.lab, "varied");
  EXPECT_THAT(plan.parameters, ElementsAre("links.a--b.loss", "nodes.a.ttl"));
  EXPECT_THAT(plan.seeds, ElementsAre(1, 2, 3));
  std::vector<std::string> labels;
  for (const SweepPoint& point : plan.points) {
    labels.push_back(point.label);
  }
  EXPECT_THAT(labels, ElementsAre("links.a--b.loss=0% nodes.a.ttl=32", "links.a--b.loss=0% nodes.a.ttl=64",
                                  "links.a--b.loss=10% nodes.a.ttl=32", "links.a--b.loss=10% nodes.a.ttl=64"));
  EXPECT_EQ(plan.runs(), 12U);
  EXPECT_FALSE(plan.real_time);
}

TEST(SweepPlan, WithoutAMatrixIsOnePointWithTheLabsSeed) {
  const SweepPlace place("seed: 9\nnodes: {a: host, b: host}\nlinks: [a -- b]\n");
  const SweepPlan plan = place.plan();
  EXPECT_EQ(plan.points.size(), 1U);
  EXPECT_EQ(plan.points[0].label, "-");
  EXPECT_THAT(plan.seeds, ElementsAre(9));
  EXPECT_THAT(place.plan({"seeds=4..6"}).seeds, ElementsAre(4, 5, 6));
}

TEST(SweepPlan, TellsAWrongValueBeforeAnythingRuns) {
  const SweepPlace place("matrix: {links.a--b.loss: [0%, 200%]}\nnodes: {a: host, b: host}\nlinks: [a -- b]\n");
  const auto planned = plan_sweep(place.folder / "lab.yaml", {});
  ASSERT_FALSE(planned.has_value());
  EXPECT_THAT(planned.error(), HasSubstr("with links.a--b.loss=200%:"));
  EXPECT_THAT(planned.error(), HasSubstr("--set:1:17: error: loss:"));
  EXPECT_THAT(plan_sweep(place.folder / "none.yaml", {}).error(), HasSubstr("cannot read the file"));
}

TEST(SweepPlan, HasALimit) {
  const SweepPlace place("matrix: {nodes.a.ttl: [1, 2]}\nnodes: {a: host, b: host}\nlinks: [a -- b]\n");
  EXPECT_THAT(plan_sweep(place.folder / "lab.yaml", {"seeds=1..500001"}).error(),
              HasSubstr("2 points with 500001 seeds each are more than 1000000 runs"));
}

TEST(SweepPlan, HashesTheLabAndNotItsSeedOrCaptures) {
  const SweepPlace place;
  const std::string hash = place.plan().points[0].hash;
  EXPECT_EQ(place.plan({"seed=4"}).points[0].hash, hash);
  EXPECT_EQ(place.plan({"capture=none"}).points[0].hash, hash);
  EXPECT_EQ(place.plan({"seeds=1..9"}).points[0].hash, hash);
  EXPECT_NE(place.plan({"until=9s"}).points[0].hash, hash);
  const SweepPlan plan = place.plan();
  const auto lab = lab_of_point(plan, plan.points[3], place.folder.path(), false);
  ASSERT_TRUE(lab.has_value());
  EXPECT_THAT(*lab, HasSubstr("ttl: 64"));
  EXPECT_THAT(*lab, HasSubstr("loss: 10%"));
  EXPECT_THAT(*lab, HasSubstr("capture: none"));
  EXPECT_THAT(*lab, Not(HasSubstr("matrix")));
}

TEST(Sweep, RunsEveryCombinationOnceAndSummarizes) {
  SweepPlace place;
  const auto outcome = place.sweep();
  ASSERT_TRUE(outcome.has_value()) << outcome.error().text;
  EXPECT_EQ(outcome->progress.done, 12U);
  EXPECT_EQ(outcome->progress.failed + outcome->progress.without_result, 0U);
  EXPECT_EQ(place.calls(), 12U);
  const SweepStore store = place.store();
  const auto runs = store.runs();
  ASSERT_EQ(runs.size(), 12U);
  EXPECT_EQ(runs[4].point, 2U);
  EXPECT_EQ(runs[4].seed, 2U);
  EXPECT_EQ(runs[4].status, "passed");
  EXPECT_EQ(runs[4].digest, "0123");
  EXPECT_EQ(runs[4].end_s, 1.5);
  EXPECT_EQ(runs[4].facts.at("p.value"), 22);
  ASSERT_EQ(runs[4].expectations.size(), 1U);
  EXPECT_EQ(runs[4].expectations[0].got, "22");
  for (const SweepSummary& row : store.summaries()) {
    if (row.fact == "p.value") {  // 11, 12, 13 at point 1: mean 12, deviation 1, half t(2) / sqrt(3)
      EXPECT_EQ(row.summary.n, 3U);
      EXPECT_DOUBLE_EQ(row.summary.mean, static_cast<double>(row.point) * 10 + 2);
      EXPECT_DOUBLE_EQ(*row.summary.deviation, 1);
      EXPECT_NEAR(*row.summary.half, 4.302653 / 1.7320508, 1e-5);
    }
  }
  EXPECT_TRUE(std::filesystem::exists(place.options.out / "points" / "4.yaml"));
  EXPECT_TRUE(std::filesystem::is_empty(place.options.out / "runs"));
}

TEST(Sweep, GoesOnWhereItWas) {
  SweepPlace place;
  ASSERT_TRUE(place.sweep({"seeds=1..2"}));
  EXPECT_EQ(place.calls(), 8U);
  const auto again = place.sweep();
  ASSERT_TRUE(again.has_value()) << again.error().text;
  EXPECT_EQ(again->found, 8U);
  EXPECT_EQ(again->progress.done, 12U);
  EXPECT_EQ(place.calls(), 12U);
  ASSERT_TRUE(place.sweep());
  EXPECT_EQ(place.calls(), 12U) << "all is there";
}

TEST(Sweep, TakesPointsThatWereAdded) {
  SweepPlace place;
  ASSERT_TRUE(place.sweep());
  std::string lab(kVaried);
  place.write_lab(lab.replace(lab.find("[0%, 10%]"), 9, "[0%, 5%, 10%]"));
  const auto more = place.sweep();
  ASSERT_TRUE(more.has_value()) << more.error().text;
  EXPECT_EQ(place.calls(), 18U);
  const auto runs = place.store().runs();
  ASSERT_EQ(runs.size(), 18U);
  EXPECT_EQ(runs[12].point, 5U) << "10 % moved behind 5 %";
  EXPECT_EQ(runs[12].facts.at("p.value"), 31) << "and kept what it had as point 3";
}

TEST(Sweep, RefusesResultsOfAnotherLab) {
  SweepPlace place;
  ASSERT_TRUE(place.sweep());
  std::string lab(kVaried);
  place.write_lab(lab + "expect: [ping.exit == 0]\n");
  const auto changed = place.sweep();
  ASSERT_FALSE(changed.has_value());
  EXPECT_EQ(changed.error().exit_code, 2);
  EXPECT_THAT(changed.error().text, HasSubstr("the lab was changed since the results of links.a--b.loss=0%"));
  EXPECT_THAT(changed.error().text, HasSubstr("--restart"));
  place.write_lab(lab.replace(lab.find("[0%, 10%]"), 9, "[0%]"));
  EXPECT_THAT(place.sweep().error().text, HasSubstr("there are results of links.a--b.loss=10% nodes.a.ttl=32, which"));
  place.write_lab(kVaried);
  EXPECT_THAT(place.sweep({"seeds=1..2"}).error().text, HasSubstr("there are results of seed 3, which"));
  EXPECT_EQ(place.calls(), 12U);
  place.options.restart = true;
  ASSERT_TRUE(place.sweep({"seeds=1..2"}));
  EXPECT_EQ(place.calls(), 20U);
  EXPECT_EQ(place.store().runs().size(), 8U);
}

TEST(Sweep, ARunThatCrashesIsARowAndIsTriedAgain) {
  SweepPlace place(kVaried, "1) exit 1 ;; 2) echo ouch >&2; kill -9 $$ ;; 3) echo no room >&2; exit 3 ;;");
  const auto outcome = place.sweep();
  ASSERT_TRUE(outcome.has_value()) << outcome.error().text;
  EXPECT_EQ(outcome->progress.done, 12U);
  EXPECT_EQ(outcome->progress.without_result, 12U) << "exit 1 without a report is none either";
  const auto runs = place.store().runs();
  EXPECT_EQ(runs[1].status, "crashed");
  EXPECT_EQ(runs[1].signal, 9);
  EXPECT_EQ(runs[1].error, "ouch\n");
  EXPECT_EQ(runs[2].status, "error");
  EXPECT_EQ(runs[2].exit, 3);
  EXPECT_TRUE(std::filesystem::exists(place.options.out / "runs" / "1-2" / "run.log"));
  place.write_program("");
  ASSERT_TRUE(place.sweep());
  EXPECT_EQ(place.calls(), 24U);
  EXPECT_EQ(place.store().runs()[1].status, "passed");
}

TEST(Sweep, ARunThatHangsIsEnded) {
  SweepPlace place(kVaried, "2) sleep 1000 ;;");
  place.options.timeout = Duration::milliseconds(300);
  place.options.jobs = 4;
  ASSERT_TRUE(place.sweep());
  const auto runs = place.store().runs();
  EXPECT_EQ(runs[1].status, "timeout");
  EXPECT_EQ(runs[0].status, "passed");
}

TEST(Sweep, OneAtATimeUsesAFolder) {
  SweepPlace place;
  place.options.program = "/bin/true";
  struct Second final : SweepListener {
    explicit Second(SweepPlace& p) : place(p) {}
    void finished(const SweepRun&) override {
      const auto second = run_sweep(place.plan(), place.options, place.listening);
      error = second ? "" : second.error().text;
    }
    void progress(const SweepProgress&) override {}
    SweepPlace& place;
    std::string error;
  } second(place);
  ASSERT_TRUE(run_sweep(place.plan(), place.options, second));
  EXPECT_THAT(second.error, HasSubstr("is in use by another sweep"));
}

TEST(SweepStore, RefusesWhatIsNoneOfItsFiles) {
  const run::Folder folder;
  std::ofstream(folder / "text.db") << std::string(4096, 'x');
  EXPECT_THAT(SweepStore::open(folder / "text.db").error(), HasSubstr("file is not a database"));
  EXPECT_THAT(SweepStore::open(folder / "no" / "sweep.db").error(), HasSubstr("unable to open"));
}

TEST(SweepReport, HasARowForEachRunAndAPageThatNeedsNothingElse) {
  SweepPlace place(kVaried, "3) [ $point = 4 ] && echo '<no>' >&2 && exit 70 ;;");
  ASSERT_TRUE(place.sweep());
  const SweepPlan plan = place.plan();
  const SweepStore store = place.store();
  const std::string csv = sweep_csv(plan, store);
  EXPECT_THAT(csv, testing::StartsWith("point,links.a--b.loss,nodes.a.ttl,seed,status,digest,end_s,drops.total,"));
  EXPECT_THAT(csv, HasSubstr("\n2,0%,64,2,passed,0123,1.5,0,0,0,22,1,1.5\n"));
  EXPECT_THAT(csv, HasSubstr("\n4,10%,64,3,error,,,,,,,,\n"));
  const std::string html = sweep_html(plan, store, "out/varied");
  EXPECT_THAT(html, HasSubstr("12 of 12 runs: 11 passed, 0 failed, 1 without a result"));
  EXPECT_THAT(html, HasSubstr("catenet run out/varied/points/4.yaml --seed 3"));
  EXPECT_THAT(html, HasSubstr("&lt;no&gt;"));
  EXPECT_THAT(html, HasSubstr("<svg"));
  EXPECT_THAT(html, Not(testing::ContainsRegex("(src|href)=")));
  EXPECT_THAT(sweep_text(plan, store, "out/varied"), HasSubstr("2 of 3 passed"));
}

}  // namespace
}  // namespace catenet::study
