// SPDX-License-Identifier: Apache-2.0
// Whole machines: two hosts on a cable, and host - switch - router - host. What each protocol does in detail is tested
// in its own room; here everything must be wired to everything.
#include "catenet/node/host.h"

#include <gmock/gmock.h>

#include "catenet/bridge/switch.h"
#include "catenet/link/ethernet/ethernet_link.h"
#include "catenet/medium/cable.h"
#include "catenet/queue/fifo.h"
#include "catenet/sim/simulation.h"
#include "catenet/socket/async_socket.h"
#include "catenet/wire/icmp.h"
#include "catenet/wire/icmpv6.h"

namespace catenet::node {
namespace {
using namespace literals;
using socket::AsyncSocket;
using socket::Task;
using wire::Endpoint;

Endpoint at(std::string_view text) { return *Endpoint::parse(text); }

/// What a program of a test found out.
struct Finding {
  int error = -1;  ///< -1: it never came that far
  std::string text;
  std::uint8_t ttl = 0;
  bool matches = false;
};

// Programs. Buffers are in the coroutine's frame.

Task<void> ping(socket::SocketLayer& host, Endpoint to, Finding& finding) {
  auto socket = *AsyncSocket::ping(host, to.address.family());
  std::array<std::byte, sizeof(wire::IcmpHeader) + 4> message{};
  if (to.address.is_v4()) {
    new (message.data()) wire::IcmpHeader(wire::IcmpHeader::echo(0, 1));
  } else {
    new (message.data()) wire::Icmpv6Header(wire::Icmpv6Header::echo(0, 1));
  }
  (void)co_await socket.send_to(message, to);
  std::array<std::byte, 64> buffer;
  const auto got = co_await socket.recv_from(buffer).within(10_s);
  finding.error = got ? 0 : got.error().code;
  if (got) {
    finding.text = got->from.address.to_string();
    finding.ttl = got->ttl;
  }
}

Task<void> udp_echo_server(socket::SocketLayer& host, Endpoint local = at("0.0.0.0:7")) {
  auto socket = *AsyncSocket::bound(host, local);
  std::array<std::byte, 2000> buffer;
  while (const auto got = co_await socket.recv_from(buffer)) {
    (void)co_await socket.send_to(std::span(buffer).first(got->size), got->from);
  }
}

Task<void> udp_ask(socket::SocketLayer& host, Endpoint to, Finding& finding, std::uint8_t ttl = 64) {
  auto socket = *AsyncSocket::datagram(host, to.address.family());
  (void)socket.set_option(socket::option::TimeToLive{ttl});
  (void)socket.set_option(socket::option::ReceiveErrors{true});
  if (const auto done = co_await socket.connect(to); !done) {
    finding.error = done.error().code;
    co_return;
  }
  (void)co_await socket.send(socket::as_bytes("hello"));
  std::array<std::byte, 64> buffer;
  const auto got = co_await socket.recv(buffer).within(10_s);
  finding.error = got ? 0 : got.error().code;
  if (got) {
    finding.text.assign(reinterpret_cast<const char*>(buffer.data()), *got);
  } else if (const auto why = socket.host().recv_error(socket.fd())) {
    finding.text = why->reporter.to_string();
  }
}

std::byte content(std::size_t i) { return static_cast<std::byte>(i * 2654435761U >> 13); }

Task<void> tcp_sender(socket::SocketLayer& host, Endpoint to, std::size_t size, Finding& finding) {
  auto socket = *AsyncSocket::stream(host, to.address.family());
  if (const auto done = co_await socket.connect(to); !done) {
    finding.error = done.error().code;
    co_return;
  }
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = content(i);
  }
  const auto sent = co_await socket.send_all(bytes);
  finding.error = sent ? 0 : sent.error().code;
}

Task<void> tcp_receiver(socket::SocketLayer& host, std::size_t size, Finding& finding,
                        Endpoint local = at("0.0.0.0:80")) {
  auto listener = *AsyncSocket::listener(host, local);
  AsyncSocket socket(host, *co_await listener.accept());
  std::size_t n = 0;
  finding.matches = true;
  std::array<std::byte, 3000> buffer;
  while (true) {
    const auto got = co_await socket.recv(buffer);
    if (!got || *got == 0) {
      finding.error = got ? 0 : got.error().code;
      break;
    }
    for (std::size_t i = 0; i < *got; ++i) {
      finding.matches = finding.matches && buffer[i] == content(n++);
    }
  }
  finding.matches = finding.matches && n == size;
}

class HostTest : public testing::Test {
 protected:
  struct End {
    Node& node;
    std::string_view address;  ///< empty: a port of a switch
  };
  medium::Cable& join(End a, End b) {
    const medium::CableSpec spec{.rate = BitRate::mbps(100), .delay = 1_ms};
    cables.push_back(std::make_unique<medium::Cable>(world, world, next_source, spec, spec));
    next_source += medium::Cable::kSourceIds;
    plug(a, cables.back()->a());
    plug(b, cables.back()->b());
    return *cables.back();
  }
  void plug(const End& end, Medium& medium) {
    Interface& interface = end.node.add_interface("eth" + std::to_string(end.node.interfaces().size()));
    interface.set_link_layer(std::make_unique<link::EthernetLink>());
    interface.set_qdisc(std::make_unique<queue::Fifo>());
    interface.set_address(wire::MacAddress({2, 0, 0, 0, 0, next_station++}));
    interface.attach(medium);
    if (!end.address.empty()) {
      auto& host = dynamic_cast<Host&>(end.node);
      ASSERT_TRUE(host.ipv4().add_address(interface, *wire::Ipv4Prefix::parse_interface(end.address)));
    }
  }
  void join_alice_and_bob() { join({alice, "10.0.0.1/24"}, {bob, "10.0.0.2/24"}); }
  /// alice -- sw -- gw -- carol
  void join_all() {
    join({alice, "10.0.1.1/24"}, {sw, ""});
    join({gw, "10.0.1.254/24"}, {sw, ""});
    join({gw, "10.0.2.254/24"}, {carol, "10.0.2.3/24"});
    ASSERT_TRUE(alice.ipv4().set_default_route({10, 0, 1, 254}));
    ASSERT_TRUE(carol.ipv4().set_default_route({10, 0, 2, 254}));
  }
  /// The same network with IPv6 beside IPv4; addresses are ours after a second (RFC 4862 5.4).
  void join_all_with_ipv6() {
    join_all();
    ASSERT_TRUE(alice.ipv6().add_address(eth0(alice), *wire::Ipv6Prefix::parse_interface("2001:db8:1::1/64")));
    ASSERT_TRUE(gw.ipv6().add_address(eth0(gw), *wire::Ipv6Prefix::parse_interface("2001:db8:1::fe/64")));
    ASSERT_TRUE(
        gw.ipv6().add_address(*gw.find_interface("eth1"), *wire::Ipv6Prefix::parse_interface("2001:db8:2::fe/64")));
    ASSERT_TRUE(carol.ipv6().add_address(eth0(carol), *wire::Ipv6Prefix::parse_interface("2001:db8:2::3/64")));
    ASSERT_TRUE(alice.ipv6().set_default_route(*wire::Ipv6Address::parse("2001:db8:1::fe")));
    ASSERT_TRUE(carol.ipv6().set_default_route(*wire::Ipv6Address::parse("2001:db8:2::fe")));
    run(3_s);
  }
  void run(Duration duration = 20_s) { simulation.run_until(simulation.now() + duration); }
  Interface& eth0(Node& node) { return *node.find_interface("eth0"); }
  /// Programs, then wires, then nodes: whatever a test left under way must be accounted for.
  void TearDown() override {
    for (Host* host : {&alice, &bob, &carol, static_cast<Host*>(&gw)}) {
      host->stop_programs();
    }
    for (auto& cable : cables) {
      cable->drain(DropReason::run_ended);
    }
    for (Node* node : {static_cast<Node*>(&alice), static_cast<Node*>(&bob), static_cast<Node*>(&carol),
                       static_cast<Node*>(&gw), static_cast<Node*>(&sw)}) {
      for (const auto& interface : node->interfaces()) {
        interface->drain(DropReason::run_ended);
      }
    }
    const PacketPool::Stats& stats = simulation.pool().stats();
    EXPECT_EQ(stats.alive(), 0U);
    EXPECT_EQ(stats.unaccounted, 0U);
    EXPECT_EQ(stats.made, stats.consumed + stats.dropped);
  }

