// SPDX-License-Identifier: Apache-2.0
// Trials: short runs of one lab with different seeds and faults, many a second, in processes of our own that stay. Only
// whether a run failed is kept. A run that crashes the program or hangs is a result too; its worker is replaced.
#pragma once
#include <cstdint>
#include <expected>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catenet/base/time.h"
#include "catenet/study/failure.h"

namespace catenet::study {

struct Trial {
  std::uint64_t seed = 1;
  std::vector<std::string> events;  ///< besides those of the lab
};

struct TrialResult {
  enum class Outcome : std::uint8_t {
    passed,
    failed,   ///< an expectation or a program: see `failed`
    refused,  ///< the lab with these events is none, or the machine lacks something: see `failed`
    crashed,  ///< a bug of ours
    timeout,  ///< of wall time
  };
  Outcome outcome = Outcome::passed;
  std::vector<std::string> failed;  ///< what failed, a line each
  std::string digest;
  Duration end;
  [[nodiscard]] bool is_broken() const { return outcome == Outcome::failed || outcome == Outcome::crashed; }
};

/// What all trials have in common.
struct TrialLab {
  std::filesystem::path file;
  std::vector<std::string> overrides;  ///< of --set
};

/// One trial, here and now, with its files in `folder`.
[[nodiscard]] TrialResult run_trial(const TrialLab& lab, const Trial& trial, const std::filesystem::path& folder);

class TrialWorkers {
 public:
  struct Finished {
    std::size_t number;  ///< as start() gave it
    Trial trial;
    TrialResult result;
  };
  /// `folder` gets a folder for each worker. `timeout` is for each trial.
  TrialWorkers(TrialLab lab, std::filesystem::path folder, unsigned jobs, Duration timeout);
  ~TrialWorkers();
  TrialWorkers(const TrialWorkers&) = delete;
  TrialWorkers& operator=(const TrialWorkers&) = delete;

  [[nodiscard]] bool has_idle() const;
  [[nodiscard]] std::size_t running() const;
  /// Precondition: has_idle(). The number of the trial, from 0; nothing: no process can be started.
  std::optional<std::size_t> start(Trial trial);
  /// Waits for one to finish; nothing after `most` milliseconds, or when `also` (a descriptor, -1: none) is readable.
  std::optional<Finished> wait(int most_ms, int also = -1);

 private:
  class Worker;
  TrialLab lab_;
  std::filesystem::path folder_;
  Duration timeout_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::size_t next_ = 0;
};

}  // namespace catenet::study
