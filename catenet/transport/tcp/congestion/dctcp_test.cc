// SPDX-License-Identifier: Apache-2.0
// DCTCP's estimate of marking and its cut (RFC 8257 3.3), against the formula in floating point.
#include "catenet/transport/tcp/congestion/dctcp.h"

#include <gtest/gtest.h>

#include "catenet/transport/tcp/congestion/ack_clock.h"

namespace catenet::transport {
namespace {

using namespace catenet::literals;

double alpha_of(const Dctcp& cc) { return static_cast<double>(cc.alpha()) / Dctcp::kOne; }

TEST(Dctcp, AlphaIsTheSmoothedShareOfMarks) {
  Dctcp cc(1000, 100'000);
  cc.on_fast_retransmit(200'000, {});  // congestion avoidance at 100 segments
  AckClock clock(cc, 1000, 100_us);
  EXPECT_EQ(alpha_of(cc), 1.0);  // 4.2: begin as if all were marked
  clock.ack();
  double alpha = 1;
  std::int64_t last = cc.alpha();
  for (int round = 0; round < 100; ++round) {
    std::uint64_t marked = 0;
    std::uint64_t all = 0;
    while (cc.alpha() == last && all < 1000) {
      clock.ece = all % 4 == 0;  // one of four
      marked += clock.ece ? 1 : 0;
      ++all;
      clock.ack();
    }
    last = cc.alpha();
    alpha = alpha * 15 / 16 + static_cast<double>(marked) / static_cast<double>(all) / 16;
    EXPECT_NEAR(alpha_of(cc), alpha, 0.005) << round;
  }
  EXPECT_NEAR(alpha_of(cc), 0.25, 0.01);
}

TEST(Dctcp, ACutIsHalfOfAlpha) {
  Dctcp cc(1000, 100'000);
  cc.on_ecn(100'000, {});
  EXPECT_EQ(cc.cwnd(), 50'000U);  // alpha 1: as Reno
  EXPECT_EQ(cc.ssthresh(), 50'000U);
  AckClock clock(cc, 1000, 100_us);
  clock.limited = false;
  for (int i = 0; i < 50 * 200; ++i) {
    clock.ack();
  }
  EXPECT_LT(alpha_of(cc), 0.0001);  // never a mark: alpha has gone
  cc.on_ecn(50'000, {});
  EXPECT_GT(cc.cwnd(), 49'990U);
}

TEST(Dctcp, ALossIsALoss) {  // 3.5
  Dctcp cc(1000, 100'000);
  cc.on_fast_retransmit(100'000, {});
  EXPECT_EQ(cc.cwnd(), 50'000U);
}

TEST(Dctcp, TheWindowKeepsTwoSegments) {
  Dctcp cc(1000, 3000);
  cc.on_ecn(3000, {});
  EXPECT_EQ(cc.cwnd(), 2000U);
  cc.on_ecn(3000, {});
  EXPECT_EQ(cc.cwnd(), 2000U);
}

}  // namespace
}  // namespace catenet::transport
