// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "catenet/packetdrill/parser.h"
#include "catenet/packetdrill/runner.h"
#include "cli/commands.h"

namespace catenet::cli {
namespace {

using packetdrill::Outcome;

struct Result {
  std::string file;
  Outcome outcome;
};

std::string_view word(Outcome::Status status) {
  switch (status) {
    case Outcome::Status::passed:
      return "passed";
    case Outcome::Status::skipped:
      return "skipped";
    case Outcome::Status::failed:
    case Outcome::Status::broken:
      return "failed";
  }
  return "failed";
}

// Every script that the arguments name, in order; folders by the names below them.
bool find_scripts(const std::vector<std::string>& arguments, std::vector<std::string>& out) {
  for (const std::string& argument : arguments) {
    std::error_code error;
    if (!std::filesystem::is_directory(argument, error)) {
      out.push_back(argument);
      continue;
    }
    std::vector<std::string> found;
    for (std::filesystem::recursive_directory_iterator at(argument, error), end; !error && at != end;
         at.increment(error)) {
      if (at->path().extension() == ".pkt") {
        found.push_back(at->path().string());
      }
    }
    if (error) {
      print_error(fmt::format("{}: {}", argument, error.message()));
      return false;
    }
    std::ranges::sort(found);
    out.insert(out.end(), found.begin(), found.end());
  }
  return true;
}

std::optional<std::string> read_file(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text(packetdrill::kMaxScriptBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad() || (in.fail() && !in.eof())) {
    return std::nullopt;
  }
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

void print(const Result& result, bool quiet) {
  const Outcome& o = result.outcome;
  const std::string place = o.line == 0 ? result.file : fmt::format("{}:{}", result.file, o.line);
  switch (o.status) {
    case Outcome::Status::passed:
      if (!quiet) {
        fmt::print("{}: passed\n", place);
      }
      return;
    case Outcome::Status::skipped:
      if (!quiet) {
        fmt::print("{}: skipped: {}\n", place, o.reason);
      }
      return;
    case Outcome::Status::broken:
      fmt::print("{}: failed: not a script: {}\n", place, o.reason);
      return;
    case Outcome::Status::failed:
      fmt::print("{}: failed: {}\n", place, o.reason);
      if (!o.expected.empty()) {
        fmt::print("  expected: {}\n  got:      {}\n", o.expected, o.got);
      }
  }
}

nlohmann::ordered_json to_json(const Result& result) {
  nlohmann::ordered_json out = {{"file", result.file}, {"status", word(result.outcome.status)}};
  if (result.outcome.status != Outcome::Status::passed) {
    out["line"] = result.outcome.line;
    out["reason"] = result.outcome.reason;
  }
  if (!result.outcome.expected.empty()) {
    out["expected"] = result.outcome.expected;
    out["got"] = result.outcome.got;
  }
  return out;
}

}  // namespace

int packetdrill_command(const PacketdrillArguments& arguments) {
  std::vector<std::string> files;
  if (!find_scripts(arguments.files, files)) {
    return kUsage;
  }
  const packetdrill::RunOptions options{.linux_profile = arguments.profile == "linux",
                                        .tolerance = Duration::microseconds(arguments.tolerance),
                                        .ip_version = packetdrill::ip_version_named(arguments.ip_version),
                                        .mtu = arguments.mtu};
  std::array<std::size_t, 3> counts{};
  auto list = nlohmann::ordered_json::array();
  int exit = kFine;
  for (const std::string& file : files) {
    const auto text = read_file(file);
    if (!text) {
      print_error(fmt::format("{}: cannot be read", file));
      return kUsage;
    }
    const Result result{file, packetdrill::run_text(*text, options)};
    const Outcome::Status status = result.outcome.status;
    ++counts[status == Outcome::Status::passed ? 0 : status == Outcome::Status::skipped ? 2 : 1];
    if (status == Outcome::Status::failed) {
      exit = std::max<int>(exit, kFailed);
    } else if (status == Outcome::Status::broken) {
      exit = kUsage;
    }
    if (arguments.json) {
      list.push_back(to_json(result));
    } else {
      print(result, arguments.quiet);
    }
  }
  if (arguments.json) {
    const nlohmann::ordered_json out = {
        {"passed", counts[0]}, {"failed", counts[1]}, {"skipped", counts[2]}, {"scripts", std::move(list)}};
    fmt::print("{}\n", out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  } else {
    fmt::print("{} passed, {} failed, {} skipped\n", counts[0], counts[1], counts[2]);
  }
  return exit;
}

}  // namespace catenet::cli
