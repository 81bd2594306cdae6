// SPDX-License-Identifier: Apache-2.0
// Counters: what a node's IP, ICMP, TCP and UDP have counted since the start, under the names of Linux's nstat, with
// the object of the MIB that it is (RFC 4022 TCP-MIB, RFC 4113 UDP-MIB, RFC 4293 IP-MIB) where there is one. Taken as
//   {"IpInReceives": 12, "TcpActiveOpens": 1, ...}
// for tables.jsonl (all) and report.json (without zeros). A Linux node is asked through /proc.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "catenet/run/tables.h"

namespace catenet::run {

struct CounterKind {
  std::string_view name;
  std::string_view mib;   ///< empty: no MIB has it
  std::string_view what;  ///< one clause
};
/// What a simulated host counts, in the order of the table.
[[nodiscard]] std::span<const CounterKind> counter_kinds();

/// All counters of a simulated host, zeros included, in that order.
[[nodiscard]] Json host_counters(node::Host& host);
/// All that the kernel says of a namespace: `folder` is /proc/<pid>/net.
[[nodiscard]] Json linux_counters(const std::string& folder);
[[nodiscard]] Json without_zeros(const Json& counters);

/// Rows of table "counters" for people: name, value, MIB, what it counts. `all`: zeros too.
[[nodiscard]] Json counter_rows(const Json& counters, bool all);

}  // namespace catenet::run
