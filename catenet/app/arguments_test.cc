// SPDX-License-Identifier: Apache-2.0
// Also of quantity.cc and spelling.cc.
#include "catenet/app/arguments.h"

#include <gtest/gtest.h>

#include "catenet/app/spelling.h"

namespace catenet::app {
namespace {
using namespace literals;
using namespace std::string_view_literals;

TEST(Quantity, SizesDurationsAndRatesAsLabsWriteThem) {
  EXPECT_EQ(parse_size("10MB"), 10'000'000U);
  EXPECT_EQ(parse_size("64KiB"), 65'536U);
  EXPECT_EQ(parse_size("1.5kB"), 1'500U);
  EXPECT_EQ(parse_size("123"), 123U);
  EXPECT_EQ(parse_size("1_000"), 1'000U);
  EXPECT_EQ(parse_duration("20ms"), 20_ms);
  EXPECT_EQ(parse_duration("1.5s"), 1500_ms);
  EXPECT_EQ(parse_duration("0"), Duration{});
  EXPECT_EQ(parse_duration("2h"), 7200_s);
  EXPECT_EQ(parse_rate("5Mbit"), BitRate::mbps(5));
  EXPECT_EQ(parse_rate("64kbit/s"), BitRate::kbps(64));
  EXPECT_EQ(parse_rate("1e6bps"), BitRate::mbps(1));
  EXPECT_EQ(parse_integer("42", 1, 100), 42U);
}

TEST(Quantity, WrongOnesSayWhy) {
  EXPECT_EQ(parse_size("10mb").error(),
            "unknown unit 'mb'; expected B, kB, MB, GB, TB, KiB, MiB, GiB or TiB; did you mean 'MB'?");
  EXPECT_EQ(parse_duration("20").error(), "'20' has no unit; expected ns, us, ms, s, min, h or d");
  EXPECT_EQ(parse_duration("0.5ns").error(), "the number is finer than 1 ns");
  EXPECT_EQ(parse_rate("0bit").error(), "'0bit' is zero; a rate is above zero");
  EXPECT_EQ(parse_rate("x").error(), "'x' is not a number");
  EXPECT_EQ(parse_size("-1").error(), "'-1' is negative");
  EXPECT_EQ(parse_size("1e60").error(), "the number is too large");
  EXPECT_EQ(parse_size("123456789012345678901").error(), "'123456789012345678901' has more than 20 digits");
  EXPECT_EQ(parse_integer("1.5", 1, 9).error(), "'1.5' is not a whole number; expected 1 to 9");
  EXPECT_EQ(parse_integer("10", 1, 9).error(), "'10' is out of range; expected 1 to 9");
  EXPECT_EQ(parse_integer("", 1, 9).error(), "'' is not a whole number; expected 1 to 9");
}

TEST(Quantity, PrintsAsPeopleExpect) {
  EXPECT_EQ(milliseconds_text(20'412_us), "20.412");
  EXPECT_EQ(seconds_text(1'234'567_us), "1.234567");
  EXPECT_EQ(rate_text(999), "999 bit/s");
  EXPECT_EQ(rate_text(64'830'000), "64.8 Mbit/s");
  EXPECT_EQ(rate_text(1'234'000'000), "1.23 Gbit/s");
  EXPECT_EQ(rate_text(100'000), "100 kbit/s");
  EXPECT_EQ(percent_text(333'333'333), "33.3333%");
  EXPECT_EQ(percent_text(0), "0%");
  EXPECT_EQ(percent_text(1'000'000'000), "100%");
  EXPECT_EQ(goodput(10'000'000, 10_s), 8'000'000);
  EXPECT_EQ(goodput(1, Duration{}), 0);
  EXPECT_EQ(ratio_ppb(1, 3), 333'333'333);
}

TEST(Spelling, NearestWord) {
  constexpr std::array kWords = {"count"sv, "interval"sv, "size"sv};
  EXPECT_EQ(did_you_mean("cuont", kWords), "; did you mean 'count'?");
  EXPECT_EQ(did_you_mean("Size", kWords), "; did you mean 'size'?");
  EXPECT_EQ(did_you_mean("zzz", kWords), "");
  EXPECT_EQ(edit_distance("ca", "ac"), 1U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(join_or(kWords), "count, interval or size");
}

std::optional<std::string> read(const std::vector<std::string>& words) {
  ArgumentReader reader(words);
  std::string host;
  std::uint64_t count = 4;
  Duration interval = 1_s;
  std::string proto = "tcp";
  constexpr std::array kProtocols = {"tcp"sv, "udp"sv};
  reader.positional("HOST", host);
  reader.integer("count", count, 1, 100);
  reader.duration("interval", interval, 1_us);
  reader.word("proto", proto, kProtocols);
  return reader.finish();
}

TEST(ArgumentReader, TakesWhatIsRight) {
  EXPECT_EQ(read({"ping", "bob"}), std::nullopt);
  EXPECT_EQ(read({"ping", "count=3", "bob", "interval=200ms", "proto=udp"}), std::nullopt);
  const std::vector<std::string> words = {"x", "http://a/?q=1", "/big=10MB"};
  ArgumentReader reader(words);
  std::vector<std::string> rest;
  reader.rest(rest);
  EXPECT_EQ(rest, (std::vector<std::string>{"http://a/?q=1", "/big=10MB"}));
  EXPECT_EQ(reader.finish(), std::nullopt);
}

TEST(ArgumentReader, SaysWhatIsWrong) {
  EXPECT_EQ(read({"ping"}), "HOST is missing");
  EXPECT_EQ(read({"ping", "bob", "cuont=3"}),
            "unknown argument 'cuont'; expected count, interval or proto; did you mean 'count'?");
  EXPECT_EQ(read({"ping", "bob", "carol"}), "'carol' is one word too many");
  EXPECT_EQ(read({"ping", "bob", "count"}), "'count' is one word too many; did you mean 'count'?");
  EXPECT_EQ(read({"ping", "bob", "count=0"}), "count: '0' is out of range; expected 1 to 100");
  EXPECT_EQ(read({"ping", "bob", "count=1", "count=2"}), "count is given twice");
  EXPECT_EQ(read({"ping", "bob", "interval=1"}), "interval: '1' has no unit; expected ns, us, ms, s, min, h or d");
  EXPECT_EQ(read({"ping", "bob", "interval=1ns"}), "interval: '1ns' is out of range; at least 1000ns");
  EXPECT_EQ(read({"ping", "bob", "proto=upd"}), "proto: unknown word 'upd'; expected tcp or udp; did you mean 'udp'?");
}

}  // namespace
}  // namespace catenet::app
