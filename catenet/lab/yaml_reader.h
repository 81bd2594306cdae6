// SPDX-License-Identifier: Apache-2.0
// The door to yaml-cpp: text in, a plain tree of ours out, every value and key with its place. yaml-cpp's exceptions
// end here. Refused with a place: text that is not UTF-8, tabs used for indentation, control characters, duplicate
// keys, keys that are not plain words, tags, more than one document, and anything beyond the limits (size, depth,
// number of values with aliases expanded, so that an alias bomb is a small error).
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "catenet/lab/diagnostic.h"

namespace catenet::lab {

struct YamlKey;

/// One value of the document. A map keeps the order of the file: keys[i] belongs to items[i].
struct YamlValue {
  enum class Kind : unsigned char { kNull, kScalar, kList, kMap };
  Kind kind = Kind::kNull;
  Place place;
  std::string text;  ///< of a scalar
  std::vector<YamlKey> keys;
  std::vector<YamlValue> items;

  [[nodiscard]] bool is_null() const { return kind == Kind::kNull; }
  [[nodiscard]] bool is_scalar() const { return kind == Kind::kScalar; }
  [[nodiscard]] bool is_list() const { return kind == Kind::kList; }
  [[nodiscard]] bool is_map() const { return kind == Kind::kMap; }
  /// The value of a key of a map, or null; owned by this value.
  [[nodiscard]] const YamlValue* find(std::string_view key) const;
  [[nodiscard]] YamlValue* find(std::string_view key);
};

struct YamlKey {
  std::string text;
  Place place;
};

struct YamlLimits {
  std::size_t bytes = std::size_t{16} << 20;
  std::size_t values = 4'000'000;
  std::size_t aliased = 100'000;  ///< values that aliases stand for, together
  std::size_t depth = 64;
};

/// Parses one document. On any error the diagnostics say so and the tree is not to be used. Places get `source`, and
/// `origin` is added to them: {source, 3, 8} for a text that starts at the 8th column of line 3.
YamlValue read_yaml(std::string_view text, Diagnostics& diagnostics, const YamlLimits& limits = {},
                    Place origin = {Place::kFile, 1, 1});

}  // namespace catenet::lab
