// SPDX-License-Identifier: Apache-2.0
// Report: what a run found out, as report.json (keys are stable, docs/report.md), and as the facts that `expect:` asks
// for. Everything that depends on the machine is under `wall`; the rest of a virtual run is the same for the same lab
// and seed.
#pragma once
#include <string>
#include <vector>

#include "catenet/lab/expectation.h"
#include "catenet/run/events.h"
#include "catenet/run/programs.h"
#include "catenet/run/tables.h"

namespace catenet::run {

struct WallFacts {
  double setup_s = 0;
  double run_s = 0;
  std::uint64_t peak_rss_bytes = 0;
  std::string started;                   ///< real time only: calendar time; empty otherwise
  Duration latest;                       ///< real time only: how late the latest event ran
  std::uint64_t overruns = 0;            ///< real time only: frames lost between kernel and Catenet
  std::vector<std::string> attachments;  ///< real time only: how each namespace is attached
};

/// Packets of the whole run. Two books are kept apart and must agree: the pool's (every packet object ends as delivered
/// or dropped) and the links' (on each direction: sent + duplicated = received + lost on the way + under way).
struct Conservation {
  std::uint64_t made = 0;
  std::uint64_t delivered = 0;
  std::uint64_t dropped = 0;
  std::uint64_t in_flight = 0;    ///< on wires, in queues and buffers
  std::uint64_t unaccounted = 0;  ///< ended without a word: a bug
  std::string broken_link;        ///< the first link whose book does not balance, with its numbers; empty: all do
  [[nodiscard]] bool holds() const { return unaccounted == 0 && broken_link.empty(); }
};
/// Before the network is drained.
[[nodiscard]] Conservation conservation(Network& network);

struct Outcome {
  std::string status;  ///< "passed", "failed", "interrupted"
  Instant end;
  std::uint64_t digest = 0;  ///< of a run in virtual time
  Conservation packets;
  std::vector<lab::ExpectationResult> expectations;
  std::vector<EventRecord> events;
};

/// Checks `expect:` against the run.
[[nodiscard]] std::vector<lab::ExpectationResult> check_expectations(const Network& network, const Programs& programs);

[[nodiscard]] Json make_report(Network& network, const Programs& programs, const Outcome& outcome,
                               const WallFacts& wall);

/// out/report.json; false if it cannot be written.
[[nodiscard]] bool write_report(const Json& report, const std::filesystem::path& out);

/// Names that may follow "PROGRAM." in an expectation.
[[nodiscard]] std::vector<std::string_view> program_fact_names();
[[nodiscard]] std::vector<std::string_view> drop_reason_names();

}  // namespace catenet::run
