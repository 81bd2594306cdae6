// SPDX-License-Identifier: Apache-2.0
// One send that is many datagrams, and many datagrams that are one receive (Linux's UDP_SEGMENT and UDP_GRO), over the
// real network layers: what stands on the wire, what arrives, and what is refused.
#include <gmock/gmock.h>

#include "catenet/ip/ipv6_test_net.h"
#include "catenet/transport/udp/pseudo_sum.h"
#include "catenet/transport/udp/udp.h"
#include "catenet/transport/udp/udp_test_net.h"
#include "catenet/wire/udp.h"

namespace catenet::transport {
namespace {

using namespace catenet::literals;

/// alice 10.0.0.1, 2001:db8::1 -- bob 10.0.0.2, 2001:db8::2, on a cable or, alice alone, on a tap.
class UdpSegments : public ip::IpTest {
 protected:
  struct Machine {
    explicit Machine(ip::TestNode& node)
        : udp(node, node.ipv4), lite(node, node.ipv4, wire::Family::kV4, UdpFlavour::lite) {
      udp.add_network(node.ipv6, wire::Family::kV6);
      node.ipv4.register_protocol(kProtocolUdp, udp);
      node.ipv6.register_protocol(kProtocolUdp, udp);
    }
    Udp udp;
    Udp lite;
  };
  void SetUp() override {
    ip::Ipv6Config config;
    config.dad_transmits = 0;
    node_a = &add_node("alice", {}, config);
    node_b = &add_node("bob", {}, config);
    eth_a = &add_interface(*node_a, "eth0", 1, "10.0.0.1/24");
    eth_b = &add_interface(*node_b, "eth0", 2, "10.0.0.2/24");
    ASSERT_TRUE(node_a->ipv6.add_address(*eth_a, ip::net6("2001:db8::1/64")));
    ASSERT_TRUE(node_b->ipv6.add_address(*eth_b, ip::net6("2001:db8::2/64")));
    alice = std::make_unique<Machine>(*node_a);
    bob = std::make_unique<Machine>(*node_b);
  }
  void TearDown() override {
    alice.reset();
    bob.reset();
    IpTest::TearDown();
  }
  void cable(Interface& a, Interface& b, bool trains = false) {
    const medium::CableSpec spec{.trains = trains};
    cables_.push_back(std::make_unique<medium::Cable>(environment, environment, next_id_, spec, spec));
    next_id_ += medium::Cable::kSourceIds;
    a.attach(cables_.back()->a());
    b.attach(cables_.back()->b());
  }
  static std::string payload(std::size_t size) {
    std::string text(size, ' ');
    for (std::size_t i = 0; i < size; ++i) {
      text[i] = static_cast<char>('a' + i / 100 % 26);
    }
    return text;
  }
  /// Sizes and segment sizes of all that waits; the bytes are put together in `text`.
  static std::vector<std::pair<std::size_t, unsigned>> take(UdpPcb& pcb, std::string& text) {
    std::vector<std::pair<std::size_t, unsigned>> sizes;
    while (auto d = pcb.receive()) {
      sizes.emplace_back(d->payload.size(), d->segment_size);
      text += text_of(d->payload);
      d->payload.consume();
    }
    return sizes;
  }
  using Sizes = std::vector<std::pair<std::size_t, unsigned>>;

