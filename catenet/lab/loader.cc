// SPDX-License-Identifier: Apache-2.0
#include "catenet/lab/loader.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>
#include <utility>

#include "catenet/lab/addressing.h"
#include "catenet/lab/override.h"

namespace catenet::lab {
namespace {

/// A name fit for a folder from any file name: "my lab (2).yaml" gives "my-lab-2".
std::string default_name(std::string_view file_name) {
  const std::string stem = std::filesystem::path(file_name).stem().string();
  std::string name;
  for (const char c : std::string_view(stem).substr(0, 60)) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    if (plain || (!name.empty() && name.back() != '-')) {
      name += plain ? c : '-';
    }
  }
  while (name.ends_with('-')) {
    name.pop_back();
  }
  return name.empty() ? "lab" : name;
}

/// At most one byte more than the limit, so that the reader can say that it is too much.
bool read_whole(const std::filesystem::path& file, std::size_t limit, std::string& out) {
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) {
    errno = EISDIR;
    return false;
  }
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  std::vector<char> block(std::size_t{1} << 16);
  while (stream && out.size() <= limit) {
    stream.read(block.data(), static_cast<std::streamsize>(block.size()));
    out.append(block.data(), static_cast<std::size_t>(stream.gcount()));
  }
  return stream.eof() || out.size() > limit;
}

}  // namespace

LoadedLab load_text(std::string_view text, std::string_view name, const LoadOptions& options) {
  LoadedLab loaded;
  loaded.sources.push_back({std::string(name), std::string(text.substr(0, options.limits.bytes))});
  loaded.sources.push_back(override_source(options.overrides));
  loaded.sources.push_back(event_source(options.events));
  YamlValue root = read_yaml(text, loaded.diagnostics, options.limits);
  if (!loaded.ok() && root.is_null()) {
    return loaded;  // not YAML: nothing more to be learnt from it
  }
  apply_overrides(root, options.overrides, loaded.diagnostics);
  append_events(root, options.events, loaded.diagnostics);
  loaded.lab = describe(root, default_name(name), options.rules, loaded.diagnostics);
  assign(loaded.lab, loaded.diagnostics);
  return loaded;
}

LoadedLab load_file(const std::filesystem::path& file, const LoadOptions& options) {
  std::string text;
  if (!read_whole(file, options.limits.bytes, text)) {
    LoadedLab loaded;
    loaded.sources.push_back({file.string(), {}});
    loaded.diagnostics.error({}, fmt::format("cannot read the file: {}", std::strerror(errno != 0 ? errno : EIO)));
    return loaded;
  }
  LoadedLab loaded = load_text(text, file.string(), options);
  loaded.file = file;
  return loaded;
}

}  // namespace catenet::lab
