// SPDX-License-Identifier: Apache-2.0
// HyStart++ (RFC 9406): when slow start ends, and when it does not; alone and inside CUBIC.
#include "catenet/transport/tcp/congestion/hystart.h"

#include <gtest/gtest.h>

#include "catenet/transport/tcp/congestion/ack_clock.h"
#include "catenet/transport/tcp/congestion/cubic.h"

namespace catenet::transport {
namespace {

using namespace catenet::literals;
using Phase = HyStart::Phase;

// Rounds of ten acknowledgements.
struct Rounds {
  HyStart hystart;
  std::uint32_t ack = 0xfffffff0;  // over the wrap
  void round(Duration rtt) {
    for (int i = 0; i < 10; ++i) {
      ++ack;
      hystart.on_ack(ack, ack + 10, rtt);
    }
  }
};

TEST(HyStart, GrowingDelayEndsSlowStartAfterFiveRounds) {
  Rounds r;
  r.round(100_ms);
  r.round(100_ms);
  EXPECT_EQ(r.hystart.phase(), Phase::slow_start);
  r.round(113_ms);  // the threshold is an eighth: 12.5 ms
  EXPECT_EQ(r.hystart.phase(), Phase::css);
  for (int i = 0; i < 4; ++i) {
    r.round(120_ms);
    EXPECT_EQ(r.hystart.phase(), Phase::css) << i;
  }
  r.round(120_ms);  // its first acknowledgement ends the fifth
  EXPECT_EQ(r.hystart.phase(), Phase::over);
}

TEST(HyStart, ThresholdIsBetween4And16Milliseconds) {
  for (const auto& [base, below, above] : {std::tuple{1_ms, 4900_us, 5001_us}, std::tuple{400_ms, 415_ms, 416_ms}}) {
    Rounds r;
    r.round(base);
    r.round(below);
    EXPECT_EQ(r.hystart.phase(), Phase::slow_start);
    Rounds s;
    s.round(base);
    s.round(above);
    EXPECT_EQ(s.hystart.phase(), Phase::css);
  }
}

TEST(HyStart, JitterResumesSlowStart) {
  Rounds r;
  r.round(100_ms);
  r.round(130_ms);
  EXPECT_EQ(r.hystart.phase(), Phase::css);
  r.round(110_ms);  // below the baseline of 130 ms
  EXPECT_EQ(r.hystart.phase(), Phase::slow_start);
}

TEST(HyStart, TooFewSamplesDecideNothing) {
  HyStart hystart;
  std::uint32_t ack = 0;
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 7; ++i) {
      ++ack;
      hystart.on_ack(ack, ack + 7, Duration::milliseconds(100 * (round + 1)));
    }
  }
  EXPECT_EQ(hystart.phase(), Phase::slow_start);
}

TEST(Cubic, SlowStartCountsBytesUpToEightSegments) {  // RFC 9406 4.2, L = 8
  Cubic cc(1000, 10'000);
  AckClock clock(cc, 1000, 100_ms);
  clock.ack(3000);
  EXPECT_EQ(cc.cwnd(), 13'000U);
  clock.ack(20'000);
  EXPECT_EQ(cc.cwnd(), 21'000U);
}

TEST(Cubic, SlowStartEndsBeforeTheQueueOverflows) {
  Cubic cc(1000, 10'000);
  AckClock clock(cc, 1000, 100_ms);
  const std::uint32_t pipe = 500'000;  // the path holds 500 segments; what is more waits
  while (cc.ssthresh() == 0xffffffff && cc.cwnd() < 10 * pipe) {
    clock.rtt = Duration::nanoseconds(std::max<std::int64_t>(100'000'000, 100'000'000LL * cc.cwnd() / pipe));
    clock.ack();
  }
  EXPECT_EQ(cc.slow_start_phase(), Phase::over);
  EXPECT_EQ(cc.ssthresh(), cc.cwnd());
  EXPECT_GE(cc.cwnd(), pipe);
  // A quarter more each round of five, instead of doubling: (1 + 1/4)^5 = 3.05 times the window that CSS began with.
  EXPECT_LT(cc.cwnd(), pipe * 5);
  clock.ack();
  EXPECT_EQ(cc.w_cubic({}), cc.w_max());  // RFC 9438 4.10: no loss was seen, so the curve starts at its middle
}

}  // namespace
}  // namespace catenet::transport
