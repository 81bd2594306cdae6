// SPDX-License-Identifier: Apache-2.0
// Why something could not be done, with the exit code for it.
#pragma once
#include <expected>
#include <string>
#include <utility>

#include "catenet/run/runner.h"

namespace catenet::study {

using run::RunFailure;

/// The arguments, or what they name.
inline std::unexpected<RunFailure> wrong(std::string text) { return std::unexpected(RunFailure{2, std::move(text)}); }
/// The machine.
inline std::unexpected<RunFailure> machine(std::string text) { return std::unexpected(RunFailure{3, std::move(text)}); }

}  // namespace catenet::study
