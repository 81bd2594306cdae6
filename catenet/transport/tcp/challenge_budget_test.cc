// SPDX-License-Identifier: Apache-2.0
// What a host answers to what may be an attack: per connection, per host, and that nobody can count it (RFC 5961 7).
#include "catenet/transport/tcp/challenge_budget.h"

#include <set>

#include "catenet/transport/tcp/tcb_script.h"
#include "catenet/transport/tcp/tcp_test_net.h"

namespace catenet::transport {
namespace {

std::uint32_t spend(ChallengeBudget& budget, Instant now) {
  std::uint32_t taken = 0;
  while (budget.take(now)) {
    ++taken;
  }
  return taken;
}

TEST(ChallengeBudget, EachSecondHasANumberOfItsOwn) {
  ChallengeBudget budget(1000, Rng(7));
  std::set<std::uint32_t> seen;
  std::uint64_t sum = 0;
  for (int second = 0; second < 200; ++second) {
    const Instant now = Instant::zero() + 1_s * second + 300_ms;
    const std::uint32_t taken = spend(budget, now);
    EXPECT_GE(taken, 500U);
    EXPECT_LT(taken, 1500U);
    EXPECT_FALSE(budget.take(now + 600_ms));  // the second is not over
    seen.insert(taken);
    sum += taken;
  }
  EXPECT_GT(seen.size(), 150U);
  EXPECT_NEAR(static_cast<double>(sum) / 200, 1000, 70);
}

TEST(ChallengeBudget, TheSmallestLimit) {
  ChallengeBudget budget(1, Rng(7));
  EXPECT_EQ(spend(budget, Instant::zero()), 1U);
  EXPECT_EQ(spend(budget, Instant::zero() + 1_s), 1U);
}

// --- of one connection -------------------------------------------------------------------------------------------

std::string resets(const char* time, int n, bool answered) {
  std::string text;
  for (int i = 0; i < n; ++i) {
    text += std::string(time) + " < R 100:100(0)\n" + (answered ? std::string(time) + " > . 1:1(0) ack 1\n" : "");
  }
  return text;
}

TEST(TcbChallenge, TenASecondByDefault) {
  Script s(plain_config());
  s.run(established() + resets("1", 10, true) + resets("1.9", 5, false) + "1.9 quiet\n" + resets("2", 1, true));
}

TEST(TcbChallenge, OneInHalfASecondAsInLinux) {
  TcpConfig config = plain_config();
  config.challenge_acks = 1;
  config.challenge_window = 500_ms;
  Script s(config);
  s.run(established() + resets("1", 1, true) + resets("1.4", 3, false) + "1.4 quiet\n" + resets("1.5", 1, true));
}

TEST(TcbChallenge, WithoutLimit) {
  TcpConfig config = plain_config();
  config.challenge_window = {};
  Script s(config);
  s.run(established() + resets("1", 100, true));
}

TEST(TcbChallenge, ASynOutsideTheWindowIsRationedToo) {  // RFC 5961 4.2: whatever its number
  TcpConfig config = plain_config();
  config.challenge_acks = 2;
  Script s(config);
  s.run(established() + R"(
    1 < S 500000:500000(0) win 65535
    1 > . 1:1(0) ack 1
    1 < S 1:1(0) win 65535
    1 > . 1:1(0) ack 1
    1 < S 500000:500000(0) win 65535
    1 < S 1:1(0) win 65535
    1 quiet
  )");
}

// --- of a host ---------------------------------------------------------------------------------------------------

struct AttackedHost {
  explicit AttackedHost(std::uint32_t limit, std::uint64_t seed = 1) : net(seed) {
    TcpPolicy policy;
    policy.challenge_ack_limit = limit;
    net.b->tcp.set_policy(policy);
    TcpConfig config;
    config.challenge_window = {};
    net.b->tcp.set_config(config);
    TcpPcb& listener = **net.b->tcp.listen(endpoint("0.0.0.0:80"), 16);
    for (int i = 0; i < 8; ++i) {
      clients.push_back(*net.a->tcp.connect({}, endpoint("10.0.0.2:80")));
    }
    net.run_for(1_s);
    while (const auto accepted = listener.accept()) {
      servers.push_back(*accepted);
    }
  }
  // `n` resets for each connection, with a number that is in the window but not the next; how many were answered.
  std::uint64_t attack(std::uint32_t n) {
    const std::uint64_t before = net.b->tcp.counters().challenge_acks;
    for (std::uint32_t i = 0; i < n; ++i) {
      for (const TcpPcb* server : servers) {
        Packet packet = net.pool.make();
        auto& header = packet.push_header<wire::TcpHeader>();
        header.source_port = server->foreign().port;
        header.destination_port = server->local().port;
        header.seq = server->tcb()->rcv_nxt() + 7;
        header.flags = wire::TcpFlag::kRst;
        packet.meta().checksum = ChecksumState::verified;
        ip::Delivery delivery;
        delivery.source = server->foreign().address;
        delivery.destination = server->local().address;
        delivery.protocol = Tcp::kProtocolNumber;
        net.b->tcp.receive(std::move(packet), delivery);
      }
    }
    return net.b->tcp.counters().challenge_acks - before;
  }
  TwoTcps net;
  std::vector<TcpPcb*> clients;
  std::vector<TcpPcb*> servers;
};

TEST(TcpChallenge, NoLimitOfTheHostByDefault) {
  AttackedHost host(TcpPolicy{}.challenge_ack_limit);
  ASSERT_EQ(host.servers.size(), 8U);
  EXPECT_EQ(host.attack(500), 4000U);
}

TEST(TcpChallenge, AllConnectionsShareOneBudgetThatNobodyKnows) {
  AttackedHost host(100);
  std::set<std::uint64_t> answered;
  for (int second = 0; second < 20; ++second) {
    const std::uint64_t before = host.net.b->tcp.counters().challenge_acks_skipped;
    const std::uint64_t n = host.attack(50);
    EXPECT_GE(n, 50U);
    EXPECT_LT(n, 150U);
    EXPECT_EQ(host.net.b->tcp.counters().challenge_acks_skipped - before, 400 - n);
    answered.insert(n);
    host.net.run_for(1_s);
  }
  EXPECT_GT(answered.size(), 10U);
  AttackedHost other(100, 2);  // and not the same on another host
  EXPECT_NE(AttackedHost(100).attack(50), other.attack(50));
  for (const TcpPcb* server : host.servers) {
    EXPECT_TRUE(server->is_connected());
  }
}

}  // namespace
}  // namespace catenet::transport
