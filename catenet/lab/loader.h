// SPDX-License-Identifier: Apache-2.0
// The front door of the lab room's first half: a file (or a text) and --set arguments in, a complete Description or a
// rendered list of everything that is wrong with it out.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "catenet/lab/describe.h"
#include "catenet/lab/description.h"
#include "catenet/lab/diagnostic.h"
#include "catenet/lab/yaml_reader.h"

namespace catenet::lab {

struct LoadOptions {
  std::vector<std::string> overrides;  ///< "path=value", in order
  std::vector<std::string> events;     ///< entries added to `events:`, "12.3s: link a--b down"; errors call them --then
  Rules rules;
  YamlLimits limits;
};

struct LoadedLab {
  Description lab;  ///< complete when ok()
  Diagnostics diagnostics;
  std::vector<Source> sources;  ///< by Place::source
  std::filesystem::path file;   ///< empty for a text

  [[nodiscard]] bool ok() const { return diagnostics.ok(); }
  /// Every error as a compiler prints it; empty when ok().
  [[nodiscard]] std::string errors(bool colour = false) const { return diagnostics.render(sources, colour); }
};

/// `name` is what errors call the text, "office.yaml"; the lab's default name is its stem.
LoadedLab load_text(std::string_view text, std::string_view name, const LoadOptions& options = {});
/// A file that cannot be read is an error like the others.
LoadedLab load_file(const std::filesystem::path& file, const LoadOptions& options = {});

}  // namespace catenet::lab
