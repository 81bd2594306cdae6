// SPDX-License-Identifier: Apache-2.0
#include "catenet/lab/units.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace catenet::lab {
namespace {

using testing::HasSubstr;

TEST(Units, Rates) {
  EXPECT_EQ(parse_rate("10Mbit")->bits_per_second(), 10'000'000U);
  EXPECT_EQ(parse_rate("2.5Gbit/s")->bits_per_second(), 2'500'000'000U);
  EXPECT_EQ(parse_rate("64 kbps")->bits_per_second(), 64'000U);
  EXPECT_EQ(parse_rate("1.536Mbit")->bits_per_second(), 1'536'000U);
  EXPECT_TRUE(parse_rate("unlimited")->is_unlimited());
  EXPECT_THAT(parse_rate("10mbit").error(), HasSubstr("did you mean 'Mbit'?"));
  EXPECT_THAT(parse_rate("0Mbit").error(), HasSubstr("zero"));
  EXPECT_THAT(parse_rate("-1Mbit").error(), HasSubstr("negative"));
  EXPECT_THAT(parse_rate("0.5bit").error(), HasSubstr("finer"));
  EXPECT_THAT(parse_rate("9999999999999999999Tbit").error(), HasSubstr("out of range"));
  EXPECT_THAT(parse_rate("1e99bit").error(), HasSubstr("too large"));
}

TEST(Units, Durations) {
  EXPECT_EQ(parse_duration("20ms")->ns(), 20'000'000);
  EXPECT_EQ(parse_duration("1.5us")->ns(), 1'500);
  EXPECT_EQ(parse_duration("5min")->ns(), 300'000'000'000);
  EXPECT_EQ(parse_duration("0")->ns(), 0);
  EXPECT_EQ(parse_duration("36525d")->ns(), 36'525LL * 86'400 * 1'000'000'000);
  EXPECT_FALSE(parse_duration("5"));
  EXPECT_FALSE(parse_duration("36526d"));
  EXPECT_FALSE(parse_duration("0.1ns"));
  EXPECT_FALSE(parse_duration(""));
  EXPECT_FALSE(parse_duration("ms"));
  EXPECT_FALSE(parse_duration("1.2.3ms"));
}

TEST(Units, Sizes) {
  EXPECT_EQ(*parse_size("64KiB"), 65'536U);
  EXPECT_EQ(*parse_size("10MB"), 10'000'000U);
  EXPECT_EQ(*parse_size("1500"), 1'500U);
  EXPECT_EQ(*parse_size("1_000_000"), 1'000'000U);
  EXPECT_FALSE(parse_size("1.5B"));
  EXPECT_FALSE(parse_size("5000000TiB"));
}

TEST(Units, Probabilities) {
  EXPECT_EQ(parse_probability("1%")->ppb(), 10'000'000U);
  EXPECT_EQ(parse_probability("0.01")->ppb(), 10'000'000U);
  EXPECT_EQ(parse_probability("100%")->ppb(), Probability::kOne);
  EXPECT_EQ(parse_probability("0")->ppb(), 0U);
  EXPECT_EQ(parse_probability("1e-9")->ppb(), 1U);
  EXPECT_THAT(parse_probability("100.1%").error(), HasSubstr("over 100%"));
  EXPECT_FALSE(parse_probability("1"));
  EXPECT_FALSE(parse_probability("1e-10"));
  EXPECT_EQ(parse_bit_error_rate("1e-15")->per_e18, 1'000U);
  EXPECT_EQ(parse_bit_error_rate("1")->per_e18, BitErrorRate::kOne);
  EXPECT_FALSE(parse_bit_error_rate("1%"));
}

TEST(Units, LengthsPacketsFlagsIntegers) {
  EXPECT_EQ(*parse_length_mm("2.5km"), 2'500'000U);
  EXPECT_EQ(*parse_packets("100p"), 100U);
  EXPECT_FALSE(parse_packets("0p"));
  EXPECT_TRUE(*parse_flag("yes"));
  EXPECT_FALSE(*parse_flag("off"));
  EXPECT_FALSE(parse_flag("2").has_value());
  EXPECT_EQ(*parse_integer("18446744073709551615", 0, ~0ULL), ~0ULL);
  EXPECT_FALSE(parse_integer("18446744073709551616", 0, ~0ULL));
  EXPECT_FALSE(parse_integer("5x", 0, 10));
}

TEST(Units, PrintWhatTheyRead) {
  for (const char* text : {"10Mbit", "1536kbit", "1bit", "unlimited"}) {
    EXPECT_EQ(to_text(*parse_rate(text)), text);
  }
  for (const char* text : {"20ms", "1500us", "60s", "0ns", "1ns"}) {
    EXPECT_EQ(to_text(*parse_duration(text)), text);
  }
  for (const char* text : {"1%", "0.0000001%", "100%", "0%", "33.3%"}) {
    EXPECT_EQ(to_text(*parse_probability(text)), text);
  }
  for (const char* text : {"64KiB", "10MB", "1500B", "1MiB", "0B", "1000kB"}) {
    EXPECT_EQ(*parse_size(size_text(*parse_size(text))), *parse_size(text)) << text;
  }
  EXPECT_EQ(to_text(*parse_bit_error_rate("2.5e-7")), "25e-8");
  EXPECT_EQ(length_text(100'000), "100m");
  EXPECT_EQ(decimal_text(-15, 1), "-1.5");
}

}  // namespace
}  // namespace catenet::lab
