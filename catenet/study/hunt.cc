// SPDX-License-Identifier: Apache-2.0
#include "catenet/study/hunt.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "catenet/live/epoll_loop.h"
#include "catenet/run/effective_lab.h"
#include "catenet/run/load.h"
#include "catenet/run/version.h"
#include "catenet/study/rerun.h"
#include "catenet/study/silent_console.h"

namespace catenet::study {
namespace {

constexpr int kTickMilliseconds = 200;

class Hunt {
 public:
  Hunt(const HuntOptions& options, HuntListener& listener)
      : options_(options), listener_(listener), workers_(options.lab, scratch_.path(), options.jobs, options.timeout) {}

  std::expected<HuntOutcome, RunFailure> go() {
    if (auto ready = prepare(); !ready) {
      return std::unexpected(ready.error());
    }
    std::expected<void, RunFailure> done = search();
    if (done && outcome_.seed && !outcome_.interrupted) {
      done = make_small();
    }
    if (done && outcome_.seed) {
      done = leave();
    }
    if (!done) {
      return std::unexpected(done.error());
    }
    return outcome_;
  }

 private:
  using Done = std::expected<void, RunFailure>;

  Done prepare() {
    if (scratch_.path().empty()) {
      return machine("no folder for temporary files can be made");
    }
    auto signals = live::SignalWatch::create();
    if (!signals) {
      return machine(signals.error().text);
    }
    signals_.emplace(std::move(*signals));
    lab::LoadedLab loaded = run::load_lab(options_.lab.file, options_.lab.overrides);
    if (!loaded.ok()) {
      return wrong(loaded.errors());
    }
    lab_ = std::move(loaded.lab);
    if (lab_.needs_real_time()) {
      return wrong("a hunt makes runs that can be made again; this lab has linux nodes and runs in real time");
    }
    limits_ = options_.limits;
    const auto plain = try_one({options_.first_seed, {}});
    if (!plain) {
      return std::unexpected(plain.error());
    }
    if (plain->is_broken()) {
      outcome_.seed = options_.first_seed;
      outcome_.result = *plain;
    }
    limits_.window = options_.window.value_or(std::max(plain->end, Duration::milliseconds(10)));
    outcome_.window = limits_.window;
    return {};
  }

  [[nodiscard]] Schedule schedule_of(std::uint64_t seed) const {
    return options_.faults ? draw_schedule(lab_, limits_, seed) : Schedule{};
  }

  // Higher seeds than one that fails are not begun any more; lower ones that are under way decide.
  Done search() {
    std::uint64_t next = options_.first_seed;
    std::uint64_t last = outcome_.seed ? 0 : options_.last_seed;
    HuntProgress progress{0, options_.last_seed - options_.first_seed + 1, false, 0};
    while (!outcome_.interrupted && (workers_.running() > 0 || (next <= last && next >= options_.first_seed))) {
      while (workers_.has_idle() && next <= last) {
        if (!workers_.start({next, texts(schedule_of(next))})) {
          return machine("cannot start a process for the runs");
        }
        ++next;
      }
      const auto finished = workers_.wait(kTickMilliseconds, signals_->fd());
      outcome_.interrupted = signals_->next().has_value();
      if (!finished) {
        listener_.progress(progress);
        continue;
      }
      ++outcome_.runs;
      ++progress.done;
      listener_.progress(progress);
      if (finished->result.outcome == TrialResult::Outcome::refused) {
        return refused(*finished);
      }
      outcome_.timed_out += finished->result.outcome == TrialResult::Outcome::timeout ? 1 : 0;
      if (finished->result.is_broken() && finished->trial.seed <= last) {
        outcome_.seed = finished->trial.seed;
        outcome_.result = finished->result;
        last = finished->trial.seed - 1;
        listener_.found(finished->trial, finished->result);
      }
    }
    if (outcome_.seed && options_.faults && !is_plain()) {
      outcome_.drawn = outcome_.smallest = schedule_of(*outcome_.seed);
    }
    return {};
  }

  /// It failed without faults already, before the search.
  [[nodiscard]] bool is_plain() const { return outcome_.runs <= 1; }

  static std::unexpected<RunFailure> refused(const TrialWorkers::Finished& finished) {
    const std::string text = finished.result.failed.empty() ? "refused" : finished.result.failed.front();
    return wrong(fmt::format("the run of seed {} could not be made:\n{}", finished.trial.seed, text));
  }

