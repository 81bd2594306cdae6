// SPDX-License-Identifier: Apache-2.0
#include "catenet/study/hunt.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <thread>

#include "catenet/lab/spelling.h"
#include "catenet/lab/units.h"
#include "cli/commands.h"

namespace catenet::cli {
namespace {

/// Progress on standard error if that is a terminal.
class HuntWatcher final : public study::HuntListener {
 public:
  explicit HuntWatcher(bool quiet) : shows_(!quiet && isatty(STDERR_FILENO) == 1) {}
  ~HuntWatcher() override { clear(); }
  void progress(const study::HuntProgress& p) override {
    if (!shows_) {
      return;
    }
    fmt::print(stderr, "\r\033[K  {}",
               p.shrinking ? fmt::format("making it smaller: {} faults left, {} runs", p.faults, p.done)
                           : fmt::format("{} of {} seeds", p.done, p.of));
    std::fflush(stderr);
    drawn_ = true;
  }
  void found(const study::Trial& trial, const study::TrialResult& result) override {
    if (shows_) {
      clear();
      fmt::print(stderr, "  seed {} fails: {}\n", trial.seed, result.failed.empty() ? "" : result.failed.front());
    }
  }
  void clear() {
    if (drawn_) {
      fmt::print(stderr, "\r\033[K");
      drawn_ = false;
    }
  }

 private:
  bool shows_;
  bool drawn_ = false;
};

/// "7" or "1..10000".
bool read_seeds(const std::string& text, std::uint64_t& first, std::uint64_t& last) {
  const auto number = [](std::string_view part, std::uint64_t& out) {
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), out);
    return error == std::errc{} && end == part.data() + part.size();
  };
  const auto dots = text.find("..");
  const std::string_view view = text;
  const bool good = dots == std::string::npos
                        ? number(view, first) && number(view, last)
                        : number(view.substr(0, dots), first) && number(view.substr(dots + 2), last);
  if (!good || last < first) {
    print_error(fmt::format("--seeds {}: expected for example 7 or 1..10000", text));
    return false;
  }
  return true;
}

bool read_faults(const std::vector<std::string>& names, study::HuntOptions& options) {
  if (names.empty()) {
    return true;
  }
  options.limits.kinds.clear();
  for (const std::string& name : names) {
    if (name == "none") {
      options.faults = false;
    } else if (const auto kind = study::fault_kind(name)) {
      options.limits.kinds.push_back(*kind);
    } else {
      lab::NearestWord nearest(name);
      std::vector<std::string_view> known = {study::name(study::FaultKind::crash), "none"};
      for (const study::FaultKind kind_known : study::usual_faults()) {
        known.push_back(study::name(kind_known));
      }
      for (const std::string_view word : known) {
        nearest.offer(word);
      }
      print_error(fmt::format("--faults {}: expected {}{}", name, fmt::join(known, ", "), nearest.hint()));
      return false;
    }
  }
  return !options.faults || !options.limits.kinds.empty();
}

std::optional<Duration> read_time(const char* option, const std::string& text) {
  const auto time = lab::parse_duration(text);
  if (!time || *time <= Duration{}) {
    print_error(fmt::format("{} {}: expected a time above zero, for instance 5s", option, text));
    return std::nullopt;
  }
  return *time;
}

std::optional<study::HuntOptions> options_of(const HuntArguments& arguments) {
  study::HuntOptions options;
  options.lab = {arguments.lab, arguments.set};
  if (!read_seeds(arguments.seeds, options.first_seed, options.last_seed) || !read_faults(arguments.faults, options)) {
    return std::nullopt;
  }
  if (!arguments.window.empty()) {
    options.window = read_time("--window", arguments.window);
    if (!options.window) {
      return std::nullopt;
    }
  }
  if (!arguments.timeout.empty()) {
    const auto timeout = read_time("--timeout", arguments.timeout);
    if (!timeout) {
      return std::nullopt;
    }
    options.timeout = *timeout;
  }
  options.limits.most = arguments.most;
  options.jobs = arguments.jobs > 0 ? arguments.jobs : std::max(std::thread::hardware_concurrency(), 1U);
  options.out = arguments.out.empty()
                    ? std::filesystem::path("out") / (std::filesystem::path(arguments.lab).stem().string() + "-hunt")
                    : std::filesystem::path(arguments.out);
  return options;
}

void print_found(const study::HuntOutcome& outcome, const study::HuntOptions& options) {
  fmt::print("seed {} fails{}:\n", *outcome.seed,
             outcome.smallest.empty()
                 ? ", without any fault"
                 : fmt::format(" with {} of the {} faults drawn", outcome.smallest.size(), outcome.drawn.size()));
  for (const study::Fault& fault : outcome.smallest) {
    fmt::print("  - {}\n", fault.text());
  }
  for (const std::string& line : outcome.result.failed) {
    fmt::print("  {}\n", line);
  }
  fmt::print("{} runs. The run again, with its captures in {}:\n  catenet run {}\n", outcome.runs, options.out.string(),
             (options.out / "lab.yaml").string());
}

}  // namespace

int hunt_command(const HuntArguments& arguments) {
  const auto options = options_of(arguments);
  if (!options) {
    return kUsage;
  }
  HuntWatcher watcher(arguments.quiet || arguments.json);
  const auto outcome = study::hunt(*options, watcher);
  watcher.clear();
  if (!outcome) {
    print_error(outcome.error().text);
    return outcome.error().exit_code;
  }
  if (arguments.json) {
    const run::Json json = {{"found", outcome->seed.has_value()},
                            {"seed", outcome->seed ? run::Json(*outcome->seed) : run::Json()},
                            {"runs", outcome->runs},
                            {"timed_out", outcome->timed_out},
                            {"window_s", outcome->window.to_seconds()},
                            {"drawn", study::texts(outcome->drawn)},
                            {"smallest", study::texts(outcome->smallest)},
                            {"failed", outcome->result.failed},
                            {"lab", outcome->seed ? run::Json((options->out / "lab.yaml").string()) : run::Json()}};
    fmt::print("{}\n", json.dump(2, ' ', false, run::Json::error_handler_t::replace));
  } else if (outcome->seed) {
    print_found(*outcome, *options);
  } else if (!arguments.quiet) {
    fmt::print("nothing found: {} runs passed, with faults in the first {:.3f} s\n", outcome->runs - outcome->timed_out,
               outcome->window.to_seconds());
    if (outcome->timed_out > 0) {
      fmt::print("{} runs took more than --timeout and are not known\n", outcome->timed_out);
    }
  }
  return outcome->seed ? kFailed : outcome->interrupted ? kInterrupted : kFine;
}

}  // namespace catenet::cli
