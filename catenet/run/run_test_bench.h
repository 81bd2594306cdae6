// SPDX-License-Identifier: Apache-2.0
// For tests of run/: labs written as text, run into a folder of their own, and what came of them.
#pragma once
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "catenet/lab/loader.h"
#include "catenet/run/runner.h"

namespace catenet::run {

inline lab::Description load(std::string_view text) {
  lab::LoadedLab loaded = lab::load_text(text, "t.yaml");
  EXPECT_TRUE(loaded.ok()) << loaded.errors();
  return std::move(loaded.lab);
}

/// An empty folder that goes with the object.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "catenet-run-XXXXXX").string();
    check(::mkdtemp(name.data()) != nullptr, "no folder for a test");
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::string read(std::string_view name) const {
    std::ifstream file(path_ / name, std::ios::binary);
    EXPECT_TRUE(file.good()) << name;
    return {std::istreambuf_iterator<char>(file), {}};
  }
  /// The lines of a .jsonl file.
  [[nodiscard]] std::vector<Json> read_lines(std::string_view name) const {
    std::vector<Json> lines;
    std::istringstream text(read(name));
    for (std::string line; std::getline(text, line);) {
      lines.push_back(Json::parse(line));
    }
    return lines;
  }
  /// Names of the files in it, folders left out, in alphabetical order.
  [[nodiscard]] std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path_)) {
      if (entry.is_regular_file()) {
        names.push_back(std::filesystem::relative(entry.path(), path_).string());
      }
    }
    std::sort(names.begin(), names.end());
    return names;
  }

 private:
  std::filesystem::path path_;
};

struct Notebook final : Console {
  void story(std::string_view line) override { lines.emplace_back(line); }
  void progress(Instant, Instant, std::uint64_t) override {}
  void text(std::string_view text) override { texts += text; }
  std::vector<std::string> lines;
  std::string texts;
};

/// A lab that has run: its folder, what was told, its result.
struct Ran {
  explicit Ran(std::string_view text, RunOptions with = {}) : Ran(load(text), std::move(with)) {}
  explicit Ran(lab::Description description, RunOptions with = {})
      : lab(std::move(description)), options(std::move(with)) {
    if (options.out.empty()) {
      options.out = folder.path();
    }
    auto ran = run_lab(lab, options, console);
    if (ran) {
      result = std::move(*ran);
    } else {
      failure = ran.error();
      failed_to_run = true;
    }
  }
  [[nodiscard]] const Json& report() const { return result.report; }
  [[nodiscard]] const std::string& status() const { return result.outcome.status; }
  [[nodiscard]] Json program(std::string_view name) const {
    for (const Json& row : report()["programs"]) {
      if (row["name"] == name) {
        return row;
      }
    }
    ADD_FAILURE() << "no program " << name;
    return {};
  }
  lab::Description lab;
  RunOptions options;
  Folder folder;
  Notebook console;
  RunResult result;
  RunFailure failure;
  bool failed_to_run = false;
};

/// a -- gw -- c, the second link slow.
inline constexpr std::string_view kThreeNodes = R"(
lab: three
until: 5s
nodes:
  a: {kind: host, run: [{run: ping c count=2 interval=100ms, name: p}, {run: echo c, name: e, after: es}]}
  gw: router
  c: {kind: host, run: [{run: echo-server, name: es}]}
links: ["a -- gw", {"gw -- c": {delay: 2ms}}]
)";

}  // namespace catenet::run
