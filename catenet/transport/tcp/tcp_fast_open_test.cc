// SPDX-License-Identifier: Apache-2.0
// Fast Open between two hosts (tcp_fast_open.cc, tcb_fast_open.cc): cookies asked for, given, used, refused; data with
// SYNs that are lost on the way; the limits of both sides. Exact segments are in tests/packetdrill/fast-open-*.pkt.
#include <algorithm>
#include <vector>

#include "catenet/transport/tcp/tcp_test_net.h"

namespace catenet::transport {
namespace {

class TcpFastOpen : public testing::Test {
 protected:
  TcpFastOpen() { listener->set_fast_open_queue(10); }
  TcpPcb& open() { return **net.a->tcp.open(); }
  // Connects with `bytes`, and answers how many went with the SYN.
  std::size_t connect(TcpPcb& pcb, std::size_t bytes) {
    return *pcb.connect_with(endpoint("10.0.0.2:80"), std::span(data).first(bytes));
  }
  void learn_cookie() {
    TcpPcb& first = open();
    EXPECT_EQ(connect(first, 100), 0U);
    net.run_for(100_ms);
    ASSERT_TRUE(first.is_connected());
    first.abort();
    net.run_for(100_ms);
    (*listener->accept())->close();
  }
  [[nodiscard]] const TcpCounters& client() const { return net.a->tcp.counters(); }
  [[nodiscard]] const TcpCounters& server() const { return net.b->tcp.counters(); }

