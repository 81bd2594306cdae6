// SPDX-License-Identifier: Apache-2.0
// Load programs: bulk.cc, generators.cc, udp_sink.cc.
#include <gmock/gmock.h>

#include "catenet/app/app_test_bench.h"
#include "catenet/app/bulk.h"
#include "catenet/app/generators.h"
#include "catenet/app/udp_sink.h"

namespace catenet::app {
namespace {
using namespace literals;
using ::testing::HasSubstr;

class LoadTest : public AppTest {};

TEST_F(LoadTest, BulkFillsTheLinkAndIsVerified) {
  Running server(bob(), "bulk-server");
  net.run_for(1_s);
  Running bulk(alice(), "bulk bob bytes=2MB");
  net.run_for(30_s);
  EXPECT_EQ(bulk.exit_code(), 0) << bulk.out;
  EXPECT_EQ(bulk.fact("bytes"), 2'000'000);
  EXPECT_EQ(server.fact("bytes"), 2'000'000);
  EXPECT_EQ(server.fact("corrupt"), 0);
  // 10 Mbit/s carry at most 1448 of every 1538 bytes; slow start and the two ends cost a little.
  EXPECT_GT(bulk.fact("goodput"), 8'500'000);
  EXPECT_LT(bulk.fact("goodput"), 9'415'000);
  EXPECT_THAT(server.out, HasSubstr(": received 2000000\n"));
}

TEST_F(LoadTest, BulkForATimeAndRetransmitsOverLoss) {
  net.impair_to_bob({.loss = Probability::from_ppb(20'000'000)});
  Running server(bob(), "bulk-server");
  net.run_for(1_s);
  Running bulk(alice(), "bulk bob time=2s");
  net.run_for(100_s);
  EXPECT_EQ(bulk.exit_code(), 0) << bulk.out;
  EXPECT_GE(bulk.fact("time"), 2'000'000'000);
  EXPECT_GT(bulk.fact("bytes"), 100'000);
  EXPECT_EQ(server.fact("bytes"), bulk.fact("bytes"));
  EXPECT_GT(bulk.fact("retransmits"), 0);
}

TEST_F(LoadTest, BulkServerSeesWhatIsNotBulk) {
  Running server(bob(), "bulk-server");
  net.run_for(1_s);
  RawClient client(alice(), 5001, "something else", true);
  net.run_for(1_s);
  EXPECT_EQ(client.got, "mismatch at 0\n");
  EXPECT_EQ(server.fact("corrupt"), 1);
}

TEST_F(LoadTest, BulkAgainstAnotherService) {
  Running server(bob(), "echo-server port=5001");
  net.run_for(1_s);
  Running bulk(alice(), "bulk bob bytes=10");
  net.run_for(1_s);
  EXPECT_EQ(bulk.exit_code(), 1);
  EXPECT_THAT(bulk.out, HasSubstr("the server says"));
}

TEST_F(LoadTest, BulkStopped) {
  Running server(bob(), "bulk-server");
  net.run_for(1_s);
  Running bulk(alice(), "bulk bob time=1000s");
  net.run_for(1_s);
  bulk.program->stop();
  net.run_for(1_s);
  EXPECT_EQ(bulk.exit_code(), 1);
  EXPECT_GT(bulk.fact("goodput"), 0);
}

TEST_F(LoadTest, CbrIsExact) {
  Running sink(bob(), "udp-sink");
  net.run_for(1_s);
  // 1000 bytes at 1 Mbit/s: every 8 ms, the first one at once: 125 in a second.
  Running cbr(alice(), "cbr bob rate=1Mbit size=1000 time=1s");
  net.run_for(2_s);
  EXPECT_EQ(cbr.exit_code(), 0);
  EXPECT_EQ(cbr.fact("sent"), 125);
  EXPECT_EQ(sink.fact("received"), 125);
  EXPECT_EQ(sink.fact("bytes"), 125'000);
  EXPECT_EQ(sink.fact("lost"), 0);
  EXPECT_EQ(sink.fact("reordered"), 0);
  // (1000 + 8 + 20 + 14 + 12 overhead) bytes on two links of 10 Mbit/s and 1 ms: 2 * (843.2 us + 1 ms). Only the first
  // one is longer on its way: it waits for ARP.
  constexpr std::int64_t kWay = 2 * (843'200 + 1'000'000);
  EXPECT_GE(sink.fact("latency_avg"), kWay);
  EXPECT_LT(sink.fact("latency_avg"), kWay + 100'000);
  EXPECT_GT(sink.fact("latency_max"), kWay);
  sink.program->stop();
  net.run_for(1_s);
  EXPECT_EQ(sink.exit_code(), 0);
  EXPECT_THAT(sink.out, HasSubstr("125 datagrams, 125000 bytes from 1 senders, 0 lost"));
}

TEST_F(LoadTest, SinkCountsWhatTheLinkDoes) {
  Running sink(bob(), "udp-sink");
  Running warm(alice(), "cbr bob count=1");
  net.run_for(1_s);
  net.impair_to_bob({.loss = Probability::from_ppb(100'000'000),
                     .duplicate = Probability::from_ppb(50'000'000),
                     .reorder = Probability::from_ppb(100'000'000),
                     .reorder_delay = 20_ms});
  Running cbr(alice(), "cbr bob rate=1Mbit size=500 count=2000");
  net.run_for(30_s);
  EXPECT_EQ(cbr.fact("sent"), 2000);
  EXPECT_NEAR(static_cast<double>(sink.fact("lost")), 200, 60);
  EXPECT_NEAR(static_cast<double>(sink.fact("duplicates")), 90, 40);
  EXPECT_NEAR(static_cast<double>(sink.fact("reordered")), 180, 60);
  EXPECT_EQ(sink.fact("received"), 1 + 2000 - sink.fact("lost") + sink.fact("duplicates"));
  EXPECT_GT(sink.fact("jitter"), 0);
}

TEST_F(LoadTest, PoissonHasItsMeanAndItsOwnStream) {
  Running sink(bob(), "udp-sink");
  net.run_for(1_s);
  Running poisson(alice(), "poisson bob rate=1Mbit size=1000 time=100s");
  net.run_for(110_s);
  // 12,500 expected; the standard deviation of a Poisson count is its root, 112.
  EXPECT_NEAR(static_cast<double>(poisson.fact("sent")), 12'500, 4 * 112);
  EXPECT_EQ(sink.fact("received"), poisson.fact("sent"));

  testing::RoutedHosts other;
  Running other_sink(other.bob.sockets(), "udp-sink");
  Running again(other.alice.sockets(), "poisson bob rate=1Mbit size=1000 time=100s");
  other.run_for(110_s);
  EXPECT_EQ(again.fact("sent"), poisson.fact("sent")) << "the same seed, the same gaps";
  testing::RoutedHosts seeded(testing::RoutedHosts::default_cable(), 2);
  Running different(seeded.alice.sockets(), "poisson bob rate=1Mbit size=1000 time=100s");
  seeded.run_for(110_s);
  EXPECT_NE(different.fact("sent") + different.fact("errors"), poisson.fact("sent"));
}

TEST_F(LoadTest, NobodyListens) {
  Running cbr(alice(), "cbr bob count=10");
  net.run_for(5_s);
  EXPECT_EQ(cbr.exit_code(), 0);
  EXPECT_GT(cbr.fact("errors"), 0) << "ICMP says so";
  EXPECT_EQ(cbr.fact("sent") + cbr.fact("errors"), 10);
}

}  // namespace
}  // namespace catenet::app
