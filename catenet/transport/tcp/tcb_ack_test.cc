// SPDX-License-Identifier: Apache-2.0
// Loss and recovery: fast retransmit with and without SACK, partial ACKs, limited transmit, recovery after a timeout.
#include "catenet/transport/tcp/tcb_script.h"

namespace catenet::transport {
namespace {

// Loss by count (RFC 6675), the cut at once: the mechanisms that came later have tests of their own.
TcpConfig sacking() {
  TcpConfig config = plain_config();
  config.sack = true;
  config.rack = config.tlp = config.prr = config.frto = false;
  return config;
}

// Ten segments of 1000 bytes at 1 s.
std::string ten_segments() {
  std::string text = "1 send 10000\n";
  for (int i = 0; i < 10; ++i) {
    text += "1 > " + std::string(i == 9 ? "P." : ".") + " " + std::to_string(i * 1000 + 1) + ":" +
            std::to_string(i * 1000 + 1001) + "(1000) ack 1\n";
  }
  return text;
}

TEST(TcbRecovery, ThreeDuplicateAcksAndNewReno) {  // RFC 5681 3.2, RFC 6582: segments 1 and 5 are lost
  TcpConfig config = plain_config();
  config.limited_transmit = false;
  Script s(config);
  s.run(established("<mss 1000>") + ten_segments() + R"(
    1.1 < . 1:1(0) ack 1
    1.1 < . 1:1(0) ack 1
    1.1 quiet
    1.1 < . 1:1(0) ack 1
    1.1 > . 1:1001(1000) ack 1
    1.1 ssthresh 5000
    1.1 send 4000
    1.1 < . 1:1(0) ack 1
    1.1 < . 1:1(0) ack 1
    1.1 quiet
    # five of ten have left: now each duplicate lets one new segment go
    1.1 < . 1:1(0) ack 1
    1.1 > . 10001:11001(1000) ack 1
    1.1 < . 1:1(0) ack 1
    1.1 > . 11001:12001(1000) ack 1
    1.1 < . 1:1(0) ack 1
    1.1 > . 12001:13001(1000) ack 1
    # a partial ACK: the next hole at once, and the window goes on
    1.2 < . 1:1(0) ack 4001
    1.2 > . 4001:5001(1000) ack 1
    1.2 > P. 13001:14001(1000) ack 1
    1.3 < . 1:1(0) ack 13001
    1.3 ssthresh 5000
    1.4 < . 1:1(0) ack 14001
    1.4 timer none
  )");
  EXPECT_EQ(s.tcb->statistics().fast_retransmits, 1U);
  EXPECT_EQ(s.tcb->statistics().retransmits, 2U);
  EXPECT_EQ(s.tcb->statistics().timeouts, 0U);
}

TEST(TcbRecovery, LimitedTransmit) {  // RFC 3042; what it sent does not count for ssthresh (RFC 5681 3.2)
  Script s(plain_config());
  s.run(established("<mss 1000>") + ten_segments() + R"(
    1.1 send 3000
    1.1 < . 1:1(0) ack 1
    1.1 > . 10001:11001(1000) ack 1
    1.1 < . 1:1(0) ack 1
    1.1 > . 11001:12001(1000) ack 1
    1.1 < . 1:1(0) ack 1
    1.1 > . 1:1001(1000) ack 1
    1.1 ssthresh 5000
  )");
}

TEST(TcbRecovery, SackFillsTheHolesByThePipe) {  // RFC 6675: segments 1, 2 and 6 are lost
  Script s(sacking());
  s.run(established("<mss 1000,sackOK>") + ten_segments() + R"(
    1.1 < . 1:1(0) ack 1 <sack 2001:3001>
    1.1 < . 1:1(0) ack 1 <sack 2001:4001>
    1.1 quiet
    # more than two segments above the first: lost, and cwnd is 5
    1.1 < . 1:1(0) ack 1 <sack 2001:5001>
    1.1 > . 1:1001(1000) ack 1
    1.1 ssthresh 5000
    1.1 < . 1:1(0) ack 1 <sack 6001:7001,sack 2001:5001>
    1.1 quiet
    # pipe: the first again, and 5001-6001, 8001-10001: 4; the second is lost
    1.1 < . 1:1(0) ack 1 <sack 6001:8001,sack 2001:5001>
    1.1 > . 1001:2001(1000) ack 1
    1.1 < . 1:1(0) ack 1 <sack 6001:9001,sack 2001:5001>
    1.1 > . 5001:6001(1000) ack 1
    # nothing is left to send but a rescue of the end (rule 4)
    1.1 > P. 9001:10001(1000) ack 1
    1.1 < . 1:1(0) ack 1 <sack 6001:10001,sack 2001:5001>
    1.2 < . 1:1(0) ack 5001 <sack 6001:10001>
    1.3 < . 1:1(0) ack 10001
    1.3 timer none
  )");
  EXPECT_EQ(s.tcb->recovery(), Tcb::Recovery::none);
  EXPECT_EQ(s.tcb->statistics().retransmits, 4U);
}

TEST(TcbRecovery, ARescueKeepsTheClockRunning) {  // RFC 6675 4 NextSeg (4): the tail is lost too
  Script s(sacking());
  s.run(established("<mss 1000,sackOK>") + ten_segments() + R"(
    1.1 < . 1:1(0) ack 1 <sack 1001:4001>
    1.1 > . 1:1001(1000) ack 1
    1.11 < . 1:1(0) ack 1 <sack 1001:6001>
    1.11 < . 1:1(0) ack 1 <sack 1001:7001>
    1.11 > P. 9001:10001(1000) ack 1
  )");
}

TEST(TcbRecovery, NonsenseBlocksAreNotBelieved) {
  Script s(sacking());
  s.run(established("<mss 1000,sackOK>") + ten_segments() +
        "1.1 < . 1:1(0) ack 1 <sack 20001:30001>\n1.1 < . 1:1(0) ack 1 <sack 5001:4001>\n1.1 < . 1:1(0) ack 1 <sack "
        "9001:11001>\n1.1 quiet\n");
  EXPECT_EQ(s.tcb->statistics().duplicate_acks, 0U);
}

TEST(TcbRecovery, AfterATimeoutEverythingGoesAgainInSlowStartPastWhatSackReports) {
  Script s(sacking());
  s.run(established("<mss 1000,sackOK>") + ten_segments() + R"(
    2 > . 1:1001(1000) ack 1
    2 cwnd 1000
    2 ssthresh 5000
    2.1 < . 1:1(0) ack 1001 <sack 2001:4001>
    2.1 cwnd 2000
    2.1 > . 1001:2001(1000) ack 1
    2.1 > . 4001:5001(1000) ack 1
    2.2 < . 1:1(0) ack 5001
    2.2 > . 5001:6001(1000) ack 1
    2.2 > . 6001:7001(1000) ack 1
    2.2 > . 7001:8001(1000) ack 1
    2.3 < . 1:1(0) ack 10001
    2.3 timer none
  )");
  EXPECT_EQ(s.tcb->statistics().timeouts, 1U);
}

TEST(TcbRecovery, DuplicatesOfAnEarlierRecoveryStartNone) {  // RFC 6582 3.2 step 2
  Script s(plain_config());
  s.run(established("<mss 1000>") + ten_segments() + R"(
    2 > . 1:1001(1000) ack 1
    2.1 < . 1:1(0) ack 1001
    2.1 > . 1001:2001(1000) ack 1
    2.1 > . 2001:3001(1000) ack 1
    2.2 < . 1:1(0) ack 1001
    2.2 < . 1:1(0) ack 1001
    2.2 < . 1:1(0) ack 1001
    2.2 < . 1:1(0) ack 1001
    2.2 quiet
  )");
  EXPECT_EQ(s.tcb->statistics().fast_retransmits, 0U);
}

TEST(TcbRecovery, ASmallerPathSendsAgainWithoutBlamingCongestion) {  // RFC 1191
  Script s(plain_config());
  s.run(established("<mss 1000>") + "1 send 1000\n1 > P. 1:1001(1000) ack 1\n");
  const std::uint32_t cwnd = s.tcb->cwnd();
  s.tcb->set_max_segment(600);
  s.run("1.1 read 0\n1.1 > . 1:601(600) ack 1\n1.1 > P. 601:1001(400) ack 1\n");
  EXPECT_EQ(s.tcb->cwnd(), cwnd);
}

// The published timeline (TCP-15): 12 Mbit/s, 50 ms each way, ten segments of 1460, the third lost. The third duplicate
// ACK comes at 106 ms.
TEST(TcbRecovery, PublishedTimeline) {
  TcpConfig config = plain_config();
  config.limited_transmit = false;
  Script s(config);
  std::string text = established();
  text += "1 send 14600\n";
  for (int i = 0; i < 10; ++i) {
    text += "1 > " + std::string(i == 9 ? "P." : ".") + " " + std::to_string(i * 1460 + 1) + ":" +
            std::to_string(i * 1460 + 1461) + "(1460) ack 1\n";
  }
  s.run(text + R"(
    1.101 < . 1:1(0) ack 1461
    1.102 < . 1:1(0) ack 2921
    1.104 < . 1:1(0) ack 2921
    1.105 < . 1:1(0) ack 2921
    1.105 quiet
    1.106 < . 1:1(0) ack 2921
    1.106 > . 2921:4381(1460) ack 1
    1.106 ssthresh 5840
    1.107 < . 1:1(0) ack 2921
    1.110 < . 1:1(0) ack 2921
    1.207 < . 1:1(0) ack 14601
    1.207 timer none
  )");
  EXPECT_EQ(s.tcb->statistics().timeouts, 0U);
}

}  // namespace
}  // namespace catenet::transport
