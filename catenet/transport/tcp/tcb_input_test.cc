// SPDX-License-Identifier: Apache-2.0
// Receiving: acceptability, trimming, reassembly, delayed acknowledgements, SACK blocks, timestamps and PAWS.
#include "catenet/transport/tcp/tcb_script.h"

namespace catenet::transport {
namespace {

TcpConfig delaying() {
  TcpConfig config = plain_config();
  config.quick_acks = 0;
  return config;
}

TEST(TcbDelayedAck, EverySecondFullSegmentOrFortyMilliseconds) {  // RFC 1122 4.2.3.2, RFC 5681 4.2
  Script s(delaying());
  s.run(established() + R"(
    1 < . 1:1461(1460) ack 1
    1 quiet
    1.001 < . 1461:2921(1460) ack 1
    1.001 > . 1:1(0) ack 2921
    2 < P. 2921:2931(10) ack 1
    2.039 quiet
    2.04 > . 1:1(0) ack 2931
  )");
}

TEST(TcbDelayedAck, TheFirstSegmentsAreAcknowledgedAtOnce) {
  TcpConfig config = plain_config();
  config.quick_acks = 2;
  Script s(config);
  s.run(established() + R"(
    1 < . 1:101(100) ack 1
    1 > . 1:1(0) ack 101
    1 < . 101:201(100) ack 1
    1 > . 1:1(0) ack 201
    1 < P. 201:251(50) ack 1
    1.04 > . 1:1(0) ack 251
  )");
}

TEST(TcbDelayedAck, AnAnswerCarriesIt) {
  Script s(delaying());
  s.run(established() +
        "1 < P. 1:11(10) ack 1\n1.01 send 5\n1.01 > P. 1:6(5) ack 11\n1.1 < . 11:11(0) ack 6\n1.5 quiet\n");
}

TEST(TcbDelayedAck, OutOfOrderAndTheSegmentThatFillsTheGapAtOnce) {
  Script s(delaying());
  s.run(established() + R"(
    1 < . 101:201(100) ack 1
    1 > . 1:1(0) ack 1
    1.1 < . 1:101(100) ack 1
    1.1 > . 1:1(0) ack 201
    1.1 read 200
  )");
}

TEST(TcbText, OldBytesAreCutOffAndWholeDuplicatesDropped) {
  Script s(plain_config());
  s.run(established() + R"(
    1 < . 1:101(100) ack 1
    1 > . 1:1(0) ack 101
    1 < . 51:151(100) ack 1
    1 > . 1:1(0) ack 151
    1 < . 1:101(100) ack 1
    1 > . 1:1(0) ack 151
    1 read 150
  )");
  EXPECT_EQ(s.drops.of(DropReason::tcp_duplicate), 1U);
}

TEST(TcbText, WhatIsBeyondTheWindowIsCutOff) {
  TcpConfig config = plain_config();
  config.receive_buffer = 150;
  Script s(config);
  s.run(established() + R"(
    1 < . 1:101(100) ack 1
    1 > . 1:1(0) ack 101 win 50
    1 < F. 101:201(100) ack 1
    1 > . 1:1(0) ack 151 win 0
    1 state ESTABLISHED
    1 queue 150
    2 < . 151:152(1) ack 1
    2 > . 1:1(0) ack 151 win 0
    3 read 150
    3 > . 1:1(0) ack 151 win 150
  )");
  EXPECT_EQ(s.drops.of(DropReason::tcp_out_of_window), 1U);
}

TEST(TcbText, OverlapsAreReassembled) {
  Script s(plain_config());
  s.run(established() + R"(
    1 < . 301:401(100) ack 1
    1 > . 1:1(0) ack 1
    1 < . 101:201(100) ack 1
    1 > . 1:1(0) ack 1
    1 < . 51:451(400) ack 1
    1 > . 1:1(0) ack 1
    1 < . 1:101(100) ack 1
    1 > . 1:1(0) ack 451
    1 read 450
  )");
}

TEST(TcbText, UrgentDataAreInLine) {  // RFC 6093
  Script s(plain_config());
  s.run(established() + "1 < PU. 1:11(10) ack 1\n1 > . 1:1(0) ack 11\n1 read 10\n");
}

TEST(TcbText, TheWindowOpensInStepsWorthASegment) {  // RFC 9293 3.8.6.2.2, and never moves back
  TcpConfig config = plain_config();
  config.receive_buffer = 10000;
  Script s(config);
  s.run(established() + R"(
    1 < . 1:1461(1460) ack 1
    1 > . 1:1(0) ack 1461 win 8540
    1 read 100
    1 quiet
    1 < . 1461:2921(1460) ack 1
    1 > . 1:1(0) ack 2921 win 7080
    1 read 1400
    1 < . 2921:2931(10) ack 1
    1 > . 1:1(0) ack 2931 win 8570
    1 read 1400
    1 quiet
  )");
}

// RFC 2018 7, case 2: left edge 5000, eight segments of 500 bytes, the first is lost (TCP-16 of the published figures).
TEST(TcbSack, FirstSegmentLost) {
  TcpConfig config = plain_config();
  config.sack = true;
  Script s(config);
  std::string text = established("<mss 1460,sackOK>") + "1 < . 1:5000(4999) ack 1\n1 > . 1:1(0) ack 5000 <>\n";
  for (int i = 1; i < 8; ++i) {
    const int left = 5000 + 500 * i;
    text += "1 < . " + std::to_string(left) + ":" + std::to_string(left + 500) + "(500) ack 1\n1 > . 1:1(0) ack 5000 " +
            "<sack 5500:" + std::to_string(left + 500) + ">\n";
  }
  s.run(text + "1 < . 5000:5500(500) ack 1\n1 > . 1:1(0) ack 9000 <>\n1 read 8999\n");
}

// RFC 2018 7, case 3: second, fourth, sixth and last lost; the newest block stands first.
TEST(TcbSack, TheNewestBlockFirst) {
  TcpConfig config = plain_config();
  config.sack = true;
  Script s(config);
  s.run(established("<mss 1460,sackOK>") + R"(
    1 < . 1:501(500) ack 1
    1 > . 1:1(0) ack 501 <>
    1 < . 1001:1501(500) ack 1
    1 > . 1:1(0) ack 501 <sack 1001:1501>
    1 < . 2001:2501(500) ack 1
    1 > . 1:1(0) ack 501 <sack 2001:2501,sack 1001:1501>
    1 < . 3001:3501(500) ack 1
    1 > . 1:1(0) ack 501 <sack 3001:3501,sack 2001:2501,sack 1001:1501>
    2 < . 1501:2001(500) ack 1
    2 > . 1:1(0) ack 501 <sack 1001:2501,sack 3001:3501>
    3 < . 501:1001(500) ack 1
    3 > . 1:1(0) ack 2501 <sack 3001:3501>
  )");
}

TcpConfig stamping() {
  TcpConfig config = plain_config();
  config.timestamps = true;
  return config;
}
const char* const kStamped =
    "0 listen\n0 < S 0:0(0) <mss 1460,TS 1000 0>\n0 > S. 0:0(0) ack 1 <mss 1460,TS 0 1000>\n"
    "0.1 < . 1:1(0) ack 1 <TS 1100 0>\n";

TEST(TcbTimestamps, TheEchoIsOfTheSegmentThatIsAcknowledged) {  // RFC 7323 4.3, cases A and C
  TcpConfig config = stamping();
  config.quick_acks = 0;
  Script s(config);
  s.run(std::string(kStamped) + R"(
    1 < . 1:101(100) ack 1 <TS 2000 0>
    1.01 < . 101:201(100) ack 1 <TS 2010 0>
    1.01 > . 1:1(0) ack 201 <TS 1010 2000>
    2 < . 301:401(100) ack 1 <TS 3010 0>
    2 > . 1:1(0) ack 201 <TS 2000 2000>
    2.1 < . 201:301(100) ack 1 <TS 3000 0>
    2.1 > . 1:1(0) ack 401 <TS 2100 3000>
  )");
}

TEST(TcbTimestamps, PawsDropsWhatIsOlder) {
  Script s(stamping());
  s.run(std::string(kStamped) + R"(
    1 < . 1:101(100) ack 1 <TS 2000 0>
    1 > . 1:1(0) ack 101 <TS 1000 2000>
    1.1 < . 101:201(100) ack 1 <TS 1999 0>
    1.1 > . 1:1(0) ack 101 <TS 1100 2000>
    1.2 < . 101:201(100) ack 1
    1.2 quiet
    1.2 queue 100
    # after 24 days without a word the old stamp counts no more
    2073602 < . 101:201(100) ack 1 <TS 1 0>
    2073602 > . 1:1(0) ack 201
  )");
  EXPECT_EQ(s.drops.of(DropReason::tcp_old_timestamp), 1U);
  EXPECT_EQ(s.drops.of(DropReason::tcp_bad_segment), 1U);
}

TEST(TcbTimestamps, AResetNeedsNone) {  // RFC 7323 3.2
  Script s(stamping());
  s.run(std::string(kStamped) + "1 < R 1:1(0)\n1 state CLOSED\n");
}

}  // namespace
}  // namespace catenet::transport
