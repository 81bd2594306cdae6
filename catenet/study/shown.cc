// SPDX-License-Identifier: Apache-2.0
#include "catenet/study/shown.h"

#include "catenet/lab/diagnostic.h"

namespace catenet::study {
namespace {

/// Walking JSON is a function in itself: what is too deep must not be parsed.
bool is_too_deep(std::string_view text) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      i += c == '\\' ? 1 : 0;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kDeepest) {
        return true;
      }
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return false;
}

}  // namespace

std::string shown(std::string_view text, std::size_t most) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = lab::utf8_length(text);
    const auto first = static_cast<unsigned char>(text.front());
    // U+0080 to U+009F are control characters, too.
    const bool control =
        first < 0x20 || first == 0x7f || (length == 2 && first == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0);
    const std::string_view piece = length == 0 || control ? "?" : text.substr(0, length);
    if (out.size() + piece.size() > most) {
      return out + "...";
    }
    out += piece;
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

run::Json parse_json(std::string_view text) {
  return is_too_deep(text) ? run::Json(run::Json::value_t::discarded) : run::Json::parse(text, nullptr, false);
}

}  // namespace catenet::study
