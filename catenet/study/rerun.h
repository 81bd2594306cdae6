// SPDX-License-Identifier: Apache-2.0
// A run in virtual time made again from its lab.yaml, as it was or up to a moment, and from there on otherwise.
#pragma once
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "catenet/lab/description.h"
#include "catenet/run/runner.h"
#include "catenet/study/difference.h"
#include "catenet/study/run_folder.h"

namespace catenet::study {

/// A folder of its own in the machine's place for temporary files, gone with the object.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  /// Empty if none could be made.
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// The lab of the run, with more events. Refused: a run in real time, one without lab.yaml, a lab.yaml that this build
/// does not take, and an event that is none.
[[nodiscard]] std::expected<lab::Description, run::RunFailure> lab_of(const RunFolder& run,
                                                                      const std::vector<std::string>& events = {});

/// The whole run again into `out`, with every capture and the tables of the same moments.
[[nodiscard]] std::expected<RunFolder, run::RunFailure> run_again(const RunFolder& run,
                                                                  const std::filesystem::path& out);

struct ReplayOptions {
  Instant to;                     ///< above zero, at most the end of the run
  std::filesystem::path out;      ///< empty: replay-TIMEs in the run's folder
  std::vector<std::string> then;  ///< events at that moment: 'link a--b down', or 'for 2s: link a--b down'
  std::vector<std::string> what;  ///< programs that start at that moment: 'NODE: COMMAND'
  std::optional<Duration>
      until;  ///< with `then` or `what`: when it ends at the latest; the lab's own end when left out

  /// The run goes on from there, with something else.
  [[nodiscard]] bool goes_on() const { return !then.empty() || !what.empty(); }
};

struct Replay {
  std::filesystem::path out;
  run::RunResult result;
  Difference past;  ///< what both have of the time before `to`, which must agree
  bool same_version = true;
};

/// Runs up to the moment, or on from there with something else, and compares what came before with the run.
[[nodiscard]] std::expected<Replay, run::RunFailure> replay(const RunFolder& run, const ReplayOptions& options,
                                                            run::Console& console);

}  // namespace catenet::study
