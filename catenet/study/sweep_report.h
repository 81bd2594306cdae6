// SPDX-License-Identifier: Apache-2.0
// What a sweep found, as a table for other programs (CSV, RFC 4180) and as a page for people (HTML with SVG, one file
// that refers to no other).
#pragma once
#include <string>

#include "catenet/study/sweep_store.h"

namespace catenet::study {

/// A row for each run: point, parameters, seed, status, digest, end_s, and every fact; empty where a run has none.
[[nodiscard]] std::string sweep_csv(const SweepPlan& plan, const SweepStore& store);

/// Charts of each fact that varies over the first parameter that varies, runs that failed and how to repeat them, and
/// tables of all means with their intervals. `out` is the folder of the sweep, for the commands.
[[nodiscard]] std::string sweep_html(const SweepPlan& plan, const SweepStore& store, const std::string& out);

/// A short table for a terminal: for each point how many runs passed.
[[nodiscard]] std::string sweep_text(const SweepPlan& plan, const SweepStore& store, const std::string& out);

}  // namespace catenet::study
