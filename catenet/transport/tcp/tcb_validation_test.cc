// SPDX-License-Identifier: Apache-2.0
// A window that nobody fills: restarted, kept, or kept as RFC 7661 wants it.
#include "catenet/transport/tcp/tcb_script.h"
#include "catenet/transport/tcp/tcp_test_net.h"

namespace catenet::transport {
namespace {

// A client that sends what it is told to, on a path of 40 ms that loses what `lose` says.
struct PausingSender {
  explicit PausingSender(IdleWindow idle, CongestionAlgorithm algorithm = CongestionAlgorithm::new_reno) {
    Impairments impairments;
    impairments.delay = 20_ms;
    net.set_impairments(impairments);
    TcpConfig config;
    config.idle_window = idle;
    config.congestion = algorithm;
    config.timestamps = false;
    net.a->tcp.set_config(config);
    listener = *net.b->tcp.listen(endpoint("0.0.0.0:80"), 4);
    client = *net.a->tcp.connect({}, endpoint("10.0.0.2:80"));
    net.run_for(1_s);
    server = *listener->accept();
  }
  void send(std::uint32_t bytes) {
    EXPECT_EQ(*client->send(std::vector<std::byte>(bytes)), bytes);
    for (int i = 0; i < 300; ++i) {
      net.run_for(10_ms);
      std::vector<std::byte> out(1 << 20);
      while (server->receive(out)) {
      }
    }
    EXPECT_EQ(client->tcb()->flight(), 0U);
  }
  [[nodiscard]] std::uint32_t cwnd() const { return client->tcb()->cwnd(); }
  [[nodiscard]] std::uint32_t ssthresh() const { return client->tcb()->ssthresh(); }
  // One segment in each round trip for a while.
  void trickle(int seconds) {
    for (int i = 0; i < seconds * 20; ++i) {
      EXPECT_EQ(*client->send(std::vector<std::byte>(1000)), 1000U);
      net.run_for(50_ms);
    }
  }
  void pause(Duration d) { net.run_for(d); }

  TwoTcps net;
  TcpPcb* listener = nullptr;
  TcpPcb* client = nullptr;
  TcpPcb* server = nullptr;
};

constexpr std::uint32_t kSlowStart = 500'000;
constexpr std::uint32_t kFirstWindow = 14'600;

TEST(TcbIdleWindow, RestartsByDefault) {  // RFC 5681 4.1, and Linux's tcp_slow_start_after_idle=1
  EXPECT_EQ(TcpConfig{}.idle_window, IdleWindow::restart);
  PausingSender s(IdleWindow::restart);
  s.send(kSlowStart);
  EXPECT_GT(s.cwnd(), 100'000U);
  s.pause(10_s);
  s.send(1000);
  EXPECT_LE(s.cwnd(), kFirstWindow + 1460);
}

TEST(TcbIdleWindow, MayBeKeptForEver) {
  PausingSender s(IdleWindow::keep);
  s.send(kSlowStart);
  const std::uint32_t before = s.cwnd();
  s.pause(3600_s);
  s.send(1000);
  EXPECT_EQ(s.cwnd(), before);
}

TEST(TcbIdleWindow, ValidationKeepsItForFiveMinutes) {  // RFC 7661 4.4
  for (const auto algorithm : {CongestionAlgorithm::new_reno, CongestionAlgorithm::cubic}) {
    PausingSender s(IdleWindow::validate, algorithm);
    s.send(kSlowStart);
    const std::uint32_t before = s.cwnd();
    s.pause(280_s);
    s.send(1000);
    EXPECT_EQ(s.cwnd(), before);
    s.pause(30_s);
    s.send(1000);
    EXPECT_EQ(s.cwnd(), before / 2);  // 4.4.3
    EXPECT_GE(s.ssthresh(), before / 4 * 3);
    for (int i = 0; i < 20; ++i) {
      s.pause(301_s);
      s.send(1000);
    }
    EXPECT_EQ(s.cwnd(), kFirstWindow);  // and no further
  }
}

TEST(TcbIdleWindow, AnUnusedWindowDoesNotGrow) {
  PausingSender s(IdleWindow::validate);
  s.send(kSlowStart);
  const std::uint32_t before = s.cwnd();
  s.trickle(20);
  EXPECT_EQ(s.cwnd(), before);
}

TEST(TcbIdleWindow, UseMakesItNewAndItGrows) {
  PausingSender s(IdleWindow::validate);
  s.send(kSlowStart);
  s.pause(200_s);
  const std::uint32_t before = s.cwnd();
  s.send(2 * kSlowStart);
  EXPECT_GT(s.cwnd(), before);
  const std::uint32_t after = s.cwnd();
  s.pause(200_s);  // 400 s since the first pause began
  s.send(1000);
  EXPECT_EQ(s.cwnd(), after);
}

TEST(TcbIdleWindow, ALossCutsToWhatWasUsed) {  // 4.4.1
  PausingSender s(IdleWindow::validate);
  s.send(kSlowStart);
  EXPECT_GT(s.cwnd(), 200'000U);
  s.trickle(5);
  bool lost = false;
  s.net.a->pipe.lose = [&](const Packet& packet, std::uint64_t) {
    const bool now = !lost && packet.size() > 1000;
    lost = lost || now;
    return now;
  };
  s.send(14'600);  // ten segments, of which the first gets lost
  EXPECT_TRUE(lost);
  EXPECT_EQ(s.client->tcb()->statistics().fast_retransmits, 1U);
  EXPECT_EQ(s.client->tcb()->statistics().timeouts, 0U);
  // Half of what was under way without what went again; slow start goes on up to half of what was under way.
  EXPECT_EQ(s.ssthresh(), 14'600U / 2);
  EXPECT_EQ(s.cwnd(), (14'600U - 1460) / 2);
}

TEST(TcbIdleWindow, BbrGoesItsOwnWay) {
  PausingSender s(IdleWindow::validate, CongestionAlgorithm::bbr);
  s.send(kSlowStart);
  s.pause(400_s);
  s.send(kSlowStart);
  EXPECT_EQ(s.client->tcb()->statistics().timeouts, 0U);
}

}  // namespace
}  // namespace catenet::transport
