// SPDX-License-Identifier: Apache-2.0
// The numbers of a report that a sweep keeps, by name:
//   PROGRAM.FACT        what a program measured: up.goodput_bps; also PROGRAM.exit, PROGRAM.duration_s
//   drops.REASON, drops.total, flows.total, flows.retransmits, sim.end_s, sim.events, sim.packet_hops
//   nodes. ...          what was asked for: nodes.alice.counters.TcpRetransSegs
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "catenet/study/run_folder.h"

namespace catenet::study {

/// Paths into `nodes` of a report, where * stands for any text: "nodes.*.counters.TcpRetransSegs".
using FactPatterns = std::vector<std::string>;

[[nodiscard]] std::map<std::string, double> facts_of(const Json& report, const FactPatterns& more = {});

/// A report leaves out what is zero: where a run has no such fact, it is 0 and not unknown.
[[nodiscard]] bool is_zero_when_missing(std::string_view name);

}  // namespace catenet::study
