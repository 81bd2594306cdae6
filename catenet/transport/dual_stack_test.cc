// SPDX-License-Identifier: Apache-2.0
// UDP and TCP over IPv6, and sockets that speak both families, over the real network layers: host, router, host on
// cables, or one host on a tap. What TCP and UDP do whatever the family is tested in their own folders.
#include <gmock/gmock.h>

#include "catenet/ip/ipv6_test_net.h"
#include "catenet/transport/tcp/tcp.h"
#include "catenet/transport/udp/pseudo_sum.h"
#include "catenet/transport/udp/udp.h"
#include "catenet/wire/udp.h"

namespace catenet::transport {
namespace {

using namespace catenet::literals;
using ip::ByteString;
using ip::ip6;
using wire::Family;

wire::Endpoint at(std::string_view text) { return wire::Endpoint::parse(text).value(); }

template <typename T>
int code(const Result<T>& result) {
  return result ? 0 : result.error().code;
}

/// The transports of a node.
struct Machine {
  explicit Machine(ip::TestNode& n) : node(n), udp(n, n.ipv4), tcp(n, n.ipv4) {
    udp.add_network(n.ipv6, Family::kV6);
    tcp.add_network(n.ipv6, Family::kV6);
    n.ipv4.register_protocol(kProtocolUdp, udp);
    n.ipv4.register_protocol(Tcp::kProtocolNumber, tcp);
    n.ipv6.register_protocol(kProtocolUdp, udp);
    n.ipv6.register_protocol(Tcp::kProtocolNumber, tcp);
  }
  ip::TestNode& node;
  Udp udp;
  Tcp tcp;
};

std::string receive(UdpPcb& pcb) {
  auto d = pcb.receive();
  if (!d) {
    return "errno " + std::to_string(d.error().code);
  }
  std::string text(d->payload.size(), '\0');
  (void)d->payload.copy_out(0, std::as_writable_bytes(std::span(text)));
  d->payload.consume();
  return text + " from " + d->from.to_string() + " to " + d->to.to_string();
}

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

/// alice 10.0.1.1, 2001:db8:1::1 -- router -- bob 10.0.2.1, 2001:db8:2::1; the second link's MTU is `mtu`.
class DualStackTest : public ip::IpTest {
 protected:
  void SetUp() override { make(1500); }
  void make(std::uint32_t mtu) {
    ip::Ipv4Config forwarding4;
    forwarding4.forwarding = true;
    ip::Ipv6Config config6;
    config6.dad_transmits = 0;
    ip::Ipv6Config forwarding6 = config6;
    forwarding6.forwarding = true;
    ip::TestNode& a = add_node("alice", {}, config6);
    ip::TestNode& router = add_node("router", forwarding4, forwarding6);
    ip::TestNode& b = add_node("bob", {}, config6);
    join(plug(a, "eth0", "10.0.1.1/24", "2001:db8:1::1/64"),
         plug(router, "eth0", "10.0.1.254/24", "2001:db8:1::fe/64"));
    Interface& eth1 = plug(router, "eth1", "10.0.2.254/24", "2001:db8:2::fe/64");
    eth1.set_mtu(mtu);
    join(eth1, plug(b, "eth0", "10.0.2.1/24", "2001:db8:2::1/64"));
    EXPECT_TRUE(a.ipv4.set_default_route(ip::ip4("10.0.1.254")));
    EXPECT_TRUE(b.ipv4.set_default_route(ip::ip4("10.0.2.254")));
    EXPECT_TRUE(a.ipv6.set_default_route(ip6("2001:db8:1::fe")));
    EXPECT_TRUE(b.ipv6.set_default_route(ip6("2001:db8:2::fe")));
    alice = std::make_unique<Machine>(a);
    bob = std::make_unique<Machine>(b);
  }
  void make_again(std::uint32_t mtu) {
    DualStackTest::TearDown();
    cables_.clear();
    make(mtu);
  }
  Interface& plug(ip::TestNode& node, const char* name, const char* address4, const char* address6) {
    Interface& interface = add_interface(node, name, next_mac_++, address4);
    EXPECT_TRUE(node.ipv6.add_address(interface, ip::net6(address6)));
    return interface;
  }
  void TearDown() override {
    alice.reset();
    bob.reset();
    IpTest::TearDown();
  }
  /// Everything that one side takes and the other gives, until nothing moves any more.
  static void transfer(TcpPcb& from, TcpPcb& to, std::size_t total, const auto& run) {
    const ByteString sent = ip::pattern(total);
    std::size_t out = 0;
    ByteString got;
    for (int i = 0; i < 1000 && got.size() < total; ++i) {
      while (out < total) {
        const auto n = from.send(std::span(sent).subspan(out));
        if (!n) {
          break;
        }
        out += *n;
      }
      run(10_ms);
      ByteString buffer(65'536);
      while (const auto n = to.receive(buffer)) {
        got.insert(got.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*n));
      }
    }
    EXPECT_TRUE(got == sent) << got.size() << " of " << total << " bytes";
  }

