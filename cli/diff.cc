// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include "catenet/study/difference.h"
#include "catenet/study/rerun.h"
#include "cli/commands.h"

namespace catenet::cli {
namespace {

/// The run that is meant: the folder's, or with --rerun the same run made again with captures.
std::optional<study::RunFolder> open(const std::string& folder, const study::ScratchFolder* again, int& exit) {
  auto run = study::open_run(folder);
  if (run && again != nullptr) {
    auto made = study::run_again(*run, again->path());
    if (!made) {
      print_error(made.error().text);
      exit = made.error().exit_code;
      return std::nullopt;
    }
    return std::move(*made);
  }
  if (!run) {
    print_error(run.error());
    exit = kUsage;
    return std::nullopt;
  }
  return std::move(*run);
}

}  // namespace

int diff_command(const DiffArguments& arguments) {
  const std::optional<study::ScratchFolder> scratch_a(std::in_place);
  const std::optional<study::ScratchFolder> scratch_b(std::in_place);
  int exit = kUsage;
  const auto a = open(arguments.a, arguments.rerun ? &*scratch_a : nullptr, exit);
  const auto b = a ? open(arguments.b, arguments.rerun ? &*scratch_b : nullptr, exit) : std::nullopt;
  if (!b) {
    return exit;
  }
  const auto difference = study::compare_runs(*a, *b);
  if (!difference) {
    print_error(difference.error());
    return kUsage;
  }
  if (arguments.json) {
    fmt::print("{}\n", study::to_json(*difference, *a, *b).dump(2, ' ', false, study::Json::error_handler_t::replace));
  } else if (!arguments.quiet) {
    fmt::print("{}", study::render(*difference, *a, *b, colour_on(STDOUT_FILENO)));
  }
  return difference->same() ? kFine : kFailed;
}

}  // namespace catenet::cli
