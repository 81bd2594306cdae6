// SPDX-License-Identifier: Apache-2.0
// Reads one YAML map key by key and knows afterwards which keys nobody asked for: those are the user's slips, and the
// keys asked for are the right words to offer.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "catenet/lab/description.h"
#include "catenet/lab/diagnostic.h"
#include "catenet/lab/units.h"
#include "catenet/lab/yaml_reader.h"

namespace catenet::lab {

class MapReader {
 public:
  /// `what` names the map in messages ("node 'bob'"). A null value is an empty map; anything else not a map is an
  /// error.
  MapReader(const YamlValue& value, std::string what, Diagnostics& diagnostics, Origin origin = Origin::kGiven);

  /// The value of `key`, or null when it is absent. Every key the map may have must be asked for.
  const YamlValue* take(std::string_view key);
  /// take(), but a list or map there is an error and gives null.
  const YamlValue* take_scalar(std::string_view key);

  /// Reads a scalar with `parse` (text -> Parsed<T>) into `out` when the key is there. False when it is absent or
  /// wrong.
  template <typename T, typename Parse>
  bool read(std::string_view key, Setting<T>& out, Parse parse) {
    const YamlValue* value = take_scalar(key);
    if (value == nullptr) {
      return false;
    }
    auto parsed = parse(value->text);
    if (!parsed) {
      diagnostics_.error(value->place, std::string(key) + ": " + parsed.error());
      return false;
    }
    out.value = std::move(*parsed);
    out.origin = origin_;
    return true;
  }

  /// Reports the keys nobody took.
  void finish();

  [[nodiscard]] Diagnostics& diagnostics() const { return diagnostics_; }
  [[nodiscard]] const std::string& what() const { return what_; }
  [[nodiscard]] Origin origin() const { return origin_; }

 private:
  const YamlValue& value_;
  std::string what_;
  Diagnostics& diagnostics_;
  Origin origin_;
  std::vector<std::string_view> asked_;
};

/// The scalars of a list, or the one scalar there is instead of a list; anything else is an error.
std::vector<const YamlValue*> scalars_of(const YamlValue& value, std::string_view what, Diagnostics& diagnostics);

}  // namespace catenet::lab
