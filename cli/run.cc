// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "catenet/lab/units.h"
#include "catenet/run/runner.h"
#include "cli/commands.h"

namespace catenet::cli {
namespace {

/// The story goes to standard output (to nowhere with --quiet or --json), progress to standard error if that is a
/// terminal.
class Terminal final : public run::Console {
 public:
  explicit Terminal(const RunArguments& arguments)
      : silent_(arguments.quiet || arguments.json),
        json_(arguments.json),
        progress_(!silent_ && isatty(STDERR_FILENO) == 1) {}
  ~Terminal() override { clear(); }

  void story(std::string_view line) override {
    if (!silent_) {
      clear();
      fmt::print("{}\n", line);
      std::fflush(stdout);
    }
  }
  void progress(Instant now, Instant end, std::uint64_t events) override {
    if (progress_) {
      fmt::print(stderr, "\r\033[K  {:.3f} of {:.0f} s simulated, {} events", now.to_seconds(), end.to_seconds(),
                 events);
      std::fflush(stderr);
      shown_ = true;
    }
  }
  void text(std::string_view text) override {
    clear();
    fmt::print(json_ ? stderr : stdout, "{}", text);
    std::fflush(json_ ? stderr : stdout);
  }
  void clear() {
    if (shown_) {
      fmt::print(stderr, "\r\033[K");
      shown_ = false;
    }
  }