  ip::TestNode* node_a = nullptr;
  ip::TestNode* node_b = nullptr;
  Interface* eth_a = nullptr;
  Interface* eth_b = nullptr;
  std::unique_ptr<Machine> alice;
  std::unique_ptr<Machine> bob;
};

TEST_F(UdpSegments, OnTheWireTheyAreDatagrams) {
  ip::Tap& wire = tap(*eth_a);
  teach(*node_a, *eth_a, "10.0.0.2", 2);
  UdpPcb pcb(alice->udp);
  ASSERT_TRUE(pcb.connect(at("10.0.0.2:9")));
  const std::string text = payload(250);
  const std::uint64_t made = pool.stats().made;
  ASSERT_TRUE(pcb.send_segments(bytes_of(text), 100));
  EXPECT_EQ(pool.stats().made - made, 4U) << "one packet down to the interface, which cut it";
  ASSERT_TRUE(pcb.send(bytes_of("x")));
  ASSERT_EQ(wire.frames.size(), 4U);
  std::string seen;
  for (std::size_t i = 0; i < 3; ++i) {
    const wire::Ipv4Header& header = wire.frames[i].ip();
    const ip::ByteString datagram = wire.frames[i].payload();
    EXPECT_EQ(datagram.size(), i < 2 ? 108U : 58U);
    EXPECT_EQ(wire::view<wire::UdpHeader>(datagram)->length, datagram.size());
    EXPECT_EQ(internet_checksum(std::as_bytes(std::span(&header, 1))), 0);
    const std::uint32_t pseudo =
        pseudo_header_sum(ip("10.0.0.1"), ip("10.0.0.2"), kProtocolUdp, static_cast<std::uint32_t>(datagram.size()));
    EXPECT_EQ(checksum_finish(checksum_add(datagram, pseudo)), 0);
    seen.append(reinterpret_cast<const char*>(datagram.data()) + 8, datagram.size() - 8);
    EXPECT_EQ(header.id, wire.frames[0].ip().id + i)
        << "RFC 6864: what may be cut into fragments has a number of its own";
  }
  EXPECT_EQ(seen, text);
  EXPECT_GT(wire.frames[3].ip().id, wire.frames[2].ip().id) << "and none of theirs";
  EXPECT_EQ(alice->udp.counters().out_datagrams, 4U);
}

TEST_F(UdpSegments, OverIpv6Too) {
  ip::Tap& wire = tap(*eth_a);
  ASSERT_TRUE(node_a->ipv6.ndp().cache().learn(*eth_a, ip::ip6("2001:db8::2"), ip::mac(2), true));
  UdpPcb pcb(alice->udp, wire::Family::kV6);
  ASSERT_TRUE(pcb.connect(at("[2001:db8::2]:9")));
  pcb.options().segment_size = 100;
  ASSERT_TRUE(pcb.send(bytes_of(payload(250))));
  ASSERT_EQ(wire.frames.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    const ip::ByteString datagram = wire.frames[i].payload6();
    EXPECT_EQ(datagram.size(), i < 2 ? 108U : 58U);
    EXPECT_EQ(wire::view<wire::UdpHeader>(datagram)->length, datagram.size());
    const std::uint32_t pseudo = pseudo_header_sum(ip("2001:db8::1"), ip("2001:db8::2"), kProtocolUdp,
                                                   static_cast<std::uint32_t>(datagram.size()));
    EXPECT_EQ(checksum_finish(checksum_add(datagram, pseudo)), 0);
  }
}

TEST_F(UdpSegments, WhatWasCutArrivesAsDatagramsAndMayBeTakenForOne) {
  cable(*eth_a, *eth_b);
  UdpPcb server(bob->udp);
  ASSERT_TRUE(server.bind(at("0.0.0.0:9")));
  UdpPcb client(alice->udp);
  ASSERT_TRUE(client.connect(at("10.0.0.2:9")));
  EXPECT_EQ(server.run(), 0U);
  ASSERT_TRUE(client.send_segments(bytes_of(payload(250)), 100));
  run_for(10_ms);
  EXPECT_EQ(server.queued(), 3U);
  EXPECT_EQ(server.run(), 1U) << "nobody asked";
  server.options().receive_segments = true;
  EXPECT_EQ(server.run(), 3U);
  ASSERT_TRUE(client.send(bytes_of("another")));
  run_for(10_ms);
  EXPECT_EQ(server.run(), 3U) << "the short one was the last";
  std::string text;
  EXPECT_EQ(take(server, text), (Sizes{{100, 0}, {100, 0}, {50, 0}, {7, 0}}));
  EXPECT_EQ(text, payload(250) + "another");
}

TEST_F(UdpSegments, OnlyWhatIsAlikeGoesTogether) {
  cable(*eth_a, *eth_b);
  UdpPcb server(bob->udp);
  ASSERT_TRUE(server.bind(at("0.0.0.0:9")));
  server.options().receive_segments = true;
  UdpPcb one(alice->udp);
  UdpPcb two(alice->udp);
  ASSERT_TRUE(one.connect(at("10.0.0.2:9")) && two.connect(at("10.0.0.2:9")));
  const auto run_of = [&](auto&&... sends) {
    EXPECT_TRUE((static_cast<bool>(sends()) && ...));
    run_for(10_ms);
    const std::size_t run = server.run();
    std::string text;
    (void)take(server, text);
    return run;
  };
  const auto from = [](UdpPcb& pcb, std::size_t size) {
    return [&pcb, size] { return pcb.send(bytes_of(payload(size))); };
  };
  EXPECT_EQ(run_of(from(one, 10), from(one, 10), from(two, 10)), 2U) << "another end";
  EXPECT_EQ(run_of(from(one, 10), from(one, 11), from(one, 10)), 1U) << "a longer one";
  EXPECT_EQ(run_of(from(one, 10), from(one, 0)), 1U) << "an empty one would not be seen";
  EXPECT_EQ(run_of(from(one, 0), from(one, 0)), 1U);
  const auto with = [](UdpPcb& pcb, std::uint8_t ttl, std::uint8_t traffic_class) {
    return [&pcb, ttl, traffic_class] {
      pcb.options().ttl = ttl;
      pcb.options().traffic_class = traffic_class;
      return pcb.send(bytes_of("x"));
    };
  };
  EXPECT_EQ(run_of(with(one, 9, 0), with(one, 9, 0), with(one, 8, 0)), 2U) << "another way";
  EXPECT_EQ(run_of(with(one, 9, 8), with(one, 9, 0), with(one, 9, 0)), 1U) << "another class";
  const auto many = [&](std::size_t n) { return [&one, n] { return one.send_segments(bytes_of(payload(n)), 1); }; };
  EXPECT_EQ(run_of(many(UdpPcb::kMaxSegments), many(2)), UdpPcb::kMaxSegments);
}

TEST_F(UdpSegments, ALinkThatCarriesTrainsBringsThemWhole) {
  cable(*eth_a, *eth_b, true);
  UdpPcb server(bob->udp);
  ASSERT_TRUE(server.bind(at("0.0.0.0:9")));
  UdpPcb client(alice->udp);
  ASSERT_TRUE(client.connect(at("10.0.0.2:9")));
  for (const bool whole : {false, true}) {
    server.options().receive_segments = whole;
    ASSERT_TRUE(client.send_segments(bytes_of(payload(250)), 100));
    run_for(10_ms);
    std::string text;
    EXPECT_EQ(take(server, text), whole ? (Sizes{{250, 100}}) : (Sizes{{100, 0}, {100, 0}, {50, 0}}));
    EXPECT_EQ(text, payload(250));
  }
  EXPECT_EQ(bob->udp.counters().in_datagrams, 6U);
  ASSERT_TRUE(client.send_segments(bytes_of(payload(250)), 100));
  run_for(10_ms);
  auto whole = server.receive();
  ASSERT_TRUE(whole);
  ASSERT_TRUE(server.send(std::move(whole->payload), &whole->from));
  run_for(10_ms);
  EXPECT_EQ(client.queued(), 1U) << "what was taken as one goes back as one";
  EXPECT_EQ(client.peek()->payload.size(), 250U);
  std::string back;
  (void)take(client, back);
  EXPECT_EQ(eth_b->counters().rx_packets, 3U + 1U) << "ARP's, and one each";
}

TEST_F(UdpSegments, ToThisHostItself) {
  UdpPcb server(alice->udp);
  ASSERT_TRUE(server.bind(at("0.0.0.0:9")));
  UdpPcb client(alice->udp);
  ASSERT_TRUE(client.connect(at("127.0.0.1:9")));
  ASSERT_TRUE(client.send_segments(bytes_of(payload(65'000)), 1000));
  run_for(10_ms);
  EXPECT_EQ(server.queued(), 65U);
  std::string text;
  (void)take(server, text);
  EXPECT_EQ(text, payload(65'000));
  server.options().receive_segments = true;
  ASSERT_TRUE(client.send_segments(bytes_of(payload(65'000)), 1000));
  ASSERT_TRUE(client.send_segments(bytes_of(payload(100)), 100));
  run_for(10_ms);
  EXPECT_EQ(server.run(), 1U);
  EXPECT_EQ(take(server, text), (Sizes{{65'000, 1000}, {100, 0}})) << "one is as it always was";
}

TEST_F(UdpSegments, TheReceiveLimitIsOfEachDatagram) {
  UdpPcb server(alice->udp);
  ASSERT_TRUE(server.bind(at("0.0.0.0:9")));
  server.options().receive_limit = 2 * (100 + UdpPcb::kDatagramCost);
  UdpPcb client(alice->udp);
  ASSERT_TRUE(client.connect(at("127.0.0.1:9")));
  ASSERT_TRUE(client.send_segments(bytes_of(payload(400)), 100));
  run_for(10_ms);
  EXPECT_EQ(server.queued(), 2U);
  EXPECT_EQ(server.dropped(), 2U);
  EXPECT_EQ(drops(DropReason::udp_receive_full), 2U);
}

TEST_F(UdpSegments, WhatIsRefused) {
  tap(*eth_a);
  UdpPcb pcb(alice->udp);
  ASSERT_TRUE(pcb.connect(at("10.0.0.2:9")));
  const auto refused = [&](std::size_t size, std::uint16_t segment) {
    const auto done = pcb.send_segments(bytes_of(payload(size)), segment);
    return done ? 0 : done.error().code;
  };
  EXPECT_EQ(refused(3000, 1472), 0);
  EXPECT_EQ(refused(3000, 1473), EMSGSIZE) << "a segment of 1501";
  EXPECT_EQ(refused(1472, 9000), 0) << "it is one, and fits";
  EXPECT_EQ(refused(129, 1), EINVAL);
  EXPECT_EQ(refused(65'508, 1000), EMSGSIZE);
  pcb.options().no_checksum = true;
  EXPECT_EQ(refused(300, 100), EINVAL) << "each needs a sum of its own";
  EXPECT_EQ(refused(300, 0), 0);
  UdpPcb lite(alice->lite);
  ASSERT_TRUE(lite.connect(at("10.0.0.2:9")));
  EXPECT_EQ(lite.send_segments(bytes_of("abc"), 1).error().code, EIO);
  EXPECT_EQ(drops(DropReason::message_too_long), 4U);
}

// A router between a link that carries trains and one of a smaller MTU: the fragments are of each datagram.
TEST_F(UdpSegments, ARouterCutsEachOfThem) {
  ip::Ipv4Config forwarding;
  forwarding.forwarding = true;
  ip::TestNode& router = add_node("router", forwarding);
  Interface& left = add_interface(router, "eth0", 3, "10.0.0.254/24");
  Interface& right = add_interface(router, "eth1", 4, "10.9.0.254/24");
  Interface& far = add_interface(*node_b, "eth1", 5, "10.9.0.2/24");
  right.set_mtu(600);
  cable(*eth_a, left, true);
  cable(right, far);
  ASSERT_TRUE(node_a->ipv4.set_default_route(ip::ip4("10.0.0.254")));
  ASSERT_TRUE(node_b->ipv4.set_default_route(ip::ip4("10.9.0.254")));
  UdpPcb server(bob->udp);
  ASSERT_TRUE(server.bind(at("0.0.0.0:9")));
  UdpPcb client(alice->udp);
  ASSERT_TRUE(client.connect(at("10.9.0.2:9")));
  ASSERT_TRUE(client.send_segments(bytes_of(payload(2500)), 1000));
  run_for(10_ms);
  std::string text;
  EXPECT_EQ(take(server, text), (Sizes{{1000, 0}, {1000, 0}, {500, 0}}));
  EXPECT_EQ(text, payload(2500));
  EXPECT_EQ(router.ipv4.counters().fragments_made, 4U);
}

// Over a network layer that takes no super-segments.
TEST(UdpSegmentsOneByOne, ANetworkThatTakesNone) {
  Scheduler scheduler;
  PacketPool pool({.packets = 64});
  Environment environment{scheduler, pool, 7};
  TestCloud cloud;
  PlainNode node_a(environment, 1, "a");
  PlainNode node_b(environment, 3, "b");
  TestNetwork network_a(node_a, cloud, ip("10.0.0.1"), 2);
  TestNetwork network_b(node_b, cloud, ip("10.0.0.2"), 4);
  Udp a(node_a, network_a);
  Udp b(node_b, network_b);
  network_a.set_protocol(kProtocolUdp, a);
  network_b.set_protocol(kProtocolUdp, b);
  UdpPcb server(b);
  UdpPcb client(a);
  ASSERT_TRUE(server.bind(at("0.0.0.0:9")));
  ASSERT_TRUE(client.connect(at("10.0.0.2:9")));
  ASSERT_TRUE(client.send_segments(bytes_of("one of five bytes"), 5));
  scheduler.run_until(scheduler.now() + 10_ms);
  EXPECT_EQ(server.queued(), 4U);
  EXPECT_EQ(text_of(server.peek(3).payload), "es");
  EXPECT_EQ(a.counters().out_datagrams, 4U);
  EXPECT_EQ(client.send_segments(bytes_of(std::string(100, 'x')), 1).error().code, ENOBUFS) << "the pool is small";
  EXPECT_EQ(node_a.drops().of(DropReason::no_memory), 1U);
  EXPECT_EQ(pool.stats().unaccounted, 0U);
}

}  // namespace
}  // namespace catenet::transport
