// SPDX-License-Identifier: Apache-2.0
// Connections whose segments are signed, between two hosts: what carries a signature, what is dropped, and why.
#include <functional>

#include "catenet/transport/tcp/tcp_test_digest.h"
#include "catenet/transport/tcp/tcp_test_net.h"

namespace catenet::transport {
namespace {

using wire::TcpFlag;
using wire::TcpSignature;

std::span<const std::byte> key_of(std::string_view text) { return std::as_bytes(std::span(text)); }

/// What went over a pipe, as headers.
struct Witness {
  std::vector<TcpSegment> segments;
  std::vector<std::size_t> sizes;
  std::function<bool(const TcpSegment&)> lose;

  void watch(Pipe& pipe) {
    pipe.lose = [this](const Packet& packet, std::uint64_t) {
      const auto& header = packet.header<wire::TcpHeader>();
      TcpSegment& segment = segments.emplace_back();
      segment.seq = header.seq;
      segment.ack = header.ack;
      segment.flags = header.flags;
      segment.options = *wire::TcpOptions::parse(header.options_in(packet.head()));
      sizes.push_back(packet.size());
      return lose && lose(segments.back());
    };
  }
  [[nodiscard]] bool all(TcpSignature::Kind kind) const {
    return std::ranges::all_of(segments, [&](const TcpSegment& s) { return s.options.signature.kind == kind; });
  }
};

class TcpSigning : public testing::Test {
 protected:
  void SetUp() override {
    net.a->tcp.set_digest(make_toy_digest);
    net.b->tcp.set_digest(make_toy_digest);
    from_a.watch(net.a->pipe);
    from_b.watch(net.b->pipe);
  }
  static TcpAoKey ao_key(const char* peer, std::uint8_t send_id, std::uint8_t receive_id, std::string_view secret) {
    TcpAoKey key;
    key.peer = *wire::IpPrefix::parse_interface(peer);
    key.send_id = send_id;
    key.receive_id = receive_id;
    key.secret = TcpSecret(key_of(secret));
    return key;
  }
  TcpPcb& listener_with_md5(std::string_view key) {
    TcpPcb& pcb = **net.b->tcp.listen(endpoint("10.0.0.2:179"), 5);
    if (!key.empty()) {
      EXPECT_TRUE(pcb.set_md5_key(*wire::IpPrefix::parse("10.0.0.0/24"), key_of(key)));
    }
    return pcb;
  }
  TcpPcb& client_with_md5(std::string_view key) {
    TcpPcb& pcb = **net.a->tcp.open();
    if (!key.empty()) {
      EXPECT_TRUE(pcb.set_md5_key(wire::IpPrefix::host(address("10.0.0.2")), key_of(key)));
    }
    return pcb;
  }
  void connect(TcpPcb& pcb) { ASSERT_TRUE(pcb.connect(endpoint("10.0.0.2:179"))); }
  /// Both ends say much and close. Faster than TIME-WAIT ends.
  void converse(TcpPcb& client, TcpPcb& listener, std::size_t bytes) {
    Talker left(random_bytes(bytes, 1), 1);
    Talker right(random_bytes(bytes, 2), 2);
    Acceptor acceptor(listener, right);
    connect(client);
    left.attach(client);
    net.run_for(40_s);
    EXPECT_TRUE(left.done() && right.done());
    EXPECT_EQ(left.received, right.to_send);
    EXPECT_EQ(right.received, left.to_send);
  }
  Witness from_a;
  Witness from_b;
  TwoTcps net;
};

TEST_F(TcpSigning, Md5SignsEverySegment) {
  converse(client_with_md5("swordfish"), listener_with_md5("swordfish"), 300'000);
  for (const Witness* side : {&from_a, &from_b}) {
    EXPECT_TRUE(side->all(TcpSignature::Kind::md5));
    EXPECT_GT(side->segments.size(), 200U) << "each segment for itself";
    for (const TcpSegment& s : side->segments) {
      EXPECT_FALSE(s.options.timestamps) << "as Linux: they would leave no room for SACK";
    }
  }
  EXPECT_EQ(*std::ranges::max_element(from_a.sizes), 1480U) << "the signature takes the room of data";
  EXPECT_EQ(net.a->tcp.signature_counters().md5_failure + net.b->tcp.signature_counters().md5_failure, 0U);
}

TEST_F(TcpSigning, Md5SurvivesLoss) {
  net.a->pipe.impairments.loss = net.b->pipe.impairments.loss = Probability::from_ppb(20'000'000);
  net.a->pipe.impairments.reorder = net.b->pipe.impairments.reorder = Probability::from_ppb(20'000'000);
  converse(client_with_md5("swordfish"), listener_with_md5("swordfish"), 200'000);
  const bool reported = std::ranges::any_of(from_b.segments, [](const auto& s) { return s.options.sack_count > 0; });
  EXPECT_TRUE(reported) << "there is room for SACK";
}

TEST_F(TcpSigning, AWrongKeyIsNotHeard) {
  TcpPcb& client = client_with_md5("swordfish");
  listener_with_md5("herring");
  connect(client);
  net.run_for(3_s);
  EXPECT_EQ(client.state(), TcpState::syn_sent);
  EXPECT_EQ(net.b->tcp.signature_counters().md5_failure, from_a.segments.size());
  EXPECT_TRUE(from_b.segments.empty());
  client.abort();
}

TEST_F(TcpSigning, NorIsOneWithoutAKeyOrWithOneThatNobodyWants) {
  TcpPcb& bare = client_with_md5("");
  TcpPcb& listener = listener_with_md5("swordfish");
  connect(bare);
  net.run_for(2_s);
  EXPECT_EQ(bare.state(), TcpState::syn_sent);
  EXPECT_EQ(net.b->tcp.signature_counters().md5_not_found, from_a.segments.size());
  bare.abort();
  ASSERT_TRUE(listener.set_md5_key(*wire::IpPrefix::parse("10.0.0.0/24"), {}));
  TcpPcb& keen = client_with_md5("swordfish");
  connect(keen);
  net.run_for(2_s);
  EXPECT_EQ(keen.state(), TcpState::syn_sent);
  EXPECT_GE(net.b->tcp.signature_counters().md5_unexpected, 2U);
  EXPECT_TRUE(from_b.segments.empty());
  keen.abort();
}

TEST_F(TcpSigning, AHostWithoutKeysDropsWhatIsSigned) {
  net.b->tcp.set_digest(nullptr);
  TcpPcb& listener = **net.b->tcp.listen(endpoint("10.0.0.2:179"), 5);
  EXPECT_EQ(listener.set_md5_key(*wire::IpPrefix::parse("10.0.0.0/24"), key_of("x")).error().code, ENOPROTOOPT);
  EXPECT_EQ(listener.add_ao_key(ao_key("10.0.0.1/32", 1, 2, "x")).error().code, ENOPROTOOPT);
  TcpPcb& client = client_with_md5("swordfish");
  connect(client);
  net.run_for(500_ms);
  EXPECT_EQ(net.b->tcp.signature_counters().md5_unexpected, 1U);
  client.abort();
}

TEST_F(TcpSigning, CookiesAreSignedToo) {
  TcpPolicy policy;
  policy.syn_cookies = SynCookies::always;
  net.b->tcp.set_policy(policy);
  converse(client_with_md5("swordfish"), listener_with_md5("swordfish"), 20'000);
  EXPECT_EQ(net.b->tcp.counters().cookies_received, 1U);
  EXPECT_TRUE(from_b.all(TcpSignature::Kind::md5));
  TcpPcb& listener = **net.b->tcp.listen(endpoint("10.0.0.2:180"), 5);
  ASSERT_TRUE(listener.add_ao_key(ao_key("10.0.0.1/32", 1, 2, "ao")));
  TcpPcb& client = **net.a->tcp.open();
  ASSERT_TRUE(client.add_ao_key(ao_key("10.0.0.2/32", 2, 1, "ao")));
  from_b.segments.clear();
  ASSERT_TRUE(client.connect(endpoint("10.0.0.2:180")));
  net.run_for(1_s);
  EXPECT_TRUE(client.is_connected());
  EXPECT_EQ(net.b->tcp.counters().cookies_received, 2U);
  EXPECT_TRUE(from_b.all(TcpSignature::Kind::ao));
  client.abort();
}

TEST_F(TcpSigning, SynAcksThatComeAgainAreSigned) {
  from_b.lose = [n = 0](const TcpSegment&) mutable { return n++ < 2; };
  TcpPcb& listener = listener_with_md5("swordfish");
  TcpPcb& client = client_with_md5("swordfish");
  connect(client);
  net.run_for(5_s);
  EXPECT_TRUE(client.is_connected());
  EXPECT_TRUE(listener.readable());
  EXPECT_TRUE(from_b.all(TcpSignature::Kind::md5));
}

TEST_F(TcpSigning, ResetsAreSignedAndOthersAreNotBelieved) {
  TcpPcb& listener = listener_with_md5("swordfish");
  TcpPcb& client = client_with_md5("swordfish");
  connect(client);
  net.run_for(1_s);
  TcpPcb& server = **listener.accept();
  // Somebody who knows every number, but not the key.
  Packet forged = net.pool.make();
  auto& header = forged.push_header<wire::TcpHeader>();
  header.source_port = server.foreign().port;
  header.destination_port = 179;
  header.seq = server.tcb()->rcv_nxt();
  header.flags = TcpFlag::kRst;
  forged.meta().checksum = ChecksumState::verified;
  ip::Delivery delivery;
  delivery.source = address("10.0.0.1");
  delivery.destination = address("10.0.0.2");
  net.b->tcp.receive(std::move(forged), delivery);
  EXPECT_EQ(server.state(), TcpState::established);
  EXPECT_EQ(net.b->tcp.signature_counters().md5_not_found, 1U);
  client.abort();
  net.run_for(1_s);
  EXPECT_EQ(server.error(), ECONNRESET);
  EXPECT_EQ(from_a.segments.back().flags & TcpFlag::kRst, TcpFlag::kRst);
  EXPECT_TRUE(from_a.all(TcpSignature::Kind::md5));
  server.close();
}

// As Linux: who has lost a connection finds the key where he once listened.
TEST_F(TcpSigning, ALostConnectionIsResetByWhoeverHasTheKey) {
  TcpPcb& listener = listener_with_md5("swordfish");
  TcpPcb& client = **net.a->tcp.open();
  ASSERT_TRUE(client.bind(endpoint("10.0.0.1:179")));
  ASSERT_TRUE(client.set_md5_key(wire::IpPrefix::host(address("10.0.0.2")), key_of("swordfish")));
  connect(client);
  net.run_for(1_s);
  TcpPcb& server = **listener.accept();
  from_a.lose = [](const TcpSegment& s) { return s.rst(); };
  client.abort();  // the peer does not learn of it
  ASSERT_TRUE(server.send(key_of("anybody?")));
  net.run_for(100_ms);
  EXPECT_FALSE(from_a.segments.back().has(TcpFlag::kPsh));
  EXPECT_EQ(server.state(), TcpState::established) << "no reset without a key: nobody listens here";
  from_a.lose = {};
  TcpPcb& heir = **net.a->tcp.listen(endpoint("10.0.0.1:179"), 5);
  ASSERT_TRUE(heir.set_md5_key(wire::IpPrefix::host(address("10.0.0.2")), key_of("swordfish")));
  net.run_for(5_s);
  EXPECT_EQ(server.error(), ECONNRESET);
  EXPECT_TRUE(from_a.all(TcpSignature::Kind::md5));
  server.close();
}

TEST_F(TcpSigning, TimeWaitAnswersSigned) {
  std::size_t fins = 0;
  from_b.lose = [](const TcpSegment&) { return false; };
  // The acknowledgement of the last FIN is lost: it comes again, and TIME-WAIT answers.
  from_a.lose = [&](const TcpSegment& s) {
    const bool last = net.a->tcp.time_wait_count() == 0 && fins > 0 && !s.fin();
    return last && fins++ == 1;
  };
  TcpPcb& listener = listener_with_md5("swordfish");
  TcpPcb& client = client_with_md5("swordfish");
  connect(client);
  net.run_for(1_s);
  TcpPcb& server = **listener.accept();
  client.close();
  net.run_for(1_s);
  fins = 1;
  server.close();
  net.run_for(5_s);
  EXPECT_EQ(net.a->tcp.time_wait_count(), 1U);
  EXPECT_EQ(net.b->tcp.pcb_count(), 1U) << "the listener alone: the FIN has been acknowledged";
  EXPECT_TRUE(from_a.all(TcpSignature::Kind::md5));
  net.run_for(100_s);
  EXPECT_EQ(net.a->tcp.time_wait_count(), 0U);
}

TEST_F(TcpSigning, AKeyMayComeAndGoWhileConnected) {
  TcpPcb& listener = listener_with_md5("");
  TcpPcb& client = client_with_md5("");
  connect(client);
  net.run_for(1_s);
  TcpPcb& server = **listener.accept();
  const std::uint32_t before = client.tcb()->mss();
  ASSERT_TRUE(client.set_md5_key(wire::IpPrefix::host(address("10.0.0.2")), key_of("k")));
  ASSERT_TRUE(server.set_md5_key(wire::IpPrefix::host(address("10.0.0.1")), key_of("k")));
  EXPECT_EQ(client.tcb()->mss(), before - 20);
  from_a.segments.clear();
  ASSERT_TRUE(client.send(random_bytes(10'000, 3)));
  net.run_for(1_s);
  EXPECT_EQ(server.info().receive_queue, 10'000U);
  EXPECT_TRUE(from_a.all(TcpSignature::Kind::md5));
  ASSERT_TRUE(client.set_md5_key(wire::IpPrefix::host(address("10.0.0.2")), {}));
  ASSERT_TRUE(server.set_md5_key(wire::IpPrefix::host(address("10.0.0.1")), {}));
  EXPECT_EQ(client.tcb()->mss(), before);
  client.abort();
  server.abort();
}

TEST_F(TcpSigning, AoSignsEverySegmentWithTimestampsAndSack) {
  net.a->pipe.impairments.loss = Probability::from_ppb(20'000'000);
  TcpPcb& listener = **net.b->tcp.listen(endpoint("10.0.0.2:179"), 5);
  ASSERT_TRUE(listener.add_ao_key(ao_key("10.0.0.0/24", 84, 61, "testvector")));
  TcpPcb& client = **net.a->tcp.open();
  ASSERT_TRUE(client.add_ao_key(ao_key("10.0.0.2/32", 61, 84, "testvector")));
  converse(client, listener, 200'000);
  for (const Witness* side : {&from_a, &from_b}) {
    EXPECT_TRUE(side->all(TcpSignature::Kind::ao));
    EXPECT_TRUE(
        std::ranges::all_of(side->segments, [](const auto& s) { return s.options.timestamps.has_value() || s.rst(); }));
  }
  EXPECT_TRUE(std::ranges::any_of(from_b.segments, [](const auto& s) { return s.options.sack_count == 1; }));
  EXPECT_EQ(from_a.segments[0].options.signature.key_id, 61);
  EXPECT_EQ(from_a.segments[0].options.signature.next_key_id, 84);
  EXPECT_EQ(from_b.segments[0].options.signature.key_id, 84);
  EXPECT_EQ(from_b.segments[0].options.signature.next_key_id, 61);
  EXPECT_GT(net.b->tcp.signature_counters().ao_good, 100U);
  EXPECT_EQ(net.b->tcp.signature_counters().ao_bad, 0U);
}

TEST_F(TcpSigning, AoKeysChangeUnderWay) {
  TcpPcb& listener = **net.b->tcp.listen(endpoint("10.0.0.2:179"), 5);
  ASSERT_TRUE(listener.add_ao_key(ao_key("10.0.0.1/32", 1, 2, "old")));
  TcpPcb& client = **net.a->tcp.open();
  ASSERT_TRUE(client.add_ao_key(ao_key("10.0.0.2/32", 2, 1, "old")));
  connect(client);
  net.run_for(1_s);
  TcpPcb& server = **listener.accept();
  TcpAoKey at_server = ao_key("10.0.0.1/32", 3, 4, "new");
  TcpAoKey at_client = ao_key("10.0.0.2/32", 4, 3, "new");
  at_server.mac_size = at_client.mac_size = 16;
  at_server.algorithm = at_client.algorithm = TcpAoAlgorithm::aes_128_cmac_96;
  ASSERT_TRUE(server.add_ao_key(at_server));
  ASSERT_TRUE(client.add_ao_key(at_client));
  const auto say = [&](TcpPcb& from, TcpPcb& to) {
    ASSERT_TRUE(from.send(random_bytes(5'000, 4)));
    const std::uint32_t queued = to.info().receive_queue;
    net.run_for(1_s);
    EXPECT_EQ(to.info().receive_queue, queued + 5'000);
  };
  say(client, server);
  EXPECT_EQ(from_a.segments.back().options.signature.key_id, 2) << "nobody has asked for another";
  // The server asks for the new key; the client answers with it.
  ASSERT_TRUE(server.choose_ao_keys({}, 4, {}));
  say(server, client);
  EXPECT_EQ(from_b.segments.back().options.signature.key_id, 1);
  EXPECT_EQ(from_b.segments.back().options.signature.next_key_id, 4);
  EXPECT_EQ(from_a.segments.back().options.signature.key_id, 4);
  EXPECT_EQ(from_a.segments.back().options.signature.mac_size, 16);
  EXPECT_EQ(client.keys()->state().current, 4);
  EXPECT_EQ(client.remove_ao_key(*wire::IpPrefix::parse("10.0.0.2/32"), 4, 3).error().code, EBUSY);
  ASSERT_TRUE(client.choose_ao_keys({}, 3, {}));
  say(client, server);
  say(server, client);
  EXPECT_EQ(from_b.segments.back().options.signature.key_id, 3);
  EXPECT_TRUE(client.remove_ao_key(*wire::IpPrefix::parse("10.0.0.2/32"), 2, 1));
  say(client, server);
  EXPECT_EQ(net.a->tcp.signature_counters().ao_bad + net.b->tcp.signature_counters().ao_bad, 0U);
  EXPECT_EQ(client.choose_ao_keys(9, {}, {}).error().code, ENOENT);
  client.abort();
  server.abort();
}

TEST_F(TcpSigning, AoDoesNotBeginUnderWay) {
  TcpPcb& listener = **net.b->tcp.listen(endpoint("10.0.0.2:179"), 5);
  TcpPcb& client = **net.a->tcp.open();
  ASSERT_TRUE(client.add_ao_key(ao_key("10.0.0.9/32", 1, 2, "another peer's")));
  connect(client);
  net.run_for(1_s);
  EXPECT_EQ(client.add_ao_key(ao_key("10.0.0.2/32", 3, 4, "too late")).error().code, EISCONN);
  ASSERT_TRUE(client.send(random_bytes(5'000, 4)));
  net.run_for(1_s);
  EXPECT_EQ((*listener.accept())->info().receive_queue, 5'000U);
  EXPECT_TRUE(from_a.all(TcpSignature::Kind::none));
  client.abort();
}

TEST_F(TcpSigning, AoNamesWhatItDrops) {
  TcpPcb& listener = **net.b->tcp.listen(endpoint("10.0.0.2:179"), 5);
  ASSERT_TRUE(listener.add_ao_key(ao_key("10.0.0.1/32", 1, 2, "right")));
  TcpPcb& wrong = **net.a->tcp.open();
  ASSERT_TRUE(wrong.add_ao_key(ao_key("10.0.0.2/32", 2, 1, "wrong")));
  TcpPcb& unknown = **net.a->tcp.open();
  ASSERT_TRUE(unknown.add_ao_key(ao_key("10.0.0.2/32", 7, 1, "right")));
  TcpPcb& bare = **net.a->tcp.open();
  for (TcpPcb* pcb : {&wrong, &unknown, &bare}) {
    connect(*pcb);
  }
  net.run_for(500_ms);
  const TcpSignatureCounters& counters = net.b->tcp.signature_counters();
  EXPECT_EQ(counters.ao_bad, 1U);
  EXPECT_EQ(counters.ao_key_not_found, 1U);
  EXPECT_EQ(counters.ao_required, 1U);
  EXPECT_TRUE(from_b.segments.empty());
  EXPECT_EQ(bare.add_ao_key(ao_key("10.0.0.2/32", 2, 1, "right")).error().code, EISCONN);
  for (TcpPcb* pcb : {&wrong, &unknown, &bare}) {
    pcb->abort();
  }
}

TEST_F(TcpSigning, AoDoesNotHeedHardErrors) {  // RFC 5925 7.8
  TcpPcb& client = **net.a->tcp.open();
  ASSERT_TRUE(client.add_ao_key(ao_key("10.0.0.2/32", 2, 1, "x")));
  from_a.lose = [](const TcpSegment&) { return true; };
  connect(client);
  std::array<std::byte, 8> quoted{};
  wire::store16(quoted, 0, client.local().port);
  wire::store16(quoted, 2, 179);
  wire::store32(quoted, 4, client.tcb()->iss());
  ip::ErrorReport report;
  report.source = address("10.0.0.1");
  report.destination = address("10.0.0.2");
  report.kind = ip::ErrorReport::Kind::port_unreachable;
  report.transport_header = quoted;
  net.a->tcp.on_error(report);
  EXPECT_EQ(client.state(), TcpState::syn_sent);
  EXPECT_EQ(net.a->tcp.signature_counters().ao_dropped_icmps, 1U);
  client.abort();
}

}  // namespace
}  // namespace catenet::transport
