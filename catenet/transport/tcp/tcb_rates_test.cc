// SPDX-License-Identifier: Apache-2.0
// Pacing and delivery rates of a connection (tcb_rates.cc), to the microsecond. BBR begins at 2.77 initial windows in a
// round trip (draft-ietf-ccwg-bbr-06 5.6.2): 10 segments of 1000 bytes and 0.1 s are 277,000 bytes a second, a segment
// each 3.610108 ms.
#include "catenet/transport/tcp/tcb_script.h"

namespace catenet::transport {
namespace {

TcpConfig paced_config() {
  TcpConfig config = plain_config();
  config.sack = true;
  config.congestion = CongestionAlgorithm::bbr;
  return config;
}
const std::string kPaced = established("<mss 1000,sackOK>");

TEST(TcbPacing, TheFirstWindowIsSpread) {
  Script s(paced_config());
  s.run(kPaced + R"(
    1 send 12000
    1 > . 1:1001(1000) ack 1
    1.003611 > . 1001:2001(1000) ack 1
    1.007221 > . 2001:3001(1000) ack 1
    1.010831 > . 3001:4001(1000) ack 1
    1.014441 > . 4001:5001(1000) ack 1
    1.018051 > . 5001:6001(1000) ack 1
    1.021661 > . 6001:7001(1000) ack 1
    1.025271 > . 7001:8001(1000) ack 1
    1.028881 > . 8001:9001(1000) ack 1
    1.032491 > . 9001:10001(1000) ack 1
    # the window is full: an acknowledgement opens it, and nobody waits any more
    1.05 quiet
    1.1 < . 1:1(0) ack 1001
    1.1 > . 10001:11001(1000) ack 1
    1.103611 > P. 11001:12001(1000) ack 1
  )");
  EXPECT_TRUE(s.tcb->timer(Tcb::kPacing).is_never());
}

TEST(TcbPacing, TimeThatPassedIsNotSavedUp) {
  Script s(paced_config());
  s.run(kPaced + R"(
    1 send 1000
    1 > P. 1:1001(1000) ack 1
    1.1 < . 1:1(0) ack 1001
    2 send 2000
    2 > . 1001:2001(1000) ack 1
    2.003611 > P. 2001:3001(1000) ack 1
  )");
}

// What is no data does not wait: acknowledgements, and what probes a closed window.
TEST(TcbPacing, AcknowledgementsDoNotWait) {
  Script s(paced_config());
  s.run(kPaced + R"(
    1 send 2000
    1 > . 1:1001(1000) ack 1
    1.001 < P. 1:101(100) ack 1
    1.001 > . 1001:1001(0) ack 101
    1.003611 > P. 1001:2001(1000) ack 101
    1.1 < . 101:101(0) ack 2001 win 0
    1.1 send 1000
    2.1 > . 2001:2002(1) ack 101
  )");
}

// A tail that is lost: the loss probe, and what goes again after it, at the pace too. No PRR, no halving.
TEST(TcbPacing, WhatGoesAgainWaitsAsWell) {
  Script s(paced_config());
  s.run(kPaced + R"(
    1 send 6000
    1 > . 1:1001(1000) ack 1
    1.003611 > . 1001:2001(1000) ack 1
    1.007221 > . 2001:3001(1000) ack 1
    1.010831 > . 3001:4001(1000) ack 1
    1.014441 > . 4001:5001(1000) ack 1
    1.018051 > P. 5001:6001(1000) ack 1
    1.12 < . 1:1(0) ack 1 <sack 3001:6001>
    1.12 > . 1:1001(1000) ack 1
    1.123611 > . 1001:2001(1000) ack 1
    1.127221 > . 2001:3001(1000) ack 1
    1.13 cwnd 13000
    1.22 < . 1:1(0) ack 6001
  )");
  EXPECT_EQ(s.tcb->statistics().sack_recovery, 1U);
}

TEST(TcbPacing, ASuperSegmentIsAQuantum) {  // 5.6.3: a millisecond's worth, at least two segments
  Script s(paced_config());
  s.origin.max_super_segment = 60'000;
  s.run(kPaced + R"(
    1 send 7000
    1 > P. 1:2001(2000) ack 1
    1.007221 > P. 2001:4001(2000) ack 1
    1.014441 > P. 4001:6001(2000) ack 1
    1.021661 > P. 6001:7001(1000) ack 1
  )");
}

TEST(TcbPacing, OthersArmNoTimer) {
  TcpConfig config = plain_config();
  config.congestion = CongestionAlgorithm::cubic;
  Script s(config);
  s.run(kPaced + "1 send 2000\n1 > . 1:1001(1000) ack 1\n1 > P. 1001:2001(1000) ack 1\n1 quiet\n");
  EXPECT_EQ(s.tcb->sent_segments().rates(), nullptr);
  EXPECT_TRUE(s.tcb->timer(Tcb::kPacing).is_never());
}

// Two segments of which the first comes back after 0.1 s and the second 2 ms later; and that nothing else was there to
// be sent is known.
TEST(TcbRates, ASampleForEachAcknowledgement) {
  Script s(paced_config());
  s.run(kPaced + "1 send 2000\n1 > . 1:1001(1000) ack 1\n1.003611 > P. 1001:2001(1000) ack 1\n");
  const DeliveryRate& rates = *s.tcb->sent_segments().rates();
  EXPECT_EQ(rates.latest_rate(), 0U);
  EXPECT_TRUE(rates.is_app_limited());
  s.run("1.1 < . 1:1(0) ack 1001\n");
  EXPECT_EQ(rates.latest_rate(), 10'000U);
  EXPECT_TRUE(rates.latest_is_app_limited());
  s.run("1.125 < . 1:1(0) ack 2001\n");
  EXPECT_EQ(rates.latest_rate(), 16'000U) << "2000 in 0.125 s: since the first was sent with nothing under way";
  EXPECT_EQ(rates.delivered_total(), 2000U);
}

// A window of data that is always there is not limited by the application.
TEST(TcbRates, AFullBufferIsNotLimitedByTheApplication) {
  Script s(paced_config());
  s.origin.max_super_segment = 0;
  std::string text = kPaced + "1 send 40000\n1 > . 1:1001(1000) ack 1\n";
  char line[80];
  for (int i = 1; i < 10; ++i) {
    std::snprintf(line, sizeof line, "%.6f > . %d:%d(1000) ack 1\n", 1 + i * 0.00361010830 + 5e-7, 1000 * i + 1,
                  1000 * i + 1001);
    text += line;
  }
  s.run(text);
  EXPECT_TRUE(s.tcb->sent_segments().rates()->is_app_limited()) << "the buffer was empty before the call";
  s.run("1.1 < . 1:1(0) ack 10001\n1.1 > . 10001:11001(1000) ack 1\n");
  EXPECT_EQ(s.tcb->sent_segments().rates()->latest_rate(), 100'000U);
  EXPECT_TRUE(s.tcb->sent_segments().rates()->latest_is_app_limited());
}

}  // namespace
}  // namespace catenet::transport