 private:
  bool silent_;
  bool json_;
  bool progress_;
  bool shown_ = false;
};

std::optional<std::vector<Instant>> parse_moments(const std::vector<std::string>& texts) {
  std::vector<Instant> moments;
  for (const std::string& text : texts) {
    const auto time = lab::parse_duration(text);
    if (!time || *time < Duration{}) {
      print_error(fmt::format("--tables-at {}: expected a time, for instance 2.5s", text));
      return std::nullopt;
    }
    moments.push_back(Instant::zero() + *time);
  }
  std::sort(moments.begin(), moments.end());
  return moments;
}

bool fits_clock(const RunArguments& arguments, bool real_time) {
  const auto refuse = [](const char* why) {
    print_error(why);
    return false;
  };
  if (!arguments.step.empty() && real_time) {
    return refuse("--step walks through the calls of simulated hosts; this lab has linux nodes and runs in real time");
  }
  if (arguments.threads > 1 && real_time) {
    return refuse("--threads is about virtual time; this lab has linux nodes and runs in real time, on one thread");
  }
  if (arguments.threads > 1 && !arguments.step.empty()) {
    return refuse("--step walks through the calls one after another, on one thread: leave --threads out");
  }
  if (arguments.spin && !real_time) {
    return refuse("--spin is about real time; this lab has no linux node and runs in virtual time");
  }
  return true;
}

std::string ok_mark(bool ok, bool colour) {
  return fmt::format("{}{}{}", colour ? (ok ? "\033[32m" : "\033[1;31m") : "", ok ? "ok  " : "FAIL",
                     colour ? "\033[0m" : "");
}

void print_summary(const run::RunResult& result, const std::filesystem::path& out, bool colour) {
  const auto& r = result.report;
  fmt::print("\n");
  for (const auto& program : r["programs"]) {
    std::string facts;
    for (const auto& [key, value] : program["result"].items()) {
      const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
      facts += fmt::format("  {} {}", key, text.size() > 20 ? text.substr(0, 16) + "..." : text);
    }
    const std::string exit = program["exit"].is_null() ? (program["service"].get<bool>() ? "service" : "no exit code")
                                                       : fmt::format("exit {}", program["exit"].get<int>());
    fmt::print("  {:<10} {:<16} {:<12}{}\n", program["node"].get<std::string>(), program["name"].get<std::string>(),
               exit, facts);
  }
  for (const auto& expectation : result.outcome.expectations) {
    fmt::print("  {} expect {}{}\n", ok_mark(expectation.ok, colour), expectation.text,
               expectation.ok ? fmt::format("  (got {})", expectation.got) : "");
  }
  for (const std::string& line : result.failed) {
    fmt::print("  {} {}\n", ok_mark(false, colour), line);
  }
  for (const std::string& line : result.warnings) {
    fmt::print("  warning: {}\n", line);
  }
  const auto& sim = r["sim"];
  fmt::print("{} in {} time: {:.3f} s, {} packet hops, {} events; {:.2f} s of wall time\n", result.outcome.status,
             sim["clock"].get<std::string>(), sim["end_s"].get<double>(), sim["packet_hops"].get<std::uint64_t>(),
             sim["events"].get<std::uint64_t>(), r["wall"]["run_s"].get<double>());
  constexpr double kLateS = 0.1;  // half of the shortest retransmission timeout
  if (const double late = r["wall"].value("latest_event_s", 0.0); late >= kLateS) {
    fmt::print(
        "  note: this machine was too busy: an event ran {:.2f} s late. Round trips and timeouts in this run are not "
        "those of the network\n",
        late);
  }
  const auto& packets = result.outcome.packets;
  fmt::print("packets: {} made = {} delivered + {} dropped + {} in flight\n", packets.made, packets.delivered,
             packets.dropped, packets.in_flight);
  if (!sim["digest"].is_null()) {
    fmt::print("digest {} (seed {})\n", sim["digest"].get<std::string>(), r["seed"].get<std::uint64_t>());
  }
  fmt::print("written to {}: lab.yaml, report.json, events.jsonl, tables.jsonl, captures, programs/\n", out.string());
}

run::RunOptions options_of(const RunArguments& arguments, const std::string& lab, std::vector<Instant> moments) {
  run::RunOptions options;
  options.spin = arguments.spin;
  options.out = arguments.out.empty() ? std::filesystem::path("out") / lab : std::filesystem::path(arguments.out);
  options.lab_folder = std::filesystem::absolute(arguments.lab).parent_path();
  options.tables_at = std::move(moments);
  options.step_table = arguments.step;
  options.echo_programs = !arguments.what.empty();
  options.colour = colour_on(STDOUT_FILENO);
  options.partition_size = arguments.partition_size;
  options.threads = arguments.threads;
  if (arguments.flows || arguments.flow_rows > 0) {
    options.flows.emplace();
    options.flows->rows = arguments.flow_rows > 0 ? arguments.flow_rows : options.flows->rows;
  }
  return options;
}

}  // namespace

int run_command(const RunArguments& arguments) {
  std::vector<std::string> overrides = arguments.set;
  if (arguments.seed) {
    overrides.push_back(fmt::format("seed={}", *arguments.seed));
  }
  if (!arguments.until.empty()) {
    overrides.push_back("until=" + arguments.until);
  }
  lab::LoadedLab loaded;
  if (const auto failed = load(arguments.lab, overrides, loaded)) {
    return *failed;
  }
  if (!arguments.what.empty()) {
    if (const auto done = run::do_only(loaded.lab, arguments.what); !done) {
      print_error(done.error());
      return kUsage;
    }
  }
  const auto moments = parse_moments(arguments.tables_at);
  if (!moments) {
    return kUsage;
  }
  if (!fits_clock(arguments, loaded.lab.needs_real_time())) {
    return kUsage;
  }
  const run::RunOptions options = options_of(arguments, loaded.lab.name, *moments);
  Terminal terminal(arguments);
  const auto result = run::run_lab(loaded.lab, options, terminal);
  terminal.clear();
  if (!result) {
    print_error(result.error().text);
    return result.error().exit_code;
  }
  if (!run::write_report(result->report, options.out)) {
    print_error("cannot write " + (options.out / "report.json").string());
    return kMachine;
  }
  if (arguments.json) {
    fmt::print("{}\n", result->report.dump(2));
  } else if (!arguments.quiet) {
    print_summary(*result, options.out, options.colour);
  } else {
    for (const std::string& line : result->failed) {
      fmt::print("{}\n", line);
    }
  }
  if (!result->outcome.packets.holds()) {
    print_error(
        fmt::format("bug: packets are not conserved ({} unaccounted; {}); please report it with the lab and the seed",
                    result->outcome.packets.unaccounted, result->outcome.packets.broken_link));
    return kBug;
  }
  return result->interrupted ? kInterrupted : result->failed.empty() ? kFine : kFailed;
}

}  // namespace catenet::cli
