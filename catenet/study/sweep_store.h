// SPDX-License-Identifier: Apache-2.0
// The results of a sweep in SQLite, docs/sweep.md: what is run is committed run by run, so that whatever happens to the
// program, what has been found stays found. One sweep at a time uses a file.
#pragma once
#include <cstdint>
#include <expected>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "catenet/study/statistics.h"
#include "catenet/study/sweep_plan.h"

struct sqlite3;

namespace catenet::study {

/// What became of one run.
struct SweepRun {
  std::size_t point = 1;  ///< number of the point, from 1
  std::uint64_t seed = 1;
  std::string status;  ///< "passed", "failed", or why there is no result: "error", "crashed", "timeout"
  std::optional<int> exit;
  std::optional<int> signal;
  std::optional<std::string> digest;
  std::optional<double> end_s;  ///< when the run ended, its own time
  double wall_s = 0;
  std::string error;  ///< what it said, if it has no result
  std::map<std::string, double> facts;
  struct Expectation {
    std::string text;
    bool ok = false;
    std::string got;
  };
  std::vector<Expectation> expectations;

  [[nodiscard]] bool has_result() const { return status == "passed" || status == "failed"; }
};

/// One fact at one point, over its seeds.
struct SweepSummary {
  std::size_t point = 1;
  std::string fact;
  Summary summary;
};

class SweepStore {
 public:
  static constexpr int kFormat = 1;  ///< of the tables: PRAGMA user_version

  /// Makes the file if there is none.
  [[nodiscard]] static std::expected<SweepStore, std::string> open(const std::filesystem::path& file);
  SweepStore(SweepStore&&) noexcept;
  SweepStore& operator=(SweepStore&&) noexcept;
  ~SweepStore();

  /// Takes the plan: a new sweep, or one that goes on. Points and seeds may have been added since. Refused: a lab, or a
  /// version of the program, that would give other results than those that are there.
  [[nodiscard]] std::expected<void, std::string> begin(const SweepPlan& plan, const std::string& version);

  /// The runs that have a result.
  [[nodiscard]] std::set<std::pair<std::size_t, std::uint64_t>> done() const;
  /// How many runs have this status.
  [[nodiscard]] std::uint64_t count(const std::string& status) const;
  /// Replaces what is there of that run, in one transaction.
  [[nodiscard]] std::expected<void, std::string> record(const SweepRun& run);
  /// Makes the summaries anew from all runs with a result.
  [[nodiscard]] std::expected<void, std::string> summarize_all();

  [[nodiscard]] std::vector<SweepRun> runs() const;  ///< in the order of points, then seeds
  [[nodiscard]] std::vector<SweepSummary> summaries() const;

 private:
  struct Close {
    void operator()(sqlite3* db) const;
  };
  explicit SweepStore(sqlite3* db);
  [[nodiscard]] std::expected<void, std::string> make_tables();
  [[nodiscard]] std::expected<void, std::string> check_plan(const SweepPlan& plan, const std::string& version) const;
  [[nodiscard]] std::string failure() const;

  std::unique_ptr<sqlite3, Close> db_;
};

}  // namespace catenet::study
