// SPDX-License-Identifier: Apache-2.0
// shown.cc: nothing in a file reaches the terminal as a control, and no JSON is walked through that is too deep.
#include "catenet/study/shown.h"

#include <gtest/gtest.h>

namespace catenet::study {
namespace {

TEST(Shown, ReplacesWhatATerminalWouldObey) {
  EXPECT_EQ(shown("a\033[31mb\n\x7f\xc2\x9b"), "a?[31mb???");
  EXPECT_EQ(shown("gr\xc3\xbc\xc3\x9f \xff\xc3"), "gr\xc3\xbc\xc3\x9f ??");
}

TEST(Shown, CutsBetweenCharacters) {
  EXPECT_EQ(shown("aaaa", 4), "aaaa");
  EXPECT_EQ(shown("aaaaa", 4), "aaaa...");
  EXPECT_EQ(shown("aaa\xc3\xbc", 4), "aaa...");
}

TEST(ParseJson, RefusesWhatIsTooDeepOrNone) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_FALSE(parse_json(nested(kDeepest)).is_discarded());
  EXPECT_TRUE(parse_json(nested(kDeepest + 1)).is_discarded());
  EXPECT_TRUE(parse_json(std::string(8'000'000, '[')).is_discarded());
  EXPECT_FALSE(parse_json("[\"[[[\\\"[[[\"]").is_discarded());
  EXPECT_EQ(parse_json("{\"a\": \"" + std::string(1000, '[') + "\"}")["a"].get<std::string>().size(), 1000U);
  EXPECT_TRUE(parse_json("{").is_discarded());
}

}  // namespace
}  // namespace catenet::study
