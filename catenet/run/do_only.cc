// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <numeric>

#include "catenet/app/program.h"
#include "catenet/lab/describe.h"
#include "catenet/lab/spelling.h"
#include "catenet/run/runner.h"

namespace catenet::run {
namespace {

/// One word for the shell, whatever is in it.
std::string shell_word(const std::string& word) {
  if (word.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:@%+=,") ==
      std::string::npos) {
    return word;
  }
  std::string quoted = "'";
  for (const char c : word) {
    quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return quoted + "'";
}

/// What a person would type on Linux for our three words; other commands stay as they are.
std::string linux_command(const std::vector<std::string>& words, std::string_view original) {
  if (words.size() == 2 && words[0] == "ping") {
    return "ping -c 4 " + shell_word(words[1]);
  }
  if (words.size() == 2 && words[0] == "trace") {
    return "traceroute -n " + shell_word(words[1]);
  }
  if (words.size() == 2 && words[0] == "fetch") {
    return "curl -sS -o /dev/null -w '%{http_code} %{size_download} bytes in %{time_total} s\\n' " +
           shell_word(words[1]);
  }
  return std::string(original);
}

/// The program that `what` asks for, without its name and what it waits for.
std::expected<lab::Program, std::string> program_of(const lab::Description& lab, std::string_view what) {
  const std::size_t colon = what.find(": ");
  if (colon == std::string_view::npos) {
    return std::unexpected("--do wants 'NODE: COMMAND', for instance --do 'alice: ping bob'");
  }
  const std::string_view node_name = what.substr(0, colon);
  const std::string_view command = what.substr(colon + 2);
  lab::NearestWord nearest(node_name);
  lab::NodeIndex node = lab::kNoIndex;
  for (lab::NodeIndex i = 0; i < lab.nodes.size(); ++i) {
    nearest.offer(lab.nodes[i].name);
    node = lab.nodes[i].name == node_name ? i : node;
  }
  if (node == lab::kNoIndex) {
    return std::unexpected("--do: there is no node '" + std::string(node_name) + "' in the lab" + nearest.hint());
  }
  if (lab.nodes[node].is_switch()) {
    return std::unexpected("--do: " + std::string(node_name) + " is a switch, which runs no programs");
  }
  const auto words = lab::split_words(command);
  if (!words || words->empty()) {
    return std::unexpected("--do: no command, or an open quote, in '" + std::string(command) + "'");
  }
  lab::Program program;
  program.node = node;
  if (lab.nodes[node].is_linux()) {
    program.command = linux_command(*words, command);
  } else {
    const app::ProgramKind* kind = app::find_program(words->front());
    if (kind == nullptr) {
      lab::NearestWord word(words->front());
      for (const app::ProgramKind& k : app::program_kinds()) {
        word.offer(k.name);
      }
      return std::unexpected("--do: no built-in program '" + words->front() + "'" + word.hint());
    }
    if (const auto wrong = kind->check(*words)) {
      return std::unexpected("--do: " + *wrong);
    }
    program.command = command;
    program.words = *words;
  }
  return program;
}

/// As a Description has them: by node, then in order.
void sort_by_node(std::vector<lab::Program>& programs) {
  std::vector<lab::ProgramIndex> order(programs.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(),
                   [&](lab::ProgramIndex a, lab::ProgramIndex b) { return programs[a].node < programs[b].node; });
  std::vector<lab::ProgramIndex> now_at(programs.size());
  std::vector<lab::Program> sorted;
  for (const lab::ProgramIndex was_at : order) {
    now_at[was_at] = static_cast<lab::ProgramIndex>(sorted.size());
    sorted.push_back(std::move(programs[was_at]));
  }
  for (lab::Program& program : sorted) {
    for (lab::ProgramIndex& index : program.after) {
      index = now_at[index];
    }
  }
  programs = std::move(sorted);
}

}  // namespace

std::expected<void, std::string> do_only(lab::Description& lab, std::span<const std::string> commands) {
  std::vector<lab::Program> wanted;
  for (const std::string& command : commands) {
    auto program = program_of(lab, command);
    if (!program) {
      return std::unexpected(program.error());
    }
    wanted.push_back(std::move(*program));
  }
  for (const lab::Program& program : lab.programs) {
    if (*program.service && (program.name == "do" || program.name.starts_with("do-"))) {
      return std::unexpected("--do: the lab has a service named '" + program.name + "', a name that --do gives itself");
    }
  }
  std::erase_if(lab.programs, [](const lab::Program& p) { return !*p.service; });
  std::vector<lab::ProgramIndex> before;
  for (lab::ProgramIndex i = 0; i < lab.programs.size(); ++i) {
    lab.programs[i].after.clear();
    before.push_back(i);
  }
  for (lab::Program& program : wanted) {
    program.name = &program == &wanted.front() ? "do" : fmt::format("do-{}", &program - &wanted.front() + 1);
    program.after = std::move(before);
    before = {static_cast<lab::ProgramIndex>(lab.programs.size())};
    lab.programs.push_back(std::move(program));
  }
  sort_by_node(lab.programs);
  lab.expectations.clear();
  std::erase_if(lab.events, [&](const lab::Event& event) {  // what waits for a program that is gone will not happen
    return event.time.moment != lab::EventTime::Moment::kRun &&
           std::none_of(lab.programs.begin(), lab.programs.end(),
                        [&](const lab::Program& program) { return program.name == event.time.program; });
  });
  return {};
}

std::expected<void, std::string> do_at(lab::Description& lab, std::span<const std::string> commands, Duration at) {
  std::vector<lab::Program> wanted;
  std::size_t number = 0;
  for (const std::string& command : commands) {
    auto program = program_of(lab, command);
    if (!program) {
      return std::unexpected(program.error());
    }
    do {
      ++number;
      program->name = number == 1 ? "do" : fmt::format("do-{}", number);
    } while (std::any_of(lab.programs.begin(), lab.programs.end(),
                         [&](const lab::Program& other) { return other.name == program->name; }));
    program->at = {at, lab::Origin::kGiven};
    wanted.push_back(std::move(*program));
  }
  std::move(wanted.begin(), wanted.end(), std::back_inserter(lab.programs));
  sort_by_node(lab.programs);
  return {};
}

}  // namespace catenet::run
