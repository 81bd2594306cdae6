// SPDX-License-Identifier: Apache-2.0
#include "catenet/packet/filter_scanner.h"

#include <algorithm>
#include <array>

#include "catenet/base/text.h"

namespace catenet {

std::vector<FilterToken> scan_filter(std::string_view expression) {
  constexpr std::array<std::string_view, 6> kTwo = {"==", "!=", "<=", ">=", "&&", "||"};
  std::vector<FilterToken> tokens;
  bool in_brackets = false;  // there a colon is a sign; elsewhere it is a part of an address
  std::size_t i = 0;
  while (i < expression.size()) {
    const char c = expression[i];
    if (c == ' ' || c == '\t' || c == '\n') {
      ++i;
      continue;
    }
    const auto belongs = [&](char d) {
      return is_word(d) || d == '.' || d == '-' || d == '/' || d == '#' || (d == ':' && !in_brackets);
    };
    std::size_t length = 0;
    while (i + length < expression.size() && belongs(expression[i + length])) {
      ++length;
    }
    const bool word = length > 0;
    if (!word) {
      const bool two = std::find(kTwo.begin(), kTwo.end(), expression.substr(i, 2)) != kTwo.end();
      length = two ? 2 : 1;
      in_brackets = c == '[' || (in_brackets && c != ']');
    }
    tokens.push_back({expression.substr(i, length), i, word});
    i += length;
  }
  tokens.push_back({{}, expression.size(), false});
  return tokens;
}

}  // namespace catenet
