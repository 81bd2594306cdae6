// SPDX-License-Identifier: Apache-2.0
// For tests of sweeps: a lab to vary, and a program that stands in for catenet and says what a run found.
#pragma once
#include <sys/stat.h>

#include <fstream>
#include <string>
#include <vector>

#include "catenet/run/run_test_bench.h"
#include "catenet/study/sweep.h"

namespace catenet::study {

inline constexpr std::string_view kVaried = R"(
lab: varied
seeds: 1..3
matrix:
  links.a--b.loss: [0%, 10%]
  nodes.a.ttl: [32, 64]
nodes: {a: {run: [ping b]}, b: host}
links: [a -- b]
)";

/// Called as `program run LAB --seed N --out DIR --quiet`; the value of the fact is point * 10 + seed. What a seed is
/// to do otherwise is given as shell: "2) kill -9 $$ ;;".
inline std::string fake_program(std::string_view special = "") {
  return "#!/bin/sh\nlab=$2; seed=$4; out=$6\npoint=$(basename \"$lab\" .yaml)\n"
         "echo \"$point-$seed\" >> \"$(dirname \"$0\")/calls\"\n"
         "case $seed in\n" +
         std::string(special) +
         "\nesac\n"
         "value=$((point * 10 + seed))\n"
         "echo \"{\\\"sim\\\": {\\\"end_s\\\": 1.5, \\\"digest\\\": \\\"0123\\\"}, \\\"programs\\\": [{\\\"name\\\": "
         "\\\"p\\\", \\\"result\\\": {\\\"value\\\": $value}}], \\\"expect\\\": [{\\\"text\\\": \\\"p.value > 0\\\", "
         "\\\"ok\\\": true, \\\"got\\\": \\\"$value\\\"}]}\" > \"$out/report.json\"\n";
}

struct Listening final : SweepListener {
  void finished(const SweepRun& run) override { runs.push_back(run); }
  void progress(const SweepProgress& p) override { last = p; }
  std::vector<SweepRun> runs;
  SweepProgress last;
};

/// A lab, a stand-in, and a place for results.
struct SweepPlace {
  explicit SweepPlace(std::string_view lab = kVaried, std::string_view special = "") {
    write_lab(lab);
    write_program(special);
    options.out = folder / "out";
    options.program = folder / "program";
    options.jobs = 2;
  }
  void write_lab(std::string_view lab) const { std::ofstream(folder / "lab.yaml") << lab; }
  void write_program(std::string_view special) const {
    std::ofstream(folder / "program") << fake_program(special);
    ::chmod((folder / "program").c_str(), 0755);
  }
  [[nodiscard]] SweepPlan plan(const std::vector<std::string>& set = {}) const {
    auto planned = plan_sweep(folder / "lab.yaml", set);
    EXPECT_TRUE(planned.has_value()) << planned.error();
    return planned ? std::move(*planned) : SweepPlan{};
  }
  std::expected<SweepOutcome, run::RunFailure> sweep(const std::vector<std::string>& set = {}) {
    return run_sweep(plan(set), options, listening);
  }
  [[nodiscard]] SweepStore store() const {
    auto opened = SweepStore::open(options.out / "sweep.db");
    EXPECT_TRUE(opened.has_value()) << opened.error();
    return std::move(*opened);
  }
  /// How often the stand-in was called.
  [[nodiscard]] std::size_t calls() const {
    std::ifstream file(folder / "calls");
    std::size_t n = 0;
    for (std::string line; std::getline(file, line);) {
      ++n;
    }
    return n;
  }
  run::Folder folder;
  SweepOptions options;
  Listening listening;
};

}  // namespace catenet::study