  TwoTcps net;
  TcpPcb* listener = *net.b->tcp.listen(endpoint("0.0.0.0:80"), 20);
  std::vector<std::byte> data = random_bytes(5000, 1);
};

TEST_F(TcpFastOpen, TheSecondConnectionSavesARound) {
  learn_cookie();
  EXPECT_EQ(server().fast_open_requests, 1U);
  TcpPcb& pcb = open();
  EXPECT_EQ(connect(pcb, 5000), 1420U);  // a segment, less forty bytes for options
  net.run_for(11_ms);
  ASSERT_TRUE(listener->readable());  // half a round trip, and it is there
  TcpPcb& peer = **listener->accept();
  EXPECT_EQ(peer.state(), TcpState::syn_received);
  std::vector<std::byte> got(5000);
  EXPECT_EQ(*peer.receive(got), 1420U);
  EXPECT_TRUE(std::equal(got.begin(), got.begin() + 1420, data.begin()));
  EXPECT_TRUE(peer.writable());
  EXPECT_EQ(*peer.send(std::span(data).first(3000)), 3000U);  // before its handshake has ended
  net.run_for(10_ms);
  EXPECT_TRUE(pcb.is_connected());
  EXPECT_TRUE(pcb.tcb()->syn_data_taken() && peer.tcb()->syn_data_taken());
  net.run_for(100_ms);
  EXPECT_EQ(pcb.info().receive_queue, 3000U);
  EXPECT_EQ(*pcb.send(std::span(data).subspan(1420)), 3580U);
  net.run_for(100_ms);
  EXPECT_EQ(*peer.receive(got), 3580U);
  EXPECT_TRUE(std::equal(got.begin(), got.begin() + 3580, data.begin() + 1420));
  EXPECT_EQ(client().fast_open_active, 1U);
  EXPECT_EQ(server().fast_open_passive, 1U);
  EXPECT_EQ(pcb.info().statistics.retransmits + peer.info().statistics.retransmits, 0U);
  EXPECT_EQ(pcb.info().statistics.bytes_sent, 5000U);
  EXPECT_EQ(pcb.info().statistics.bytes_acked, 5000U);
  EXPECT_EQ(peer.info().srtt, 20_ms);
  pcb.close();
  peer.close();
  net.run_for(1_s);
  EXPECT_EQ(net.b->tcp.pcb_count(), 1U);
}

TEST_F(TcpFastOpen, AServerThatDoesNotWantToTakesNothing) {
  learn_cookie();
  listener->set_fast_open_queue(0);
  TcpPcb& pcb = open();
  EXPECT_EQ(connect(pcb, 500), 500U);
  net.run_for(200_ms);
  ASSERT_TRUE(listener->readable());
  TcpPcb& peer = **listener->accept();
  EXPECT_EQ(peer.info().receive_queue, 500U);  // sent again with the handshake's last acknowledgement
  EXPECT_FALSE(pcb.tcb()->syn_data_taken());
  EXPECT_EQ(client().fast_open_active_fail, 1U);
  EXPECT_EQ(pcb.info().statistics.bytes_sent, 500U);
}

TEST_F(TcpFastOpen, ANewKeyMakesOldCookiesWrongAndTheyAreReplaced) {
  learn_cookie();
  FastOpenKeys::Key key{};
  net.b->tcp.set_fast_open_keys(FastOpenKeys(key));
  TcpPcb& pcb = open();
  EXPECT_EQ(connect(pcb, 500), 500U);
  net.run_for(200_ms);
  EXPECT_EQ(server().fast_open_passive_fail, 1U);
  EXPECT_EQ(client().fast_open_active_fail, 1U);
  TcpPcb& again = open();
  EXPECT_EQ(connect(again, 500), 500U);
  net.run_for(200_ms);
  EXPECT_EQ(server().fast_open_passive, 1U);
}

TEST_F(TcpFastOpen, ALostSynGoesAgainWithoutData) {
  learn_cookie();
  const std::uint64_t before = net.a->pipe.sent;
  net.a->pipe.lose = [&](const Packet&, std::uint64_t number) { return number == before + 1; };
  TcpPcb& pcb = open();
  EXPECT_EQ(connect(pcb, 500), 500U);
  net.run_for(2_s);
  ASSERT_TRUE(listener->readable());
  EXPECT_EQ((*listener->accept())->info().receive_queue, 500U);
  EXPECT_EQ(net.a->tcp.fast_open_cache().size(), 1U);
  // The second time in a row is no chance: the server is left alone for a minute.
  const std::uint64_t then = net.a->pipe.sent;
  net.a->pipe.lose = [&](const Packet&, std::uint64_t number) { return number == then + 1; };
  EXPECT_EQ(connect(open(), 500), 500U);
  net.run_for(2_s);
  EXPECT_EQ(connect(open(), 500), 0U);
  net.run_for(60_s);
  EXPECT_EQ(connect(open(), 500), 500U);
}

TEST_F(TcpFastOpen, ALostAnswerIsRepeated) {
  learn_cookie();
  const std::uint64_t before = net.b->pipe.sent;
  net.b->pipe.lose = [&](const Packet&, std::uint64_t number) { return number == before + 1; };
  TcpPcb& pcb = open();
  EXPECT_EQ(connect(pcb, 500), 500U);
  net.run_for(500_ms);
  TcpPcb& peer = **listener->accept();
  EXPECT_EQ(peer.state(), TcpState::syn_received);
  EXPECT_EQ(peer.info().receive_queue, 500U);
  net.run_for(2_s);
  EXPECT_TRUE(pcb.is_connected() && peer.is_connected());
  EXPECT_EQ(peer.info().receive_queue, 500U);  // not twice
}

TEST_F(TcpFastOpen, DataOfTheServerThatAreLostInTheHandshakeGoAgain) {
  learn_cookie();
  TcpPcb& pcb = open();
  EXPECT_EQ(connect(pcb, 100), 100U);
  net.run_for(10_ms + 1_ns);
  TcpPcb& peer = **listener->accept();
  net.b->pipe.lose = [](const Packet& packet, std::uint64_t) { return packet.size() > 100; };
  ASSERT_TRUE(peer.send(std::span(data).first(4000)));
  net.run_for(50_ms);
  EXPECT_TRUE(peer.is_connected());
  net.b->pipe.lose = {};
  net.run_for(3_s);
  EXPECT_EQ(pcb.info().receive_queue, 4000U);
}

TEST_F(TcpFastOpen, AServerMayCloseAtOnce) {
  learn_cookie();
  TcpPcb& pcb = open();
  EXPECT_EQ(connect(pcb, 100), 100U);
  net.run_for(10_ms + 1_ns);
  TcpPcb& peer = **listener->accept();
  std::vector<std::byte> got(200);
  EXPECT_EQ(*peer.receive(got), 100U);
  ASSERT_TRUE(peer.send(std::span(data).first(4000)));
  peer.close();
  net.run_for(200_ms);
  EXPECT_EQ(pcb.info().receive_queue, 4000U);
  EXPECT_EQ(pcb.state(), TcpState::close_wait);
  pcb.close();
}

TEST_F(TcpFastOpen, TheListenersLimitHoldsAndIsGivenBack) {
  learn_cookie();
  listener->set_fast_open_queue(2);
  net.b->pipe.impairments.delay = 10_s;  // no handshake ends
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(connect(open(), 100), 100U);
  }
  net.run_for(50_ms);
  EXPECT_EQ(listener->info().receive_queue, 2U);
  EXPECT_EQ(server().fast_open_overflow, 2U);
  EXPECT_EQ(net.b->tcp.request_count(), 2U);
  net.b->pipe.impairments.delay = 10_ms;
  net.run_for(130_s);  // two SYNs went twice and their data were not taken: the client has paused for that
  EXPECT_EQ(listener->info().receive_queue, 4U);
  EXPECT_EQ(connect(open(), 100), 100U);
  net.run_for(50_ms);
  EXPECT_EQ(server().fast_open_passive, 3U);
}

TEST_F(TcpFastOpen, AFloodWithOneGoodCookieIsBounded) {  // RFC 7413 5.1
  learn_cookie();
  listener->set_fast_open_queue(5);
  net.b->pipe.lose = [](const Packet&, std::uint64_t) { return true; };
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(connect(open(), 1000), 1000U);
  }
  net.run_for(20_ms);
  EXPECT_EQ(server().fast_open_passive, 5U);
  EXPECT_EQ(net.b->tcp.pcb_count(), 6U);
  EXPECT_LE(net.b->tcp.request_count(), 20U);
}

