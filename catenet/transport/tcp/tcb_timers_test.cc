// SPDX-License-Identifier: Apache-2.0
// The timers: retransmission and its back-off, persist, keep-alive, user timeout.
#include "catenet/transport/tcp/tcb_script.h"

namespace catenet::transport {
namespace {

// TCP-2 of the published figures: from 1 s: 1, 3, 7, 15, 31, 63 s.
TEST(TcbRetransmit, BackOffDoubles) {
  Script s(plain_config());
  std::string text = established() + "1 send 10\n1 > P. 1:11(10) ack 1\n";
  for (const int t : {1, 3, 7, 15, 31, 63}) {
    text += std::to_string(t + 1) + " > P. 1:11(10) ack 1\n";
  }
  s.run(text + "64.1 < . 1:1(0) ack 11\n64.1 timer none\n");
  EXPECT_EQ(s.tcb->rtt().srtt(), 100_ms);  // Karn: the answer to a retransmission measures nothing
}

TEST(TcbRetransmit, TheCeilingHolds) {
  TcpConfig config = plain_config();
  config.max_rto = 2_s;
  Script s(config);
  s.run(established() +
        "1 send 10\n1 > P. 1:11(10) ack 1\n2 > P. 1:11(10) ack 1\n4 > P. 1:11(10) ack 1\n"
        "6 > P. 1:11(10) ack 1\n8 > P. 1:11(10) ack 1\n");
}

TEST(TcbRetransmit, EachAckStartsTheTimerAgain) {  // RFC 6298 5.3
  Script s(plain_config());
  s.run(established("<mss 1000>") + R"(
    1 send 2000
    1 > . 1:1001(1000) ack 1
    1 > P. 1001:2001(1000) ack 1
    1.9 < . 1:1(0) ack 1001
    2.8 quiet
    # the sample of 0.9 s: SRTT 0.2, RTTVAR 0.2375, RTO 1.15
    3.05 > P. 1001:2001(1000) ack 1
  )");
}

TEST(TcbRetransmit, GivesUpWithTheSoftErrorOrETimedOut) {
  TcpConfig config = plain_config();
  config.retries = 1;
  const std::string text = established() + "1 send 10\n1 > P. 1:11(10) ack 1\n2 > P. 1:11(10) ack 1\n4 state CLOSED\n";
  Script s(config);
  s.run(text + "4 error 110\n");
  Script soft(config);
  soft.run(established());
  soft.tcb->on_network_error(EHOSTUNREACH, false);
  soft.run(text.substr(text.find("1 send")) + "4 error 113\n");
}

TEST(TcbRetransmit, TimestampsMeasureRetransmissions) {  // RFC 7323 4.1
  TcpConfig config = plain_config();
  config.timestamps = true;
  Script s(config);
  s.run(R"(
    0 listen
    0 < S 0:0(0) <mss 1460,TS 1 0>
    0 > S. 0:0(0) ack 1
    0.1 < . 1:1(0) ack 1 <TS 2 0>
    1 send 10
    1 > P. 1:11(10) ack 1 <TS 1000 2>
    2 > P. 1:11(10) ack 1 <TS 2000 2>
    2.5 < . 1:1(0) ack 11 <TS 3 2000>
  )");
  EXPECT_EQ(s.tcb->rtt().srtt(), 150_ms);
  EXPECT_EQ(s.tcb->rto(), 1_s);
}

TEST(TcbRetransmit, AnEchoFromBeforeTheRetransmissionMeasuresNothing) {
  TcpConfig config = plain_config();
  config.timestamps = true;
  Script s(config);
  s.run(R"(
    0 listen
    0 < S 0:0(0) <mss 1460,TS 1 0>
    0 > S. 0:0(0) ack 1
    0.1 < . 1:1(0) ack 1 <TS 2 0>
    1 send 10
    1 > P. 1:11(10) ack 1 <TS 1000 2>
    2 > P. 1:11(10) ack 1 <TS 2000 2>
    # The first answer was lost; this one, to the old duplicate, still echoes the first stamp.
    2.1 < . 1:1(0) ack 11 <TS 3 1000>
  )");
  EXPECT_EQ(s.tcb->rtt().srtt(), 100_ms);
}

TEST(TcbRetransmit, AnEchoOfAnEarlierSynAckMeasuresNothing) {  // RFC 6298 5.7: then data start at 3 s
  TcpConfig config = plain_config();
  config.timestamps = true;
  Script s(config);
  s.run(R"(
    0 listen
    0.5 < S 0:0(0) <mss 1460,TS 1 0>
    0.5 > S. 0:0(0) ack 1
    1.5 > S. 0:0(0) ack 1
    # The ACK of the first SYN-ACK was lost; the request that follows still echoes that.
    2.4 < P. 1:11(10) ack 1 <TS 2 500>
    2.4 > . 1:1(0) ack 11
  )");
  EXPECT_FALSE(s.tcb->rtt().has_sample());
  EXPECT_EQ(s.tcb->rto(), 3_s);
}

TEST(TcbPersist, ProbesAClosedWindowAndGoesOnWhenItOpens) {  // RFC 9293 3.8.6.1
  Script s(plain_config());
  s.run(established("<mss 1000>", "1000") + R"(
    1 send 3001
    1 > . 1:1001(1000) ack 1
    1.1 < . 1:1(0) ack 1001 win 0
    2.1 > . 1001:1002(1) ack 1
    2.2 < . 1:1(0) ack 1001 win 0
    4.1 > . 1001:1002(1) ack 1
    4.2 < . 1:1(0) ack 1001 win 0
    8.1 > . 1001:1002(1) ack 1
    8.2 < . 1:1(0) ack 1002 win 0
    9.2 > . 1002:1003(1) ack 1
    9.3 < . 1:1(0) ack 1002 win 5000
    9.3 > . 1002:2002(1000) ack 1
    9.3 > P. 2002:3002(1000) ack 1
    9.4 < . 1:1(0) ack 3002
    9.4 timer none
  )");
}

TEST(TcbPersist, APeerThatAnswersIsNeverGivenUpAndASilentOneIs) {
  TcpConfig config = plain_config();
  config.retries = 2;
  config.max_rto = 1_s;
  Script s(config);
  std::string text = established("<mss 1000>", "1000") + "1 send 2000\n1 > . 1:1001(1000) ack 1\n";
  text += "1.1 < . 1:1(0) ack 1001 win 0\n";
  for (int i = 0; i < 20; ++i) {
    text += std::to_string(i + 2) + ".1 > . 1001:1002(1) ack 1\n" + std::to_string(i + 2) +
            ".2 < . 1:1(0) ack 1001 win 0\n";
  }
  s.run(text + "22.1 > . 1001:1002(1) ack 1\n23.1 > . 1001:1002(1) ack 1\n24.1 error 110\n");
}

TEST(TcbPersist, AFinWaitsForTheWindowToo) {
  Script s(plain_config());
  s.run(established("<mss 1000>", "1000") + R"(
    1 send 1000
    1 > P. 1:1001(1000) ack 1
    1.1 < . 1:1(0) ack 1001 win 0
    1.2 shutdown
    2.2 > F. 1001:1001(0) ack 1
    2.3 < . 1:1(0) ack 1002 win 0
    2.3 state FIN-WAIT-2
  )");
}

TEST(TcbKeepalive, ProbesAndGivesUp) {  // RFC 9293 3.8.4
  TcpConfig config = plain_config();
  config.keepalive = true;
  config.keepalive_idle = 10_s;
  config.keepalive_interval = 1_s;
  config.keepalive_probes = 2;
  Script s(config);
  s.run(established() + R"(
    10.1 > . 0:0(0) ack 1
    10.2 < . 1:1(0) ack 1
    20.2 > . 0:0(0) ack 1
    21.2 > . 0:0(0) ack 1
    22.2 > R. 1:1(0) ack 1
    22.2 error 110
  )");
}

TEST(TcbKeepalive, OurAnswerToOne) {
  Script s(plain_config());
  s.run(established() + "10 < . 0:0(0) ack 1\n10 > . 1:1(0) ack 1\n");
}

TEST(TcbUserTimeout, CountsFromTheLastProgress) {
  TcpConfig config = plain_config();
  config.user_timeout = 5_s;
  Script s(config);
  s.run(established() + R"(
    1 send 10
    1 > P. 1:11(10) ack 1
    1.1 < . 1:1(0) ack 11
    2 send 10
    2 > P. 11:21(10) ack 1
    3 > P. 11:21(10) ack 1
    5 > P. 11:21(10) ack 1
    7 error 110
  )");
}

}  // namespace
}  // namespace catenet::transport
