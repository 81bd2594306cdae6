// SPDX-License-Identifier: Apache-2.0
// Characters and blanks of ASCII texts: what the parsers of words, headers and addresses share. Locale-free.
#pragma once
#include <string_view>

namespace catenet {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// A letter, a digit or an underscore.
constexpr bool is_word(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

/// The value of one hexadecimal digit, or -1.
constexpr int hex_digit(char c) {
  if (is_digit(c)) {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// Without the spaces and tabs around it.
constexpr std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t";
  const auto from = text.find_first_not_of(kBlanks);
  return from == std::string_view::npos ? std::string_view()
                                        : text.substr(from, text.find_last_not_of(kBlanks) + 1 - from);
}

}  // namespace catenet
