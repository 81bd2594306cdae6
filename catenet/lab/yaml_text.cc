// SPDX-License-Identifier: Apache-2.0
#include "catenet/lab/yaml_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace catenet::lab {

std::string yaml_text(std::string_view text) {
  const auto plain = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("-_./:+%").find(c) != std::string_view::npos;
  };
  const bool simple = !text.empty() && std::isalnum(static_cast<unsigned char>(text.front())) != 0 &&
                      std::all_of(text.begin(), text.end(), plain) && !text.ends_with(':') && text != "null" &&
                      text != "Null" && text != "NULL";
  if (simple) {
    return std::string(text);
  }
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
    }
    if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string flow_text(const YamlValue& value) {
  switch (value.kind) {
    case YamlValue::Kind::kNull:
      return "null";
    case YamlValue::Kind::kScalar:
      return yaml_text(value.text);
    case YamlValue::Kind::kList:
    case YamlValue::Kind::kMap:
      break;
  }
  std::string out;
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    out += i == 0 ? "" : ", ";
    out += value.is_map() ? yaml_text(value.keys[i].text) + ": " : "";
    out += flow_text(value.items[i]);
  }
  return value.is_map() ? "{" + out + "}" : "[" + out + "]";
}

}  // namespace catenet::lab
