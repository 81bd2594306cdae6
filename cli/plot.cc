// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "catenet/lab/spelling.h"
#include "catenet/run/flow_plot.h"
#include "catenet/run/tables.h"
#include "cli/commands.h"

namespace catenet::cli {
namespace {

/// The line of OUT/flows/flows.jsonl that is meant; null and an error printed if there is none.
run::Json find_flow(const PlotArguments& arguments) {
  const auto path = std::filesystem::path(arguments.out) / "flows" / "flows.jsonl";
  std::ifstream file(path);
  if (!file) {
    print_error(fmt::format("{} is not there; it needs a `catenet run --flows`", path.string()));
    return {};
  }
  run::Json chosen;
  lab::NearestWord nearest(arguments.flow);
  for (std::string line; std::getline(file, line);) {
    run::Json row = run::Json::parse(line, nullptr, false);
    if (!row.is_object() || !row.contains("flow")) {
      continue;  // how many were left out
    }
    if (!row["flow"].is_string() || !row["snd_nxt"].is_number() || !row["local"].is_string() ||
        !row["foreign"].is_string()) {
      print_error(path.string() + ": not a list of flows");
      return {};
    }
    nearest.offer(row["flow"].get<std::string>());
    const bool meant =
        arguments.flow.empty() ? chosen.is_null() || row["snd_nxt"] > chosen["snd_nxt"] : row["flow"] == arguments.flow;
    if (meant) {
      chosen = std::move(row);
    }
  }
  if (chosen.is_null()) {
    print_error(arguments.flow.empty()
                    ? "this run had no TCP connection of a simulated host"
                    : fmt::format("no flow '{}' in {}{}", arguments.flow, path.string(), nearest.hint()));
  }
  return chosen;
}

}  // namespace

int plot_command(const PlotArguments& arguments) {
  const run::Json flow = find_flow(arguments);
  if (flow.is_null()) {
    return kUsage;
  }
  const std::string name = flow["flow"];
  const auto folder = std::filesystem::path(arguments.out) / "flows";
  const auto csv = folder / (name + ".csv");
  std::ifstream file(csv);
  const auto table = file ? run::FlowTable::read(file) : std::unexpected(std::string("cannot be read"));
  if (!table) {
    print_error(csv.string() + ": " + table.error());
    return kUsage;
  }
  const std::filesystem::path target =
      arguments.file.empty() ? folder / (name + ".svg") : std::filesystem::path(arguments.file);
  std::ofstream out(target);
  out << run::flow_svg(
      *table, fmt::format("{}: {} to {}", name, flow["local"].get<std::string>(), flow["foreign"].get<std::string>()));
  out.close();
  if (!out) {
    print_error("cannot write " + target.string());
    return kMachine;
  }
  fmt::print("{}\n", target.string());
  return kFine;
}

}  // namespace catenet::cli
