// SPDX-License-Identifier: Apache-2.0
// Also of trace.cc.
#include "catenet/app/ping.h"

#include <gmock/gmock.h>

#include "catenet/app/app_test_bench.h"
#include "catenet/app/trace.h"

namespace catenet::app {
namespace {
using namespace literals;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class PingTest : public AppTest {};

TEST(PingTime, HasAsManyDigitsAsIputils) {
  EXPECT_EQ(ping_time_text(412_us), "0.412");
  EXPECT_EQ(ping_time_text(4'126_us), "4.12");
  EXPECT_EQ(ping_time_text(41'263_us), "41.2");
  EXPECT_EQ(ping_time_text(412'631_us), "412");
  EXPECT_EQ(ping_time_text(4_s), "4000");
}

TEST_F(PingTest, FourEchoesThroughTheRouter) {
  Running warm(alice(), "ping bob count=1");
  net.run_for(2_s);
  Running ping(alice(), "ping bob");
  net.run_for(10_s);
  EXPECT_EQ(ping.exit_code(), 0);
  // 56 + 8 + 20 + 14 + 12 bytes, four times at 10 Mbit/s, and four times 1 ms: 4.352 ms.
  const std::string line = "64 bytes from bob (10.0.2.2): icmp_seq=N ttl=63 time=4.35 ms\n";
  std::string expected = "PING bob (10.0.2.2) 56(84) bytes of data.\n";
  for (int n = 1; n <= 4; ++n) {
    expected += std::string(line).replace(line.find('N'), 1, std::to_string(n));
  }
  expected +=
      "\n--- bob ping statistics ---\n4 packets transmitted, 4 received, 0% packet loss, time 3004ms\n"
      "rtt min/avg/max/mdev = 4.352/4.352/4.352/0.000 ms\n";
  EXPECT_EQ(ping.out, expected);
  EXPECT_EQ(ping.fact("sent"), 4);
  EXPECT_EQ(ping.fact("received"), 4);
  EXPECT_EQ(ping.fact("loss"), 0);
  EXPECT_EQ(ping.fact("rtt_min"), 4'352'000);
  EXPECT_EQ(ping.fact("rtt_avg"), 4'352'000);
  EXPECT_EQ(ping.fact("rtt_max"), 4'352'000);
}

TEST_F(PingTest, NoAnswerIsExitCodeOne) {
  net.set_bob_up(false);
  Running ping(alice(), "ping bob count=2 interval=100ms timeout=500ms");
  net.run_for(10_s);
  EXPECT_EQ(ping.exit_code(), 1);
  EXPECT_THAT(ping.out, HasSubstr("2 packets transmitted, 0 received"));
  EXPECT_THAT(ping.out, HasSubstr("100% packet loss"));
  EXPECT_EQ(ping.fact("loss"), 1'000'000'000);
  EXPECT_EQ(ping.find("rtt_avg"), nullptr);
}

TEST_F(PingTest, LossAndDuplicates) {
  Running warm(alice(), "ping bob count=1");
  net.run_for(2_s);
  net.impair_to_bob({.loss = Probability::from_ppb(300'000'000), .duplicate = Probability::from_ppb(300'000'000)});
  Running ping(alice(), "ping bob count=200 interval=10ms");
  net.run_for(20_s);
  EXPECT_EQ(ping.exit_code(), 0);
  EXPECT_NEAR(static_cast<double>(ping.fact("received")), 140, 30);
  EXPECT_NEAR(static_cast<double>(ping.fact("duplicates")), 42, 25);
  EXPECT_EQ(ping.fact("loss"), (200 - ping.fact("received")) * 5'000'000);
  EXPECT_THAT(ping.out, HasSubstr("(DUP!)"));
  EXPECT_THAT(ping.out, HasSubstr(" duplicates, "));
}

TEST_F(PingTest, TellsIcmpErrors) {
  Running ping(alice(), "ping bob count=1 ttl=1");
  Running nowhere(alice(), "ping 10.9.9.9 count=1");
  Running unknown(alice(), "ping carol");
  net.run_for(20_s);
  EXPECT_THAT(ping.out, HasSubstr("From gw (10.0.1.254) icmp_seq=1 Time to live exceeded\n"));
  EXPECT_THAT(ping.out, HasSubstr("0 received, +1 errors, 100% packet loss"));
  EXPECT_EQ(ping.exit_code(), 1);
  EXPECT_THAT(nowhere.out, HasSubstr("From gw (10.0.1.254) icmp_seq=1 Destination Net Unreachable\n"));
  EXPECT_EQ(unknown.out, "ping: carol: Name or service not known\n");
  EXPECT_EQ(unknown.exit_code(), 1);
}

TEST_F(PingTest, LargeOnesAreFragmentedAndVerified) {
  Running ping(alice(), "ping bob count=2 size=4000");
  net.run_for(10_s);
  EXPECT_EQ(ping.exit_code(), 0) << ping.out;
  EXPECT_THAT(ping.out, HasSubstr("4008 bytes from bob (10.0.2.2): icmp_seq=2"));
}

TEST_F(PingTest, StoppedItSummarises) {
  Running ping(alice(), "ping bob count=1000");
  net.run_for(2500_ms);
  ping.program->stop();
  net.run_for(1_s);
  EXPECT_EQ(ping.exit_code(), 0);
  EXPECT_THAT(ping.out, HasSubstr("3 packets transmitted, 3 received, 0% packet loss"));
}

TEST_F(PingTest, TraceShowsTheRouterAndTheHost) {
  Running trace(alice(), "trace bob");
  net.run_for(10_s);
  EXPECT_EQ(trace.exit_code(), 0) << trace.out;
  EXPECT_THAT(trace.out, MatchesRegex("trace to bob \\(10.0.2.2\\), 30 hops max, 60 byte packets\n"
                                      " 1  gw \\(10.0.1.254\\)  [0-9.]+ ms  [0-9.]+ ms  [0-9.]+ ms\n"
                                      " 2  bob \\(10.0.2.2\\)  [0-9.]+ ms  [0-9.]+ ms  [0-9.]+ ms\n"));
  EXPECT_EQ(trace.fact("hops"), 2);
  EXPECT_EQ(trace.fact("reached"), 1);
}

TEST_F(PingTest, TraceOfWhatIsNotThere) {
  Running silent(alice(), "trace 10.0.2.9 max_hops=3 probes=1 timeout=200ms");
  Running nowhere(alice(), "trace 10.9.9.9 probes=1");
  net.run_for(30_s);
  EXPECT_EQ(silent.exit_code(), 1);
  EXPECT_EQ(silent.fact("reached"), 0);
  EXPECT_EQ(silent.fact("hops"), 3) << silent.out;
  EXPECT_THAT(silent.out, HasSubstr(" 2  *\n 3  *\n"));
  EXPECT_EQ(nowhere.exit_code(), 1);
  EXPECT_THAT(nowhere.out, HasSubstr(" ms !N\n"));
}

}  // namespace
}  // namespace catenet::app
