// SPDX-License-Identifier: Apache-2.0
// The words a lab may use: kinds of nodes, stacks, built-in applications, TCP options, counters. One visible table
// each; adding a kind, an application or an option to Catenet adds one line here. Nothing registers itself.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace catenet::lab {

enum class NodeKind : std::uint8_t { kHost, kRouter, kSwitch };
enum class Stack : std::uint8_t { kCatenet, kLinux };
enum class Routing : std::uint8_t { kAuto, kManual, kEcmp };

/// The names of the enumerators, in their order.
std::span<const std::string_view> node_kind_names();
std::span<const std::string_view> stack_names();
std::span<const std::string_view> routing_names();
std::string_view name_of(NodeKind kind);
std::string_view name_of(Stack stack);
std::string_view name_of(Routing routing);
/// The index of `word` in `words`.
std::optional<std::size_t> find_word(std::span<const std::string_view> words, std::string_view word);

/// A built-in application: the first word of a `run:` line on a simulated node.
struct AppRule {
  std::string_view name;
  bool service;  ///< runs until the lab ends unless told otherwise
};
std::span<const AppRule> app_rules();
const AppRule* find_app(std::string_view name);
/// What an interface counts, as report.json spells it (drops.<reason> besides).
std::span<const std::string_view> interface_counters();
/// What a run as a whole counts: full subjects of expectations.
std::span<const std::string_view> run_facts();

/// A key of `tcp:`: what it takes and what it is when not given.
struct OptionRule {
  enum class Type : std::uint8_t { kFlag, kSize, kCount, kDuration, kWord };
  std::string_view name;
  Type type;
  std::string_view fallback;  ///< the default, as the user would write it
  std::uint64_t low = 0;      ///< of a size in bytes, of a count, of a duration in nanoseconds
  std::uint64_t high = 0;
  std::span<const std::string_view> words = {};  ///< what a word may be
};
std::span<const OptionRule> tcp_options();
/// The rule of an option that is in the table.
const OptionRule& tcp_option(std::string_view name);

}  // namespace catenet::lab
