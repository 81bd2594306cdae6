// SPDX-License-Identifier: Apache-2.0
// What is sent when: Nagle, silly windows, the initial window, idle restart, slices of the send buffer.
#include "catenet/transport/tcp/tcb_script.h"

namespace catenet::transport {
namespace {

TEST(TcbNagle, HoldsASmallSegmentWhileSomethingIsUnderWay) {  // RFC 896
  Script s(plain_config());
  s.run(established("<mss 1000>") + R"(
    1 send 10
    1 > P. 1:11(10) ack 1
    1.01 send 10
    1.02 send 985
    1.02 quiet
    1.03 send 5
    1.03 > P. 11:1011(1000) ack 1
    1.05 send 7
    1.1 < . 1:1(0) ack 1011
    1.1 > P. 1011:1018(7) ack 1
  )");
}

TEST(TcbNagle, CanBeSwitchedOffAndAFinDoesNotWait) {
  TcpConfig config = plain_config();
  config.nagle = false;
  Script off(config);
  off.run(established() + "1 send 10\n1 > P. 1:11(10) ack 1\n1 send 10\n1 > P. 11:21(10) ack 1\n");
  Script fin(plain_config());
  fin.run(established() + "1 send 10\n1 > P. 1:11(10) ack 1\n1 send 10\n1 close\n1 > FP. 11:21(10) ack 1\n");
}

TEST(TcbNagle, TheTailOfALongWriteDoesNotWait) {  // Minshall: only another small segment holds it back
  TcpConfig config = plain_config();
  config.initial_window = 10;
  Script s(config);
  s.run(established("<mss 1000>") + R"(
    1 send 2500
    1 > . 1:1001(1000) ack 1
    1 > . 1001:2001(1000) ack 1
    1 > P. 2001:2501(500) ack 1
    1.01 send 10
    1.01 quiet
    1.1 < . 1:1(0) ack 2001
    1.1 quiet
    1.2 < . 1:1(0) ack 2501
    1.2 > P. 2501:2511(10) ack 1
  )");
}

TEST(TcbNagle, ACorkHoldsWhatIsNotFullForAnRto) {
  TcpConfig config = plain_config();
  config.cork = true;
  Script s(config);
  s.run(established("<mss 1000>") + R"(
    1 send 300
    1 quiet
    1.01 send 1000
    1.01 > . 1:1001(1000) ack 1
    1.1 < . 1:1(0) ack 1001
    1.1 quiet
    2.1 > P. 1001:1301(300) ack 1
  )");
}

// TCP-13 of the published figures: a character each 200 ms over 5 s round trip: one, then 24 in one packet.
TEST(TcbNagle, PublishedCharacterCounts) {
  TcpConfig config = plain_config();
  config.initial_rto = 60_s;
  Script s(config);
  std::string text =
      "0 listen\n0 < S 0:0(0) <mss 1460>\n0 > S. 0:0(0) ack 1\n5 < . 1:1(0) ack 1\n"
      "10 send 1\n10 > P. 1:2(1) ack 1\n";
  for (int i = 1; i < 25; ++i) {
    text += std::to_string(10 + i * 0.2) + " send 1\n";
  }
  s.run(text + "15 < . 1:1(0) ack 2\n15 > P. 2:26(24) ack 1\n");
}

TEST(TcbWindow, SillyWindowsAreNotUsed) {  // RFC 9293 3.8.6.2.1: less than half the largest window is not worth it
  Script s(plain_config());
  s.run(established("<mss 1000>", "1000") + R"(
    1 send 2000
    1 > . 1:1001(1000) ack 1
    1.1 < . 1:1(0) ack 1001 win 400
    1.1 quiet
    1.2 < . 1:1(0) ack 1001 win 600
    1.2 > . 1001:1601(600) ack 1
  )");
}

TEST(TcbWindow, TheOverrideTimerEndsTheWait) {  // (4) of the same section
  Script s(plain_config());
  s.run(established("<mss 1000>", "1000") + R"(
    1 send 2000
    1 > . 1:1001(1000) ack 1
    1.1 < . 1:1(0) ack 1001 win 400
    2.1 > . 1001:1401(400) ack 1
  )");
}

TEST(TcbWindow, InitialWindowIsTenSegments) {  // TCP-3: RFC 6928; RFC 3390
  Script s(plain_config());
  s.run(established() + "1 cwnd 14600\n");
  TcpConfig config = plain_config();
  config.initial_window = 0;
  Script old(config);
  old.run(established() + "1 cwnd 4380\n");
  Script small(config);
  small.run(established("<mss 536>") + "1 cwnd 2144\n");
}

TEST(TcbWindow, AnIdleConnectionStartsAgainFromTheInitialWindow) {  // RFC 5681 4.1
  TcpConfig config = plain_config();
  config.initial_window = 1;
  Script s(config);
  s.run(established("<mss 1000>") + R"(
    1 send 3000
    1 > . 1:1001(1000) ack 1
    1.1 < . 1:1(0) ack 1001
    1.1 cwnd 2000
    1.1 > . 1001:2001(1000) ack 1
    1.1 > P. 2001:3001(1000) ack 1
    1.2 < . 1:1(0) ack 3001
    1.2 cwnd 3000
    9 send 100
    9 > P. 3001:3101(100) ack 1
    9 cwnd 1000
  )");
}

TEST(TcbWindow, AWindowThatIsNotUsedDoesNotGrow) {
  Script s(plain_config());
  s.run(established("<mss 1000>") + R"(
    1 send 1000
    1 > P. 1:1001(1000) ack 1
    1.1 < . 1:1(0) ack 1001
    1.1 cwnd 10000
  )");
}

TEST(TcbOutput, ManySmallWritesBecomeFullSegments) {
  Script s(plain_config());
  std::string text = established("<mss 1000>") + "1 send 1\n1 > P. 1:2(1) ack 1\n";
  for (int i = 0; i < 30; ++i) {
    text += "1 send 200\n";
    if (i % 5 == 4) {
      const int left = 2 + i / 5 * 1000;
      text += "1 > P. " + std::to_string(left) + ":" + std::to_string(left + 1000) + "(1000) ack 1\n";
    }
  }
  s.run(text);
}

TEST(TcbOutput, NoMemoryOnlyDelays) {
  Script s(plain_config());
  s.run(established("<mss 1000>"));
  PacketPool small(PacketPool::Limits{0, 1 << 20});
  TcbEnvironment environment{&small, {}};
  const wire::FourTuple tuple{*wire::Endpoint::parse("10.0.0.1:1000"), *wire::Endpoint::parse("10.0.0.2:2000")};
  Tcb tcb(environment, s.config, tuple, {});
  tcb.open_active(Instant::zero());
  EXPECT_FALSE(tcb.transmit(Instant::zero()));
  EXPECT_EQ(tcb.deadline(), Instant::zero() + 1_s);  // and then it tries again
}

// --- super-segments: a script's packet is several segments where it is longer than mss

struct Bursting : Script {
  explicit Bursting(const TcpConfig& c) : Script(c) { origin.max_super_segment = 20'000; }
};

TEST(TcbBurst, WholeSegmentsGoTogetherAndATailObeysNagle) {
  Bursting s(plain_config());
  s.run(established("<mss 1000>") + R"(
    1 send 3500
    1 > P. 1:3501(3500) ack 1
    1.01 send 3500
    1.01 > P. 3501:6501(3000) ack 1
    1.1 < . 1:1(0) ack 3501
    1.1 > P. 6501:7001(500) ack 1
  )");
  EXPECT_EQ(s.tcb->statistics().segments_sent, 1U + 4 + 3 + 1) << "segments are counted, not packets";
  TcpConfig config = plain_config();
  config.nagle = false;
  Bursting off(config);
  off.run(established("<mss 1000>") + "1 send 3500\n1 > P. 1:3501(3500) ack 1\n");
  Bursting closing(plain_config());
  closing.run(established("<mss 1000>", "1000") + R"(
    1 send 3500
    1 > . 1:1001(1000) ack 1
    1 close
    1.1 < . 1:1(0) ack 1001 win 9000
    1.1 > FP. 1001:3501(2500) ack 1
  )");
}

TEST(TcbBurst, NoMoreThanTheWindowsTake) {
  Bursting s(plain_config());
  s.run(established("<mss 1000>") + R"(
    1 send 40000
    1 > P. 1:10001(10000) ack 1
    1.1 < . 1:1(0) ack 1001
    1.1 > P. 10001:12001(2000) ack 1
    1.2 < . 1:1(0) ack 12001 win 2500
    1.2 > P. 12001:14001(2000) ack 1
    1.3 < . 1:1(0) ack 14001 win 3700
    1.3 > P. 14001:17001(3000) ack 1
  )");
}

TEST(TcbBurst, TheFirstSegmentOfABurstIsTimed) {
  Bursting s(plain_config());
  s.run(established("<mss 1000>") + R"(
    1 send 4000
    1 > P. 1:4001(4000) ack 1
    1.1 < . 1:1(0) ack 1001
    1.9 < . 1:1(0) ack 4001
  )");
  EXPECT_EQ(s.tcb->rtt().srtt(), 100_ms);
}

TEST(TcbBurst, OneSegmentOfItGoesAgain) {  // RFC 6582, without SACK
  Bursting s(plain_config());
  s.run(established("<mss 1000>") + R"(
    1 send 5000
    1 > P. 1:5001(5000) ack 1
    1.1 < . 1:1(0) ack 1
    1.11 < . 1:1(0) ack 1
    1.12 < . 1:1(0) ack 1
    1.12 > . 1:1001(1000) ack 1
    1.2 < . 1:1(0) ack 2001
    1.2 > . 2001:3001(1000) ack 1
    1.3 < . 1:1(0) ack 5001
  )");
}

TEST(TcbBurst, WhatSackReportsIsCutOutOfIt) {  // RFC 2018, RFC 8985
  TcpConfig config = plain_config();
  config.sack = true;
  Bursting s(config);
  s.run(established("<mss 1000,sackOK>") + R"(
    1 send 8000
    1 > P. 1:8001(8000) ack 1
    1.1 < . 1:1(0) ack 1 <sack 1001:4001>
    1.1 > . 1:1001(1000) ack 1
    1.15 < . 1:1(0) ack 4001 <sack 5001:8001>
    1.15 > . 4001:5001(1000) ack 1
    1.2 < . 1:1(0) ack 8001
  )");
}

TEST(TcbLowMark, WhoWasRefusedIsWokenAtHalfOfIt) {  // TCP_NOTSENT_LOWAT
  TcpConfig config = plain_config();
  config.unsent_low_mark = 4000;
  Script s(config);
  s.run(R"(
    0 connect
    0 > S 0:0(0)
    0.05 send 1000 fails 11
    0.1 < S. 0:0(0) ack 1 win 2000 <mss 1000>
    0.1 > . 1:1(0) ack 1
  )");
  EXPECT_TRUE(s.tcb->writable()) << "who was told to wait for the handshake";
  s.run(R"(
    1 send 1000
    1 > P. 1:1001(1000) ack 1
    1 send 1000
    1 > P. 1001:2001(1000) ack 1
    1 send 1000
    1 send 1000
    1 send 1000
    1 send 1000
  )");
  EXPECT_FALSE(s.tcb->writable()) << "as much is unsent as may be";
  s.run("1 send 1 fails 11\n1.1 < . 1:1(0) ack 2001 win 1000\n1.1 > . 2001:3001(1000) ack 1\n");
  EXPECT_FALSE(s.tcb->writable()) << "3000 are unsent, and a refused one waits for half the mark";
  s.run("1.2 < . 1:1(0) ack 3001 win 1000\n1.2 > . 3001:4001(1000) ack 1\n");
  EXPECT_TRUE(s.tcb->writable()) << "that is it";
  s.run("1.2 send 1000\n");
}

TEST(TcbSignature, EachSegmentHasItsOwn) {
  const auto run = [](const wire::TcpSignature& signature, const char* expected) {
    Script s(plain_config());
    s.origin.max_super_segment = 65'000;
    s.run(established());
    s.tcb->set_signature(signature);
    s.run("1 send 3000\n" + std::string(expected));
  };
  run({}, "1 > P. 1:3001(3000) ack 1");
  run({.kind = wire::TcpSignature::Kind::md5, .mac_size = 16},
      "1 > . 1:1441(1440) ack 1\n1 > . 1441:2881(1440) ack 1\n1 > P. 2881:3001(120) ack 1");
  run({.kind = wire::TcpSignature::Kind::ao, .mac_size = 12},
      "1 > . 1:1445(1444) ack 1\n1 > . 1445:2889(1444) ack 1\n1 > P. 2889:3001(112) ack 1");
}

}  // namespace
}  // namespace catenet::transport
