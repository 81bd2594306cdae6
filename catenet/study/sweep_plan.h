// SPDX-License-Identifier: Apache-2.0
// What a sweep runs: every combination of the values of `matrix:`, with every seed of `seeds:`. A combination is a
// point. Points are numbered from 1, the last parameter changing fastest.
#pragma once
#include <cstdint>
#include <expected>
#include <filesystem>
#include <string>
#include <vector>

#include "catenet/lab/description.h"

namespace catenet::study {

inline constexpr std::uint64_t kMostSweepRuns = 1'000'000;

struct SweepPoint {
  std::vector<std::string> values;  ///< YAML, beside SweepPlan::parameters
  std::string hash;                 ///< of its effective lab without seed and captures: the same lab has the same one
  /// "links.a--b.loss=5% nodes.a.mtu=9000"; "-" of a lab without a matrix.
  std::string label;
};

struct SweepPlan {
  std::filesystem::path file;           ///< of the lab
  std::vector<std::string> set;         ///< of --set, for all points
  std::string lab;                      ///< its name
  bool real_time = false;               ///< some point has linux nodes
  std::vector<std::string> parameters;  ///< paths
  std::vector<SweepPoint> points;
  std::vector<std::uint64_t> seeds;  ///< the lab's one seed when it has no `seeds:`

  [[nodiscard]] std::uint64_t runs() const { return points.size() * seeds.size(); }
};

/// Loads the lab once for each point, so that a wrong value is told before anything runs. The error is text for people,
/// as `catenet check` has it, that ends in a newline.
[[nodiscard]] std::expected<SweepPlan, std::string> plan_sweep(const std::filesystem::path& file,
                                                               const std::vector<std::string>& set);

/// The lab file of a point for folder `out`, as effective_lab() has it; without captures unless `captures`.
[[nodiscard]] std::expected<std::string, std::string> lab_of_point(const SweepPlan& plan, const SweepPoint& point,
                                                                   const std::filesystem::path& out, bool captures);

}  // namespace catenet::study
