// SPDX-License-Identifier: Apache-2.0
// Loss recovery in time: RACK, loss probes (RFC 8985), PRR (RFC 9937), DSACK (RFC 2883), and what is taken back: Eifel
// (RFC 3522, 4015), DSACK, F-RTO (RFC 5682). Loss by count and by duplicate ACKs is in tcb_ack_test.cc.
#include "catenet/transport/tcp/tcb_script.h"

namespace catenet::transport {
namespace {

TcpConfig sacking_sender() {
  TcpConfig config = plain_config();
  config.sack = true;
  return config;
}

// Sends `n` segments of 1000 bytes at 1 s.
std::string segments(int n = 10, const std::string& options = "") {
  std::string text = "1 send " + std::to_string(n * 1000) + "\n";
  for (int i = 0; i < n; ++i) {
    text += "1 > " + std::string(i == n - 1 ? "P." : ".") + " " + std::to_string(i * 1000 + 1) + ":" +
            std::to_string(i * 1000 + 1001) + "(1000) ack 1" + options + "\n";
  }
  return text;
}
const std::string kSacking = established("<mss 1000,sackOK>");
const std::string kStamping =
    "0 listen\n0 < S 0:0(0) <mss 1012,sackOK,TS 1 0>\n0 > S. 0:0(0) ack 1\n0.1 < . 1:1(0) ack 1 <TS 101 0>\n";

TEST(TcbRack, ALoneGapWaitsForTheReorderingWindow) {  // RFC 8985 6.2: a quarter of the round trip
  Script s(sacking_sender());
  s.run(kSacking + segments() + R"(
    1.1 < . 1:1(0) ack 1 <sack 1001:2001>
    1.1249 quiet
    1.125 > . 1:1001(1000) ack 1
    1.125 ssthresh 5000
    1.225 < . 1:1(0) ack 10001
    1.225 cwnd 5000
    1.225 timer none
  )");
  EXPECT_EQ(s.tcb->statistics().sack_recovery, 1U);
}

TEST(TcbRack, ReorderingWithinTheWindowCostsNothing) {
  Script s(sacking_sender());
  s.run(kSacking + segments() + R"(
    1.1 < . 1:1(0) ack 1 <sack 1001:2001>
    1.11 < . 1:1(0) ack 2001
    1.2 < . 1:1(0) ack 10001
    1.2 timer none
  )");
  EXPECT_EQ(s.tcb->statistics().retransmits, 0U);
  EXPECT_TRUE(s.tcb->rack().reordering_seen());
}

TEST(TcbRack, ThreeSackedAreEnoughWhileNoReorderingWasSeen) {
  Script s(sacking_sender());
  s.run(kSacking + segments() + R"(
    1.1 < . 1:1(0) ack 1 <sack 1001:3001>
    1.1 quiet
    1.1 < . 1:1(0) ack 1 <sack 1001:4001>
    1.1 > . 1:1001(1000) ack 1
  )");
}

TEST(TcbRack, ALostRetransmissionIsFoundWithoutATimeout) {
  Script s(sacking_sender());
  s.run(kSacking + segments() + R"(
    1.1 < . 1:1(0) ack 1 <sack 1001:4001>
    1.1 > . 1:1001(1000) ack 1
    1.11 send 5000
    1.11 < . 1:1(0) ack 1 <sack 1001:10001>
    1.11 > . 10001:11001(1000) ack 1
    1.11 > . 11001:12001(1000) ack 1
    1.11 > . 12001:13001(1000) ack 1
    1.11 > . 13001:14001(1000) ack 1
    1.21 < . 1:1(0) ack 1 <sack 1001:11001>
    1.21 > . 1:1001(1000) ack 1
    1.21 > P. 14001:15001(1000) ack 1
    1.31 < . 1:1(0) ack 15001
    1.31 cwnd 5000
    1.31 timer none
  )");
  EXPECT_EQ(s.tcb->statistics().timeouts, 0U);
}

// TCP-17 of the published figures (RFC 6937 3.1): one loss of twenty, the window from 20 to 10.
TEST(TcbPrr, OneLossOfTwentySendsOnEverySecondAck) {
  TcpConfig config = sacking_sender();
  config.initial_window = 20;
  Script s(config);
  std::string text = kSacking + segments(20) + "1 send 20000\n";
  const auto ack = [&](int k) {
    char line[100];
    std::snprintf(line, sizeof line, "1.%03d < . 1:1(0) ack 1 <sack 1001:%d>\n", 100 + k, (k + 1) * 1000 + 1);
    text += line;
  };
  int next = 20'001;
  const auto fresh = [&](int k) {
    char line[100];
    std::snprintf(line, sizeof line, "1.%03d > . %d:%d(1000) ack 1\n", 100 + k, next, next + 1000);
    text += line;
    next += 1000;
  };
  for (int k = 1; k <= 19; ++k) {
    ack(k);
    if (k < 3 || k == 19 || (k > 4 && k < 18 && k % 2 == 0)) {
      fresh(k);  // the first two: the window that SACK frees, as limited transmit; the last one: by the reduction bound
    } else if (k == 3) {
      text += "1.103 > . 1:1001(1000) ack 1\n1.103 ssthresh 10000\n";
    }
  }
  s.run(text);
  EXPECT_EQ(s.tcb->pipe(), 10'000U);
  EXPECT_EQ(s.tcb->statistics().retransmits, 1U);
}

// TCP-18: ten segments, 1 ms apart, the last is lost. The probe goes two round trips (and the longest delay of an ACK)
// after the last ACK.
TEST(TcbLossProbe, ALostTailIsProbedFor) {
  Script s(sacking_sender());
  std::string text = kSacking + segments();
  for (int i = 1; i <= 9; ++i) {
    text += "1.10" + std::to_string(i) + " < . 1:1(0) ack " + std::to_string(i * 1000 + 1) + "\n";
  }
  s.run(text + R"(
    1.509 quiet
    1.50925 > P. 9001:10001(1000) ack 1
    1.609 < . 1:1(0) ack 10001
    1.609 timer none
  )");
  EXPECT_EQ(s.tcb->statistics().loss_probes, 1U);
  EXPECT_EQ(s.tcb->statistics().timeouts, 0U);
}

TEST(TcbLossProbe, WithoutItTheTimeoutComes) {
  TcpConfig config = sacking_sender();
  config.tlp = false;
  Script s(config);
  s.run(kSacking + segments() + R"(
    1.109 < . 1:1(0) ack 9001
    2.108 quiet
    2.109 > P. 9001:10001(1000) ack 1
  )");
}

TEST(TcbLossProbe, TheProbeShowsTheGapThatRackRepairs) {  // RFC 8985 3.3: a tail of three
  Script s(sacking_sender());
  s.run(kSacking + segments() + R"(
    1.1 < . 1:1(0) ack 7001
    1.3 > P. 9001:10001(1000) ack 1
    1.4 < . 1:1(0) ack 7001 <sack 9001:10001>
    1.4 > . 7001:8001(1000) ack 1
    # nothing else is under way: one out for each one in
    1.5 < . 1:1(0) ack 8001 <sack 9001:10001>
    1.5 > . 8001:9001(1000) ack 1
    1.6 < . 1:1(0) ack 10001
    1.6 timer none
  )");
  EXPECT_EQ(s.tcb->statistics().timeouts, 0U);
}

TEST(TcbLossProbe, NewDataAreTheBetterProbe) {  // beyond cwnd, by one segment
  Script s(sacking_sender());
  s.run(kSacking + segments() + R"(
    1 send 2000
    1.2 > . 10001:11001(1000) ack 1
    1.25 < . 1:1(0) ack 11001
    1.25 > P. 11001:12001(1000) ack 1
    1.35 < . 1:1(0) ack 12001
    1.35 timer none
  )");
  EXPECT_EQ(s.tcb->statistics().retransmits, 0U);
}

TEST(TcbLossProbe, TheLossItRepairedIsReportedToCongestionControl) {  // RFC 8985 7.4.2
  const std::string text = kSacking + segments(1) + R"(
    1.4 > P. 1:1001(1000) ack 1
    1.5 < . 1:1(0) ack 1001
  )";
  Script repaired(sacking_sender());
  repaired.run(text + "1.5 send 1000\n1.5 > P. 1001:2001(1000) ack 1\n1.6 < . 1:1(0) ack 2001\n1.6 ssthresh 2000\n");
  EXPECT_EQ(repaired.tcb->statistics().loss_probe_recovery, 1U);
  Script late(sacking_sender());  // the segment was only late: the probe is reported as a duplicate
  late.run(text +
           "1.51 < . 1:1(0) ack 1001 <sack 1:1001>\n1.52 send 1000\n1.52 > P. 1001:2001(1000) ack 1\n"
           "1.6 < . 1:1(0) ack 2001\n1.6 ssthresh 4294967295\n");
  EXPECT_EQ(late.tcb->statistics().loss_probe_recovery, 0U);
}

TEST(TcbDsack, DuplicatesAreReportedOnce) {  // RFC 2883 4
  Script s(sacking_sender());
  s.run(kSacking + R"(
    1 < . 1:1001(1000) ack 1
    1 > . 1:1(0) ack 1001 <>
    1.1 < . 1:1001(1000) ack 1
    1.1 > . 1:1(0) ack 1001 <sack 1:1001>
    1.2 < . 501:1501(1000) ack 1
    1.2 > . 1:1(0) ack 1501 <sack 501:1001>
    1.3 < . 2501:3501(1000) ack 1
    1.3 > . 1:1(0) ack 1501 <sack 2501:3501>
    1.4 < . 2501:3501(1000) ack 1
    1.4 > . 1:1(0) ack 1501 <sack 2501:3501,sack 2501:3501>
    1.5 < . 3001:4501(1500) ack 1
    1.5 > . 1:1(0) ack 1501 <sack 3001:3501,sack 2501:4501>
    1.6 < . 5001:6001(1000) ack 1
    1.6 > . 1:1(0) ack 1501 <sack 5001:6001,sack 2501:4501>
    1.7 < . 9000:9500(500) ack 1
    1.7 > . 1:1(0) ack 1501 <sack 9000:9500,sack 5001:6001,sack 2501:4501>
  )");
  EXPECT_EQ(s.tcb->statistics().dsack_old_sent, 2U);
  EXPECT_EQ(s.tcb->statistics().dsack_ofo_sent, 2U);
}

TEST(TcbUndo, AllRetransmissionsWereDuplicates) {
  Script s(sacking_sender());
  s.run(kSacking + segments() + R"(
    1.1 < . 1:1(0) ack 1 <sack 1001:4001>
    1.1 > . 1:1001(1000) ack 1
    1.1 ssthresh 5000
    1.12 < . 1:1(0) ack 4001
    1.12 ssthresh 5000
    1.2 < . 1:1(0) ack 4001 <sack 1:1001>
    1.2 ssthresh 4294967295
    1.2 cwnd 10000
    1.21 < . 1:1(0) ack 10001
    1.21 timer none
  )");
  EXPECT_EQ(s.tcb->statistics().dsack_undo, 1U);
  EXPECT_EQ(s.tcb->recovery(), Tcb::Recovery::none);
}

TEST(TcbUndo, EvenAfterTheRecoveryIsOver) {
  Script s(sacking_sender());
  s.run(kSacking + segments() + R"(
    1.1 < . 1:1(0) ack 1 <sack 1001:10001>
    1.1 > . 1:1001(1000) ack 1
    1.12 < . 1:1(0) ack 10001
    1.12 cwnd 5000
    1.2 < . 1:1(0) ack 10001 <sack 1:1001>
    1.2 ssthresh 4294967295
    1.2 cwnd 10000
  )");
}

TEST(TcbUndo, ARealLossStaysOne) {
  Script s(sacking_sender());
  s.run(kSacking + segments() + R"(
    1.1 < . 1:1(0) ack 1 <sack 1001:4001>
    1.1 > . 1:1001(1000) ack 1
    # a duplicate from before the recovery, and one that nobody sent twice
    1.2 < . 1:1(0) ack 10001
    1.2 cwnd 5000
    1.2 ssthresh 5000
  )");
  EXPECT_EQ(s.tcb->statistics().dsack_undo + s.tcb->statistics().full_undo, 0U);
}

TEST(TcbUndo, EifelSeesTheFirstTransmissionsStamp) {  // RFC 3522
  TcpConfig config = sacking_sender();
  config.timestamps = true;
  const std::string text = kStamping + segments(10, " <TS 1000 101>") + R"(
    1.1 < . 1:1(0) ack 1 <TS 1101 0,sack 1001:4001>
    1.1 > . 1:1001(1000) ack 1
    1.1 ssthresh 5000
  )";
  Script spurious(config);
  spurious.run(text + "1.12 < . 1:1(0) ack 4001 <TS 1121 1000>\n1.12 cwnd 10000\n1.12 ssthresh 4294967295\n");
  EXPECT_EQ(spurious.tcb->statistics().partial_undo, 1U);
  Script real(config);
  real.run(text + "1.2 < . 1:1(0) ack 4001 <TS 1201 1100>\n1.2 ssthresh 5000\n");
  EXPECT_EQ(real.tcb->statistics().partial_undo, 0U);
}

TEST(TcbUndo, EifelTakesATimeoutBack) {  // RFC 4015
  TcpConfig config = sacking_sender();
  config.timestamps = true;
  config.tlp = false;
  Script s(config);
  s.run(kStamping + segments() + R"(
    2 > . 1:1001(1000) ack 1
    2 cwnd 1000
    2.05 < . 1:1(0) ack 1001 <TS 2050 1000>
    2.05 cwnd 10000
    2.05 ssthresh 4294967295
    2.06 < . 1:1(0) ack 10001 <TS 2060 1000>
    2.06 timer none
  )");
  EXPECT_EQ(s.tcb->statistics().loss_undo, 1U);
  EXPECT_EQ(s.tcb->rtt().srtt(), 100_ms);  // what was measured holds our own timeout
}

TEST(TcbUndo, WithoutSackToo) {
  TcpConfig config = plain_config();
  config.timestamps = true;
  Script s(config);
  s.run(kStamping + segments() + R"(
    1.1 < . 1:1(0) ack 1 <TS 1101 0>
    1.1 < . 1:1(0) ack 1 <TS 1101 0>
    1.1 < . 1:1(0) ack 1 <TS 1101 0>
    1.1 > . 1:1001(1000) ack 1
    1.1 ssthresh 5000
    1.12 < . 1:1(0) ack 4001 <TS 1121 1000>
    1.12 ssthresh 4294967295
    # what the retransmission causes starts no other one
    1.2 < . 1:1(0) ack 4001 <TS 1200 1000>
    1.2 < . 1:1(0) ack 4001 <TS 1200 1000>
    1.2 < . 1:1(0) ack 4001 <TS 1200 1000>
    1.2 quiet
  )");
}

TcpConfig frto_config() {
  TcpConfig config = sacking_sender();
  config.tlp = false;
  return config;
}

TEST(TcbForwardRto, ADelaySpikeIsRecognized) {  // RFC 5682 3.1
  Script s(frto_config());
  s.run(kSacking + segments() + R"(
    1 send 4000
    2 > . 1:1001(1000) ack 1
    2.05 < . 1:1(0) ack 1001
    2.05 > . 10001:11001(1000) ack 1
    2.05 > . 11001:12001(1000) ack 1
    2.06 < . 1:1(0) ack 3001
    2.06 cwnd 10000
    2.06 ssthresh 4294967295
    2.06 > . 12001:13001(1000) ack 1
  )");
  EXPECT_EQ(s.tcb->statistics().spurious_rtos, 1U);
  EXPECT_EQ(s.tcb->statistics().retransmits, 1U);
}

TEST(TcbForwardRto, RealLossGoesOnInTheOldWay) {
  Script s(frto_config());
  s.run(kSacking + segments() + R"(
    1 send 4000
    2 > . 1:1001(1000) ack 1
    2.05 < . 1:1(0) ack 1001
    2.05 > . 10001:11001(1000) ack 1
    2.05 > . 11001:12001(1000) ack 1
    2.15 < . 1:1(0) ack 1001 <sack 10001:11001>
    2.15 > . 1001:2001(1000) ack 1
    2.15 < . 1:1(0) ack 1001 <sack 10001:12001>
    2.15 > . 2001:3001(1000) ack 1
  )");
  EXPECT_EQ(s.tcb->statistics().spurious_rtos, 0U);
}

TEST(TcbForwardRto, WithNothingNewToSendThereIsNoTest) {
  Script s(frto_config());
  s.run(kSacking + segments() + R"(
    2 > . 1:1001(1000) ack 1
    2.05 < . 1:1(0) ack 1001
    2.05 > . 1001:2001(1000) ack 1
    2.05 > . 2001:3001(1000) ack 1
  )");
}

TEST(TcbRecovery2018, APeerThatThrowsAwayWhatItReportedGetsItAgain) {  // RFC 2018 8
  TcpConfig config = frto_config();
  config.frto = false;
  Script s(config);
  s.run(kSacking + segments(3) + R"(
    1.1 < . 1:1(0) ack 1 <sack 1001:3001>
    1.125 > . 1:1001(1000) ack 1
    1.2 < . 1:1(0) ack 1001
    2.2 > . 1001:2001(1000) ack 1
    2.3 < . 1:1(0) ack 2001
    2.3 > P. 2001:3001(1000) ack 1
    2.4 < . 1:1(0) ack 3001
  )");
  EXPECT_EQ(s.tcb->statistics().sack_reneging, 1U);
}

}  // namespace
}  // namespace catenet::transport
