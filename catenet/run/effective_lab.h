// SPDX-License-Identifier: Apache-2.0
// OUT/lab.yaml: the lab as it was run, after --set, --seed, --until and --do, with every default and every assigned
// address. `catenet run OUT/lab.yaml` is that run again: in virtual time with the same digest, and with the same
// lab.yaml.
#pragma once
#include <expected>
#include <filesystem>
#include <string>

#include "catenet/lab/description.h"

namespace catenet::run {

/// The text for a file in folder `out`. Where programs of linux nodes run is written relative to `out`, so that the
/// file still means the same folders; `lab_folder` is what they are relative to now (empty: the present folder).
[[nodiscard]] std::string effective_lab(const lab::Description& lab, const std::filesystem::path& lab_folder,
                                        const std::filesystem::path& out);

/// Writes out/lab.yaml. A file of that name that no run has written is somebody's lab: it stays, and that is the error.
[[nodiscard]] std::expected<void, std::string> write_effective_lab(const lab::Description& lab,
                                                                   const std::filesystem::path& lab_folder,
                                                                   const std::filesystem::path& out);

}  // namespace catenet::run
