// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <thread>

#include "catenet/lab/units.h"
#include "catenet/study/sweep.h"
#include "catenet/study/sweep_report.h"
#include "cli/commands.h"

namespace catenet::cli {
namespace {

std::string about_so_long(double seconds) {
  return seconds < 90     ? fmt::format("{:.0f} s", seconds)
         : seconds < 5400 ? fmt::format("{:.0f} min", seconds / 60)
                          : fmt::format("{:.1f} h", seconds / 3600);
}

/// Progress on standard error if that is a terminal; what did not pass on standard output.
class Watcher final : public study::SweepListener {
 public:
  Watcher(const study::SweepPlan& plan, bool quiet) : plan_(plan), shows_(!quiet && isatty(STDERR_FILENO) == 1) {}
  ~Watcher() override { clear(); }
  void finished(const study::SweepRun& run) override {
    if (run.has_result()) {
      return;
    }
    clear();
    fmt::print(stderr, "{}, seed {}: {}{}{}\n", plan_.points[run.point - 1].label, run.seed, run.status,
               run.error.empty() ? "" : ": ", run.error.substr(0, run.error.find('\n')));
  }
  void progress(const study::SweepProgress& p) override {
    if (shows_) {
      fmt::print(stderr, "\r\033[K  {} of {} runs, {} failed, {} running{}", p.done, p.runs, p.failed, p.running,
                 p.left_s && p.done < p.runs ? ", about " + about_so_long(*p.left_s) + " left" : "");
      std::fflush(stderr);
      drawn_ = true;
    }
  }
  void clear() {
    if (drawn_) {
      fmt::print(stderr, "\r\033[K");
      drawn_ = false;
    }
  }

 private:
  const study::SweepPlan& plan_;
  bool shows_;
  bool drawn_ = false;
};

bool write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) {
    print_error("cannot write " + path);
  }
  return file.good();
}

std::optional<study::SweepOptions> options_of(const SweepArguments& arguments, const study::SweepPlan& plan) {
  study::SweepOptions options;
  options.out = arguments.out.empty() ? std::filesystem::path("out") / (plan.lab + "-sweep")
                                      : std::filesystem::path(arguments.out);
  std::error_code error;
  options.program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) {
    print_error("cannot find this program's own file: " + error.message());
    return std::nullopt;
  }
  // Runs in real time disturb each other; those in virtual time only wait.
  const std::uint32_t cores = std::max(std::thread::hardware_concurrency(), 1U);
  options.jobs = arguments.jobs > 0 ? arguments.jobs : plan.real_time ? 1 : cores;
  options.restart = arguments.restart;
  options.keep = arguments.keep;
  options.facts = arguments.facts;
  if (!arguments.timeout.empty()) {
    const auto timeout = lab::parse_duration(arguments.timeout);
    if (!timeout || *timeout <= Duration{}) {
      print_error(fmt::format("--timeout {}: expected a time above zero, for instance 5min", arguments.timeout));
      return std::nullopt;
    }
    options.timeout = *timeout;
  }
  return options;
}

int report(const SweepArguments& arguments, const study::SweepPlan& plan, const study::SweepOptions& options,
           const study::SweepOutcome& outcome) {
  const auto store = study::SweepStore::open(options.out / "sweep.db");
  if (!store) {
    print_error(store.error());
    return kMachine;
  }
  const bool written =
      (arguments.csv.empty() || write_file(arguments.csv, study::sweep_csv(plan, *store))) &&
      (arguments.html.empty() || write_file(arguments.html, study::sweep_html(plan, *store, options.out.string())));
  const study::SweepProgress& p = outcome.progress;
  if (arguments.json) {
    fmt::print("{}\n", study::Json({{"lab", plan.lab},
                                    {"out", options.out.string()},
                                    {"points", plan.points.size()},
                                    {"seeds", plan.seeds.size()},
                                    {"runs", p.runs},
                                    {"done", p.done},
                                    {"found", outcome.found},
                                    {"failed", p.failed},
                                    {"without_result", p.without_result},
                                    {"interrupted", outcome.interrupted}})
                           .dump(2));
  } else if (!arguments.quiet) {
    fmt::print("{}", study::sweep_text(plan, *store, options.out.string()));
    fmt::print("{} of {} runs ({} were there already): {} failed, {} without a result; {}\n", p.done, p.runs,
               outcome.found, p.failed, p.without_result, (options.out / "sweep.db").string());
  }
  if (outcome.interrupted) {
    print_error("interrupted; the same command goes on where it was");
    return kInterrupted;
  }
  return !written ? kMachine : p.failed + p.without_result > 0 ? kFailed : kFine;
}

}  // namespace

int sweep_command(const SweepArguments& arguments) {
  std::vector<std::string> set = arguments.set;
  if (!arguments.seeds.empty()) {
    set.push_back("seeds=" + arguments.seeds);
  }
  const auto plan = study::plan_sweep(arguments.lab, set);
  if (!plan) {
    fmt::print(stderr, "{}", plan.error());
    return kUsage;
  }
  const auto options = options_of(arguments, *plan);
  if (!options) {
    return kUsage;
  }
  Watcher watcher(*plan, arguments.quiet || arguments.json);
  const auto outcome = study::run_sweep(*plan, *options, watcher);
  watcher.clear();
  if (!outcome) {
    print_error(outcome.error().text);
    return outcome.error().exit_code;
  }
  return report(arguments, *plan, *options, *outcome);
}

}  // namespace catenet::cli