  sim::Simulation simulation{1};
  Environment& world = simulation.add_partition();
  SourceId next_source = 100;
  std::uint8_t next_station = 1;
  Host alice{world, 1, "alice"};
  Host bob{world, 2, "bob"};
  Host carol{world, 3, "carol"};
  Router gw{world, 4, "gw"};
  bridge::LearningSwitch sw{world, 5, "sw"};
  std::vector<std::unique_ptr<medium::Cable>> cables;
  Finding found;
};

TEST_F(HostTest, PingOverACable) {
  join_alice_and_bob();
  spawn(alice.sockets(), ping(alice.sockets(), at("10.0.0.2:0"), found));
  run();
  EXPECT_EQ(found.error, 0);
  EXPECT_EQ(found.text, "10.0.0.2");
  EXPECT_EQ(found.ttl, 64) << "nobody was between";
}

TEST_F(HostTest, PingThroughSwitchAndRouter) {
  join_all();
  spawn(alice.sockets(), ping(alice.sockets(), at("10.0.2.3:0"), found));
  run();
  EXPECT_EQ(found.error, 0);
  EXPECT_EQ(found.text, "10.0.2.3");
  EXPECT_EQ(found.ttl, 63) << "a router counts, a switch does not";
  EXPECT_FALSE(sw.table().empty());
}

TEST_F(HostTest, AHostDoesNotForward) {
  join({alice, "10.0.1.1/24"}, {bob, "10.0.1.2/24"});
  join({bob, "10.0.2.2/24"}, {carol, "10.0.2.3/24"});
  ASSERT_TRUE(alice.ipv4().set_default_route({10, 0, 1, 2}));
  ASSERT_TRUE(carol.ipv4().set_default_route({10, 0, 2, 2}));
  spawn(alice.sockets(), ping(alice.sockets(), at("10.0.2.3:0"), found));
  run();
  EXPECT_EQ(found.error, ETIMEDOUT);
  EXPECT_EQ(eth0(bob).drops().of(DropReason::not_forwarding) + bob.drops().of(DropReason::not_forwarding), 1U);
}

TEST_F(HostTest, UdpEcho) {
  join_all();
  spawn(carol.sockets(), udp_echo_server(carol.sockets()));
  spawn(alice.sockets(), udp_ask(alice.sockets(), at("10.0.2.3:7"), found));
  run();
  EXPECT_EQ(found.error, 0);
  EXPECT_EQ(found.text, "hello");
}

TEST_F(HostTest, AClosedUdpPortIsUnreachable) {
  join_all();
  spawn(alice.sockets(), udp_ask(alice.sockets(), at("10.0.2.3:9"), found));
  run();
  EXPECT_EQ(found.error, ECONNREFUSED);
  EXPECT_EQ(found.text, "10.0.2.3");
  EXPECT_EQ(eth0(carol).drops().of(DropReason::udp_no_port), 1U);
}

TEST_F(HostTest, TcpCarriesEveryByteInOrder) {
  join_all();
  Finding received;
  spawn(carol.sockets(), tcp_receiver(carol.sockets(), 300'000, received));
  spawn(alice.sockets(), tcp_sender(alice.sockets(), at("10.0.2.3:80"), 300'000, found));
  run();
  EXPECT_EQ(found.error, 0);
  EXPECT_EQ(received.error, 0) << "the end of the stream, not an error";
  EXPECT_TRUE(received.matches);
}

TEST_F(HostTest, TcpToAClosedPortIsRefused) {
  join_alice_and_bob();
  spawn(alice.sockets(), tcp_sender(alice.sockets(), at("10.0.0.2:80"), 1, found));
  run();
  EXPECT_EQ(found.error, ECONNREFUSED);
  EXPECT_EQ(eth0(bob).drops().of(DropReason::tcp_no_connection), 1U);
}

TEST_F(HostTest, ARouterAnswersPingsAndProbes) {
  join_all();
  Finding first;
  Finding last;
  Finding pinged;
  spawn(alice.sockets(), udp_ask(alice.sockets(), at("10.0.2.3:33434"), first, 1));
  spawn(alice.sockets(), udp_ask(alice.sockets(), at("10.0.1.254:33434"), last, 2));
  spawn(alice.sockets(), ping(alice.sockets(), at("10.0.2.254:0"), pinged));
  run();
  EXPECT_EQ(first.error, EHOSTUNREACH) << "time exceeded";
  EXPECT_EQ(first.text, "10.0.1.254") << "the interface that the probe came in at";
  EXPECT_EQ(last.error, ECONNREFUSED) << "it has transports too";
  EXPECT_EQ(pinged.text, "10.0.2.254");
  EXPECT_FALSE(gw.has_sockets()) << "nobody asked for them";
}

TEST_F(HostTest, EverythingOverIpv6) {
  join_all_with_ipv6();
  Finding pinged;
  Finding first;
  Finding echoed;
  Finding refused;
  Finding received;
  spawn(carol.sockets(), udp_echo_server(carol.sockets(), at("[::]:7")));
  spawn(carol.sockets(), tcp_receiver(carol.sockets(), 300'000, received, at("[::]:80")));
  spawn(alice.sockets(), ping(alice.sockets(), at("[2001:db8:2::3]:0"), pinged));
  spawn(alice.sockets(), udp_ask(alice.sockets(), at("[2001:db8:2::3]:7"), first, 1));
  spawn(alice.sockets(), udp_ask(alice.sockets(), at("[2001:db8:2::3]:7"), echoed));
  spawn(alice.sockets(), udp_ask(alice.sockets(), at("[2001:db8:2::3]:9"), refused));
  spawn(alice.sockets(), tcp_sender(alice.sockets(), at("[2001:db8:2::3]:80"), 300'000, found));
  run();
  EXPECT_EQ(pinged.text, "2001:db8:2::3");
  EXPECT_EQ(pinged.ttl, 63);
  EXPECT_EQ(first.error, EHOSTUNREACH) << "the hop limit was exceeded";
  EXPECT_EQ(first.text, "2001:db8:1::fe");
  EXPECT_EQ(echoed.text, "hello");
  EXPECT_EQ(refused.error, ECONNREFUSED);
  EXPECT_EQ(refused.text, "2001:db8:2::3");
  EXPECT_EQ(found.error, 0);
  EXPECT_TRUE(received.matches);
}

TEST_F(HostTest, AServerOfIpv6IsReachedOverIpv4) {
  join_all();
  Finding received;
  spawn(carol.sockets(), tcp_receiver(carol.sockets(), 10'000, received, at("[::]:80")));
  spawn(carol.sockets(), udp_echo_server(carol.sockets(), at("[::]:7")));
  spawn(alice.sockets(), tcp_sender(alice.sockets(), at("10.0.2.3:80"), 10'000, found));
  Finding echoed;
  spawn(alice.sockets(), udp_ask(alice.sockets(), at("10.0.2.3:7"), echoed));
  run();
  EXPECT_TRUE(received.matches);
  EXPECT_EQ(echoed.text, "hello");
  EXPECT_FALSE(alice.has_ipv6()) << "nobody asked for it";
  EXPECT_TRUE(carol.has_ipv6());
}

TEST_F(HostTest, AHostWithoutIpv6DropsItsFrames) {
  join_alice_and_bob();
  ASSERT_TRUE(alice.ipv6().add_address(eth0(alice), *wire::Ipv6Prefix::parse_interface("2001:db8::1/64")));
  run();
  EXPECT_FALSE(bob.has_ipv6());
  EXPECT_EQ(eth0(bob).drops().of(DropReason::unknown_ethertype), 2U) << "is anybody fe80::, 2001:db8::1?";
}

TEST_F(HostTest, AnUnknownEtherTypeIsDroppedAtItsInterface) {
  join_alice_and_bob();
  run(1_s);
  Packet packet = simulation.pool().make();
  ASSERT_TRUE(packet.append_zeros(46));
  eth0(alice).output(std::move(packet), eth0(bob).address(), 0x88b5);  // IEEE 802: local experimental
  run(1_s);
  EXPECT_EQ(eth0(bob).drops().of(DropReason::unknown_ethertype), 1U);
  EXPECT_EQ(eth0(bob).drops().total(), 1U);
}

TEST_F(HostTest, TcpOutlivesACableThatIsPulledAndPlugged) {
  join_alice_and_bob();
  Finding received;
  spawn(bob.sockets(), tcp_receiver(bob.sockets(), 2'000'000, received));
  spawn(alice.sockets(), tcp_sender(alice.sockets(), at("10.0.0.2:80"), 2'000'000, found));
  run(50_ms);
  cables[0]->set_up(false);
  EXPECT_FALSE(eth0(alice).is_up());
  run(500_ms);
  EXPECT_EQ(received.error, -1) << "it waits";
  EXPECT_GT(eth0(bob).drops().of(DropReason::link_down) + eth0(alice).drops().of(DropReason::link_down), 0U);
  cables[0]->set_up(true);
  EXPECT_TRUE(eth0(alice).is_up());
  run();
  EXPECT_EQ(found.error, 0);
  EXPECT_TRUE(received.matches);
}

TEST_F(HostTest, ProgramsStoppedInTheMiddleLeaveNothingBehind) {
  join_all();
  Finding received;
  spawn(carol.sockets(), tcp_receiver(carol.sockets(), 5'000'000, received));
  spawn(alice.sockets(), tcp_sender(alice.sockets(), at("10.0.2.3:80"), 5'000'000, found));
  run(60_ms);
  EXPECT_GT(simulation.pool().stats().alive(), 0U);
  EXPECT_EQ(received.error, -1);
}  // TearDown() counts

TEST_F(HostTest, AnIdleHostIsSmall) {
  // A million hosts of one interface each must fit into 4 GB.
  EXPECT_LT(sizeof(Host) + sizeof(Interface) + sizeof(link::EthernetLink) + sizeof(queue::Fifo), 4096U);
  EXPECT_FALSE(alice.has_sockets());
  (void)alice.sockets();
  EXPECT_TRUE(alice.has_sockets());
  alice.stop_programs();
  EXPECT_FALSE(alice.has_sockets());
}

TEST_F(HostTest, TheConfigurationReachesTheRooms) {
  HostConfig config;
  config.ipv4.default_ttl = 9;
  config.ipv6.default_ttl = 7;
  Host other(world, 50, "other", config);
  Router router(world, 51, "router", config);
  EXPECT_EQ(other.ipv4().config().default_ttl, 9);
  EXPECT_FALSE(other.ipv4().config().forwarding);
  EXPECT_EQ(router.ipv4().config().default_ttl, 9);
  EXPECT_TRUE(router.ipv4().config().forwarding);
  EXPECT_EQ(other.ipv6().config().default_ttl, 7);
  EXPECT_FALSE(other.ipv6().config().forwarding);
  EXPECT_TRUE(router.ipv6().config().forwarding);
}

}  // namespace
}  // namespace catenet::node
