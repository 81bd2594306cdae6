// SPDX-License-Identifier: Apache-2.0
// Covers value.cc as well.
#include "catenet/lab/expectation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace catenet::lab {
namespace {

using testing::HasSubstr;

class TableFacts : public Facts {
 public:
  std::optional<Value> find(std::string_view path) const override {
    const auto it = table.find(path);
    return it == table.end() ? std::nullopt : std::optional(it->second);
  }
  std::map<std::string, Value, std::less<>> table = {
      {"bulk.bytes", Value::size(10'000'000)},
      {"bulk.goodput", Value::rate(BitRate::bps(4'200'000))},
      {"ping.rtt_avg", Value::time(Duration::microseconds(49'999))},
      {"ping.loss", Value::ratio_ppb(10'000'000)},
      {"get.exit", Value::count(0)},
      {"get.status", Value::word("ok")},
      {"huge.count", Value::count(9'007'199'254'740'993)},  // 2^53 + 1: a double would lose the last bit
  };
};

ExpectationResult run(std::string_view text) {
  const auto parsed = parse_expectation(text);
  EXPECT_TRUE(parsed) << text;
  return evaluate(*parsed, TableFacts());
}

TEST(Expectation, ComparesExactly) {
  for (const char* text : {"bulk.bytes == 10MB", "bulk.bytes == 10000000", "bulk.goodput >= 4.2Mbit",
                           "bulk.goodput<4201kbit", "ping.rtt_avg < 50ms", "ping.loss <= 1%", "ping.loss == 0.01",
                           "get.exit == 0", "get.exit != 1", "get.status == ok", "get.status != 'not ok'",
                           "huge.count == 9007199254740993", "huge.count > 9007199254740992", "ping.rtt_avg > 0"}) {
    const ExpectationResult result = run(text);
    EXPECT_TRUE(result.ok) << text << ": " << result.miss;
    EXPECT_EQ(result.miss, "");
  }
}

TEST(Expectation, SaysByHowMuchItMissed) {
  const ExpectationResult low = run("bulk.goodput >= 5Mbit");
  EXPECT_FALSE(low.ok);
  EXPECT_EQ(low.got, "4.2Mbit");
  EXPECT_THAT(low.miss, HasSubstr("800kbit"));
  EXPECT_THAT(low.miss, HasSubstr("too low"));
  EXPECT_THAT(run("bulk.bytes == 10001kB").miss, HasSubstr("1kB"));
  EXPECT_THAT(run("get.status == bad").miss, HasSubstr("'ok'"));
  EXPECT_THAT(run("get.exit != 0").miss, HasSubstr("must not be"));
}

TEST(Expectation, RefusesToCompareDifferentThings) {
  EXPECT_THAT(run("ping.rtt_avg < 50").miss, HasSubstr("unit"));
  EXPECT_THAT(run("bulk.goodput > 5MB").miss, HasSubstr("cannot compare"));
  EXPECT_THAT(run("get.status == 0").miss, HasSubstr("cannot compare"));
  const ExpectationResult none = run("nobody.exit == 0");
  EXPECT_FALSE(none.ok);
  EXPECT_EQ(none.got, "nothing");
}

TEST(Expectation, RejectsWhatIsNotOne) {
  EXPECT_THAT(parse_expectation("a.b = 0").error(), HasSubstr("did you mean '=='"));
  EXPECT_THAT(parse_expectation("a.b").error(), HasSubstr("compares nothing"));
  EXPECT_THAT(parse_expectation("a.b == ").error(), HasSubstr("missing"));
  EXPECT_THAT(parse_expectation(" == 5").error(), HasSubstr("not a subject"));
  EXPECT_THAT(parse_expectation("a b == 5").error(), HasSubstr("not a subject"));
  EXPECT_THAT(parse_expectation("a.b < ok").error(), HasSubstr("word"));
  EXPECT_THAT(parse_expectation("a.b < 5Mbti").error(), HasSubstr("did you mean 'Mbit'"));
  EXPECT_THAT(parse_expectation("a.b ! 5").error(), HasSubstr("unknown comparison"));
}

TEST(Value, PrintsShortly) {
  EXPECT_EQ(Value::size(10'000'000).to_text(), "10MB");
  EXPECT_EQ(Value::time(Duration::microseconds(1'500)).to_text(), "1.5ms");
  EXPECT_EQ(Value::rate(BitRate::mbps(10)).to_text(), "10Mbit");
  EXPECT_EQ(Value::ratio_ppb(333'333'333).to_text(), "33.3333333%");
  EXPECT_EQ(Value::count(-3).to_text(), "-3");
  EXPECT_EQ(Value::flag(true).to_text(), "true");
}

}  // namespace
}  // namespace catenet::lab
