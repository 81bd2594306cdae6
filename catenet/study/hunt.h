// SPDX-License-Identifier: Apache-2.0
// Hunt: looks for a seed and a schedule of faults with which a lab fails, makes the schedule small, and leaves the run:
//
//   OUT/lab.yaml, report.json, captures ...   the smallest run that still fails; `catenet run OUT/lab.yaml` is it again
//   OUT/hunt.json                             what was found, and how
//
// What is found does not depend on how many runs are made at once: it is the lowest seed that fails.
#pragma once
#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "catenet/run/runner.h"
#include "catenet/study/hunt_schedule.h"
#include "catenet/study/trial.h"

namespace catenet::study {

struct HuntOptions {
  TrialLab lab;
  std::uint64_t first_seed = 1;
  std::uint64_t last_seed = 1000;  ///< inclusive
  unsigned jobs = 1;               ///< runs at once
  bool faults = true;              ///< false: seeds only
  FaultLimits limits;
  std::optional<Duration> window;            ///< of faults; nothing: as long as the run without any takes
  Duration timeout = Duration::seconds(60);  ///< of wall time, for each run
  std::uint32_t shrink_tries = 300;
  std::filesystem::path out;
};

struct HuntProgress {
  std::uint64_t done = 0;
  std::uint64_t of = 0;  ///< seeds
  bool shrinking = false;
  std::size_t faults = 0;  ///< while shrinking: how many are left
};

class HuntListener {
 public:
  virtual ~HuntListener() = default;
  virtual void progress(const HuntProgress& progress) = 0;
  virtual void found(const Trial& trial, const TrialResult& result) = 0;
};

struct HuntOutcome {
  std::uint64_t runs = 0;       ///< in all
  std::uint64_t timed_out = 0;  ///< of them: nobody knows how they would have ended
  bool interrupted = false;
  std::optional<std::uint64_t> seed;  ///< that fails; nothing: none was found
  Schedule drawn;                     ///< as the seed drew it; empty: it fails without faults
  Schedule smallest;
  TrialResult result;  ///< of the smallest
  Duration window;
};

/// Until something is found, the seeds are used up, or SIGINT. The failure names what is wrong with lab or machine.
[[nodiscard]] std::expected<HuntOutcome, RunFailure> hunt(const HuntOptions& options, HuntListener& listener);

}  // namespace catenet::study
