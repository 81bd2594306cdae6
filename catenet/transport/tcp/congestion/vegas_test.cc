// SPDX-License-Identifier: Apache-2.0
// Vegas over a path whose queue the window fills: it must settle with two to four segments waiting, and lose none.
#include "catenet/transport/tcp/congestion/vegas.h"

#include <gtest/gtest.h>

#include "catenet/transport/tcp/congestion/ack_clock.h"

namespace catenet::transport {
namespace {

using namespace catenet::literals;

// RTT over a path of `pipe` bytes: what the window has more of waits in the queue.
Duration queued(std::uint32_t cwnd, std::uint32_t pipe, Duration base) {
  return cwnd <= pipe ? base : Duration::nanoseconds(base.ns() * cwnd / pipe);
}

TEST(Vegas, SettlesWithAFewSegmentsInTheQueue) {
  for (const std::uint32_t pipe : {20'000U, 100'000U, 400'000U}) {
    Vegas cc(1000, 10'000);
    AckClock clock(cc, 1000, 50_ms);
    while (clock.now < Instant::zero() + 120_s) {
      clock.rtt = queued(cc.cwnd(), pipe, 50_ms);
      clock.ack();
    }
    EXPECT_EQ(cc.base_rtt(), 50_ms);
    EXPECT_GE(cc.cwnd(), pipe + 1000) << pipe;
    EXPECT_LE(cc.cwnd(), pipe + 5000) << pipe;
  }
}

TEST(Vegas, SlowStartDoublesEveryOtherRoundTripAndEndsAtOneSegmentWaiting) {
  Vegas cc(1000, 10'000);
  AckClock clock(cc, 1000, 50_ms);
  const std::uint32_t pipe = 100'000;
  while (cc.ssthresh() == 0xffffffff) {
    clock.rtt = queued(cc.cwnd(), pipe, 50_ms);
    clock.ack();
  }
  EXPECT_GT((clock.now - Instant::zero()), 4 * 50_ms);  // more than the four rounds that 10 -> 160 would take
  EXPECT_GE(cc.cwnd(), pipe * 9 / 10);
  EXPECT_LE(cc.cwnd(), pipe * 11 / 10);
}

TEST(Vegas, BacksOffWhenTheQueueGrowsAndLossIsRenos) {
  Vegas cc(1000, 100'000);
  cc.on_fast_retransmit(200'000, {});
  EXPECT_EQ(cc.cwnd(), 100'000U);
  AckClock clock(cc, 1000, 50_ms);
  clock.run_until(Instant::zero() + 200_ms);
  const std::uint32_t before = cc.cwnd();
  EXPECT_GT(before, 100'000U);
  clock.rtt = 100_ms;  // somebody else fills the queue
  clock.run_until(Instant::zero() + 2_s);
  EXPECT_LT(cc.cwnd(), before - 8000);
  cc.on_timeout(cc.cwnd(), true, clock.now);
  EXPECT_EQ(cc.cwnd(), 1000U);
}

}  // namespace
}  // namespace catenet::transport
