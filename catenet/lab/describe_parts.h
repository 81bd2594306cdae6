// SPDX-License-Identifier: Apache-2.0
// The parts of describe(), one file each: describe_nodes.cc, describe_links.cc, describe_programs.cc,
// describe_events.cc. Private to them.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "catenet/lab/describe.h"
#include "catenet/lab/map_reader.h"

namespace catenet::lab {

/// Names of nodes or programs -> index, in alphabetical order.
using NameTable = std::map<std::string, std::uint32_t, std::less<>>;

/// `defaults:` read once; links and nodes start as copies of these.
struct Defaults {
  Link link;
  Node nodes[3];  // by NodeKind
  Setting<std::uint32_t> node_mtu[3];
};

struct DescribeState {
  Description& lab;
  Diagnostics& diagnostics;
  const Rules& rules;
  Defaults defaults;
  NameTable nodes;
  bool cut_short = false;  ///< `until` comes from the command line: it may leave events out
};

/// The nearest name; for a million names still only one pass.
std::string did_you_mean(std::string_view wrong, const NameTable& names);
/// Letters, digits, '-' and '_', starting with a letter or digit, no "--", at most 63 characters (a host name's label).
Parsed<std::string> parse_name(std::string_view text);
/// 68 (RFC 791 3.2: every link carries that much) to 65535.
Parsed<std::uint32_t> parse_mtu(std::string_view text);

/// "10%" or "10% by 5ms"
Parsed<Reordering> parse_reordering(std::string_view text);

void read_defaults(const YamlValue& value, DescribeState& state);

/// Names, kinds and stacks, so that links can be read.
void read_node_names(const YamlValue& nodes, DescribeState& state);
/// The rest of every node, after its interfaces are known. `node_values` holds one value per node of the lab.
void read_node_details(const std::vector<const YamlValue*>& node_values, DescribeState& state);

void read_links(const YamlValue& links, DescribeState& state);
void read_link_defaults(const YamlValue& value, DescribeState& state);

/// The `run:` of one node; appends to lab.programs. `afters` collects the names to be resolved when all are known.
struct AfterName {
  ProgramIndex program = 0;
  const YamlValue* name = nullptr;
};
void read_programs(const YamlValue& run, NodeIndex node, DescribeState& state, std::vector<AfterName>& afters);
/// Gives unnamed programs their names, resolves `after`, refuses cycles.
void finish_programs(const std::vector<AfterName>& afters, DescribeState& state);

void read_events(const YamlValue& events, DescribeState& state);
/// `matrix:` and `seeds:`.
void read_matrix(const YamlValue& matrix, DescribeState& state);
void read_seeds(const YamlValue& seeds, DescribeState& state);

void read_expectations(const YamlValue& expect, DescribeState& state);

}  // namespace catenet::lab
