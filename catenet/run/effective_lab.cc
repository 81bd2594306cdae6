// SPDX-License-Identifier: Apache-2.0
#include "catenet/run/effective_lab.h"

#include <fstream>

#include "catenet/lab/explain.h"

namespace catenet::run {
namespace {

constexpr std::string_view kHead =
    "# The complete lab of the run in this folder. `catenet run` of this file is the same run again.\n";

/// `folder` as seen from `from`, both made canonical first: symbolic links on the way would make ".." something else.
std::filesystem::path seen_from(const std::filesystem::path& folder, const std::filesystem::path& from) {
  std::error_code error;
  const auto relative = std::filesystem::relative(folder, from, error);
  return error || relative.empty() ? std::filesystem::absolute(folder, error) : relative;
}

}  // namespace

std::string effective_lab(const lab::Description& lab, const std::filesystem::path& lab_folder,
                          const std::filesystem::path& out) {
  if (!lab.needs_real_time()) {  // simulated programs know no folders
    return std::string(kHead) + lab::explain(lab, lab::Origins::hidden);
  }
  lab::Description moved = lab;
  const std::filesystem::path base = lab_folder.empty() ? "." : lab_folder;
  for (lab::Program& program : moved.programs) {
    if (lab.nodes[program.node].is_linux() && std::filesystem::path(program.cwd).is_relative()) {
      program.cwd = seen_from(base / program.cwd, out.empty() ? "." : out).string();
    }
  }
  return std::string(kHead) + lab::explain(moved, lab::Origins::hidden);
}

std::expected<void, std::string> write_effective_lab(const lab::Description& lab,
                                                     const std::filesystem::path& lab_folder,
                                                     const std::filesystem::path& out) {
  const std::filesystem::path path = out / "lab.yaml";
  if (std::ifstream old(path, std::ios::binary); old) {
    std::string head(kHead.size(), 0);
    old.read(head.data(), static_cast<std::streamsize>(head.size()));
    if (old.gcount() > 0 && head != kHead) {
      return std::unexpected(path.string() +
                             " is there and no run has written it: it would be lost; choose another --out");
    }
  }
  std::ofstream file(path, std::ios::binary);
  file << effective_lab(lab, lab_folder, out);
  file.close();
  if (!file) {
    return std::unexpected("cannot write " + path.string());
  }
  return {};
}

}  // namespace catenet::run
