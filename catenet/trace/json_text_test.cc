// SPDX-License-Identifier: Apache-2.0
#include "catenet/trace/json_text.h"

#include <gtest/gtest.h>

namespace catenet::trace {
namespace {

std::string json(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string seconds(std::int64_t ns, int decimals = 9) {
  std::string out;
  append_seconds(out, Instant::from_ns(ns), decimals);
  return out;
}

TEST(JsonText, EscapesWhatMustBeEscaped) {
  EXPECT_EQ(json("plain"), "\"plain\"");
  EXPECT_EQ(json("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(json("line\n\ttab\x01\x7f"), R"("line\n\ttab\u0001\u007f")");
  EXPECT_EQ(json(std::string_view("\0", 1)), R"("\u0000")");
}

TEST(JsonText, KeepsUtf8AndReplacesTheRest) {
  EXPECT_EQ(json("Zürich € 😀"), "\"Zürich € 😀\"");
  const std::string replacement = "\xef\xbf\xbd";
  EXPECT_EQ(json("\xff"), "\"" + replacement + "\"");
  EXPECT_EQ(json("cut \xe2\x82"), "\"cut " + replacement + replacement + "\"");
  EXPECT_EQ(json("\xc0\xaf"), "\"" + replacement + replacement + "\"") << "overlong";
  EXPECT_EQ(json("\xed\xa0\x80"), "\"" + replacement + replacement + replacement + "\"") << "a surrogate";
  EXPECT_EQ(json("\xf4\x90\x80\x80").size(), 2 + 4 * 3U) << "beyond U+10FFFF";
}

TEST(JsonText, SecondsAreExact) {
  EXPECT_EQ(seconds(0), "0.000000000");
  EXPECT_EQ(seconds(3'000'000), "0.003000000");
  EXPECT_EQ(seconds(12'345'678'901), "12.345678901");
  EXPECT_EQ(seconds(1'999'999, 3), "0.001") << "cut, not rounded";
  EXPECT_EQ(seconds(-1'500'000'000), "-1.500000000");
  EXPECT_EQ(seconds(INT64_MIN), "-9223372036.854775808");
}

}  // namespace
}  // namespace catenet::trace
