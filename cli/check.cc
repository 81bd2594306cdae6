// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "catenet/app/program.h"
#include "catenet/lab/explain.h"
#include "cli/commands.h"

namespace catenet::cli {

int check_command(const CheckArguments& arguments) {
  lab::LoadedLab loaded;
  if (const auto failed = load(arguments.lab, arguments.set, loaded)) {
    return *failed;
  }
  const lab::Description& lab = loaded.lab;
  const char* clock = lab.needs_real_time() ? "real" : "virtual";
  if (arguments.explain) {
    fmt::print("{}", lab::explain(lab));
  } else if (arguments.json) {
    const nlohmann::ordered_json out = {{"lab", lab.name},
                                        {"ok", true},
                                        {"nodes", lab.nodes.size()},
                                        {"links", lab.links.size()},
                                        {"segments", lab.segments.size()},
                                        {"programs", lab.programs.size()},
                                        {"expectations", lab.expectations.size()},
                                        {"clock", clock}};
    fmt::print("{}\n", out.dump(2));
  } else {
    fmt::print("{}: fine. {} nodes, {} links, {} networks, {} programs, {} expectations; runs in {} time\n", lab.name,
               lab.nodes.size(), lab.links.size(), lab.segments.size(), lab.programs.size(), lab.expectations.size(),
               clock);
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
