// SPDX-License-Identifier: Apache-2.0
// The promise of TCP, for 200 seeds: over a network that loses up to 30 %, duplicates 10 %, reorders 10 % and corrupts
// 1 % of its packets, every byte arrives once, in order and unharmed, both ways at once, and both ends close orderly.
#include "catenet/transport/tcp/tcp_test_net.h"

namespace catenet::transport {
namespace {

TcpConfig random_config(Rng& rng) {
  TcpConfig config;
  config.send_buffer = 4096U << rng.below(7);
  config.receive_buffer = 2048U << rng.below(8);
  config.max_mss = static_cast<std::uint16_t>(rng.below(4) == 0 ? 200 + rng.below(400) : 1460);
  config.nagle = rng.below(4) != 0;
  config.sack = rng.below(3) != 0;
  config.timestamps = rng.below(3) != 0;
  config.dsack = rng.below(4) != 0;
  config.rack = rng.below(4) != 0;
  config.tlp = rng.below(4) != 0;
  config.prr = rng.below(4) != 0;
  config.frto = rng.below(4) != 0;
  config.undo = rng.below(4) != 0;
  config.window_scaling = rng.below(4) != 0;
  config.limited_transmit = rng.below(2) != 0;
  config.quick_acks = static_cast<std::uint8_t>(rng.below(20));
  config.congestion = rng.below(4) == 0 ? CongestionAlgorithm::bbr : CongestionAlgorithm::cubic;
  config.max_rto = 5_s;  // a third of all packets is lost: what backs off to minutes only waits
  config.syn_retries = 60;
  config.retries = 60;
  config.msl = 60_s;
  return config;
}

class Loss : public testing::TestWithParam<int> {};

TEST_P(Loss, EveryByteArrivesInOrderAndBothEndsClose) {
  for (std::uint64_t seed = static_cast<std::uint64_t>(GetParam()) * 20; seed < (GetParam() + 1) * 20U; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed, "loss test", "shape");
    TwoTcps net(seed);
    Impairments impairments;
    impairments.loss = Probability::from_ppb(rng.below(300'000'001));
    impairments.duplicate = Probability::from_ppb(100'000'000);
    impairments.reorder = Probability::from_ppb(100'000'000);
    impairments.corrupt = Probability::from_ppb(10'000'000);
    impairments.delay = Duration::microseconds(static_cast<std::int64_t>(50 + rng.below(60'000)));
    net.set_impairments(impairments);
    net.a->tcp.set_config(random_config(rng));
    net.b->tcp.set_config(random_config(rng));

    Talker client(random_bytes(65536 + rng.below(196'608), seed), seed + 1);
    Talker server(random_bytes(rng.below(2) == 0 ? 0 : rng.below(131'072), seed + 2), seed + 3);
    client.max_write = 1U << (4 + rng.below(13));
    server.max_read = 1U << (6 + rng.below(11));
    const auto listener = net.b->tcp.listen(endpoint("0.0.0.0:80"), 5);
    ASSERT_TRUE(listener);
    Acceptor acceptor(**listener, server);
    const auto pcb = net.a->tcp.connect({}, endpoint("10.0.0.2:80"));
    ASSERT_TRUE(pcb);
    client.attach(**pcb);

    for (int i = 0; i < 40'000 && !(client.done() && server.done()) && client.error == 0 && server.error == 0; ++i) {
      net.run_for(1_s);
      for (TestHost* host : {net.a.get(), net.b.get()}) {
        for (const Talker* talker : {&client, &server}) {
          if (talker->pcb() != nullptr && host == net.a.get()) {
            talker->pcb()->tcb()->check_invariants();
          }
        }
      }
    }
    EXPECT_EQ(client.error, 0);
    EXPECT_EQ(server.error, 0);
    ASSERT_TRUE(client.done() && server.done()) << "at " << net.scheduler.now().to_seconds();
    EXPECT_TRUE(server.received == client.to_send);
    EXPECT_TRUE(client.received == server.to_send);
    net.run_for(600_s);  // LAST-ACK, TIME-WAIT
    EXPECT_EQ(net.a->tcp.pcb_count(), 0U);
    EXPECT_EQ(net.b->tcp.pcb_count(), 1U);  // the listener
    for (const TestHost* host : {net.a.get(), net.b.get()}) {
      ASSERT_EQ(host->tcp.flows().size(), 1U);
      EXPECT_EQ(host->tcp.flows()[0].error, 0);
      const TcpStatistics s = host->tcp.flows()[0].statistics;
      EXPECT_EQ(s.bytes_acked, s.bytes_sent);
    }
    EXPECT_EQ(net.a->tcp.flows()[0].statistics.bytes_sent, client.to_send.size());
    EXPECT_EQ(net.b->tcp.flows()[0].statistics.bytes_received, client.to_send.size());
    if (HasFailure()) {
      return;
    }
  }
}

// One transfer of 2 MB over 40 ms of round trip, with the default settings; the sender's counters.
TcpStatistics transfer(std::uint64_t seed, Probability reorder) {
  TwoTcps net(seed);
  Impairments impairments;
  impairments.delay = 20_ms;
  impairments.reorder = reorder;
  net.set_impairments(impairments);
  Talker client(random_bytes(2'000'000, seed), seed + 1);
  Talker server({}, seed + 3);
  const auto listener = net.b->tcp.listen(endpoint("0.0.0.0:80"), 5);
  EXPECT_TRUE(listener);
  Acceptor acceptor(**listener, server);
  const auto pcb = net.a->tcp.connect({}, endpoint("10.0.0.2:80"));
  EXPECT_TRUE(pcb);
  client.attach(**pcb);
  for (int i = 0; i < 600 && !(client.done() && server.done()); ++i) {
    net.run_for(1_s);
    if (client.pcb() != nullptr) {
      client.pcb()->tcb()->check_invariants();
    }
  }
  EXPECT_TRUE(server.received == client.to_send);
  net.run_for(600_s);
  EXPECT_EQ(net.a->tcp.flows().size(), 1U);
  return net.a->tcp.flows()[0].statistics;
}

TEST(Recovery, WithoutLossNothingIsSentTwice) {
  const TcpStatistics s = transfer(1, {});
  EXPECT_EQ(s.retransmits, 0U);
  EXPECT_EQ(s.loss_probes, 0U);
  EXPECT_EQ(s.timeouts, 0U);
}

// One in a hundred comes up to two round trips late: nothing is lost, and hardly a cut stands.
TEST(Recovery, ReorderingIsLearnt) {
  for (std::uint64_t seed = 1; seed < 6; ++seed) {
    const TcpStatistics s = transfer(seed, Probability::from_ppb(10'000'000));
    const std::uint32_t undone = s.full_undo + s.partial_undo + s.dsack_undo;
    EXPECT_EQ(s.timeouts, 0U);
    EXPECT_LE(s.fast_retransmits - std::min(undone, s.fast_retransmits), 2U) << s.fast_retransmits;
    EXPECT_LT(s.retransmits, 60U);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Loss, testing::Range(0, 10));

}  // namespace
}  // namespace catenet::transport
