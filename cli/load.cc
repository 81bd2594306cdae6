// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "catenet/run/load.h"
#include "cli/commands.h"

namespace catenet::cli {

bool colour_on(int descriptor) {
  const char* term = std::getenv("TERM");
  return isatty(descriptor) == 1 && std::getenv("NO_COLOR") == nullptr &&
         (term == nullptr || std::string_view(term) != "dumb");
}

void print_error(std::string_view text) {
  const bool colour = colour_on(STDERR_FILENO);
  fmt::print(stderr, "{}catenet:{} {}\n", colour ? "\033[1;31m" : "", colour ? "\033[0m" : "", text);
}

std::optional<int> load(const std::string& file, const std::vector<std::string>& overrides, lab::LoadedLab& into) {
  into = run::load_lab(file, overrides);
  if (into.ok()) {
    return std::nullopt;
  }
  fmt::print(stderr, "{}", into.errors(colour_on(STDERR_FILENO)));
  return kUsage;
}

}  // namespace catenet::cli
