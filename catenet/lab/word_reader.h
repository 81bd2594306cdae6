// SPDX-License-Identifier: Apache-2.0
// Reads a short sentence word by word ("link gw1--gw2 loss=10% jitter=5ms"), so that what is wrong with it can be said
// at the word. Words are separated by blanks; "..." and '...' are one word, without the quotes.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "catenet/lab/diagnostic.h"

namespace catenet::lab {

struct Word {
  std::string text;
  Place place;
  bool quoted = false;
};

class WordReader {
 public:
  /// `place` is that of the first character. A quote that is never closed goes on to the end.
  WordReader(std::string_view text, Place place);

  [[nodiscard]] bool at_end() const { return next_ == words_.size(); }
  /// The next word without taking it; an empty one at the end, placed behind the last.
  [[nodiscard]] const Word& peek() const { return at_end() ? end_ : words_[next_]; }
  /// The word after the next.
  [[nodiscard]] const Word& peek_second() const { return next_ + 1 < words_.size() ? words_[next_ + 1] : end_; }
  Word take();
  /// Takes the next word if it is this one, not in quotes.
  bool skip(std::string_view word);

 private:
  std::vector<Word> words_;
  Word end_;
  std::size_t next_ = 0;
};

}  // namespace catenet::lab
