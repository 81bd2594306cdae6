// SPDX-License-Identifier: Apache-2.0
// NewReno's window, the table of algorithms (congestion.cc), and the round-trip estimator's published figures.
#include "catenet/transport/tcp/congestion/new_reno.h"

#include <gtest/gtest.h>

#include "catenet/transport/tcp/rtt.h"

namespace catenet::transport {
namespace {

using namespace catenet::literals;

AckEvent ack(std::uint32_t bytes, bool limited = true) {
  AckEvent event;
  event.acked = bytes;
  event.cwnd_limited = limited;
  return event;
}

TEST(NewReno, SlowStartDoublesAndCongestionAvoidanceAddsOne) {
  NewReno cc(1000, 10'000);
  for (int i = 0; i < 10; ++i) {
    cc.on_ack(ack(1000));
  }
  EXPECT_EQ(cc.cwnd(), 20'000U);
  cc.on_fast_retransmit(20'000, {});
  EXPECT_EQ(cc.ssthresh(), 10'000U);
  EXPECT_EQ(cc.cwnd(), 10'000U);
  for (int i = 0; i < 10; ++i) {
    cc.on_ack(ack(1000));
  }
  EXPECT_EQ(cc.cwnd(), 11'000U);
}

TEST(NewReno, ADelayedAckGrowsByOneSegmentInSlowStart) {  // RFC 5681 3.1 (2)
  NewReno cc(1000, 1000);
  cc.on_ack(ack(2000));
  EXPECT_EQ(cc.cwnd(), 2000U);
  cc.on_ack(ack(500));
  EXPECT_EQ(cc.cwnd(), 2500U);
  cc.on_ack(ack(1000, false));
  EXPECT_EQ(cc.cwnd(), 2500U);
}

TEST(NewReno, TimeoutsAndTheirRepetition) {
  NewReno cc(1000, 10'000);
  cc.on_timeout(8000, true, {});
  EXPECT_EQ(cc.cwnd(), 1000U);
  EXPECT_EQ(cc.ssthresh(), 4000U);
  cc.on_timeout(1000, false, {});
  EXPECT_EQ(cc.ssthresh(), 4000U);
  cc.on_timeout(1000, true, {});
  EXPECT_EQ(cc.ssthresh(), 2000U);  // never below two segments
}

TEST(NewReno, RecoveryEndsWithoutABurst) {  // RFC 6582 3.2 step 3, option 1
  NewReno cc(1000, 10'000);
  cc.on_fast_retransmit(10'000, {});
  cc.on_recovery_end(2000, {});
  EXPECT_EQ(cc.cwnd(), 3000U);
  EXPECT_EQ(cc.ssthresh(), 5000U);
}

TEST(NewReno, ASpuriousRecoveryIsUndone) {
  NewReno cc(1000, 10'000);
  cc.save_undo();
  cc.on_timeout(10'000, true, {});
  cc.undo();
  EXPECT_EQ(cc.cwnd(), 10'000U);
  EXPECT_EQ(cc.ssthresh(), 0xffffffffU);
}

TEST(InitialWindow, PublishedFigures) {  // TCP-3
  EXPECT_EQ(initial_window_bytes(1460, 10), 14'600U);
  EXPECT_EQ(initial_window_bytes(1460, 0), 4380U);
  EXPECT_EQ(initial_window_bytes(536, 0), 2144U);
  EXPECT_EQ(initial_window_bytes(9000, 10), 18'000U);
}

TEST(CongestionTable, NamesGoBothWays) {
  EXPECT_EQ(congestion_algorithm_from("newreno"), CongestionAlgorithm::new_reno);
  EXPECT_EQ(name(CongestionAlgorithm::new_reno), "newreno");
  EXPECT_EQ(congestion_algorithm_from("cubic"), CongestionAlgorithm::cubic);
  EXPECT_FALSE(congestion_algorithm_from("tahoe").has_value());
  EXPECT_EQ(make_congestion_control(CongestionAlgorithm::new_reno, 1000, 1)->cwnd(), 1000U);
}

// TCP-1: samples .1 .1 .1 .3 .1 s.
TEST(Rtt, PublishedFigures) {
  RttEstimator rtt;
  EXPECT_EQ(rtt.rto(1_s, 200_ms, 60_s), 1_s);
  const struct {
    std::int64_t sample_ms;
    double srtt;
    double rttvar;
    double rto;
  } rows[] = {{100, .1, .05, .3},
              {100, .1, .0375, .25},
              {100, .1, .02813, .2125},
              {300, .125, .07109, .4094},
              {100, .12187, .05957, .3602}};
  for (const auto& row : rows) {
    rtt.sample(Duration::milliseconds(row.sample_ms));
    EXPECT_NEAR(rtt.srtt().to_seconds(), row.srtt, 1e-4);
    EXPECT_NEAR(rtt.rttvar().to_seconds(), row.rttvar, 1e-4);
    EXPECT_NEAR(rtt.unclamped_rto().to_seconds(), row.rto, 1e-4);
  }
  EXPECT_EQ(rtt.rto(1_s, 1_s, 60_s), 1_s);
}

TEST(Rtt, BackOffDoublesUpToTheCeilingAndASampleEndsIt) {
  RttEstimator rtt;
  rtt.sample(100_ms);
  for (int i = 0; i < 40; ++i) {
    rtt.back_off();
  }
  EXPECT_EQ(rtt.rto(1_s, 200_ms, 60_s), 60_s);
  rtt.sample(100_ms);
  EXPECT_EQ(rtt.rto(1_s, 200_ms, 60_s), 250_ms);
}

}  // namespace
}  // namespace catenet::transport
