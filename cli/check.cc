// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "catenet/app/program.h"
#include "catenet/lab/explain.h"
#include "catenet/study/sweep_plan.h"
#include "cli/commands.h"

namespace catenet::cli {

int check_command(const CheckArguments& arguments) {
  lab::LoadedLab loaded;
  if (const auto failed = load(arguments.lab, arguments.set, loaded)) {
    return *failed;
  }
  const lab::Description& lab = loaded.lab;
  std::uint64_t runs = 0;  // of a sweep
  if (!lab.matrix.empty() || !lab.seeds.empty()) {
    const auto plan = study::plan_sweep(arguments.lab, arguments.set);
    if (!plan) {
      fmt::print(stderr, "{}", plan.error());
      return kUsage;
    }
    runs = plan->runs();
  }
  const char* clock = lab.needs_real_time() ? "real" : "virtual";
  if (arguments.explain) {
    fmt::print("{}", lab::explain(lab));
  } else if (arguments.json) {
    nlohmann::ordered_json out = {{"lab", lab.name},
                                  {"ok", true},
                                  {"nodes", lab.nodes.size()},
                                  {"links", lab.links.size()},
                                  {"segments", lab.segments.size()},
                                  {"programs", lab.programs.size()},
                                  {"expectations", lab.expectations.size()},
                                  {"clock", clock}};
    if (runs > 0) {
      out["sweep_runs"] = runs;
    }
    fmt::print("{}\n", out.dump(2));
  } else {
    fmt::print("{}: fine. {} nodes, {} links, {} networks, {} programs, {} expectations; runs in {} time{}\n", lab.name,
               lab.nodes.size(), lab.links.size(), lab.segments.size(), lab.programs.size(), lab.expectations.size(),
               clock, runs > 0 ? fmt::format("; a sweep of {} runs", runs) : "");
  }
  return kFine;
}

int programs_command() {
  for (const app::ProgramKind& kind : app::program_kinds()) {
    fmt::print("{}\n    {}{}\n", kind.usage, kind.purpose, kind.service ? " (a service: runs until the lab ends)" : "");
    if (!kind.facts.empty()) {
      fmt::print("    measures: {}\n", fmt::join(kind.facts, ", "));
    }
  }
  return kFine;
}

}  // namespace catenet::cli