  std::expected<TrialResult, RunFailure> try_one(Trial trial) {
    if (!workers_.start(std::move(trial))) {
      return machine("cannot start a process for the runs");
    }
    for (;;) {
      if (auto finished = workers_.wait(kTickMilliseconds)) {
        ++outcome_.runs;
        if (finished->result.outcome == TrialResult::Outcome::refused) {
          return refused(*finished);
        }
        return finished->result;
      }
    }
  }

  Done make_small() {
    std::optional<RunFailure> failure;
    HuntProgress progress{0, 0, true, outcome_.drawn.size()};
    const auto breaks = [&](const Schedule& schedule) {
      if (failure || outcome_.interrupted) {
        return false;
      }
      const auto tried = try_one({*outcome_.seed, texts(schedule)});
      outcome_.interrupted = signals_->next().has_value();
      if (!tried) {
        failure = tried.error();
        return false;
      }
      ++progress.done;
      const bool same = tried->is_broken() && fails_alike(*tried);
      if (same) {
        progress.faults = schedule.size();
        outcome_.result = *tried;
      }
      listener_.progress(progress);
      return same;
    };
    if (breaks({})) {
      outcome_.smallest.clear();  // the seed alone does it
    } else if (!outcome_.drawn.empty()) {
      outcome_.smallest = shrink(outcome_.drawn, breaks, options_.shrink_tries);
    }
    if (failure) {
      return std::unexpected(*failure);
    }
    return {};
  }

  /// What failed first is what is looked for; a smaller schedule with which something else fails is another finding.
  [[nodiscard]] bool fails_alike(const TrialResult& other) const {
    if (other.outcome != outcome_.result.outcome) {
      return false;
    }
    const auto about = [](const std::string& line) { return line.substr(0, line.find(": got")); };
    return std::any_of(other.failed.begin(), other.failed.end(), [&](const std::string& line) {
      return std::any_of(outcome_.result.failed.begin(), outcome_.result.failed.end(),
                         [&](const std::string& first) { return about(first) == about(line); });
    });
  }

  /// The run itself, with captures. One that crashes the program is made by whoever wants to see that.
  Done leave() {
    std::vector<std::string> overrides = options_.lab.overrides;
    overrides.push_back(fmt::format("seed={}", *outcome_.seed));
    const lab::LoadedLab loaded = run::load_lab(options_.lab.file, overrides, texts(outcome_.smallest));
    if (!loaded.ok()) {
      return wrong(loaded.errors());
    }
    std::error_code error;
    std::filesystem::create_directories(options_.out, error);
    if (outcome_.result.outcome != TrialResult::Outcome::crashed) {
      SilentConsole console;
      run::RunOptions run_options;
      run_options.out = options_.out;
      run_options.lab_folder = std::filesystem::absolute(options_.lab.file).parent_path();
      const auto ran = run::run_lab(loaded.lab, run_options, console);
      if (!ran) {
        return std::unexpected(ran.error());
      }
      if (!run::write_report(ran->report, options_.out)) {
        return machine("cannot write into " + options_.out.string());
      }
    } else if (auto written = run::write_effective_lab(
                   loaded.lab, std::filesystem::absolute(options_.lab.file).parent_path(), options_.out);
               !written) {
      return machine(written.error());
    }
    return write_summary();
  }

  Done write_summary() const {
    const run::Json summary = {{"catenet", run::kVersion},        {"seed", *outcome_.seed},
                               {"runs", outcome_.runs},           {"window_s", outcome_.window.to_seconds()},
                               {"drawn", texts(outcome_.drawn)},  {"smallest", texts(outcome_.smallest)},
                               {"failed", outcome_.result.failed}};
    std::ofstream file(options_.out / "hunt.json", std::ios::binary);
    file << summary.dump(2, ' ', false, run::Json::error_handler_t::replace) << "\n";
    file.close();
    if (!file) {
      return machine("cannot write " + (options_.out / "hunt.json").string());
    }
    return {};
  }

  const HuntOptions& options_;
  HuntListener& listener_;
  ScratchFolder scratch_;
  TrialWorkers workers_;
  std::optional<live::SignalWatch> signals_;
  lab::Description lab_;
  FaultLimits limits_;
  HuntOutcome outcome_;
};

}  // namespace

std::expected<HuntOutcome, RunFailure> hunt(const HuntOptions& options, HuntListener& listener) {
  return Hunt(options, listener).go();
}

}  // namespace catenet::study
