// SPDX-License-Identifier: Apache-2.0
#include "catenet/lab/map_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "catenet/lab/spelling.h"

namespace catenet::lab {

MapReader::MapReader(const YamlValue& value, std::string what, Diagnostics& diagnostics, Origin origin)
    : value_(value), what_(std::move(what)), diagnostics_(diagnostics), origin_(origin) {
  if (!value.is_map() && !value.is_null()) {
    diagnostics_.error(value.place, fmt::format("{}: expected a map of keys and values, got {}", what_,
                                                value.is_list() ? "a list" : in_quotes(value.text)));
  }
}

const YamlValue* MapReader::take(std::string_view key) {
  if (std::find(asked_.begin(), asked_.end(), key) == asked_.end()) {
    asked_.push_back(key);
  }
  return value_.is_map() ? value_.find(key) : nullptr;
}

const YamlValue* MapReader::take_scalar(std::string_view key) {
  const YamlValue* value = take(key);
  if (value == nullptr || value->is_scalar()) {
    return value;
  }
  diagnostics_.error(value->place, fmt::format("{}: expected one value, got {}", key,
                                               value->is_null()   ? "nothing"
                                               : value->is_list() ? "a list"
                                                                  : "a map"));
  return nullptr;
}

void MapReader::finish() {
  if (!value_.is_map()) {
    return;
  }
  for (const YamlKey& key : value_.keys) {
    if (std::find(asked_.begin(), asked_.end(), key.text) == asked_.end()) {
      diagnostics_.error(key.place, fmt::format("unknown key {} in {}; expected {}{}", in_quotes(key.text), what_,
                                                join_or(asked_), did_you_mean(key.text, asked_)));
    }
  }
}

std::vector<const YamlValue*> scalars_of(const YamlValue& value, std::string_view what, Diagnostics& diagnostics) {
  std::vector<const YamlValue*> out;
  const auto add = [&](const YamlValue& item) {
    if (item.is_scalar()) {
      out.push_back(&item);
    } else {
      diagnostics.error(item.place, fmt::format("{}: expected a word, got {}", what,
                                                item.is_null()   ? "nothing"
                                                : item.is_list() ? "a list"
                                                                 : "a map"));
    }
  };
  if (value.is_list()) {
    for (const YamlValue& item : value.items) {
      add(item);
    }
  } else {
    add(value);
  }
  return out;
}

}  // namespace catenet::lab
