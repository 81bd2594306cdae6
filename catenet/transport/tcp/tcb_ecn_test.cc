// SPDX-License-Identifier: Apache-2.0
// Explicit congestion notification: the handshake, which segments may be marked, the echo until CWR, one cut per
// window (RFC 3168 6.1), and the exact echo of DCTCP (RFC 8257 3.2).
#include "catenet/transport/tcp/tcb_script.h"

namespace catenet::transport {
namespace {

TcpConfig asking() {
  TcpConfig config = plain_config();
  config.ecn = EcnMode::ask;
  return config;
}

std::string connected(const std::string& answer) {
  return "0 connect\n0 > SEW 0:0(0) win 65535\n0.1 < " + answer +
         " 0:0(0) ack 1 win 65535 <mss 1000>\n0.1 > . 1:1(0) ack 1\n0.1 state ESTABLISHED\n";
}

TEST(TcbEcn, AsksAndSendsMarkableData) {  // 6.1.1, 6.1.4: the handshake and bare ACKs are not
  Script s(asking());
  s.run(connected("S.E") + R"(
    0.2 send 1000
    0.2 > P. 1:1001(1000) ack 1 ect
    0.3 < P. 1:101(100) ack 1001
    0.3 > . 1001:1001(0) ack 101
  )");
  EXPECT_TRUE(s.tcb->uses_ecn());
}

TEST(TcbEcn, APeerThatDoesNotAnswerOrAnswersWrongly) {  // 6.1.1: both flags in a SYN-ACK are a reflection
  for (const char* answer : {"S.", "S.EW", "S.W"}) {
    Script s(asking());
    s.run(connected(answer) + "0.2 send 1000\n0.2 > P. 1:1001(1000) ack 1\n");
    EXPECT_FALSE(s.tcb->uses_ecn()) << answer;
  }
}

TEST(TcbEcn, ASynWithoutAnswerAsksNoMore) {  // 6.1.1.1
  Script s(asking());
  s.run(R"(
    0 connect
    0 > SEW 0:0(0)
    1 > S 0:0(0)
    1.1 < S.E 0:0(0) ack 1 <mss 1000>
    1.1 > . 1:1(0) ack 1
  )");
  EXPECT_FALSE(s.tcb->uses_ecn());
}

std::string accepted() {
  return "0 listen\n0 < SEW 0:0(0) win 65535 <mss 1000>\n0 > S.E 0:0(0) ack 1\n0.1 < . 1:1(0) ack 1 win 65535\n";
}

TEST(TcbEcn, AnswersWhenAskedUnlessForbidden) {
  Script s(plain_config());
  s.run(accepted());
  EXPECT_TRUE(s.tcb->uses_ecn());
  Script half(plain_config());
  half.run("0 listen\n0 < SE 0:0(0) win 65535 <mss 1000>\n0 > S. 0:0(0) ack 1\n");
  EXPECT_FALSE(half.tcb->uses_ecn());
  TcpConfig never = plain_config();
  never.ecn = EcnMode::never;
  Script no(never);
  no.run("0 listen\n0 < SEW 0:0(0) win 65535 <mss 1000>\n0 > S. 0:0(0) ack 1\n");
  EXPECT_FALSE(no.tcb->uses_ecn());
}

TEST(TcbEcn, MarksAreEchoedUntilTheSenderKnows) {  // 6.1.3
  Script s(plain_config());
  s.run(accepted() + R"(
    0.2 < P. 1:1001(1000) ack 1
    0.2 > . 1:1(0) ack 1001
    0.3 < P. 1001:2001(1000) ack 1 ce
    0.3 > .E 1:1(0) ack 2001
    0.4 < P. 2001:3001(1000) ack 1
    0.4 > .E 1:1(0) ack 3001
    0.4 send 10
    0.4 > P.E 1:11(10) ack 3001 ect
    0.5 < P.W 3001:4001(1000) ack 11
    0.5 > . 11:11(0) ack 4001
    0.6 < P.W 4001:5001(1000) ack 11 ce
    0.6 > .E 11:11(0) ack 5001
  )");
  EXPECT_EQ(s.tcb->statistics().marks, 2U);
}

TEST(TcbEcn, AMarkOnABareAckOrBeyondTheWindowSaysNothing) {
  Script s(plain_config());
  s.run(accepted() + R"(
    0.2 < . 1:1(0) ack 1 ce
    0.3 < P. 200001:201001(1000) ack 1 ce
    0.3 > . 1:1(0) ack 1
  )");
  EXPECT_EQ(s.tcb->statistics().marks, 0U);
}

TEST(TcbEcn, OneCutPerWindowAndCwrOnce) {  // 6.1.2; 0.8 of the window stays (RFC 8511)
  Script s(asking());
  std::string text = connected("S.E") + "1 send 20000\n";
  for (int i = 0; i < 10; ++i) {
    text += "1 > . " + std::to_string(i * 1000 + 1) + ":" + std::to_string(i * 1000 + 1001) + "(1000) ack 1 ect\n";
  }
  s.run(text + R"(
    1.1 cwnd 10000
    1.1 < .E 1:1(0) ack 1001
    1.1 cwnd 8000
    1.1 ssthresh 8000
    1.1 < .E 1:1(0) ack 2001
    1.1 < .E 1:1(0) ack 3001
    1.1 > .W 10001:11001(1000) ack 1 ect
    1.1 < .E 1:1(0) ack 4001
    1.1 > . 11001:12001(1000) ack 1 ect
    # still the same window: no second cut, and no growth
    1.1 cwnd 8000
    1.1 < . 1:1(0) ack 10001
    1.1 > . 12001:13001(1000) ack 1 ect
    1.1 > . 13001:14001(1000) ack 1 ect
    1.1 > . 14001:15001(1000) ack 1 ect
    1.1 > . 15001:16001(1000) ack 1 ect
    1.1 > . 16001:17001(1000) ack 1 ect
    1.1 > . 17001:18001(1000) ack 1 ect
    1.2 < .E 1:1(0) ack 12001
    1.2 ssthresh 6400
    1.2 cwnd 6400
  )");
  EXPECT_EQ(s.tcb->statistics().mark_cuts, 2U);
  EXPECT_EQ(s.tcb->statistics().retransmits, 0U);
}

TEST(TcbEcn, WhatIsSentAgainIsNotMarkable) {  // 6.1.5
  Script s(asking());
  s.run(connected("S.E") + R"(
    0.2 send 1000
    0.2 > P. 1:1001(1000) ack 1 ect
    1.2 > P. 1:1001(1000) ack 1
    1.3 < . 1:1(0) ack 1001
    1.3 send 1000
    1.3 > P.W 1001:2001(1000) ack 1 ect
    1.4 < . 1:1(0) ack 2001
  )");
}

TEST(TcbDctcp, WithoutEcnItIsNewReno) {  // RFC 8257 3.5
  TcpConfig config = plain_config();
  config.congestion = CongestionAlgorithm::dctcp;
  Script with(config);
  with.run(connected("S.E"));
  EXPECT_EQ(with.tcb->algorithm(), "dctcp");
  Script without(config);
  without.run(connected("S."));
  EXPECT_EQ(without.tcb->algorithm(), "newreno");
  config.ecn = EcnMode::never;
  Script never(config);
  never.run("0 connect\n0 > S 0:0(0)\n0.1 < S. 0:0(0) ack 1 win 65535 <mss 1000>\n0.1 > . 1:1(0) ack 1\n");
  EXPECT_EQ(never.tcb->algorithm(), "newreno");
}

TEST(TcbDctcp, EveryChangeOfMarkingIsAcknowledgedByItself) {  // RFC 8257 3.2
  TcpConfig config = plain_config();
  config.congestion = CongestionAlgorithm::dctcp;
  config.quick_acks = 0;
  Script s(config);
  s.run(accepted() + R"(
    0.2 < . 1:1001(1000) ack 1
    0.2 quiet
    # the mark comes: what was before it is acknowledged without the echo
    0.21 < . 1001:2001(1000) ack 1 ce
    0.21 > . 1:1(0) ack 1001
    0.21 > .E 1:1(0) ack 2001
    0.22 < . 2001:3001(1000) ack 1 ce
    0.22 quiet
    0.23 < . 3001:4001(1000) ack 1
    0.23 > .E 1:1(0) ack 3001
    0.23 > . 1:1(0) ack 4001
  )");
  EXPECT_EQ(s.tcb->statistics().marks, 2U);
}

}  // namespace
}  // namespace catenet::transport