TEST_F(TcpFastOpen, CookiesMayBeDoneWithout) {
  listener->set_fast_open_without_cookie(true);
  TcpPcb& pcb = open();
  pcb.set_fast_open_without_cookie(true);
  EXPECT_EQ(connect(pcb, 1000), 1000U);
  net.run_for(11_ms);
  EXPECT_EQ((*listener->accept())->info().receive_queue, 1000U);
  net.run_for(100_ms);
  EXPECT_EQ(net.a->tcp.fast_open_cache().size(), 1U);  // the segment size
  EXPECT_EQ(connect(open(), 1000), 0U);                // but no cookie
}

TEST_F(TcpFastOpen, ThePolicyDecides) {
  TcpPolicy policy;
  policy.fast_open.client = false;
  net.a->tcp.set_policy(policy);
  TcpPcb& pcb = open();
  EXPECT_EQ(pcb.connect_with(endpoint("10.0.0.2:80"), data).error().code, EOPNOTSUPP);
  EXPECT_EQ(pcb.connect_later(endpoint("10.0.0.2:80")).error().code, EOPNOTSUPP);
  net.a->tcp.set_policy({});
  policy = {};
  policy.fast_open.server = false;
  net.b->tcp.set_policy(policy);
  EXPECT_EQ(connect(pcb, 100), 0U);
  net.run_for(100_ms);
  EXPECT_TRUE(pcb.is_connected());
  EXPECT_EQ(connect(open(), 100), 0U);  // nothing was learnt
}

TEST_F(TcpFastOpen, ConnectMayWaitForTheFirstBytes) {  // TCP_FASTOPEN_CONNECT
  TcpPcb& first = open();
  EXPECT_FALSE(*first.connect_later(endpoint("10.0.0.2:80")));  // no cookie: nothing to wait for
  net.run_for(100_ms);
  EXPECT_TRUE(first.is_connected());
  TcpPcb& pcb = open();
  EXPECT_TRUE(*pcb.connect_later(endpoint("10.0.0.2:80")));
  EXPECT_EQ(pcb.state(), TcpState::syn_sent);
  EXPECT_TRUE(pcb.writable());
  EXPECT_FALSE(pcb.readable());
  std::byte one{};
  EXPECT_EQ(pcb.receive({&one, 1}).error().code, EAGAIN);
  net.run_for(10_s);
  EXPECT_EQ(server().passive_opens, 1U);
  EXPECT_EQ(*pcb.send(std::span(data).first(100)), 100U);
  net.run_for(11_ms);
  EXPECT_EQ(server().fast_open_passive, 1U);
  TcpPcb& unused = open();
  EXPECT_TRUE(*unused.connect_later(endpoint("10.0.0.2:80")));
  unused.close();  // and nothing was ever sent
  net.run_for(100_ms);
  EXPECT_EQ(server().passive_opens, 2U);
}

TEST_F(TcpFastOpen, ABlackHoleStopsItForAWhile) {
  TcpPolicy policy;
  policy.fast_open.black_hole_pause = 600_s;
  net.a->tcp.set_policy(policy);
  learn_cookie();
  TcpPcb& pcb = open();
  EXPECT_EQ(connect(pcb, 100), 100U);
  net.run_for(200_ms);
  ASSERT_TRUE(pcb.is_connected());
  net.a->pipe.lose = [](const Packet&, std::uint64_t) { return true; };
  ASSERT_TRUE(pcb.send(data));
  net.run_for(5_s);
  EXPECT_EQ(client().fast_open_black_holes, 1U);
  net.a->pipe.lose = {};
  EXPECT_EQ(connect(open(), 100), 0U);
  net.run_for(600_s);
  EXPECT_EQ(connect(open(), 100), 100U);
}

}  // namespace
}  // namespace catenet::transport
