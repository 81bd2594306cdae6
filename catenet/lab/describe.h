// SPDX-License-Identifier: Apache-2.0
// YAML tree -> Description: keys, types, units, names. What needs the whole network (addresses, routes) is done
// afterwards by assign() in addressing.h. Every mistake is added to the diagnostics; reading goes on behind it.
#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "catenet/lab/description.h"
#include "catenet/lab/yaml_reader.h"

namespace catenet::lab {

/// Checks the arguments of a built-in application; the builder has one, tests have their own.
class AppCheck {
 public:
  virtual ~AppCheck() = default;
  /// What is wrong with `words` (the application's name first), or nothing.
  [[nodiscard]] virtual std::optional<std::string> check(std::span<const std::string> words) const = 0;
};

/// What a lab is held against besides its own format. Empty lists are not checked.
struct Rules {
  std::span<const std::string_view> drop_reasons;   ///< for expectations on drops
  std::span<const std::string_view> program_facts;  ///< what may follow "PROGRAM." in an expectation
  const AppCheck* app_check = nullptr;              ///< not owned
  std::size_t max_nodes = 1'000'000;
};

/// `default_name` is used when the lab has no `lab:` key.
Description describe(const YamlValue& root, std::string_view default_name, const Rules& rules,
                     Diagnostics& diagnostics);

/// Words of a command line: separated by spaces, "..." and '...' keep spaces. An error for an open quote.
Parsed<std::vector<std::string>> split_words(std::string_view command);

}  // namespace catenet::lab
