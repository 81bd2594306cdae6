// SPDX-License-Identifier: Apache-2.0
// What a connection's row and a host's sums say (tcp_info.cc), in scenes whose figures can be worked out by hand, and
// against what the pipe between the hosts has carried.
#include "catenet/transport/tcp/tcp_test_net.h"

namespace catenet::transport {
namespace {

constexpr std::uint32_t kInfoMss = 1460 - 12;  // timestamps

class TcpInfo : public testing::Test {
 protected:
  void connect(Duration patience = 1_s) {
    listener = *net.b->tcp.listen(endpoint("0.0.0.0:80"), 5);
    client = *net.a->tcp.connect({}, endpoint("10.0.0.2:80"));
    net.run_for(patience);
    server = *listener->accept();
  }
  /// Everything that was sent by one end came to the other, or got lost as the test wanted it.
  void expect_books_balance(std::uint64_t lost_of_a = 0) const {
    const TcpStatistics a = net.a->tcp.totals();
    const TcpStatistics b = net.b->tcp.totals();
    EXPECT_EQ(a.segments_sent, net.a->pipe.sent);
    EXPECT_EQ(b.segments_sent, net.b->pipe.sent);
    EXPECT_EQ(a.segments_received, net.b->pipe.sent);
    EXPECT_EQ(b.segments_received, net.a->pipe.sent - lost_of_a);
  }
  TwoTcps net;
  TcpPcb* listener = nullptr;
  TcpPcb* client = nullptr;
  TcpPcb* server = nullptr;
};

TEST_F(TcpInfo, ANewConnection) {
  connect();
  const TcpPcbInfo info = client->info();
  EXPECT_EQ(info.mss, kInfoMss);
  EXPECT_EQ(info.pmtu, 1500U);
  EXPECT_EQ(info.cwnd, 10 * kInfoMss);
  EXPECT_EQ(info.ssthresh, UINT32_MAX);
  EXPECT_EQ(info.srtt, 20_ms) << "two pipes of 10 ms";
  EXPECT_EQ(info.rttvar, 10_ms) << "RFC 6298 2.2";
  EXPECT_EQ(info.rto, info.srtt + 200_ms);
  EXPECT_TRUE(info.timestamps && info.sack && info.window_scaling);
  EXPECT_FALSE(info.ecn || info.reordering_seen);
  EXPECT_EQ(info.send_scale, 10) << "of a buffer that grows to 32 MiB (RFC 7323 2.2)";
  EXPECT_EQ(info.receive_scale, 10);
  EXPECT_EQ(info.in_flight, 0U);
  EXPECT_EQ(info.timer, "");
  EXPECT_EQ(info.recovery, "");
  EXPECT_EQ(info.algorithm, "cubic");
  expect_books_balance();
}

TEST_F(TcpInfo, WhatIsUnderWayAndItsTimer) {
  connect();
  ASSERT_TRUE(client->send(random_bytes(3 * kInfoMss, 1)));
  const TcpPcbInfo info = client->info();
  EXPECT_EQ(info.unacked, 3 * kInfoMss);
  EXPECT_EQ(info.in_flight, 3 * kInfoMss);
  EXPECT_EQ(info.send_queue, 3 * kInfoMss);
  EXPECT_EQ(info.timer, "loss-probe") << "RFC 8985 7.2: two round trips";
  EXPECT_EQ(info.timer_at - net.a->node.now(), 40_ms);
  net.run_for(1_s);
  EXPECT_EQ(client->info().in_flight, 0U);
  EXPECT_EQ(client->info().timer, "");
  EXPECT_EQ(server->info().receive_queue, 3 * kInfoMss);
  EXPECT_EQ(server->info().statistics.bytes_received, 3 * kInfoMss);
  expect_books_balance();
}

// 10 segments in 20 ms, times 2.77, are 2,005,480 bytes a second; three of them take two gaps and a round trip.
TEST_F(TcpInfo, TheRatesOfAPacedConnection) {
  TcpConfig config = net.a->tcp.config();
  config.congestion = CongestionAlgorithm::bbr;
  net.a->tcp.set_config(config);
  connect();
  EXPECT_EQ(client->info().delivery_rate, 0U);
  ASSERT_TRUE(client->send(random_bytes(3 * kInfoMss, 1)));
  EXPECT_EQ(client->info().pacing_rate, 2'005'480U);
  EXPECT_EQ(client->info().timer, "pacing");
  EXPECT_EQ(client->info().in_flight, kInfoMss);
  net.run_for(1_s);
  const TcpPcbInfo info = client->info();
  EXPECT_EQ(info.algorithm, "bbr");
  EXPECT_NEAR(static_cast<double>(info.delivery_rate), 3 * kInfoMss / (0.020 + 2 * kInfoMss / 2'005'480.0), 1);
  EXPECT_TRUE(info.delivery_rate_app_limited);
  EXPECT_EQ(info.timer, "");
  EXPECT_EQ(server->info().delivery_rate + server->info().pacing_rate, 0U) << "CUBIC measures none";
  expect_books_balance();
}

TEST_F(TcpInfo, ALossIsSeenWhileItIsRepaired) {
  connect();
  const std::uint64_t before = net.a->pipe.sent;
  net.a->pipe.lose = [&](const Packet&, std::uint64_t number) { return number == before + 1; };
  ASSERT_TRUE(client->send(random_bytes(5 * kInfoMss, 1)));
  net.run_for(Duration::milliseconds(21));  // the duplicate ACKs are there
  const TcpPcbInfo info = client->info();
  EXPECT_EQ(info.recovery, "fast");
  EXPECT_EQ(info.sacked, 4 * kInfoMss);
  EXPECT_EQ(info.lost, kInfoMss);
  EXPECT_EQ(info.retransmitted, kInfoMss);
  EXPECT_EQ(info.in_flight, kInfoMss);
  EXPECT_EQ(info.statistics.retransmits, 1U);
  EXPECT_EQ(info.ssthresh, 5 * kInfoMss * 7 / 10) << "CUBIC: 0.7 of what was under way (RFC 9438 4.6)";
  net.run_for(1_s);
  EXPECT_EQ(client->info().recovery, "");
  EXPECT_EQ(client->info().statistics.sack_recovery, 1U);
  EXPECT_EQ(net.a->tcp.counters().fast_retransmits, 1U);
  EXPECT_EQ(net.a->tcp.counters().slow_start_retransmits, 0U);
  expect_books_balance(1);
}

TEST_F(TcpInfo, ATimeoutBacksOff) {
  connect();
  net.a->pipe.lose = [](const Packet&, std::uint64_t) { return true; };
  ASSERT_TRUE(client->send(random_bytes(10, 1)));
  net.run_for(Duration::milliseconds(1300));
  const TcpPcbInfo info = client->info();
  EXPECT_EQ(info.recovery, "timeout");
  EXPECT_GE(info.retries, 2);
  EXPECT_EQ(info.timer, "retransmit");
  EXPECT_EQ(info.rto, (info.srtt + 200_ms) * (1 << info.retries));
  EXPECT_GT(net.a->tcp.counters().slow_start_retransmits, 0U);
}

TEST_F(TcpInfo, SumsOutliveTheConnections) {
  connect();
  ASSERT_TRUE(client->send(random_bytes(50'000, 1)));
  net.run_for(1_s);
  std::vector<std::byte> into(100'000);
  EXPECT_EQ(*server->receive(into), 50'000U);
  EXPECT_EQ(net.a->tcp.established_count(), 1U);
  client->close();
  net.run_for(1_s);
  EXPECT_EQ(net.b->tcp.established_count(), 1U) << "CLOSE-WAIT";
  server->close();
  net.run_for(120_s);
  EXPECT_EQ(net.a->tcp.pcb_count(), 0U);
  EXPECT_EQ(net.a->tcp.established_count(), 0U);
  EXPECT_EQ(net.a->tcp.totals().bytes_sent, 50'000U);
  EXPECT_EQ(net.b->tcp.totals().bytes_received, 50'000U);
  EXPECT_EQ(net.a->tcp.totals().retransmits, 0U);
  expect_books_balance();
  EXPECT_EQ(net.a->tcp.counters().attempt_fails + net.a->tcp.counters().established_resets, 0U);
  EXPECT_EQ(net.b->tcp.counters().attempt_fails + net.b->tcp.counters().established_resets, 0U);
}

TEST_F(TcpInfo, RefusedHandshakesAndResetsAreCounted) {
  client = *net.a->tcp.connect({}, endpoint("10.0.0.2:81"));  // nobody listens
  net.run_for(1_s);
  EXPECT_EQ(client->error(), ECONNREFUSED);
  EXPECT_EQ(net.a->tcp.counters().attempt_fails, 1U);
  EXPECT_EQ(net.b->tcp.counters().out_rsts, 1U);
  client->close();
  connect();
  client->abort();
  net.run_for(1_s);
  EXPECT_EQ(net.a->tcp.counters().out_rsts, 1U);
  EXPECT_EQ(net.a->tcp.counters().established_resets, 1U);
  EXPECT_EQ(net.b->tcp.counters().established_resets, 1U);
  server->close();
  expect_books_balance();
}

TEST_F(TcpInfo, ALostSynAckIsCountedOnceOnEachSide) {
  net.b->pipe.lose = [](const Packet&, std::uint64_t number) { return number == 1; };
  connect(5_s);
  EXPECT_EQ(net.b->tcp.totals().retransmits, net.b->tcp.counters().syn_retransmits);
  EXPECT_GE(net.b->tcp.counters().syn_retransmits, 1U);
  EXPECT_EQ(net.b->tcp.totals().segments_sent, net.b->pipe.sent);
  EXPECT_EQ(net.b->tcp.totals().segments_received, net.a->pipe.sent);
}

TEST_F(TcpInfo, CookiesAreCountedAsSegmentsToo) {
  TcpPolicy policy;
  policy.syn_cookies = SynCookies::always;
  net.b->tcp.set_policy(policy);
  connect();
  ASSERT_TRUE(client->send(random_bytes(1000, 1)));
  net.run_for(1_s);
  EXPECT_EQ(net.b->tcp.counters().cookies_received, 1U);
  expect_books_balance();
}

TEST_F(TcpInfo, AWatchSeesEveryChangeAndChangesNothing) {
  class Watch final : public TcpWatch {
   public:
    void on_settled(const TcpPcb& pcb, const Tcb& tcb, Instant now) override {
      ++calls;
      EXPECT_EQ(pcb.tcb(), &tcb);
      EXPECT_GE(now, last);
      last = now;
      most = std::max(most, tcb.flight());
    }
    int calls = 0;
    Instant last;
    std::uint32_t most = 0;
  } watch;
  net.a->tcp.set_watch(&watch);
  connect();
  ASSERT_TRUE(client->send(random_bytes(3 * kInfoMss, 1)));
  net.run_for(1_s);
  net.a->tcp.set_watch(nullptr);
  EXPECT_EQ(watch.most, 3 * kInfoMss);
  const int seen = watch.calls;
  EXPECT_GE(seen, 4) << "SYN, SYN,ACK, data, acknowledgements";
  ASSERT_TRUE(client->send(random_bytes(10, 1)));
  EXPECT_EQ(watch.calls, seen);
}

TEST_F(TcpInfo, HalfOpenAndTimeWaitRowsSayWhenTheyEnd) {
  connect();
  client->close();
  net.run_for(1_s);
  server->close();
  net.run_for(1_s);
  const auto rows = net.a->tcp.snapshot();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].timer, "time-wait");
  EXPECT_GT(rows[0].timer_at - net.a->node.now(), 55_s);
  EXPECT_LE(rows[0].timer_at - net.a->node.now(), 60_s);
}

}  // namespace
}  // namespace catenet::transport
