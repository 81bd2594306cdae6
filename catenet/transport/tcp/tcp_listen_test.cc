// SPDX-License-Identifier: Apache-2.0
// Listeners (tcp_listen.cc, tcp_request.cc, tcp_ports.cc): the two queues and their limits, half-open connections, SYN
// cookies between two hosts, several listeners on one port, TIME-WAIT; and a flood of SYNs.
#include <algorithm>
#include <functional>
#include <map>

#include "catenet/transport/tcp/tcp_ports.h"
#include "catenet/transport/tcp/tcp_request.h"
#include "catenet/transport/tcp/tcp_test_net.h"

namespace catenet::transport {
namespace {

using wire::TcpFlag;

class TcpListen : public testing::Test {
 protected:
  TcpPcb& listen(std::uint32_t backlog, const TcpConfig& config = {}) {
    net.b->tcp.set_config(config);
    return **net.b->tcp.listen(endpoint("0.0.0.0:80"), backlog);
  }
  TcpPcb& connect() { return **net.a->tcp.connect({}, endpoint("10.0.0.2:80")); }
  void set_cookies(SynCookies mode) {
    TcpPolicy policy = net.b->tcp.policy();
    policy.syn_cookies = mode;
    net.b->tcp.set_policy(policy);
  }
  [[nodiscard]] const TcpCounters& counters() const { return net.b->tcp.counters(); }
  [[nodiscard]] std::uint64_t dropped(DropReason reason) const { return net.b->node.drops().of(reason); }
  // A segment from a peer that has no TCP.
  void inject(std::uint8_t flags, std::uint32_t seq, std::uint32_t ack, std::uint16_t port = 1000,
              const char* from = "10.0.0.9", const wire::TcpOptions& options = {}) {
    Forged forged{{endpoint("10.0.0.2:80"), {address(from), port}}, seq, ack, flags};
    forged.options = options;
    transport::inject(*net.b, forged, arrival_);
  }
  // Keeps what b sends to other hosts than a from a, and the last of its numbers.
  void watch() {
    net.b->pipe.lose = [this](const Packet& packet, std::uint64_t) {
      const auto& header = packet.header<wire::TcpHeader>();
      if (header.destination_port >= 49152) {
        return false;
      }
      last_seq = header.seq;
      last_flags = header.flags;
      ++lost;
      return true;
    };
  }
  TwoTcps net;
  std::uint32_t last_seq = 0;
  std::uint8_t last_flags = 0;
  std::uint64_t lost = 0;
  Interface* arrival_ = nullptr;
};

TEST_F(TcpListen, BacklogAdmitsOneMore) {  // as Linux counts
  TcpPcb& listener = listen(2);
  std::vector<TcpPcb*> clients;
  for (int i = 0; i < 5; ++i) {
    clients.push_back(&connect());
    net.run_for(100_ms);
  }
  EXPECT_EQ(listener.info().receive_queue, 3U);
  EXPECT_EQ(listener.info().send_queue, 2U);
  EXPECT_GE(dropped(DropReason::tcp_backlog_full), 2U);
  EXPECT_GE(counters().listen_overflows, 2U);
  EXPECT_FALSE(clients[3]->is_connected());
  for (int i = 0; i < 3; ++i) {
    (*listener.accept())->abort();
  }
  net.run_for(10_s);  // the SYNs come again
  EXPECT_TRUE(clients[3]->is_connected() && clients[4]->is_connected());
  EXPECT_EQ(counters().passive_opens, 5U);
}

TEST_F(TcpListen, ABacklogOfNoneAdmitsOne) {
  TcpPcb& listener = listen(0);
  TcpPcb& client = connect();
  net.run_for(100_ms);
  EXPECT_TRUE(client.is_connected());
  EXPECT_EQ(counters().cookies_received, 1U);  // it has no SYN queue at all
  connect();
  net.run_for(100_ms);
  EXPECT_EQ(listener.info().receive_queue, 1U);
}

TEST_F(TcpListen, TheHostHasItsOwnUpperBound) {
  TcpLimits limits;
  limits.backlog = 3;
  net.b->tcp.set_limits(limits);
  EXPECT_EQ(listen(1000).info().send_queue, 3U);
}

TEST_F(TcpListen, AHalfOpenConnectionIsASmallEntryThatIsShown) {
  EXPECT_LE(sizeof(TcpRequest), 176U);
  TcpPcb& listener = listen(5);
  watch();
  inject(TcpFlag::kSyn, 100, 0);
  EXPECT_EQ(net.b->tcp.pcb_count(), 1U);
  EXPECT_EQ(net.b->tcp.request_count(), 1U);
  EXPECT_EQ(last_flags, TcpFlag::kSyn | TcpFlag::kAck);
  const auto rows = net.b->tcp.snapshot();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[1].state, TcpState::syn_received);
  EXPECT_EQ(rows[1].tuple.foreign, endpoint("10.0.0.9:1000"));
  inject(TcpFlag::kAck, 101, last_seq + 1);
  EXPECT_EQ(net.b->tcp.request_count(), 0U);
  EXPECT_TRUE(listener.readable());
}

TEST_F(TcpListen, ASynAckIsSentAgainLikeAnyOtherSegment) {  // RFC 6298 5
  TcpConfig config;
  config.syn_retries = 3;
  TcpPcb& listener = listen(5, config);
  watch();
  inject(TcpFlag::kSyn, 100, 0);
  const std::uint32_t iss = last_seq;
  const std::pair<Duration, std::uint64_t> expected[] = {{999_ms, 1}, {1_ms, 2},    {1999_ms, 2},
                                                         {1_ms, 3},   {3999_ms, 3}, {1_ms, 4}};
  net.run_for(1_ns);
  for (const auto& [wait, sent] : expected) {
    net.run_for(wait);
    EXPECT_EQ(lost, sent);
    EXPECT_EQ(last_seq, iss);
  }
  inject(TcpFlag::kSyn, 100, 0);  // and when the SYN comes again
  EXPECT_EQ(lost, 5U);
  EXPECT_EQ(last_seq, iss);
  net.run_for(8_s);
  EXPECT_EQ(net.b->tcp.request_count(), 0U);
  EXPECT_EQ(lost, 5U);
  EXPECT_FALSE(listener.readable());
}

TEST_F(TcpListen, OddSegmentsForAHalfOpenConnection) {  // RFC 9293 3.10.7.4 in SYN-RECEIVED
  listen(5);
  watch();
  inject(TcpFlag::kSyn, 100, 0);
  const std::uint32_t iss = last_seq;
  inject(TcpFlag::kAck, 101, iss + 9);  // acknowledges what was not sent
  EXPECT_EQ(last_flags, TcpFlag::kRst);
  EXPECT_EQ(last_seq, iss + 9);
  inject(TcpFlag::kAck, 101 + 70'000, iss + 1);  // out of the window
  EXPECT_EQ(last_flags, TcpFlag::kAck);
  inject(TcpFlag::kRst, 105, 0);  // in the window, not at its edge
  EXPECT_EQ(net.b->tcp.request_count(), 1U);
  inject(TcpFlag::kRst, 101, 0);
  EXPECT_EQ(net.b->tcp.request_count(), 0U);
  inject(TcpFlag::kSyn | TcpFlag::kFin, 100, 0);  // means nothing
  EXPECT_EQ(net.b->tcp.request_count(), 0U);
}

TEST_F(TcpListen, TheRoundTripOfTheHandshakeIsMeasured) {
  TcpPcb& listener = listen(5);
  connect();
  net.run_for(100_ms);
  TcpPcb& server = **listener.accept();
  EXPECT_EQ(server.info().srtt, 20_ms);
  EXPECT_EQ(server.info().rto, server.info().srtt + 200_ms);
  EXPECT_EQ(server.info().statistics.segments_sent, 1U);
}

TEST_F(TcpListen, ALostSynAckMakesTheStartCautious) {  // RFC 5681 3.1, RFC 6298 5.7
  bool lose = true;
  net.b->pipe.lose = [&](const Packet&, std::uint64_t) { return std::exchange(lose, false); };
  TcpPcb& listener = listen(5);
  TcpPcb& client = connect();
  net.run_for(2_s);
  ASSERT_TRUE(client.is_connected());
  TcpPcb& server = **listener.accept();
  EXPECT_EQ(server.info().cwnd, server.info().mss);
}

TEST_F(TcpListen, AClosedListenerForgetsWhatIsHalfOpen) {
  TcpPcb& listener = listen(5);
  watch();
  inject(TcpFlag::kSyn, 100, 0);
  listener.close();
  EXPECT_EQ(net.b->tcp.request_count(), 0U);
  inject(TcpFlag::kAck, 101, last_seq + 1);
  EXPECT_EQ(last_flags, TcpFlag::kRst);
  EXPECT_EQ(dropped(DropReason::tcp_no_connection), 1U);
}

TEST_F(TcpListen, AnAckThatFindsTheQueueFullComesAgain) {
  TcpPcb& listener = listen(1);
  TcpConfig slow;
  net.a->tcp.set_config(slow);
  std::vector<TcpPcb*> clients;
  for (int i = 0; i < 2; ++i) {
    clients.push_back(&connect());
    net.run_for(100_ms);
  }
  set_cookies(SynCookies::never);
  // A third handshake began while there was room, and ends when there is none.
  (*listener.accept())->abort();
  net.run_for(100_ms);
  TcpPcb& third = connect();
  net.run_for(11_ms);  // its SYN has come; another one is faster
  watch();
  inject(TcpFlag::kSyn, 1, 0, 7);
  EXPECT_EQ(dropped(DropReason::tcp_syn_queue_full), 1U);
  net.run_for(100_ms);
  EXPECT_TRUE(third.is_connected());
  EXPECT_EQ(listener.info().receive_queue, 2U);
}

TEST_F(TcpListen, OverflowMayBeReset) {
  TcpPolicy policy;
  policy.abort_on_overflow = true;
  net.b->tcp.set_policy(policy);
  TcpPcb& listener = listen(5);
  watch();
  inject(TcpFlag::kSyn, 100, 0);
  const std::uint32_t iss = last_seq;
  for (int i = 0; i < 6; ++i) {
    connect();
    net.run_for(50_ms);
  }
  EXPECT_EQ(listener.info().receive_queue, 6U);
  inject(TcpFlag::kAck, 101, iss + 1);
  EXPECT_EQ(last_flags, TcpFlag::kRst);
  EXPECT_EQ(net.b->tcp.request_count(), 0U);
}

TEST_F(TcpListen, OldHandshakesMakeRoomForNewOnes) {
  listen(10);
  watch();
  for (std::uint16_t port = 1; port <= 8; ++port) {
    inject(TcpFlag::kSyn, 100, 0, port);
  }
  net.run_for(8_s);  // six retries would take two minutes, but two are enough while more than half is in use
  EXPECT_EQ(net.b->tcp.request_count(), 5U);
  EXPECT_EQ(counters().requests_pruned, 3U);
}

TEST_F(TcpListen, TheHostHasALimitForAllListeners) {
  TcpLimits limits;
  limits.requests = 3;
  net.b->tcp.set_limits(limits);
  set_cookies(SynCookies::never);
  listen(100);
  watch();
  for (std::uint16_t port = 1; port <= 5; ++port) {
    inject(TcpFlag::kSyn, 100, 0, port);
  }
  EXPECT_EQ(net.b->tcp.request_count(), 3U);
  EXPECT_EQ(dropped(DropReason::tcp_syn_queue_full), 2U);
  EXPECT_EQ(counters().syn_queue_drops, 2U);
}

// --- cookies -------------------------------------------------------------------------------------------------------

TEST_F(TcpListen, ACookieBringsTheOptionsBack) {
  set_cookies(SynCookies::always);
  TcpConfig config;
  config.ecn = EcnMode::ask;
  config.receive_buffer = 8 << 20;
  net.a->tcp.set_config(config);
  TcpPcb& listener = listen(5, config);
  TcpPcb& client = connect();
  net.run_for(15_ms);
  EXPECT_EQ(net.b->tcp.request_count(), 0U);
  EXPECT_EQ(net.b->tcp.pcb_count(), 1U);  // nothing remembers the SYN
  net.run_for(100_ms);
  ASSERT_TRUE(listener.readable());
  TcpPcb& server = **listener.accept();
  EXPECT_TRUE(server.tcb()->uses_timestamps() && server.tcb()->uses_sack() && server.tcb()->uses_window_scaling());
  EXPECT_TRUE(server.tcb()->uses_ecn() && client.tcb()->uses_ecn());
  EXPECT_EQ(server.tcb()->mss(), client.tcb()->mss());
  EXPECT_EQ(server.tcb()->iss() + 1, client.tcb()->rcv_nxt());
  EXPECT_EQ(counters().cookies_sent, 1U);
  EXPECT_EQ(counters().cookies_received, 1U);
  EXPECT_EQ(server.info().srtt, Duration{});  // a cookie's timestamp would tell up to 63 ms too much
  // Windows are scaled the way both think they are, and the stream flows.
  const std::vector<std::byte> data = random_bytes(3'000'000, 1);
  std::vector<std::byte> got;
  std::size_t sent = 0;
  std::vector<std::byte> buffer(1 << 20);
  for (int i = 0; i < 400 && got.size() < data.size(); ++i) {
    if (const auto n = client.send(std::span(data).subspan(sent))) {
      sent += *n;
    }
    net.run_for(10_ms);
    if (const auto n = server.receive(buffer)) {
      got.insert(got.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*n));
    }
  }
  EXPECT_EQ(got, data);
  EXPECT_EQ(client.info().statistics.retransmits, 0U);
}

TEST_F(TcpListen, WithoutTimestampsOnlyTheSegmentSizeComesBack) {
  set_cookies(SynCookies::always);
  TcpConfig config;
  config.timestamps = false;
  net.a->tcp.set_config(config);
  TcpPcb& listener = listen(5);
  TcpPcb& client = connect();
  net.run_for(100_ms);
  TcpPcb& server = **listener.accept();
  EXPECT_FALSE(server.tcb()->uses_sack() || server.tcb()->uses_window_scaling() || server.tcb()->uses_timestamps());
  EXPECT_FALSE(client.tcb()->uses_sack() || client.tcb()->uses_window_scaling());  // it was told so
  EXPECT_EQ(server.tcb()->mss(), 1460U);
}

TEST_F(TcpListen, ACookieAndKeepAliveAndNagleGoTogether) {
  set_cookies(SynCookies::always);
  TcpConfig config;
  config.keepalive = true;
  config.keepalive_idle = 10_s;
  config.keepalive_interval = 1_s;
  config.keepalive_probes = 2;
  TcpPcb& listener = listen(5, config);
  TcpPcb& client = connect();
  net.run_for(100_ms);
  TcpPcb& server = **listener.accept();
  // Nagle: the second small piece waits for the acknowledgement of the first.
  const std::uint64_t before = server.info().statistics.segments_sent;
  ASSERT_TRUE(server.send(random_bytes(10, 1)) && server.send(random_bytes(10, 2)));
  EXPECT_EQ(server.info().statistics.segments_sent, before + 1);
  net.run_for(1_s);
  EXPECT_EQ(client.info().receive_queue, 20U);
  // Keep-alive: a live peer is probed and stays, a dead one is found out.
  const std::uint64_t probes = server.info().statistics.segments_sent;
  net.run_for(35_s);
  EXPECT_EQ(server.info().statistics.segments_sent, probes + 3);
  EXPECT_TRUE(server.is_connected());
  net.a->pipe.lose = [](const Packet&, std::uint64_t) { return true; };
  net.run_for(13_s);
  EXPECT_EQ(server.error(), ETIMEDOUT);
}

TEST_F(TcpListen, DataOnTheLastAckOfACookieAreKept) {
  set_cookies(SynCookies::always);
  TcpPcb& listener = listen(5);
  bool lose = true;  // the bare ACK; the request that follows proves the cookie as well
  TcpPcb& client = connect();
  net.a->pipe.lose = [&](const Packet&, std::uint64_t number) { return number == 2 && std::exchange(lose, false); };
  net.run_for(30_ms);
  ASSERT_TRUE(client.is_connected());
  EXPECT_FALSE(listener.readable());
  ASSERT_TRUE(client.send(random_bytes(300, 1)));
  net.run_for(100_ms);
  ASSERT_TRUE(listener.readable());
  EXPECT_EQ((*listener.accept())->info().receive_queue, 300U);
}

TEST_F(TcpListen, ANumberThatIsNoCookieIsReset) {
  listen(1);
  watch();
  inject(TcpFlag::kAck, 5, 6);  // no cookie is out: not even looked at
  EXPECT_EQ(counters().cookies_failed, 0U);
  EXPECT_EQ(last_flags, TcpFlag::kRst);
  set_cookies(SynCookies::always);
  inject(TcpFlag::kSyn, 100, 0);
  const std::uint32_t cookie = last_seq;
  inject(TcpFlag::kAck, 101, cookie + 1000);
  EXPECT_EQ(last_flags, TcpFlag::kRst);
  EXPECT_EQ(last_seq, cookie + 1000);
  EXPECT_EQ(counters().cookies_failed, 1U);
  net.run_for(181_s);
  inject(TcpFlag::kAck, 101, cookie + 1);  // too old
  EXPECT_EQ(last_flags, TcpFlag::kRst);
  EXPECT_EQ(net.b->tcp.pcb_count(), 1U);
}

TEST_F(TcpListen, DataWithoutTheirTimestampsCompleteTheHandshakeIfTheyMay) {
  for (const bool may : {false, true}) {
    SCOPED_TRACE(may);
    TcpConfig config;
    config.missing_timestamps = may;
    TcpPcb& listener = listen(5, config);
    watch();
    inject(TcpFlag::kSyn, 100, 0, 1000, "10.0.0.9", {.timestamps = wire::TcpTimestamps{7, 0}});
    Forged first{{endpoint("10.0.0.2:80"), endpoint("10.0.0.9:1000")}, 101, last_seq + 1};
    first.data.resize(50);
    transport::inject(*net.b, first);
    EXPECT_EQ(listener.readable(), may);
    if (may) {
      TcpPcb& server = **listener.accept();
      EXPECT_EQ(server.info().receive_queue, 50U);
      server.abort();
    }
    listener.close();
    net.run_for(1_s);
  }
}

// --- a flood (RFC 4987) --------------------------------------------------------------------------------------------

struct FloodResult {
  int connected = 0;
  int clients = 0;
  std::size_t most_requests = 0;
  std::uint64_t most_packets = 0;
};

// 100,000 SYNs a second for three seconds from random sources that never answer, while 120 clients connect, each with
// a request of a hundred bytes.
class Flood : public TcpListen {
 protected:
  static constexpr int kClients = 120;
  FloodResult run(SynCookies mode) {
    set_cookies(mode);
    TcpPcb& listener = listen(128);
    watch();
    listener.set_on_ready(Delegate<void()>::to<&Flood::accept_all>(*this));
    listener_ = &listener;
    Rng rng(7);
    FloodResult result;
    std::vector<TcpPcb*> clients;
    for (int i = 0; i < 300'000; ++i) {
      net.run_for(10_us);
      const auto source = std::to_string(11 + rng.below(180)) + "." + std::to_string(rng.below(256)) + "." +
                          std::to_string(rng.below(256)) + "." + std::to_string(1 + rng.below(254));
      inject(TcpFlag::kSyn, static_cast<std::uint32_t>(rng.next()), 0,
             static_cast<std::uint16_t>(1 + rng.below(40'000)), source.c_str());
      if (i % 2500 == 1250) {
        clients.push_back(&connect());
      }
      for (TcpPcb* client : clients) {
        if (i % 1000 == 0 && client->is_connected() && client->info().statistics.bytes_sent == 0) {
          (void)client->send(random_bytes(100, 1));
        }
      }
      result.most_requests = std::max(result.most_requests, net.b->tcp.request_count());
      result.most_packets = std::max<std::uint64_t>(result.most_packets, net.pool.stats().alive());
    }
    net.run_for(1_s);
    result.clients = static_cast<int>(clients.size());
    result.connected = static_cast<int>(std::count_if(servers.begin(), servers.end(), [](const TcpPcb* s) {
      return s->is_connected() && s->info().receive_queue == 100;
    }));
    return result;
  }
  void accept_all() {
    while (const auto pcb = listener_->accept()) {
      servers.push_back(*pcb);
    }
  }
  TcpPcb* listener_ = nullptr;
  std::vector<TcpPcb*> servers;
};

TEST_F(Flood, NinetyNineOfAHundredGetThrough) {
  const FloodResult result = run(SynCookies::when_full);
  EXPECT_EQ(result.clients, kClients);
  EXPECT_GE(result.connected * 100, result.clients * 99);
  EXPECT_LE(result.most_requests, 128U);
  EXPECT_LE(net.b->tcp.pcb_count(), 1U + kClients);
  EXPECT_LE(result.most_packets, 1000U);  // the SYN,ACKs go as they are made
  EXPECT_GE(counters().cookies_sent, 290'000U);
  // Everything that was sent in vain has a name: nothing of the flood is a drop.
  EXPECT_EQ(net.b->node.drops().total(), lost);
  EXPECT_EQ(dropped(DropReason::link_loss), lost);
  net.run_for(130_s);
  EXPECT_EQ(net.b->tcp.request_count(), 0U);
}

TEST_F(Flood, WithoutCookiesTheQueueHoldsAndTheDropsAreNamed) {
  const FloodResult result = run(SynCookies::never);
  EXPECT_LE(result.most_requests, 128U);
  EXPECT_LT(result.connected, result.clients / 2);  // why there are cookies
  EXPECT_GE(dropped(DropReason::tcp_syn_queue_full), 290'000U);
  EXPECT_EQ(dropped(DropReason::tcp_syn_queue_full), counters().syn_queue_drops);
}

// --- several listeners on one port ---------------------------------------------------------------------------------

TEST_F(TcpListen, ReusePortSharesThePortEvenly) {
  std::map<TcpPcb*, int> counts;
  std::vector<TcpPcb*> listeners;
  for (int i = 0; i < 4; ++i) {
    TcpPcb& listener = **net.b->tcp.open();
    listener.set_reuse_port(true);
    ASSERT_TRUE(listener.bind(endpoint("0.0.0.0:80")) && listener.listen(500));
    listeners.push_back(&listener);
  }
  for (int i = 0; i < 400; ++i) {
    connect();
  }
  net.run_for(1_s);
  int all = 0;
  for (TcpPcb* listener : listeners) {
    const auto ready = static_cast<int>(listener->info().receive_queue);
    EXPECT_GE(ready, 60);
    EXPECT_LE(ready, 140);
    all += ready;
  }
  EXPECT_EQ(all, 400);
  // One that leaves takes only what waits in its own queues along.
  listeners[0]->close();
  for (int i = 0; i < 30; ++i) {
    connect();
  }
  net.run_for(1_s);
  all = 0;
  for (std::size_t i = 1; i < listeners.size(); ++i) {
    all += static_cast<int>(listeners[i]->info().receive_queue);
  }
  EXPECT_GE(all, 280);
}

TEST_F(TcpListen, ADeviceKeepsListenersApart) {
  Interface& one = net.b->node.add_interface("one");
  Interface& two = net.b->node.add_interface("two");
  std::map<Interface*, TcpPcb*> listeners;
  for (Interface* device : {&one, &two, static_cast<Interface*>(nullptr)}) {
    TcpPcb& listener = **net.b->tcp.open();
    listener.set_device(device);
    listener.set_reuse_port(true);
    ASSERT_TRUE(listener.bind(endpoint("0.0.0.0:80")) && listener.listen(5));
    listeners[device] = &listener;
  }
  watch();
  Interface& three = net.b->node.add_interface("three");
  const auto open = [&](Interface* arrival, std::uint16_t port) {
    arrival_ = arrival;
    inject(TcpFlag::kSyn, 100, 0, port);
    inject(TcpFlag::kAck, 101, last_seq + 1, port);
  };
  open(&one, 1);
  open(&two, 2);
  open(&two, 3);
  open(&three, 4);
  EXPECT_EQ(listeners[&one]->info().receive_queue, 1U);
  EXPECT_EQ(listeners[&two]->info().receive_queue, 2U);
  EXPECT_EQ(listeners[nullptr]->info().receive_queue, 1U);
  TcpPcb& connection = **listeners[&one]->accept();
  EXPECT_EQ(connection.bound_device(), &one);
  arrival_ = &two;  // somebody else's segments for it
  inject(TcpFlag::kRst, 101, 0, 1);
  EXPECT_TRUE(connection.is_connected());
  EXPECT_EQ(two.drops().of(DropReason::tcp_no_connection), 1U);
}

TEST_F(TcpListen, AnAutomaticPortIsNobodyElses) {
  TcpLimits limits;
  limits.port_low = 50000;
  limits.port_high = 50001;
  net.b->tcp.set_limits(limits);
  for (int i = 0; i < 3; ++i) {
    TcpPcb& pcb = **net.b->tcp.open();
    pcb.set_reuse_port(true);
    pcb.set_reuse_address(true);
    EXPECT_EQ(pcb.bind(endpoint("0.0.0.0:0")).has_value(), i < 2);
  }
}

TEST_F(TcpListen, AConnectionDoesNotUseAPortThatSomebodyIsBoundTo) {
  TcpLimits limits;
  limits.port_low = 50000;
  limits.port_high = 50001;
  net.a->tcp.set_limits(limits);
  TcpPcb& holder = **net.a->tcp.open();
  ASSERT_TRUE(holder.bind(endpoint("0.0.0.0:50000")));
  listen(5);
  EXPECT_EQ(connect().local().port, 50001);
  EXPECT_EQ(net.a->tcp.connect({}, endpoint("10.0.0.2:80")).error().code, EADDRNOTAVAIL);
  EXPECT_TRUE(net.a->tcp.connect({}, endpoint("10.0.0.2:81")));  // to another peer
}

// --- TIME-WAIT -----------------------------------------------------------------------------------------------------

class TcpHostTimeWait : public TcpListen {
 protected:
  // A connection from a's `port` that b ends first.
  void pass(std::uint16_t port) {
    TcpPcb& client = **net.a->tcp.connect({address("0.0.0.0"), port}, endpoint("10.0.0.2:80"));
    net.run_for(100_ms);
    TcpPcb& server = **listener->accept();
    server.close();
    net.run_for(100_ms);
    client.close();
    net.run_for(100_ms);
  }
  TcpPcb* listener = &listen(5);
};

TEST_F(TcpHostTimeWait, IsARowOfItsOwn) {
  pass(5000);
  EXPECT_EQ(net.b->tcp.pcb_count(), 1U);
  EXPECT_EQ(net.b->tcp.time_wait_count(), 1U);
  const auto rows = net.b->tcp.snapshot();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[1].state, TcpState::time_wait);
  EXPECT_EQ(rows[1].tuple.foreign, endpoint("10.0.0.1:5000"));
  ASSERT_EQ(net.b->tcp.flows().size(), 1U);
  EXPECT_EQ(net.b->tcp.flows()[0].state, TcpState::time_wait);
  EXPECT_FALSE(net.b->tcp.flows()[0].ended.is_never());
  net.run_for(60_s);
  EXPECT_EQ(net.b->tcp.time_wait_count(), 0U);
  EXPECT_EQ(counters().time_waits, 1U);
  EXPECT_EQ(net.b->tcp.flows()[0].state, TcpState::closed);
}

TEST_F(TcpHostTimeWait, TheSocketThatIsStillHeldIsClosedAndReadsOn) {
  TcpPcb& client = connect();
  net.run_for(100_ms);
  TcpPcb& server = **listener->accept();
  ASSERT_TRUE(client.send(random_bytes(100, 1)));
  net.run_for(100_ms);
  ASSERT_TRUE(server.shutdown_send());
  net.run_for(100_ms);
  client.close();
  net.run_for(100_ms);
  EXPECT_EQ(server.state(), TcpState::closed);
  EXPECT_EQ(server.error(), 0);
  EXPECT_EQ(net.b->tcp.time_wait_count(), 1U);
  std::byte buffer[200];
  EXPECT_EQ(*server.receive(buffer), 100U);
  EXPECT_EQ(*server.receive(buffer), 0U);
  EXPECT_TRUE(server.at_end());
  server.close();
  EXPECT_EQ(net.b->tcp.pcb_count(), 1U);
}

TEST_F(TcpHostTimeWait, AtTheLimitTheOldestIsGivenUp) {
  TcpLimits limits;
  limits.time_wait = 3;
  net.b->tcp.set_limits(limits);
  for (std::uint16_t port = 5000; port < 5005; ++port) {
    pass(port);
  }
  EXPECT_EQ(net.b->tcp.time_wait_count(), 3U);
  EXPECT_EQ(counters().time_wait_overflows, 2U);
  EXPECT_EQ(net.b->tcp.snapshot()[1].tuple.foreign.port, 5002);
}

TEST_F(TcpHostTimeWait, AResetEndsItUnlessForbidden) {  // RFC 1337
  for (const bool ignores : {true, false}) {
    TcpPolicy policy;
    policy.time_wait_ignores_rst = ignores;
    net.b->tcp.set_policy(policy);
    watch();
    inject(TcpFlag::kSyn, 100, 0);
    inject(TcpFlag::kAck, 101, last_seq + 1);
    (*listener->accept())->close();
    inject(TcpFlag::kFin | TcpFlag::kAck, 101, last_seq + 1);
    ASSERT_EQ(net.b->tcp.time_wait_count(), 1U);
    const std::uint64_t answers = lost;
    inject(TcpFlag::kFin | TcpFlag::kAck, 101, last_seq);  // again
    EXPECT_EQ(lost, answers + 1);
    inject(TcpFlag::kRst, 102, 0);
    EXPECT_EQ(net.b->tcp.time_wait_count(), ignores ? 1U : 0U);
    net.run_for(61_s);
  }
  EXPECT_EQ(counters().time_waits_killed, 1U);
}

TEST_F(TcpHostTimeWait, AFinThatComesAgainProlongsIt) {
  watch();
  inject(TcpFlag::kSyn, 100, 0);
  inject(TcpFlag::kAck, 101, last_seq + 1);
  (*listener->accept())->close();
  inject(TcpFlag::kFin | TcpFlag::kAck, 101, last_seq + 1);
  net.run_for(30_s);
  pass(60000);  // ends before the first one will
  inject(TcpFlag::kFin | TcpFlag::kAck, 101, last_seq);
  net.run_for(59'950_ms);
  EXPECT_EQ(net.b->tcp.time_wait_count(), 1U);
  net.run_for(200_ms);
  EXPECT_EQ(net.b->tcp.time_wait_count(), 0U);
}

TEST_F(TcpHostTimeWait, ANewConnectionStartsBeyondTheOldOne) {  // RFC 9293 3.10.7.4 fourth, RFC 6191
  watch();
  inject(TcpFlag::kSyn, 100, 0);
  inject(TcpFlag::kAck, 101, last_seq + 1);
  (*listener->accept())->close();
  inject(TcpFlag::kFin | TcpFlag::kAck, 101, last_seq + 1);
  const std::uint32_t snd_nxt = last_seq;
  inject(TcpFlag::kSyn, 50, 0);  // an old duplicate
  EXPECT_EQ(last_flags, TcpFlag::kAck);
  EXPECT_EQ(net.b->tcp.time_wait_count(), 1U);
  inject(TcpFlag::kSyn, 5000, 0);
  EXPECT_EQ(last_flags, TcpFlag::kSyn | TcpFlag::kAck);
  EXPECT_EQ(last_seq, snd_nxt + 65'537);
  EXPECT_EQ(counters().time_waits_reused, 1U);
  inject(TcpFlag::kAck, 5001, last_seq + 1);
  EXPECT_TRUE(listener->readable());
}

TEST_F(TcpHostTimeWait, ConnectTakesAPortBackWhenThePolicySaysSo) {
  TcpLimits limits;
  limits.port_low = limits.port_high = 50000;
  net.a->tcp.set_limits(limits);
  const auto cycle = [&] {  // a ends first
    const auto client = net.a->tcp.connect({}, endpoint("10.0.0.2:80"));
    if (!client) {
      return client.error().code;
    }
    net.run_for(100_ms);
    EXPECT_TRUE((*client)->is_connected());
    (*client)->close();
    net.run_for(100_ms);
    (*listener->accept())->close();
    net.run_for(100_ms);
    EXPECT_EQ(net.a->tcp.time_wait_count(), 1U);
    return 0;
  };
  EXPECT_EQ(cycle(), 0);
  EXPECT_EQ(cycle(), EADDRNOTAVAIL);  // 10.0.0.2 is not this host
  TcpPolicy policy;
  policy.time_wait_reuse = TimeWaitReuse::always;
  net.a->tcp.set_policy(policy);
  EXPECT_EQ(cycle(), EADDRNOTAVAIL);  // too soon
  net.run_for(1_s);
  EXPECT_EQ(cycle(), 0);
  EXPECT_EQ(net.a->tcp.counters().time_waits_reused, 1U);
}

}  // namespace
}  // namespace catenet::transport
