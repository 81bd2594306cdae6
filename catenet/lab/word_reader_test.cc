// SPDX-License-Identifier: Apache-2.0
#include "catenet/lab/word_reader.h"

#include <gtest/gtest.h>

namespace catenet::lab {
namespace {

TEST(WordReader, GivesWordsWithTheirPlaces) {
  WordReader words("  link a--b  loss=1%", {Place::kFile, 3, 10});
  EXPECT_EQ(words.peek().text, "link");
  EXPECT_EQ(words.peek_second().text, "a--b");
  EXPECT_EQ(words.take().place, (Place{Place::kFile, 3, 12}));
  EXPECT_EQ(words.take().place.column, 17U);
  EXPECT_FALSE(words.skip("loss"));
  EXPECT_TRUE(words.skip("loss=1%"));
  EXPECT_TRUE(words.at_end());
  EXPECT_EQ(words.take().text, "");
  EXPECT_EQ(words.peek().place.column, 30U) << "behind the last character";
}

TEST(WordReader, KeepsTogetherWhatIsInQuotes) {
  WordReader words("3rd \"tcp and port 80\" 'x' \"open", {});
  EXPECT_EQ(words.take().text, "3rd");
  const Word quoted = words.take();
  EXPECT_EQ(quoted.text, "tcp and port 80");
  EXPECT_TRUE(quoted.quoted);
  EXPECT_FALSE(words.skip("x")) << "a quoted word is no keyword";
  EXPECT_EQ(words.take().text, "x");
  EXPECT_EQ(words.take().text, "open");
  EXPECT_TRUE(words.at_end());
}

TEST(WordReader, OfNothingIsAtItsEnd) {
  WordReader words(" ", {Place::kFile, 1, 1});
  EXPECT_TRUE(words.at_end());
  EXPECT_FALSE(words.skip(""));
}

}  // namespace
}  // namespace catenet::lab
