// SPDX-License-Identifier: Apache-2.0
// The results of a finished run, opened again: report, lab, and which captures there are. Nothing in them is believed
// before it was looked at, for people edit files.
#pragma once
#include <expected>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "catenet/base/time.h"
#include "catenet/run/tables.h"

namespace catenet::study {

using run::Json;

struct RunFolder {
  std::filesystem::path path;
  std::string label;  ///< what people call it: the path, or that of the run that this is the same as
  Json report;
  std::string lab;                    ///< text of lab.yaml; empty when a run of long ago left none
  std::vector<std::string> captures;  ///< names of the files, in order
  std::set<std::string> moments;      ///< of tables.jsonl: "end", or seconds with nine decimals

  [[nodiscard]] std::string version() const { return report["catenet"].get<std::string>(); }
  [[nodiscard]] bool real_time() const { return report["sim"]["clock"] == "real"; }
  /// Empty in real time.
  [[nodiscard]] std::string digest() const;
  [[nodiscard]] Instant end() const;
};

/// The error says what is missing or wrong.
[[nodiscard]] std::expected<RunFolder, std::string> open_run(const std::filesystem::path& folder);

/// "12.500000000", as tables.jsonl names a moment.
[[nodiscard]] std::string moment_name(Instant at);
/// Exactly that, or seconds with at most nine decimals; nothing for anything else.
[[nodiscard]] std::optional<Instant> seconds_from(std::string_view text);
/// Nearest nanosecond of a number of seconds as JSON has it; nothing beyond 292 years.
[[nodiscard]] std::optional<Instant> instant_of(const Json& seconds);

}  // namespace catenet::study
