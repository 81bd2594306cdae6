// SPDX-License-Identifier: Apache-2.0
#include "catenet/transport/tcp/syn_cookie.h"

#include <gtest/gtest.h>

#include <set>

#include "catenet/base/rng.h"

namespace catenet::transport {
namespace {

using namespace catenet::literals;
using wire::TcpFlag;

class Cookies : public testing::Test {
 protected:
  static wire::FourTuple ends(const char* local = "10.0.0.2:80", const char* foreign = "10.0.0.1:5000") {
    return {*wire::Endpoint::parse(local), *wire::Endpoint::parse(foreign)};
  }
  static TcpSegment syn(std::uint16_t mss, std::uint32_t seq = 1234567) {
    TcpSegment s;
    s.flags = TcpFlag::kSyn;
    s.seq = seq;
    s.options.mss = mss;
    return s;
  }
  // The ACK that answers a SYN,ACK with this number and stamp.
  static TcpSegment answer(const TcpSegment& to, std::uint32_t cookie, std::uint32_t stamp = 0) {
    TcpSegment s;
    s.flags = TcpFlag::kAck;
    s.seq = to.seq + 1;
    s.ack = cookie + 1;
    s.window = 777;
    if (to.options.timestamps) {
      s.options.timestamps = wire::TcpTimestamps{to.options.timestamps->value + 5, stamp};
    }
    return s;
  }
  SynCookie cookie{0x0123456789abcdef, 0xfedcba9876543210};
};

TEST_F(Cookies, TheSegmentSizeComesBackRoundedDown) {
  const Instant now = Instant::zero() + 1000_s;
  const std::pair<std::uint16_t, std::uint16_t> v4[] = {{1460, 1460}, {9000, 1460}, {1459, 1440}, {1440, 1440},
                                                        {1300, 1300}, {1299, 536},  {536, 536},   {80, 536}};
  for (const auto& [offered, kept] : v4) {
    const TcpSegment s = syn(offered);
    const auto back = cookie.check(ends(), answer(s, cookie.make(ends(), s, now)), 0, now);
    ASSERT_TRUE(back) << offered;
    EXPECT_EQ(*back->options.mss, kept);
    EXPECT_EQ(back->seq, s.seq);
    EXPECT_EQ(back->flags, TcpFlag::kSyn);
    EXPECT_EQ(back->window, 777);
    EXPECT_FALSE(back->options.window_scale || back->options.timestamps || back->options.sack_permitted);
  }
  const wire::FourTuple v6 = ends("[2001:db8::2]:80", "[2001:db8::1]:5000");
  const TcpSegment s = syn(1440);
  EXPECT_EQ(*cookie.check(v6, answer(s, cookie.make(v6, s, now)), 0, now)->options.mss, 1440);
}

TEST_F(Cookies, TheMinuteCounterMakesThemOld) {
  const TcpSegment s = syn(1460);
  const Instant made = Instant::zero() + 119_s;  // at the end of minute 1
  const TcpSegment ack = answer(s, cookie.make(ends(), s, made));
  EXPECT_TRUE(cookie.check(ends(), ack, 0, made));
  EXPECT_TRUE(cookie.check(ends(), ack, 0, Instant::zero() + 179_s));
  EXPECT_FALSE(cookie.check(ends(), ack, 0, Instant::zero() + 180_s));
  EXPECT_FALSE(cookie.check(ends(), ack, 0, Instant::zero() + 59_s));
  // The counter has eight bits in a cookie: it looks young again after 256 minutes, but its hash is another's.
  EXPECT_FALSE(cookie.check(ends(), ack, 0, made + 256 * 60_s));
}

TEST_F(Cookies, TheyAreGoodForTheirEndsAndNumbersOnly) {
  const Instant now = Instant::zero() + 1000_s;
  const TcpSegment s = syn(1460);
  const TcpSegment ack = answer(s, cookie.make(ends(), s, now));
  EXPECT_FALSE(cookie.check(ends("10.0.0.2:81"), ack, 0, now));
  EXPECT_FALSE(cookie.check(ends("10.0.0.2:80", "10.0.0.1:5001"), ack, 0, now));
  EXPECT_FALSE(cookie.check(ends("10.0.0.2:80", "10.0.0.3:5000"), ack, 0, now));
  EXPECT_FALSE(SynCookie(1, 2).check(ends(), ack, 0, now));
  TcpSegment wrong = ack;
  wrong.seq += 1 << 10;
  EXPECT_FALSE(cookie.check(ends(), wrong, 0, now));
}

TEST_F(Cookies, GuessingFindsEightInFourBillion) {
  const Instant now = Instant::zero() + 1000_s;
  TcpSegment ack = answer(syn(1460), 0);
  Rng rng(1);
  int found = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    ack.ack = static_cast<std::uint32_t>(rng.next());
    found += cookie.check(ends(), ack, 0, now) ? 1 : 0;
  }
  EXPECT_LE(found, 1);  // 0.002 are to be expected
  std::set<std::uint32_t> numbers;
  for (std::uint32_t port = 1; port <= 1000; ++port) {
    wire::FourTuple tuple = ends();
    tuple.foreign.port = static_cast<std::uint16_t>(port);
    numbers.insert(cookie.make(tuple, syn(1460), now));
  }
  EXPECT_GE(numbers.size(), 999U);
}

TEST_F(Cookies, OptionsTravelInTheTimestamp) {
  const Instant now = Instant::zero() + 1000_s;
  constexpr std::uint32_t kOffset = 0xfffffff0;
  for (unsigned bits = 0; bits < 64; ++bits) {
    TcpSegment s = syn(1460);
    s.options.timestamps = wire::TcpTimestamps{100, 0};
    s.options.sack_permitted = (bits & 16) != 0;
    s.flags |= (bits & 32) != 0 ? TcpFlag::kEce | TcpFlag::kCwr : 0;
    if ((bits & 15) != 15) {
      s.options.window_scale = static_cast<std::uint8_t>(bits & 15);
    }
    for (const std::uint32_t clock : {0U, 63U, 1'000'000U, 0xffffffc0U}) {
      const std::uint32_t stamp = SynCookie::clock_with_options(s, clock);
      EXPECT_LE(clock - stamp, 63U);  // never in the future, and never far back
      const auto back = cookie.check(ends(), answer(s, cookie.make(ends(), s, now), stamp + kOffset), kOffset, now);
      ASSERT_TRUE(back);
      EXPECT_EQ(back->options.window_scale, s.options.window_scale);
      EXPECT_EQ(back->options.sack_permitted, s.options.sack_permitted);
      EXPECT_EQ(back->flags, s.flags);
      EXPECT_EQ(back->options.timestamps->value, 105U);
    }
  }
}

TEST_F(Cookies, WhatWouldBeForgottenIsNotAgreedTo) {
  TcpSegment s = syn(1460);
  s.options.window_scale = 7;
  s.options.sack_permitted = true;
  s.flags |= TcpFlag::kEce | TcpFlag::kCwr;
  const TcpSegment without = SynCookie::remembered(s);
  EXPECT_EQ(*without.options.mss, 1460);
  EXPECT_FALSE(without.options.window_scale || without.options.sack_permitted);
  EXPECT_EQ(without.flags, TcpFlag::kSyn);
  s.options.timestamps = wire::TcpTimestamps{1, 0};
  const TcpSegment with = SynCookie::remembered(s);
  EXPECT_EQ(with.options, s.options);
  EXPECT_EQ(with.flags, s.flags);
}

}  // namespace
}  // namespace catenet::transport
