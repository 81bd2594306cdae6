// SPDX-License-Identifier: Apache-2.0
// `run:` of the nodes: names, start conditions, and the order in which programs wait for each other.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "catenet/lab/describe_parts.h"
#include "catenet/lab/spelling.h"

namespace catenet::lab {
namespace {

/// First parts of an expectation's subject that are not programs.
constexpr std::array<std::string_view, 4> kReserved = {"drops", "flows", "nodes", "sim"};

Parsed<Ready> parse_ready(std::string_view text) {
  const bool tcp = text.starts_with("tcp:");
  if (!tcp && !text.starts_with("udp:")) {
    return std::unexpected(fmt::format("{} is not a port to wait for; expected tcp:80 or udp:53", in_quotes(text)));
  }
  const auto port = parse_integer(text.substr(4), 1, 65'535);
  if (!port) {
    return std::unexpected(port.error());
  }
  return Ready{tcp, static_cast<std::uint16_t>(*port)};
}

Parsed<std::optional<int>> parse_exit(std::string_view text) {
  if (text == "any") {
    return std::optional<int>();
  }
  const auto code = parse_integer(text, 0, 255);
  if (!code) {
    return std::unexpected(code.error() + " or any");
  }
  return std::optional<int>(static_cast<int>(*code));
}

Parsed<std::string> parse_program_name(std::string_view text) {
  auto name = parse_name(text);
  if (name && std::find(kReserved.begin(), kReserved.end(), text) != kReserved.end()) {
    return std::unexpected(fmt::format("{} has a meaning of its own in expectations", in_quotes(text)));
  }
  return name;
}

Parsed<std::string> parse_output_file(std::string_view text) {
  if (text.empty() || text.starts_with('/') || text.find("..") != std::string_view::npos) {
    return std::unexpected(
        fmt::format("{} is outside the output folder; expected a name such as page.html", in_quotes(text)));
  }
  return std::string(text);
}

Parsed<std::string> parse_any(std::string_view text) { return std::string(text); }

void read_env(MapReader& reader, Program& program) {
  const YamlValue* env = reader.take("env");
  if (env == nullptr) {
    return;
  }
  if (!env->is_map()) {
    reader.diagnostics().error(env->place, "env: expected a map such as {LANG: C}");
    return;
  }
  for (std::size_t i = 0; i < env->keys.size(); ++i) {
    const std::string& key = env->keys[i].text;
    if (key.empty() || key.find('=') != std::string::npos || env->items[i].is_list() || env->items[i].is_map()) {
      reader.diagnostics().error(env->keys[i].place, fmt::format("env: {} is not NAME: value", in_quotes(key)));
      continue;
    }
    program.env.emplace_back(key, env->items[i].text);
  }
}

/// A simulated node runs the applications Catenet has; the shell is for linux nodes.
void check_app(Program& program, Place place, DescribeState& state) {
  auto words = split_words(program.command);
  if (!words) {
    state.diagnostics.error(place, "run: " + words.error());
    return;
  }
  program.words = std::move(*words);
  if (program.words.empty()) {
    return;
  }
  const AppRule* app = find_app(program.words[0]);
  if (app == nullptr) {
    std::vector<std::string_view> names;
    for (const AppRule& rule : app_rules()) {
      names.push_back(rule.name);
    }
    state.diagnostics.error(
        place, fmt::format("run: unknown application {}; expected {} (other programs need stack: "
                           "linux){}",
                           in_quotes(program.words[0]), join_or(names), did_you_mean(program.words[0], names)));
    return;
  }
  if (!program.service.is_set()) {
    program.service.value = app->service;
  }
  if (state.rules.app_check != nullptr) {
    if (const auto wrong = state.rules.app_check->check(program.words)) {
      state.diagnostics.error(place, fmt::format("run: {}: {}", app->name, *wrong));
    }
  }
}

void read_program_map(const YamlValue& value, Program& program, DescribeState& state, ProgramIndex index,
                      std::vector<AfterName>& afters, Place& command_place) {
  MapReader reader(value, fmt::format("a program of node {}", in_quotes(state.lab.nodes[program.node].name)),
                   state.diagnostics);
  const YamlValue* run = reader.take_scalar("run");
  if (run == nullptr) {
    state.diagnostics.error(value.place, "a program without run:; expected {run: COMMAND, ...}");
  } else {
    program.command = run->text;
    command_place = run->place;
  }
  Setting<std::string> text;
  if (reader.read("name", text, parse_program_name)) {
    program.name = text.value;
    program.named = true;
  }
  reader.read("at", program.at, parse_duration);
  if (const YamlValue* after = reader.take("after"); after != nullptr) {
    for (const YamlValue* name : scalars_of(*after, "after", state.diagnostics)) {
      afters.push_back({index, name});
    }
  }
  reader.read("service", program.service, parse_flag);
  Setting<Ready> ready;
  if (reader.read("ready", ready, parse_ready)) {
    program.ready = *ready;
  }
  read_env(reader, program);
  if (reader.read("cwd", text, parse_any)) {
    program.cwd = text.value;
  }
  if (reader.read("stdout", text, parse_output_file)) {
    program.stdout_file = text.value;
  }
  reader.read("exit", program.exit, parse_exit);
  reader.finish();
}

void read_program(const YamlValue& value, NodeIndex node, DescribeState& state, std::vector<AfterName>& afters) {
  Program program;
  program.node = node;
  program.place = value.place;
  Place command_place = value.place;
  if (value.is_scalar()) {
    program.command = value.text;
  } else if (value.is_map()) {
    read_program_map(value, program, state, static_cast<ProgramIndex>(state.lab.programs.size()), afters,
                     command_place);
  } else {
    state.diagnostics.error(value.place, "run: expected a command or a map such as {run: COMMAND, name: NAME}");
  }
  if (program.command.find_first_not_of(" \t\n") == std::string::npos) {
    if (value.is_scalar() || (value.is_map() && value.find("run") != nullptr)) {
      state.diagnostics.error(command_place, "run: the command is empty");
    }
  } else if (!state.lab.nodes[node].is_linux()) {
    check_app(program, command_place, state);
  }
  if (program.ready && !*program.service) {
    state.diagnostics.error(value.place, "ready: only a service is waited for; expected service: true beside it");
  }
  state.lab.programs.push_back(std::move(program));
}

/// "python3" from "/usr/bin/python3 -m http.server", fit to be a name.
std::string name_from(std::string_view command) {
  const std::size_t from = std::min(command.find_first_not_of(" \t\n"), command.size());
  std::string_view word = command.substr(from, command.find_first_of(" \t\n", from) - from);
  word.remove_prefix(word.rfind('/') == std::string_view::npos ? 0 : word.rfind('/') + 1);
  std::string name;
  for (const char c : word.substr(0, 40)) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
    if (plain || (!name.empty() && name.back() != '-')) {
      name += plain ? c : '-';
    }
  }
  while (name.ends_with('-')) {
    name.pop_back();
  }
  return parse_program_name(name) ? name : "program";
}

NameTable name_programs(DescribeState& state) {
  NameTable names;
  std::vector<Program>& programs = state.lab.programs;
  for (std::size_t i = 0; i < programs.size(); ++i) {
    if (!programs[i].named) {
      continue;
    }
    const auto [it, added] = names.try_emplace(programs[i].name, static_cast<std::uint32_t>(i));
    if (!added) {
      state.diagnostics.error(programs[i].place,
                              fmt::format("duplicate program name {}; it is already in line {}",
                                          in_quotes(programs[i].name), programs[it->second].place.line));
    }
  }
  std::map<std::string, int> used;  // how many programs got this name without asking, so that counting is not repeated
  for (std::size_t i = 0; i < programs.size(); ++i) {
    if (programs[i].named) {
      continue;
    }
    const std::string base = name_from(programs[i].command);
    int& number = used[base];
    do {
      ++number;
      programs[i].name = number == 1 ? base : fmt::format("{}-{}", base, number);
    } while (!names.try_emplace(programs[i].name, static_cast<std::uint32_t>(i)).second);
  }
  return names;
}

/// Removes programs that wait for nothing until none is left; what stays waits for itself.
void refuse_cycles(DescribeState& state) {
  std::vector<Program>& programs = state.lab.programs;
  std::vector<std::size_t> waits(programs.size());
  std::vector<std::vector<ProgramIndex>> waiting(programs.size());
  std::vector<ProgramIndex> free;
  for (std::size_t i = 0; i < programs.size(); ++i) {
    waits[i] = programs[i].after.size();
    for (const ProgramIndex first : programs[i].after) {
      waiting[first].push_back(static_cast<ProgramIndex>(i));
    }
    if (waits[i] == 0) {
      free.push_back(static_cast<ProgramIndex>(i));
    }
  }
  while (!free.empty()) {
    const ProgramIndex done = free.back();
    free.pop_back();
    for (const ProgramIndex next : waiting[done]) {
      if (--waits[next] == 0) {
        free.push_back(next);
      }
    }
  }
  // Follow what each stuck program waits for until one comes twice: that is a circle; those hanging on it are not.
  std::vector<std::size_t> seen(programs.size(), 0);
  for (std::size_t start = 0; start < programs.size(); ++start) {
    if (waits[start] == 0 || seen[start] != 0) {
      continue;
    }
    ProgramIndex at = static_cast<ProgramIndex>(start);
    while (seen[at] == 0) {
      seen[at] = start + 1;
      at = *std::find_if(programs[at].after.begin(), programs[at].after.end(),
                         [&](ProgramIndex p) { return waits[p] != 0; });
    }
    if (seen[at] != start + 1) {
      continue;
    }
    std::string circle = programs[at].name;
    ProgramIndex step = at;
    std::size_t shown = 0;
    do {
      step = *std::find_if(programs[step].after.begin(), programs[step].after.end(),
                           [&](ProgramIndex p) { return waits[p] != 0; });
      if (++shown <= 8) {
        circle += " after " + programs[step].name;
      }
    } while (step != at);
    state.diagnostics.error(programs[at].place, fmt::format("programs wait for each other: {}", circle));
  }
}

/// What must follow an interface in "nodes.NODE.interfaces.IF.": a counter or drops.REASON.
void check_counter(std::string_view counter, const Expectation& expectation, DescribeState& state) {
  const auto counters = interface_counters();
  if (counter.starts_with("drops.") || find_word(counters, counter)) {
    return;
  }
  state.diagnostics.error(expectation.place,
                          fmt::format("unknown counter {}; expected {}, or drops.REASON{}", in_quotes(counter),
                                      join_or(counters), did_you_mean(counter, counters)));
}

void check_reason(std::string_view reason, const Expectation& expectation, DescribeState& state) {
  const auto reasons = state.rules.drop_reasons;
  if (reasons.empty() || reason == "total" || find_word(reasons, reason)) {
    return;
  }
  std::vector<std::string_view> words = {"total"};
  words.insert(words.end(), reasons.begin(), reasons.end());
  state.diagnostics.error(expectation.place,
                          fmt::format("unknown drop reason {}; expected {}{}", in_quotes(reason),
                                      words.size() > 12 ? "a reason as report.json names it" : join_or(words),
                                      did_you_mean(reason, words)));
}

/// "nodes.gw1.interfaces.gw2.tx_packets"
void check_node_subject(std::string_view rest, const Expectation& expectation, DescribeState& state) {
  const auto cut = [&rest] {
    const std::size_t dot = rest.find('.');
    const std::string_view part = rest.substr(0, dot);
    rest = dot == std::string_view::npos ? std::string_view() : rest.substr(dot + 1);
    return part;
  };
  const auto error = [&](std::string message) { state.diagnostics.error(expectation.place, std::move(message)); };
  const std::string_view node_name = cut();
  const auto node = state.nodes.find(node_name);
  if (node == state.nodes.end()) {
    error(fmt::format("unknown node {} in {}{}", in_quotes(node_name), in_quotes(expectation.subject),
                      did_you_mean(node_name, state.nodes)));
    return;
  }
  if (const std::string_view word = cut(); word != "interfaces") {
    error(fmt::format("expected nodes.{}.interfaces.INTERFACE.COUNTER, got {}", node_name,
                      in_quotes(expectation.subject)));
    return;
  }
  const std::string_view interface_name = cut();
  const auto& interfaces = state.lab.nodes[node->second].interfaces;
  NearestWord nearest(interface_name);
  const bool found = std::any_of(interfaces.begin(), interfaces.end(), [&](const Interface& interface) {
    nearest.offer(interface.name);
    return interface.name == interface_name || interface.peer_name == interface_name;
  });
  if (!found) {
    error(
        fmt::format("node {} has no interface {}{}", in_quotes(node_name), in_quotes(interface_name), nearest.hint()));
    return;
  }
  check_counter(rest, expectation, state);
  if (rest.starts_with("drops.")) {
    check_reason(rest.substr(6), expectation, state);
  }
}

void check_subject(const Expectation& expectation, const NameTable& programs, DescribeState& state) {
  const std::string_view subject = expectation.subject;
  const std::size_t dot = subject.find('.');
  const std::string_view root = subject.substr(0, dot);
  const std::string_view rest = dot == std::string_view::npos ? std::string_view() : subject.substr(dot + 1);
  const auto error = [&](std::string message) { state.diagnostics.error(expectation.place, std::move(message)); };
  const bool reserved = std::find(kReserved.begin(), kReserved.end(), root) != kReserved.end();
  if (!reserved && !programs.contains(root)) {
    NearestWord nearest(root);
    for (const auto& [name, index] : programs) {
      nearest.offer(name);
    }
    for (const auto word : kReserved) {
      nearest.offer(word);
    }
    error(fmt::format("unknown program {} in {}; expected the name of a program, drops, flows, nodes or sim{}",
                      in_quotes(root), in_quotes(subject), nearest.hint()));
  } else if (rest.empty()) {
    error(fmt::format("{} says nothing about {}; expected for example {}", in_quotes(subject), root,
                      reserved ? "drops.ttl-expired" : fmt::format("{}.exit", root)));
  } else if (root == "drops") {
    check_reason(rest, expectation, state);
  } else if (root == "nodes") {
    check_node_subject(rest, expectation, state);
  } else if (reserved) {
    if (!find_word(run_facts(), subject)) {
      error(fmt::format("a run has no {}; expected {}{}", in_quotes(subject), join_or(run_facts()),
                        did_you_mean(subject, run_facts())));
    }
  } else if (!state.rules.program_facts.empty() && !find_word(state.rules.program_facts, rest)) {
    error(fmt::format("a program has no {}; expected {}{}", in_quotes(rest), join_or(state.rules.program_facts),
                      did_you_mean(rest, state.rules.program_facts)));
  }
}

}  // namespace

void read_programs(const YamlValue& run, NodeIndex node, DescribeState& state, std::vector<AfterName>& afters) {
  if (!run.is_list()) {
    read_program(run, node, state, afters);
    return;
  }
  for (const YamlValue& item : run.items) {
    read_program(item, node, state, afters);
  }
}

void finish_programs(const std::vector<AfterName>& afters, DescribeState& state) {
  const NameTable names = name_programs(state);
  for (const AfterName& after : afters) {
    const auto it = names.find(after.name->text);
    if (it == names.end()) {
      state.diagnostics.error(after.name->place, fmt::format("after: unknown program {}{}", in_quotes(after.name->text),
                                                             did_you_mean(after.name->text, names)));
      continue;
    }
    std::vector<ProgramIndex>& list = state.lab.programs[after.program].after;
    if (std::find(list.begin(), list.end(), it->second) == list.end()) {
      list.push_back(it->second);
    }
  }
  refuse_cycles(state);
}

void read_expectations(const YamlValue& expect, DescribeState& state) {
  NameTable programs;
  for (std::size_t i = 0; i < state.lab.programs.size(); ++i) {
    programs.try_emplace(state.lab.programs[i].name, static_cast<std::uint32_t>(i));
  }
  for (const YamlValue* item : scalars_of(expect, "expect", state.diagnostics)) {
    auto expectation = parse_expectation(item->text);
    if (!expectation) {
      state.diagnostics.error(item->place, "expect: " + expectation.error());
      continue;
    }
    expectation->place = item->place;
    check_subject(*expectation, programs, state);
    state.lab.expectations.push_back(std::move(*expectation));
  }
}

}  // namespace catenet::lab
