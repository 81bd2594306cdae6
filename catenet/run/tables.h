// SPDX-License-Identifier: Apache-2.0
// Tables: what a node knows at one moment (ARP, MAC, FIB, PCB, interfaces, drops, counters), taken as JSON and shown as
// text.
// A run keeps them in tables.jsonl, one line per moment and node:
//   {"moment":"end","t":12.500000000,"node":"alice","arp":[...],"mac":[...],"fib":[...],"pcb":[...],...}
// `catenet show OUT TABLE` reads that file; `--step` prints straight from here. Linux nodes are asked through /proc.
#pragma once
#include <nlohmann/json.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "catenet/run/network.h"

namespace catenet::run {

using Json = nlohmann::ordered_json;

/// One of the tables: its name and its columns in order, as key of the JSON rows and heading.
struct TableKind {
  struct Column {
    std::string_view key;
    std::string_view heading;
    bool right = false;  ///< numbers are aligned to the right
  };
  std::string_view name;
  std::string_view purpose;
  std::span<const Column> columns;
};
[[nodiscard]] std::span<const TableKind> table_kinds();
[[nodiscard]] const TableKind* find_table(std::string_view name);

/// All tables of one node now: {"arp": [...], ...}; a table that the node does not have is left out.
[[nodiscard]] Json node_tables(const Network& network, lab::NodeIndex node);

/// The rows that people see of a table as it is kept. `all`: counters that are zero, too.
[[nodiscard]] Json table_rows(const TableKind& kind, const Json& kept, bool all = false);

/// Rows as text with headings; "  (empty)" when there is none.
[[nodiscard]] std::string render_table(const TableKind& kind, const Json& rows);

/// The table of control blocks with what `ss -tie` shows of each, on a line of its own below the row.
[[nodiscard]] std::string render_pcb_info(const Json& rows);

/// The rows of table pcb of a simulated host.
[[nodiscard]] Json pcb_rows(node::Host& host);

/// /proc/<pid>/net of a namespace.
[[nodiscard]] std::string proc_folder(const Network::NodeEntry& entry);
/// What is there, parsed: ARP, routes and sockets of a namespace.
[[nodiscard]] Json linux_tables(const Network::NodeEntry& entry);

}  // namespace catenet::run
