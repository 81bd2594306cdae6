// SPDX-License-Identifier: Apache-2.0
#include "catenet/lab/word_reader.h"

#include <algorithm>

namespace catenet::lab {
namespace {
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n'; }
}  // namespace

WordReader::WordReader(std::string_view text, Place place) {
  const auto at = [&](std::size_t offset) {
    Place here = place;
    here.column += static_cast<std::uint32_t>(offset);
    return here;
  };
  std::size_t i = 0;
  while (i < text.size()) {
    if (is_blank(text[i])) {
      ++i;
      continue;
    }
    Word word{"", at(i)};
    if (text[i] == '"' || text[i] == '\'') {
      const std::size_t end = std::min(text.find(text[i], i + 1), text.size());
      word.text = text.substr(i + 1, end - i - 1);
      word.quoted = true;
      i = end + 1;
    } else {
      const std::size_t from = i;
      while (i < text.size() && !is_blank(text[i])) {
        ++i;
      }
      word.text = text.substr(from, i - from);
    }
    words_.push_back(std::move(word));
  }
  end_.place = at(text.size());
}

Word WordReader::take() {
  Word word = peek();
  next_ += at_end() ? 0 : 1;
  return word;
}

bool WordReader::skip(std::string_view word) {
  if (at_end() || words_[next_].quoted || words_[next_].text != word) {
    return false;
  }
  ++next_;
  return true;
}

}  // namespace catenet::lab
