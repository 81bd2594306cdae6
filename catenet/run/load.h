// SPDX-License-Identifier: Apache-2.0
// Labs under the rules of this build: the programs it has and what they measure, and the reasons it drops packets for.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "catenet/lab/loader.h"

namespace catenet::run {

/// `overrides` are PATH=VALUE, as of --set; `events` are entries that `events:` gets besides its own.
[[nodiscard]] lab::LoadedLab load_lab(const std::filesystem::path& file, const std::vector<std::string>& overrides = {},
                                      const std::vector<std::string>& events = {});

}  // namespace catenet::run
