// SPDX-License-Identifier: Apache-2.0
// Runs a sweep: a process for each run, several at once, results into OUT/sweep.db one by one. A run that crashes,
// hangs or is refused is a row that says so. Killed at any time, a sweep goes on where it was: runs that were under way
// are made again.
//
//   OUT/sweep.db         docs/sweep.md
//   OUT/points/3.yaml    the lab of point 3; `catenet run OUT/points/3.yaml --seed 7` is one of its runs
//   OUT/runs/3-7/        while it runs; afterwards only of runs without a result, or of all (keep)
#pragma once
#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>

#include "catenet/run/runner.h"
#include "catenet/study/facts.h"
#include "catenet/study/sweep_plan.h"
#include "catenet/study/sweep_store.h"

namespace catenet::study {

struct SweepOptions {
  std::filesystem::path out;
  std::filesystem::path program;    ///< what makes a run: it is called as `program run LAB --seed N --out DIR --quiet`
  std::uint32_t jobs = 1;           ///< runs at once, at least 1
  bool restart = false;             ///< throw away the results that are there
  bool keep = false;                ///< keep the folder of each run, with captures
  std::optional<Duration> timeout;  ///< of wall time, for each run
  FactPatterns facts;               ///< more than what is always kept
};

struct SweepProgress {
  std::uint64_t runs = 0;  ///< in all
  std::uint64_t done = 0;  ///< with or without a result
  std::uint64_t failed = 0;
  std::uint64_t without_result = 0;
  std::uint32_t running = 0;
  std::optional<double> left_s;  ///< about so long, of wall time; nothing before the first run has ended
};

class SweepListener {
 public:
  virtual ~SweepListener() = default;
  virtual void finished(const SweepRun& run) = 0;
  /// A few times a second.
  virtual void progress(const SweepProgress& progress) = 0;
};

struct SweepOutcome {
  SweepProgress progress;   ///< at the end
  std::uint64_t found = 0;  ///< runs whose results were there already
  bool interrupted = false;
};

/// Until all is done, or SIGINT or SIGTERM. Summaries are made in either case.
[[nodiscard]] std::expected<SweepOutcome, run::RunFailure> run_sweep(const SweepPlan& plan, const SweepOptions& options,
                                                                     SweepListener& listener);

}  // namespace catenet::study
