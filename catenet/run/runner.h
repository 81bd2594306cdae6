// SPDX-License-Identifier: Apache-2.0
// Runner: a lab from its description to its report. Chooses the clock (virtual when every node is simulated, real as
// soon as one is a Linux namespace), tells the story, keeps the outputs in one folder:
//
//   OUT/lab.yaml      (effective_lab.h)
//   OUT/report.json   OUT/events.jsonl   OUT/tables.jsonl   OUT/<node>_<interface>.pcapng   OUT/programs/<name>.stdout
//   OUT/flows/
//
// It prints through a Console, so that the command line decides what a terminal, a pipe or --json sees.
#pragma once
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catenet/lab/description.h"
#include "catenet/run/flow_record.h"
#include "catenet/run/report.h"

namespace catenet::run {

/// Where a run talks to people.
class Console {
 public:
  virtual ~Console() = default;
  /// A line of the story, without its end.
  virtual void story(std::string_view line) = 0;
  /// How far a run in virtual time is; called a few times a second of wall time.
  virtual void progress(Instant now, Instant end, std::uint64_t events) = 0;
  /// Text that a step of a walk-through shows, or that the program of --do prints; may have several lines.
  virtual void text(std::string_view text) = 0;
};

struct RunOptions {
  std::filesystem::path out;         ///< made if missing; files of an earlier run in it are replaced
  std::filesystem::path lab_folder;  ///< what the lab's relative paths start from; empty: the present folder
  std::vector<Instant> tables_at;    ///< moments whose tables are kept besides the end's; ascending
  std::string step_table;            ///< a table shown after each socket call; empty: none
  bool echo_programs = false;        ///< what built-in programs print goes to Console::text too (--do)
  bool colour = false;
  std::optional<FlowLimits> flows;    ///< record every TCP connection of simulated hosts, into OUT/flows
  bool spin = false;                  ///< in real time: never sleep
  std::uint32_t partition_size = 32;  ///< nodes in a partition; 0: all
  unsigned threads = 1;               ///< at most; virtual time only
};

/// Why a run could not be, and the exit code for it: 2 the lab or the arguments, 3 the machine.
struct RunFailure {
  int exit_code = 3;
  std::string text;
};

struct RunResult {
  Outcome outcome;
  Json report;
  std::vector<std::string> failed;    ///< programs and expectations that failed, one line each
  std::vector<std::string> warnings;  ///< a capture that is not whole, lost frames
  bool interrupted = false;
};

[[nodiscard]] std::expected<RunResult, RunFailure> run_lab(const lab::Description& lab, const RunOptions& options,
                                                           Console& console);

/// Turns commands like "alice: ping bob" into the only programs of the lab that must end, one after another, named do,
/// do-2, ...; the lab's services stay and come first. On linux nodes ping, trace and fetch become ping, traceroute and
/// curl. The error names what was expected; the lab is then as it was.
[[nodiscard]] std::expected<void, std::string> do_only(lab::Description& lab, std::span<const std::string> commands);

/// Adds such commands to the lab: all start at `at`, and are named do, do-2, ... or, where the lab has that name, do-N
/// with the next number that is free. Everything else stays.
[[nodiscard]] std::expected<void, std::string> do_at(lab::Description& lab, std::span<const std::string> commands,
                                                     Duration at);

}  // namespace catenet::run