  unsigned next_mac_ = 1;
  std::unique_ptr<Machine> alice;
  std::unique_ptr<Machine> bob;
};

// ---- UDP ------------------------------------------------------------------------------------------------------------

TEST_F(DualStackTest, ADatagramOverIpv6) {
  UdpPcb server(bob->udp, Family::kV6);
  UdpPcb client(alice->udp, Family::kV6);
  ASSERT_TRUE(server.bind(at("[::]:53")));
  ASSERT_TRUE(client.bind(at("[2001:db8:1::1]:1000")));
  const wire::Endpoint to = at("[2001:db8:2::1]:53");
  ASSERT_TRUE(client.send(bytes_of("hello"), &to));
  run_for(100_ms);
  EXPECT_EQ(receive(server), "hello from [2001:db8:1::1]:1000 to [2001:db8:2::1]:53");
  const wire::Endpoint back = client.local();
  ASSERT_TRUE(server.send(bytes_of("well"), &back));
  run_for(100_ms);
  EXPECT_EQ(receive(client), "well from [2001:db8:2::1]:53 to [2001:db8:1::1]:1000");
}

TEST_F(DualStackTest, ALargeDatagramGoesInFragmentsUnlessForbidden) {
  UdpPcb server(bob->udp, Family::kV6);
  UdpPcb client(alice->udp, Family::kV6);
  ASSERT_TRUE(server.bind(at("[::]:53")));
  ASSERT_TRUE(client.connect(at("[2001:db8:2::1]:53")));
  const std::string text(4000, 'x');
  ASSERT_TRUE(client.send(bytes_of(text)));
  run_for(100_ms);
  EXPECT_EQ(receive(server).substr(0, 4006), text + " from ");
  EXPECT_EQ(alice->node.ipv6.counters().fragments_made, 3U);
  client.options().dont_fragment = true;
  EXPECT_EQ(code(client.send(bytes_of(text))), EMSGSIZE);
}

TEST_F(DualStackTest, APortUnreachableIsAnError) {
  UdpPcb client(alice->udp, Family::kV6);
  ASSERT_TRUE(client.connect(at("[2001:db8:2::1]:9")));
  ASSERT_TRUE(client.send(bytes_of("anybody?")));
  run_for(100_ms);
  EXPECT_EQ(client.take_error(), ECONNREFUSED);
  EXPECT_EQ(bob->udp.counters().no_ports, 1U);
}

TEST_F(DualStackTest, ASocketOfIpv6HearsBothFamilies) {
  UdpPcb server(bob->udp, Family::kV6);
  ASSERT_TRUE(server.bind(at("[::]:53")));
  UdpPcb four(alice->udp);
  UdpPcb six(alice->udp, Family::kV6);
  ASSERT_TRUE(four.bind(at("10.0.1.1:4")));
  ASSERT_TRUE(six.bind(at("[2001:db8:1::1]:6")));
  const wire::Endpoint to4 = at("10.0.2.1:53");
  const wire::Endpoint to6 = at("[2001:db8:2::1]:53");
  ASSERT_TRUE(four.send(bytes_of("four"), &to4));
  ASSERT_TRUE(six.send(bytes_of("six"), &to6));
  run_for(100_ms);
  EXPECT_EQ(receive(server), "four from 10.0.1.1:4 to 10.0.2.1:53");
  EXPECT_EQ(receive(server), "six from [2001:db8:1::1]:6 to [2001:db8:2::1]:53");
  const wire::Endpoint mapped = at("[::ffff:10.0.1.1]:4");
  ASSERT_TRUE(server.send(bytes_of("back"), &mapped));
  run_for(100_ms);
  EXPECT_EQ(receive(four), "back from 10.0.2.1:53 to 10.0.1.1:4");
}

TEST_F(DualStackTest, OneOfIpv6OnlyLeavesIpv4Alone) {
  UdpPcb six(bob->udp, Family::kV6);
  six.options().v6_only = true;
  ASSERT_TRUE(six.bind(at("[::]:53")));
  UdpPcb four(bob->udp);
  EXPECT_EQ(code(four.bind(at("0.0.0.0:53"))), 0) << "they share the port";
  UdpPcb client(alice->udp);
  const wire::Endpoint to = at("10.0.2.1:53");
  ASSERT_TRUE(client.send(bytes_of("four"), &to));
  run_for(100_ms);
  EXPECT_EQ(receive(six), "errno " + std::to_string(EAGAIN));
  EXPECT_THAT(receive(four), testing::StartsWith("four from"));
  const wire::Endpoint mapped = at("[::ffff:10.0.1.1]:4");
  EXPECT_EQ(code(six.send(bytes_of("x"), &mapped)), ENETUNREACH);
  EXPECT_EQ(code(six.connect(mapped)), ENETUNREACH);
  UdpPcb other(bob->udp, Family::kV6);
  EXPECT_EQ(code(other.bind(at("[::]:53"))), EADDRINUSE);
  other.options().v6_only = true;
  EXPECT_EQ(code(other.bind(at("[::ffff:10.0.2.1]:54"))), EINVAL);
}

TEST_F(DualStackTest, FamiliesDoNotMix) {
  UdpPcb four(alice->udp);
  const wire::Endpoint six_end = at("[2001:db8:2::1]:53");
  EXPECT_EQ(code(four.bind(at("[::]:1"))), EAFNOSUPPORT);
  EXPECT_EQ(code(four.connect(six_end)), EAFNOSUPPORT);
  EXPECT_EQ(code(four.send(bytes_of("x"), &six_end)), EAFNOSUPPORT);
  UdpPcb bound4(alice->udp, Family::kV6);
  ASSERT_TRUE(bound4.bind(at("[::ffff:10.0.1.1]:5")));
  EXPECT_EQ(bound4.local(), at("10.0.1.1:5"));
  EXPECT_EQ(code(bound4.connect(six_end)), EAFNOSUPPORT);
  EXPECT_EQ(code(bound4.connect(at("10.0.2.1:53"))), 0);
  UdpPcb bound6(alice->udp, Family::kV6);
  ASSERT_TRUE(bound6.bind(at("[2001:db8:1::1]:6")));
  EXPECT_EQ(code(bound6.connect(at("[::ffff:10.0.2.1]:53"))), ENETUNREACH);
}

TEST_F(DualStackTest, ALinkLocalAddressNeedsItsLink) {
  const std::string address = alice->node.ipv6.addresses()[0].address().to_string();
  ASSERT_THAT(address, testing::StartsWith("fe80::"));
  UdpPcb server(alice->udp, Family::kV6);
  const wire::Endpoint end = at("[" + address + "]:7");
  EXPECT_EQ(code(server.bind(end)), EINVAL);
  ASSERT_EQ(code(server.bind({wire::IpAddress(end.address.v6(), 1), 7})), 0);
  UdpPcb client(alice->udp, Family::kV6);
  EXPECT_EQ(code(client.connect(end)), EINVAL);
  client.options().device = &*alice->node.interfaces()[0];
  EXPECT_EQ(code(client.connect(end)), 0) << "the device says which link";
  ASSERT_TRUE(client.send(bytes_of("me")));
  run_for(100_ms);
  EXPECT_THAT(receive(server), testing::StartsWith("me from [" + address + "%1]"));
}

// ---- TCP ------------------------------------------------------------------------------------------------------------

struct Ends {
  TcpPcb* listener = nullptr;
  TcpPcb* client = nullptr;
  TcpPcb* server = nullptr;
};

class DualStackTcpTest : public DualStackTest {
 protected:
  Ends connect(std::string_view listen, std::string_view to, Family family = Family::kV6) {
    Ends ends;
    ends.listener = *bob->tcp.listen(at(listen), 5);
    ends.client = *alice->tcp.open(family);
    EXPECT_EQ(code(ends.client->connect(at(to))), 0);
    run_for(100_ms);
    const auto accepted = ends.listener->accept();
    EXPECT_EQ(code(accepted), 0);
    ends.server = accepted.value_or(nullptr);
    return ends;
  }
  void transfer(TcpPcb& from, TcpPcb& to, std::size_t total) {
    DualStackTest::transfer(from, to, total, [this](Duration d) { run_for(d); });
  }
};

TEST_F(DualStackTcpTest, AConnectionOverIpv6) {
  const Ends ends = connect("[::]:80", "[2001:db8:2::1]:80");
  ASSERT_NE(ends.server, nullptr);
  EXPECT_EQ(ends.server->foreign().address, wire::IpAddress(ip6("2001:db8:1::1")));
  EXPECT_EQ(ends.client->info().mss, 1440U - 12) << "1500 less 60 of headers, and the timestamps";
  transfer(*ends.client, *ends.server, 300'000);
  transfer(*ends.server, *ends.client, 300'000);
  EXPECT_EQ(ends.client->info().statistics.retransmits, 0U);
  ends.client->close();
  run_for(1_s);
  ByteString buffer(1);
  EXPECT_EQ(ends.server->receive(buffer), Result<std::size_t>(0U));
  ends.server->close();
  ends.listener->close();
  run_for(1_s);
}

TEST_F(DualStackTcpTest, ARouterTellsThePathsMtu) {
  make_again(1300);
  const Ends ends = connect("[::]:80", "[2001:db8:2::1]:80");
  ASSERT_NE(ends.server, nullptr);
  EXPECT_EQ(ends.client->info().mss, 1440U - 12);
  transfer(*ends.client, *ends.server, 200'000);
  EXPECT_EQ(ends.client->info().mss, 1300U - 60 - 12);
  EXPECT_GT(drops(DropReason::fragmentation_needed), 0U);
  EXPECT_EQ(alice->node.ipv6.path_mtu(at("[2001:db8:2::1]:80").address), 1300U);
  EXPECT_EQ(alice->node.ipv6.counters().fragments_made, 0U);
}

TEST_F(DualStackTcpTest, AListenerOfIpv6TakesBothFamilies) {
  const Ends six = connect("[::]:80", "[2001:db8:2::1]:80");
  TcpPcb* client = *alice->tcp.open();
  ASSERT_TRUE(client->connect(at("10.0.2.1:80")));
  run_for(100_ms);
  const auto four = six.listener->accept();
  ASSERT_EQ(code(four), 0);
  EXPECT_EQ((*four)->local(), at("10.0.2.1:80"));
  transfer(*client, **four, 20'000);
  EXPECT_EQ(code(bob->tcp.listen(at("0.0.0.0:80"), 1)), EADDRINUSE);
}

TEST_F(DualStackTcpTest, ASocketOfIpv6ConnectsToIpv4) {
  const Ends ends = connect("0.0.0.0:80", "[::ffff:10.0.2.1]:80");
  ASSERT_NE(ends.server, nullptr);
  EXPECT_EQ(ends.client->foreign(), at("10.0.2.1:80"));
  EXPECT_EQ(ends.client->local().address, at("10.0.1.1:0").address);
  EXPECT_EQ(ends.client->info().mss, 1460U - 12);
  transfer(*ends.client, *ends.server, 20'000);
}

TEST_F(DualStackTcpTest, OneOfIpv6OnlyLeavesIpv4Alone) {
  TcpPcb* six = *bob->tcp.open(Family::kV6);
  six->set_v6_only(true);
  EXPECT_EQ(code(six->bind(at("[::ffff:10.0.2.1]:80"))), EINVAL);
  ASSERT_TRUE(six->bind(at("[::]:80")));
  ASSERT_TRUE(six->listen(1));
  TcpPcb* client = *alice->tcp.open();
  ASSERT_TRUE(client->connect(at("10.0.2.1:80")));
  run_for(100_ms);
  EXPECT_EQ(client->take_error(), ECONNREFUSED);
  EXPECT_EQ(code(bob->tcp.listen(at("0.0.0.0:80"), 1)), 0) << "they share the port";
  TcpPcb* only = *alice->tcp.open(Family::kV6);
  only->set_v6_only(true);
  EXPECT_EQ(code(only->connect(at("[::ffff:10.0.2.1]:80"))), ENETUNREACH);
  EXPECT_EQ(code((*alice->tcp.open())->connect(at("[2001:db8:2::1]:80"))), EAFNOSUPPORT);
}

TEST_F(DualStackTcpTest, AConnectionBetweenLinkLocalAddresses) {
  ip::TestNode& router = *nodes_[1];
  Machine there(router);
  TcpPcb* listener = *there.tcp.listen(at("[::]:80"), 1);
  const wire::Ipv6Address address = router.ipv6.addresses()[0].address();
  ASSERT_TRUE(address.is_link_local());
  TcpPcb* client = *alice->tcp.open(Family::kV6);
  EXPECT_EQ(code(client->connect({address, 80})), EINVAL) << "which link?";
  ASSERT_EQ(code(client->connect({wire::IpAddress(address, 1), 80})), 0);
  run_for(100_ms);
  const auto server = listener->accept();
  ASSERT_EQ(code(server), 0);
  EXPECT_EQ((*server)->foreign().address.zone(), 1) << "it came in at eth0";
  transfer(*client, **server, 20'000);
  client->abort();
  run_for(100_ms);
}

/// One host on a tap, where the test is the peer.
class TappedTest : public ip::OneHost6 {
 protected:
  void SetUp() override {
    start();
    machine = std::make_unique<Machine>(*node);
  }
  void TearDown() override {
    machine.reset();
    OneHost6::TearDown();
  }
  /// A UDP datagram from the peer's port 9 to 7.
  void inject_udp(std::uint16_t checksum) {
    wire::UdpHeader header;
    header.source_port = 9;
    header.destination_port = 7;
    header.length = 8 + 4;
    header.checksum = checksum;
    ByteString message(sizeof header + 4);
    std::memcpy(message.data(), &header, sizeof header);
    inject6({.payload = message});
  }
  /// A segment from the peer's port 9 to 80.
  void inject_tcp(std::uint8_t flags, std::uint32_t seq, std::uint32_t ack) {
    ByteString message(wire::kTcpHeaderSize);
    auto& header = *new (message.data()) wire::TcpHeader();
    header.source_port = 9;
    header.destination_port = 80;
    header.seq = seq;
    header.ack = ack;
    header.set_header_size(wire::kTcpHeaderSize);
    header.flags = flags;
    header.window = 60'000;
    const auto pseudo = pseudo_header_sum(ip6(ip::kPeer), ip6(ip::kHost), 6, wire::kTcpHeaderSize);
    header.checksum = checksum_finish(checksum_add(message, pseudo));
    inject6({.next = wire::IpProtocol::kTcp, .payload = message});
  }
  [[nodiscard]] const wire::TcpHeader& last_segment() const {
    return wire0->frames.back().at_offset<wire::TcpHeader>(54);
  }
  std::unique_ptr<Machine> machine;
};

TEST_F(TappedTest, AZeroChecksumIsADropOverIpv6) {  // RFC 8200 8.1
  UdpPcb server(machine->udp, Family::kV6);
  ASSERT_TRUE(server.bind(at("[::]:7")));
  inject_udp(0);
  EXPECT_EQ(drops(DropReason::bad_udp_checksum), 1U);
  inject_udp(0x1234);
  EXPECT_EQ(drops(DropReason::bad_udp_checksum), 2U);
  EXPECT_FALSE(server.has_datagram());
  // 2001:db8::2 and ::1, 17, 12, the header: 2*(2001+0db8)+2+1+11+c+9+7+c = 5bae.
  inject_udp(static_cast<std::uint16_t>(~0x5bae));
  EXPECT_TRUE(server.has_datagram());
  EXPECT_EQ(drops(DropReason::bad_udp_checksum), 2U);
}

TEST_F(TappedTest, APeerThatSaysNothingTakes1220Bytes) {  // RFC 9293 3.7.1
  TcpPcb* listener = *machine->tcp.listen(at("[::]:80"), 1);
  inject_tcp(wire::TcpFlag::kSyn, 100, 0);
  run_for(1_ms);
  ASSERT_EQ(last_segment().flags, wire::TcpFlag::kSyn | wire::TcpFlag::kAck);
  inject_tcp(wire::TcpFlag::kAck, 101, last_segment().seq + 1);
  const auto server = listener->accept();
  ASSERT_EQ(code(server), 0);
  wire0->frames.clear();
  ASSERT_TRUE((*server)->send(ip::pattern(3000)));
  run_for(1_ms);
  ASSERT_GE(wire0->frames.size(), 2U);
  EXPECT_EQ(wire0->frames[0].ip6().payload_length, 20U + 1220);
  EXPECT_EQ(wire0->frames[0].ip6().flow_label(), wire0->frames[1].ip6().flow_label()) << "one flow";
  EXPECT_NE(wire0->frames[0].ip6().flow_label(), 0U);
}

TEST_F(TappedTest, AnIcmpErrorEndsAConnect) {
  TcpPcb* client = *machine->tcp.open(Family::kV6);
  ASSERT_TRUE(client->connect(at("[2001:db8::2]:80")));
  run_for(1_ms);
  ByteString quoted(wire0->frames.back().bytes.begin() + 14, wire0->frames.back().bytes.end());
  inject_icmp6(wire::Icmpv6Header::unreachable(wire::Icmpv6Unreachable::kPort), quoted);
  EXPECT_EQ(client->take_error(), ECONNREFUSED);
}

}  // namespace
}  // namespace catenet::transport
