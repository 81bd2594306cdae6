// SPDX-License-Identifier: Apache-2.0
// The user timeout option (RFC 5482): when it is sent, what it does to the user timeout, and that it is off by default.
#include "catenet/transport/tcp/tcb_script.h"

namespace catenet::transport {
namespace {

TcpConfig announcing(Duration advertised, Duration least = 1_s) {
  TcpConfig config = plain_config();
  config.advertised_user_timeout = advertised;
  config.min_user_timeout = least;
  return config;
}

TEST(TcbUserTimeoutOption, GoesWithTheSynAndTheFirstSegmentBehindIt) {
  Script s(announcing(300_s));
  s.run(R"(
    0 connect
    0 > S 0:0(0) <mss 1460,uto 300s>
    0.1 < S. 0:0(0) ack 1 win 65535 <mss 1460,uto 20s>
    0.1 > . 1:1(0) ack 1 <uto 300s>
    0.2 send 100
    0.2 > P. 1:101(100) ack 1 <>
  )");
}

TEST(TcbUserTimeoutOption, AFullSegmentMakesRoom) {
  Script s(announcing(300_s));
  s.run(R"(
    0 listen
    0 < S 0:0(0) win 65535 <mss 1000>
    0 > S. 0:0(0) ack 1 <mss 1460,uto 300s>
    0.1 < . 1:1(0) ack 1 win 65535
    0.2 send 1500
    0.2 > . 1:997(996) ack 1 <uto 300s>
    0.2 > P. 997:1501(504) ack 1 <>
  )");
}

TEST(TcbUserTimeoutOption, BothEndsWaitAsLongAsTheMorePatient) {
  Script s(announcing(3_s));
  s.run(R"(
    0 connect
    0 > S 0:0(0)
    0.1 < S. 0:0(0) ack 1 win 65535 <mss 1460,uto 6s>
    0.1 > . 1:1(0) ack 1
    1 send 10
    1 > P. 1:11(10) ack 1
    2 > P. 1:11(10) ack 1
    4 > P. 1:11(10) ack 1
    6.9 error 0
    7 error 110
  )");
  EXPECT_EQ(s.tcb->user_timeout(), 6_s);
}

TEST(TcbUserTimeoutOption, LimitsAndTheUserHaveTheLastWord) {
  TcpConfig config = announcing(3_s, 100_s);
  config.max_user_timeout = Duration::seconds(500);
  Script s(config);
  s.run(R"(
    0 connect
    0 > S 0:0(0) <mss 1460,uto 3s>
    0.1 < S. 0:0(0) ack 1 win 65535 <mss 1460,uto 6s>
    0.1 > . 1:1(0) ack 1 <uto 3s>
  )");
  EXPECT_EQ(s.tcb->user_timeout(), 100_s) << "L_LIMIT";
  s.run("0.2 < . 1:1(0) ack 1 win 65535 <uto 10m>");
  EXPECT_EQ(s.tcb->user_timeout(), 500_s) << "U_LIMIT";
  s.run("0.3 < . 1:1(0) ack 1 win 65535 <uto 0s>");
  EXPECT_EQ(s.tcb->user_timeout(), 500_s) << "zero is ignored";
  s.config.user_timeout = 7_s;
  EXPECT_EQ(s.tcb->user_timeout(), 7_s) << "not CHANGEABLE";
}

TEST(TcbUserTimeoutOption, ALongOneIsToldInMinutes) {
  Script s(announcing(Duration::seconds(40'000)));
  s.run(R"(
    0 connect
    0 > S 0:0(0) <mss 1460,uto 667m>
  )");
}

// Data under way when the peer becomes more patient: the timer goes on from where it began.
TEST(TcbUserTimeoutOption, ANewValueCountsForWhatIsUnderWay) {
  Script s(announcing(2_s));
  s.run(established() + R"(
    0.5 send 10
    0.5 > P. 1:11(10) ack 1
    0.6 < . 1:1(0) ack 1 win 65535 <uto 4s>
  )");
  EXPECT_EQ(s.tcb->timer(Tcb::kUserTimeout), Instant::zero() + Duration::milliseconds(4500));
  s.tcb->abort();
  (void)s.tcb->transmit(s.now).consume();
}

TEST(TcbUserTimeoutOption, IsOffByDefault) {
  Script s(plain_config());
  s.run(R"(
    0 connect
    0 > S 0:0(0) <mss 1460>
    0.1 < S. 0:0(0) ack 1 win 65535 <mss 1460,uto 6s>
    0.1 > . 1:1(0) ack 1 <>
  )");
  EXPECT_EQ(s.tcb->user_timeout(), Duration{});
}

}  // namespace
}  // namespace catenet::transport
