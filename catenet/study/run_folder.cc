// SPDX-License-Identifier: Apache-2.0
#include "catenet/study/run_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>

#include "catenet/study/shown.h"
#include "catenet/trace/json_text.h"

namespace catenet::study {
namespace {

std::optional<std::string> read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return std::nullopt;
  }
  return std::string(std::istreambuf_iterator<char>(file), {});
}

/// Has the keys that are asked for below, with values of the right kinds.
bool is_report(const Json& report) {
  if (!report.is_object() || !report.contains("sim") || !report["sim"].is_object()) {
    return false;
  }
  const Json& sim = report["sim"];
  return report.value("catenet", Json()).is_string() && sim.value("clock", Json()).is_string() &&
         instant_of(sim.value("end_s", Json())).has_value() && sim.contains("digest") &&
         (sim["digest"].is_null() || sim["digest"].is_string());
}

/// The moments in tables.jsonl. A line that is none is an error.
std::expected<std::set<std::string>, std::string> moments_in(const std::filesystem::path& path) {
  std::set<std::string> moments;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return std::unexpected(path.string() + " is missing");
  }
  constexpr std::string_view kHead = "{\"moment\":\"";
  std::uint64_t number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    const std::size_t quote = line.starts_with(kHead) ? line.find('"', kHead.size()) : std::string::npos;
    const std::string moment =
        quote == std::string::npos ? std::string() : line.substr(kHead.size(), quote - kHead.size());
    if (moment != "end" && !seconds_from(moment)) {
      return std::unexpected(fmt::format("{}:{}: not a line of tables", path.string(), number));
    }
    moments.insert(moment);
  }
  return moments;
}

}  // namespace

std::string RunFolder::digest() const {
  const Json& digest = report["sim"]["digest"];
  return digest.is_string() ? digest.get<std::string>() : std::string();
}

Instant RunFolder::end() const { return instant_of(report["sim"]["end_s"]).value_or(Instant::zero()); }

std::expected<RunFolder, std::string> open_run(const std::filesystem::path& folder) {
  RunFolder run;
  run.path = folder;
  run.label = folder.string();
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error)) {
    return std::unexpected(fmt::format("{} is not a folder; expected the output folder of a run", folder.string()));
  }
  const auto report = read_text(folder / "report.json");
  if (!report) {
    return std::unexpected(
        fmt::format("{} is not the output folder of a finished run: report.json is missing", folder.string()));
  }
  run.report = parse_json(*report);
  if (run.report.is_discarded() || !is_report(run.report)) {
    return std::unexpected(fmt::format("{} is not the report of a run", (folder / "report.json").string()));
  }
  if (!std::filesystem::exists(folder / "events.jsonl", error)) {
    return std::unexpected(
        fmt::format("{} is not the output folder of a finished run: events.jsonl is missing", folder.string()));
  }
  auto moments = moments_in(folder / "tables.jsonl");
  if (!moments) {
    return std::unexpected(moments.error());
  }
  run.moments = std::move(*moments);
  run.lab = read_text(folder / "lab.yaml").value_or("");
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".pcapng") {
      run.captures.push_back(entry.path().filename().string());
    }
  }
  std::sort(run.captures.begin(), run.captures.end());
  return run;
}

std::string moment_name(Instant at) {
  std::string out;
  trace::append_seconds(out, at, 9);
  return out;
}

std::optional<Instant> seconds_from(std::string_view text) {
  constexpr std::int64_t kMost = 9'000'000'000;  // seconds; beyond that nanoseconds do not fit
  const std::size_t point = std::min(text.find('.'), text.size());
  const std::string_view fraction = text.substr(std::min(point + 1, text.size()));
  if (point == 0 || point > 10 || fraction.size() > 9 || (point < text.size() && fraction.empty())) {
    return std::nullopt;
  }
  std::int64_t whole = 0;
  for (const char c : text.substr(0, point)) {
    if (c < '0' || c > '9') {
      return std::nullopt;
    }
    whole = whole * 10 + (c - '0');
  }
  std::int64_t ns = 0;
  for (std::size_t i = 0; i < 9; ++i) {
    const char c = i < fraction.size() ? fraction[i] : '0';
    if (c < '0' || c > '9') {
      return std::nullopt;
    }
    ns = ns * 10 + (c - '0');
  }
  return whole > kMost ? std::nullopt : std::optional(Instant::from_ns(whole * 1'000'000'000 + ns));
}

std::optional<Instant> instant_of(const Json& seconds) {
  constexpr double kMost = 9e9;
  if (!seconds.is_number()) {
    return std::nullopt;
  }
  const double value = seconds.get<double>();
  if (!(value >= 0 && value <= kMost)) {
    return std::nullopt;
  }
  return Instant::from_ns(std::llround(value * 1e9));
}

}  // namespace catenet::study
