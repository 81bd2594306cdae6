// SPDX-License-Identifier: Apache-2.0
#include "catenet/run/load.h"

#include "catenet/app/program.h"
#include "catenet/run/report.h"

namespace catenet::run {
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

lab::LoadedLab load_lab(const std::filesystem::path& file, const std::vector<std::string>& overrides,
                        const std::vector<std::string>& events) {
  const ProgramCheck program_check;
  const auto reasons = drop_reason_names();
  const auto facts = program_fact_names();
  lab::LoadOptions options;
  options.overrides = overrides;
  options.events = events;
  options.rules.drop_reasons = reasons;
  options.rules.program_facts = facts;
  options.rules.app_check = &program_check;
  return lab::load_file(file, options);
}

}  // namespace catenet::run
