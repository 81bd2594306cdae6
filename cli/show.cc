// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <tuple>

#include "catenet/lab/spelling.h"
#include "catenet/lab/units.h"
#include "catenet/run/tables.h"
#include "cli/commands.h"

namespace catenet::cli {
namespace {

/// The moment as the file names it: "end", or a time with nine decimals.
std::optional<std::string> moment_of(const std::string& at) {
  if (at.empty() || at == "end") {
    return "end";
  }
  const auto time = lab::parse_duration(at);
  return time ? std::optional(fmt::format("{:.9f}", time->to_seconds())) : std::nullopt;
}

int unknown_table(const std::string& table) {
  lab::NearestWord nearest(table);
  std::string names;
  for (const run::TableKind& kind : run::table_kinds()) {
    nearest.offer(kind.name);
    names += (names.empty() ? "" : ", ") + std::string(kind.name);
  }
  print_error(fmt::format("no table '{}'; expected one of {}{}", table, names, nearest.hint()));
  return kUsage;
}

/// What the options ask for must be of this table.
bool fits_table(const ShowArguments& arguments) {
  for (const auto& [given, option, table] :
       {std::tuple{arguments.info, "--info", "pcb"}, {arguments.all, "--all", "counters"}}) {
    if (given && arguments.table != table) {
      print_error(fmt::format("{} is about table {}, not {}", option, table, arguments.table));
      return false;
    }
  }
  return true;
}

/// What tables.jsonl has of one table.
struct Kept {
  run::Json rows = run::Json::object();  ///< by node
  std::set<std::string> moments;
  std::set<std::string> nodes;
};

std::optional<Kept> read_tables(const ShowArguments& arguments, const std::string& moment) {
  const auto path = std::filesystem::path(arguments.out) / "tables.jsonl";
  std::ifstream file(path);
  if (!file) {
    print_error(fmt::format("{} is not there; is {} the output folder of a run?", path.string(), arguments.out));
    return std::nullopt;
  }
  Kept kept;
  std::uint64_t number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    const run::Json row = run::Json::parse(line, nullptr, false);
    if (row.is_discarded() || !row.is_object() || !row.contains("moment") || !row["moment"].is_string() ||
        !row.contains("node") || !row["node"].is_string()) {
      print_error(fmt::format("{}:{}: not a line of tables", path.string(), number));
      return std::nullopt;
    }
    const std::string node = row["node"];
    kept.moments.insert(row["moment"].get<std::string>());
    kept.nodes.insert(node);
    const auto rows = row.find(arguments.table);
    if (row["moment"] == moment && rows != row.end() && (rows->is_array() || rows->is_object()) &&
        (arguments.node.empty() || arguments.node == node)) {
      kept.rows[node] = run::table_rows(*run::find_table(arguments.table), *rows, arguments.all);
    }
  }
  return kept;
}

}  // namespace

int show_command(const ShowArguments& arguments) {
  const run::TableKind* kind = run::find_table(arguments.table);
  if (kind == nullptr) {
    return unknown_table(arguments.table);
  }
  const auto moment = moment_of(arguments.at);
  if (!moment) {
    print_error(fmt::format("--at {}: expected 'end' or a time, for instance 2.5s", arguments.at));
    return kUsage;
  }
  if (!fits_table(arguments)) {
    return kUsage;
  }
  const std::optional<Kept> kept = read_tables(arguments, *moment);
  if (!kept) {
    return kUsage;
  }
  if (!arguments.node.empty() && !kept->nodes.contains(arguments.node)) {
    lab::NearestWord nearest(arguments.node);
    for (const std::string& node : kept->nodes) {
      nearest.offer(node);
    }
    print_error(fmt::format("no node '{}' in this run{}", arguments.node, nearest.hint()));
    return kUsage;
  }
  if (!kept->moments.contains(*moment)) {
    print_error(fmt::format("this run has no tables of that moment; it has {} (run with --tables-at TIME to keep more)",
                            fmt::join(kept->moments, ", ")));
    return kUsage;
  }
  if (arguments.json) {
    fmt::print("{}\n", kept->rows.dump(2));
    return kFine;
  }
  for (const auto& [node, rows] : kept->rows.items()) {
    if (rows.empty() && kept->rows.size() > 1) {
      continue;  // a long list of nothing tells nothing
    }
    fmt::print("{}\n{}", node, arguments.info ? run::render_pcb_info(rows) : run::render_table(*kind, rows));
  }
  return kFine;
}

}  // namespace catenet::cli
