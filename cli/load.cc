// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "catenet/app/program.h"
#include "catenet/run/report.h"
#include "cli/commands.h"

namespace catenet::cli {
namespace {

/// Arguments of built-in programs, as the programs themselves judge them.
class ProgramCheck final : public lab::AppCheck {
 public:
  std::optional<std::string> check(std::span<const std::string> words) const override {
    const app::ProgramKind* kind = app::find_program(words.front());
    return kind == nullptr ? std::optional<std::string>("no built-in program '" + words.front() + "'")
                           : kind->check(words);
  }
};

}  // namespace

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
  const ProgramCheck program_check;
  const auto reasons = run::drop_reason_names();
  const auto facts = run::program_fact_names();
  lab::LoadOptions options;
  options.overrides = overrides;
  options.rules.drop_reasons = reasons;
  options.rules.program_facts = facts;
  options.rules.app_check = &program_check;
  into = lab::load_file(file, options);
  if (into.ok()) {
    return std::nullopt;
  }
  fmt::print(stderr, "{}", into.errors(colour_on(STDERR_FILENO)));
  return kUsage;
}

}  // namespace catenet::cli
