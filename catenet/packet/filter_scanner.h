// SPDX-License-Identifier: Apache-2.0
// The tokens of a filter expression. Private to filter_expression.cc.
#pragma once
#include <string_view>
#include <vector>

namespace catenet {

/// A word (name, number, address), or a sign: ( ) [ ] : & | = == != < <= > >= ! && ||. Of text "" at the end.
struct FilterToken {
  std::string_view text;
  std::size_t offset = 0;
  bool is_word = false;
};

/// The last token is the empty one at the end. A character that belongs to nothing is a token of its own.
[[nodiscard]] std::vector<FilterToken> scan_filter(std::string_view expression);

}  // namespace catenet
