// SPDX-License-Identifier: Apache-2.0
// Covers spelling.cc as well.
#include "catenet/lab/diagnostic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "catenet/lab/spelling.h"

namespace catenet::lab {
namespace {

const std::vector<Source> kSources = {{"a.yaml", "one\ntwo: t\xc3\xa4 x\n"}, {"--set", "seed=x\n"}};

TEST(Diagnostics, SortsByPlaceAndShowsTheLineWithACaret) {
  Diagnostics d;
  d.error({Place::kOverride, 1, 6}, "third");
  d.error({Place::kFile, 2, 9}, "second");
  d.error({Place::kFile, 1, 1}, "first");
  EXPECT_EQ(d.render(kSources),
            "a.yaml:1:1: error: first\n  one\n  ^\n"
            "a.yaml:2:9: error: second\n  two: t\xc3\xa4 x\n         ^\n"
            "--set:1:6: error: third\n  seed=x\n       ^\n");
}

TEST(Diagnostics, ShowsTwentyAndCountsTheRest) {
  Diagnostics d;
  for (std::uint32_t i = 0; i < 25; ++i) {
    d.error({Place::kFile, 1, i + 1}, "wrong");
  }
  const std::string text = d.render(kSources);
  EXPECT_THAT(text, testing::EndsWith("a.yaml: 5 more errors\n"));
  EXPECT_EQ(d.count(), 25U);
}

TEST(Diagnostics, SaysAnErrorAtOnePlaceOnce) {
  Diagnostics d;
  d.error({Place::kFile, 1, 1}, "wrong");
  d.error({Place::kFile, 1, 1}, "wrong");
  EXPECT_EQ(d.sorted().size(), 1U);
}

TEST(Diagnostics, CutsLongLinesAroundTheCaret) {
  Diagnostics d;
  d.error({Place::kFile, 1, 5'001}, "here");
  const std::vector<Source> sources = {{"a", std::string(5'000, 'x') + "Y" + std::string(5'000, 'z')}};
  const std::string text = d.render(sources);
  EXPECT_LT(text.size(), 400U);
  EXPECT_NE(text.find("xYz"), std::string::npos);
}

TEST(Diagnostics, ColoursOnlyWhenAsked) {
  Diagnostics d;
  d.error({}, "no place");
  EXPECT_EQ(d.render(kSources), "a.yaml: error: no place\n");
  EXPECT_NE(d.render(kSources, true).find("\033["), std::string::npos);
}

TEST(Diagnostics, QuotesHostileText) {
  EXPECT_EQ(in_quotes("a\x1b[2J"), "'a\\x1b[2J'");
  EXPECT_LT(in_quotes(std::string(1'000, 'x')).size(), 70U);
}

TEST(Utf8, AcceptsWellFormedCharactersOnly) {
  EXPECT_EQ(utf8_length("a"), 1U);
  EXPECT_EQ(utf8_length("\xc3\xa4"), 2U);
  EXPECT_EQ(utf8_length("\xe2\x82\xac"), 3U);
  EXPECT_EQ(utf8_length("\xf0\x9f\x98\x80"), 4U);
  for (const char* bad : {"\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff", "\xc3", "\x80"}) {
    EXPECT_EQ(utf8_length(bad), 0U);
  }
}

TEST(Spelling, CountsEditsWithSwaps) {
  EXPECT_EQ(edit_distance("rate", "rate", 5), 0U);
  EXPECT_EQ(edit_distance("rat", "rate", 5), 1U);
  EXPECT_EQ(edit_distance("alcie", "alice", 5), 1U);
  EXPECT_EQ(edit_distance("kitten", "sitting", 5), 3U);
  EXPECT_EQ(edit_distance("kitten", "sitting", 2), 3U);
  EXPECT_EQ(edit_distance("", "abc", 5), 3U);
}

TEST(Spelling, OffersOnlyWhatIsNear) {
  const std::vector<std::string_view> words = {"rate", "delay", "loss", "Mbit"};
  EXPECT_EQ(did_you_mean("rat", words), "; did you mean 'rate'?");
  EXPECT_EQ(did_you_mean("dleay", words), "; did you mean 'delay'?");
  EXPECT_EQ(did_you_mean("mbit", words), "; did you mean 'Mbit'?");
  EXPECT_EQ(did_you_mean("colour", words), "");
  EXPECT_EQ(did_you_mean("", words), "");
}

}  // namespace
}  // namespace catenet::lab
