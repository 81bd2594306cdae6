// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include "catenet/lab/units.h"
#include "catenet/study/rerun.h"
#include "cli/commands.h"

namespace catenet::cli {
namespace {

/// Programs that were added may speak; the story of the past was told when it was the present.
class Programs final : public run::Console {
 public:
  explicit Programs(bool silent) : silent_(silent) {}
  void story(std::string_view) override {}
  void progress(Instant, Instant, std::uint64_t) override {}
  void text(std::string_view text) override {
    if (!silent_) {
      fmt::print("{}", text);
    }
  }

 private:
  bool silent_;
};

std::optional<study::ReplayOptions> options_of(const ReplayArguments& arguments) {
  study::ReplayOptions options;
  const auto to = lab::parse_duration(arguments.to);
  if (!to) {
    print_error(fmt::format("--to {}: {}", arguments.to, to.error()));
    return std::nullopt;
  }
  options.to = Instant::zero() + *to;
  options.out = arguments.out;
  options.what = arguments.what;
  options.then = arguments.then;
  if (!arguments.until.empty()) {
    const auto until = lab::parse_duration(arguments.until);
    if (!until) {
      print_error(fmt::format("--until {}: {}", arguments.until, until.error()));
      return std::nullopt;
    }
    if (!options.goes_on()) {
      print_error("--until is about what --then and --do add; without them a replay ends at --to");
      return std::nullopt;
    }
    options.until = *until;
  }
  return options;
}

void print_outcome(const study::Replay& replay, const ReplayArguments& arguments, const study::ReplayOptions& options) {
  fmt::print("{} s of {}, again in {}\n", study::moment_name(options.to), arguments.run, replay.out.string());
  fmt::print("agrees with the run: {} captures and the events before that moment, tables of {} moment{}\n",
             replay.past.captures, replay.past.moments, replay.past.moments == 1 ? "" : "s");
  for (const std::string& line : replay.result.failed) {
    if (options.goes_on()) {  // else the moment has cut off whatever was running
      fmt::print("  FAIL {}\n", line);
    }
  }
  fmt::print("catenet show {} TABLE{} prints what a node knew: arp, fib, pcb, ...\n", replay.out.string(),
             options.goes_on() ? " --at " + arguments.to : "");
}

}  // namespace

int replay_command(const ReplayArguments& arguments) {
  const auto options = options_of(arguments);
  if (!options) {
    return kUsage;
  }
  const auto run = study::open_run(arguments.run);
  if (!run) {
    print_error(run.error());
    return kUsage;
  }
  Programs console(arguments.quiet || arguments.json);
  const auto replay = study::replay(*run, *options, console);
  if (!replay) {
    print_error(replay.error().text);
    return replay.error().exit_code;
  }
  if (arguments.json) {
    fmt::print("{}\n", replay->result.report.dump(2));
  }
  if (!replay->past.partings.empty()) {
    const auto again = study::open_run(replay->out);
    print_error(fmt::format("the past is not that of the run{}:", replay->same_version
                                                                      ? "; this is a bug, please report it with the lab"
                                                                      : ", which another version made"));
    if (again) {
      fmt::print(stderr, "{}", study::render(replay->past, *run, *again, colour_on(STDERR_FILENO)));
    }
    return replay->same_version ? kBug : kFailed;
  }
  if (!arguments.json && !arguments.quiet) {
    print_outcome(*replay, arguments, *options);
  }
  const bool failed = options->goes_on() && !replay->result.failed.empty();
  return failed ? kFailed : kFine;
}

}  // namespace catenet::cli
