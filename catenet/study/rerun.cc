// SPDX-License-Identifier: Apache-2.0
#include "catenet/study/rerun.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>

#include "catenet/lab/units.h"
#include "catenet/run/load.h"
#include "catenet/run/version.h"
#include "catenet/study/failure.h"
#include "catenet/study/silent_console.h"

namespace catenet::study {
namespace {

constexpr int kInterrupted = 130;

/// The moments of a run's tables up to `last`, in order.
std::vector<Instant> moments_until(const RunFolder& run, Instant last) {
  std::vector<Instant> out;
  for (const std::string& moment : run.moments) {
    if (const auto at = seconds_from(moment); at && *at <= last) {
      out.push_back(*at);
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::expected<run::RunResult, RunFailure> run_into(const std::filesystem::path& out, const lab::Description& lab,
                                                   run::RunOptions options, run::Console& console) {
  options.out = out;
  auto ran = run::run_lab(lab, options, console);
  if (!ran) {
    return ran;
  }
  if (!run::write_report(ran->report, out)) {
    return machine("cannot write " + (out / "report.json").string());
  }
  if (ran->interrupted) {
    return std::unexpected(RunFailure{kInterrupted, "interrupted"});
  }
  return ran;
}

std::expected<void, RunFailure> check_moment(const RunFolder& run, Instant to) {
  if (to <= Instant::zero() || to > run.end()) {
    return wrong(fmt::format("the run in {} ended at {} s; expected a moment after 0 and no later than that", run.label,
                             moment_name(run.end())));
  }
  return {};
}

/// "12.3s: link a--b down", "12.3s for 2s: link a--b down".
std::string event_at(Instant to, const std::string& then) {
  const std::string at = lab::to_text(to - Instant::zero());
  const bool lasts = then.starts_with("for ") && then.find(": ") != std::string::npos;
  return fmt::format("{}{} {}", at, lasts ? "" : ":", then);
}

/// The lab of the run up to the moment, or with what goes on from there.
std::expected<lab::Description, RunFailure> lab_for(const RunFolder& run, const ReplayOptions& options) {
  if (auto fits = check_moment(run, options.to); !fits) {
    return std::unexpected(fits.error());
  }
  std::vector<std::string> events;
  for (const std::string& then : options.then) {
    events.push_back(event_at(options.to, then));
  }
  auto lab = lab_of(run, events);
  if (!lab) {
    return lab;
  }
  if (const auto done = run::do_at(*lab, options.what, options.to - Instant::zero()); !done) {
    return wrong(done.error());
  }
  if (options.goes_on()) {
    lab->until.value = options.until.value_or(*lab->until);
    if (Instant::zero() + *lab->until <= options.to) {
      return wrong(fmt::format("the lab ends at {}, when nothing new has happened; expected a later --until",
                               lab::to_text(*lab->until)));
    }
  } else {
    lab->until.value = options.to - Instant::zero();
    lab->expectations.clear();  // they are about the end of the lab
  }
  return lab;
}

/// "12.3" for 12.3 s: no more digits than it takes.
std::string short_seconds(Instant at) {
  std::string text = moment_name(at);
  text.erase(text.find_last_not_of('0') + 1);
  return text.ends_with('.') ? text.substr(0, text.size() - 1) : text;
}

}  // namespace

ScratchFolder::ScratchFolder() {
  std::error_code error;
  std::string name = (std::filesystem::temp_directory_path(error) / "catenet-XXXXXX").string();
  path_ = ::mkdtemp(name.data()) != nullptr ? name : std::string();
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  if (!path_.empty()) {
    std::filesystem::remove_all(path_, ignored);
  }
}

std::expected<lab::Description, RunFailure> lab_of(const RunFolder& run, const std::vector<std::string>& events) {
  if (run.real_time()) {
    return wrong(fmt::format("{} ran in real time, with programs of the machine: it cannot be made again bit by bit",
                             run.label));
  }
  const auto file = run.path / "lab.yaml";
  if (run.lab.empty()) {
    return wrong(fmt::format("{} is missing; without the lab the run cannot be made again", file.string()));
  }
  lab::LoadedLab loaded = run::load_lab(file, {}, events);
  if (!loaded.ok() && !events.empty() && run::load_lab(file).ok()) {
    return wrong("no event that can be added:\n" + loaded.errors());
  }
  if (!loaded.ok()) {
    return wrong(fmt::format("the lab of the run is not one for this version of the program:\n{}", loaded.errors()));
  }
  if (loaded.lab.needs_real_time()) {
    return wrong(fmt::format("{} has linux nodes, but the report says virtual time", file.string()));
  }
  return std::move(loaded.lab);
}

std::expected<RunFolder, RunFailure> run_again(const RunFolder& run, const std::filesystem::path& out) {
  if (out.empty()) {
    return machine("cannot make a temporary folder");
  }
  auto lab = lab_of(run);
  if (!lab) {
    return std::unexpected(lab.error());
  }
  for (lab::Node& node : lab->nodes) {
    for (lab::Interface& interface : node.interfaces) {
      interface.capture = true;
    }
  }
  SilentConsole silence;
  run::RunOptions options;
  options.tables_at = moments_until(run, run.end());
  if (auto ran = run_into(out, *lab, options, silence); !ran) {
    return std::unexpected(ran.error());
  }
  auto again = open_run(out);
  if (!again) {
    return machine(again.error());
  }
  if (again->digest() != run.digest()) {
    return wrong(fmt::format("{} made again has the digest {}, not {}; it was made by version {}, this is {}",
                             run.label, again->digest(), run.digest(), run.version(), run::kVersion));
  }
  again->label = run.label;
  again->lab = run.lab;
  return std::move(*again);
}

std::expected<Replay, RunFailure> replay(const RunFolder& run, const ReplayOptions& options, run::Console& console) {
  auto lab = lab_for(run, options);
  if (!lab) {
    return std::unexpected(lab.error());
  }
  Replay out;
  out.out = options.out.empty() ? run.path / fmt::format("replay-{}s", short_seconds(options.to)) : options.out;
  out.same_version = run.version() == run::kVersion;
  run::RunOptions how;
  how.tables_at = moments_until(run, options.to);
  if (how.tables_at.empty() || how.tables_at.back() != options.to) {
    how.tables_at.push_back(options.to);
  }
  how.echo_programs = !options.what.empty();
  auto ran = run_into(out.out, *lab, how, console);
  if (!ran) {
    return std::unexpected(ran.error());
  }
  out.result = std::move(*ran);
  auto again = open_run(out.out);
  if (!again) {
    return machine(again.error());
  }
  auto past = compare_runs(run, *again, {.before = options.to, .its_tables = !options.goes_on()});
  if (!past) {
    return wrong(past.error());
  }
  out.past = std::move(*past);
  return out;
}

}  // namespace catenet::study
