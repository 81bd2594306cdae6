// SPDX-License-Identifier: Apache-2.0
#include "catenet/ip/ip_test_net.h"
#include "catenet/wire/udp.h"

namespace catenet::ip {
namespace {

using OutputTest = OneHost;

TEST_F(OutputTest, WritesTheHeader) {
  start();
  teach(*node, *eth0, "10.0.0.2", 2);
  SendOptions options;
  options.ttl = 7;
  options.traffic_class = 0xb8;
  ASSERT_TRUE(send_to("10.0.0.2", 30, options));
  const Ipv4Header& ip = wire0->frames.at(0).ip();
  EXPECT_EQ(ip.version_ihl, 0x45);
  EXPECT_EQ(ip.tos, 0xb8);
  EXPECT_EQ(ip.total_length, 50);
  EXPECT_EQ(ip.ttl, 7);
  EXPECT_EQ(ip.protocol, 17);
  EXPECT_EQ(ip.fragment, 0);
  EXPECT_EQ(Ipv4Address(ip.source), ip4("10.0.0.1"));
  EXPECT_EQ(internet_checksum(wire::Bytes(wire0->frames[0].bytes).subspan(14, 20)), 0);
  EXPECT_EQ(wire0->frames[0].payload(), pattern(30));
  ASSERT_TRUE(send_to("10.0.0.2"));
  EXPECT_EQ(wire0->frames[1].ip().ttl, 64);
  EXPECT_EQ(static_cast<std::uint16_t>(wire0->frames[1].ip().id - ip.id), 1);
}

TEST_F(OutputTest, DontFragmentHasNoIdentification) {
  start();
  teach(*node, *eth0, "10.0.0.2", 2);
  ASSERT_TRUE(send_to("10.0.0.2", 8, {.dont_fragment = true}));
  EXPECT_EQ(wire0->frames.at(0).ip().id, 0);
  EXPECT_TRUE(wire0->frames[0].ip().dont_fragment());
}

TEST_F(OutputTest, ErrorsAreNamedAndCounted) {
  start();
  const auto code = [](const Result<void>& r) { return r ? 0 : r.error().code; };
  EXPECT_EQ(code(send_to("9.9.9.9")), ENETUNREACH);
  EXPECT_EQ(code(send_to("0.0.0.0")), ENETUNREACH);
  EXPECT_EQ(drops(DropReason::no_route), 2u);
  EXPECT_EQ(code(send_to("10.0.0.255")), EACCES);
  EXPECT_EQ(code(send_to("255.255.255.255")), EACCES);
  EXPECT_EQ(drops(DropReason::broadcast_refused), 2u);
  EXPECT_EQ(code(send_to("10.0.0.2", 65516)), EMSGSIZE);
  EXPECT_EQ(drops(DropReason::message_too_long), 1u);
  EXPECT_EQ(code(send_to("10.0.0.2", 1481, {.dont_fragment = true})), EMSGSIZE);
  EXPECT_EQ(drops(DropReason::fragmentation_needed), 1u);
  EXPECT_EQ(code(send_to("10.0.0.2", 8, {.source = ip4("1.2.3.4")})), EADDRNOTAVAIL);
  EXPECT_EQ(drops(DropReason::no_address), 1u);
  EXPECT_EQ(code(send_to("10.0.0.2", 8, {.source = ip4("127.0.0.1")})), EADDRNOTAVAIL);
  SendOptions six;
  six.destination = *wire::IpAddress::parse("::1");
  EXPECT_EQ(code(node->ipv4.output(make_packet(pattern(8)), six)), EAFNOSUPPORT);
  EXPECT_TRUE(wire0->frames.empty());
}

TEST_F(OutputTest, BroadcastsGoToEverybody) {
  start();
  ASSERT_TRUE(send_to("255.255.255.255", 8, {.allow_broadcast = true}));
  ASSERT_TRUE(send_to("10.0.0.255", 8, {.allow_broadcast = true}));
  ASSERT_TRUE(send_to("224.1.2.3"));
  EXPECT_FALSE(node->ipv4.set_default_route(ip4("99.0.0.1")));
  ASSERT_EQ(wire0->frames.size(), 3u);
  EXPECT_TRUE(wire0->frames[0].eth().destination.is_broadcast());
  EXPECT_TRUE(wire0->frames[1].eth().destination.is_broadcast());
  EXPECT_EQ(wire0->frames[2].eth().destination, MacAddress::from_u64(0x01005e010203));
  EXPECT_EQ(wire0->frames[2].ip().ttl, 1);
}

TEST_F(OutputTest, WithoutAddressOnlyTheLinkCanBeAsked) {
  node = &add_node("host");
  eth0 = &add_interface(*node, "eth0", 1, nullptr);
  wire0 = &tap(*eth0);
  ASSERT_TRUE(send_to("255.255.255.255", 8, {.allow_broadcast = true, .interface = eth0}));
  EXPECT_TRUE(Ipv4Address(wire0->frames.at(0).ip().source).is_unspecified());
  const auto other = send_to("10.0.0.2", 8, {.interface = eth0});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, EADDRNOTAVAIL);
}

TEST_F(OutputTest, NextHopIsTheRouter) {
  start();
  teach(*node, *eth0, "10.0.0.254", 99);
  ASSERT_TRUE(node->ipv4.set_default_route(ip4("10.0.0.254")));
  ASSERT_TRUE(send_to("8.8.8.8"));
  EXPECT_EQ(wire0->frames.at(0).eth().destination, mac(99));
  // A changed table counts at once, remembered path or not.
  teach(*node, *eth0, "10.0.0.253", 98);
  ASSERT_TRUE(node->ipv4.add_route({.prefix = net4("8.0.0.0/8"), .next_hop = ip4("10.0.0.253")}));
  ASSERT_TRUE(send_to("8.8.8.8"));
  EXPECT_EQ(wire0->frames.at(1).eth().destination, mac(98));
  // So does a changed neighbour.
  teach(*node, *eth0, "10.0.0.253", 97);
  ASSERT_TRUE(send_to("8.8.8.8"));
  EXPECT_EQ(wire0->frames.at(2).eth().destination, mac(97));
  ASSERT_TRUE(node->ipv4.arp().cache().remove(*eth0, ip4("10.0.0.253")));
  ASSERT_TRUE(send_to("8.8.8.8"));
  EXPECT_TRUE(wire0->frames.at(3).is_arp());
}

TEST_F(OutputTest, PacketsToOurselvesComeBackLater) {
  start();
  for (const char* destination : {"127.0.0.1", "10.0.0.1"}) {
    ASSERT_TRUE(send_to(destination, 3000));
    const std::size_t before = node->udp.got.size();
    run_for(Duration::nanoseconds(1000));
    EXPECT_EQ(node->udp.got.size(), before);  // due at exactly 1 us: strictly before the horizon nothing happens
    run_for(Duration::nanoseconds(1));
    ASSERT_EQ(node->udp.got.size(), before + 1);
  }
  EXPECT_TRUE(wire0->frames.empty());
  EXPECT_EQ(node->udp.got[0].delivery.source, wire::IpAddress(ip4("127.0.0.1")));
  EXPECT_EQ(node->udp.got[0].delivery.interface, nullptr);
  EXPECT_EQ(node->udp.got[1].delivery.source, wire::IpAddress(ip4("10.0.0.1")));
  EXPECT_EQ(node->udp.got[1].delivery.interface, eth0);
  EXPECT_EQ(node->udp.got[1].bytes, pattern(3000));
}

TEST_F(OutputTest, LoopbackHasALimit) {
  Ipv4Config config;
  config.loopback_packets = 2;
  start(config);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(send_to("127.0.0.1"));
  }
  EXPECT_EQ(drops(DropReason::queue_full), 1u);
}  // the two on their way end with the node

TEST_F(OutputTest, AddressRemovedWhileOnTheWay) {
  start();
  ASSERT_TRUE(send_to("10.0.0.1"));
  ASSERT_TRUE(node->ipv4.remove_address(*eth0, ip4("10.0.0.1")));
  run_for(Duration::milliseconds(1));
  EXPECT_EQ(drops(DropReason::no_route), 1u);
}

TEST_F(OutputTest, PointToPointNeedsNoNeighbour) {
  struct Line final : LinkLayer {
    std::size_t header_size() const override { return 0; }
    bool needs_resolution() const override { return false; }
    bool encapsulate(Packet&, const wire::LinkAddress&, const wire::LinkAddress& to, std::uint16_t) override {
      EXPECT_TRUE(to.empty());
      return true;
    }
    std::expected<Arrival, DropReason> decapsulate(Packet&, const wire::LinkAddress&) override {
      return Arrival{0x0800, {}};
    }
    bool verify(Packet&) override { return true; }
  };
  start();
  eth0->set_link_layer(std::make_unique<Line>());
  ASSERT_TRUE(send_to("10.0.0.2"));
  EXPECT_EQ(wire0->frames.at(0).bytes.size(), 28u);
}

TEST_F(OutputTest, QuestionsOfTransports) {
  start();
  const auto& ip = node->ipv4;
  EXPECT_EQ(*ip.select_source(ip4("10.0.0.9")), wire::IpAddress(ip4("10.0.0.1")));
  EXPECT_EQ(*ip.select_source(ip4("127.0.0.9")), wire::IpAddress(ip4("127.0.0.1")));
  EXPECT_EQ(ip.select_source(ip4("9.9.9.9")).error().code, ENETUNREACH);
  EXPECT_EQ(ip.path_mtu(ip4("10.0.0.9")), 1500u);
  EXPECT_EQ(ip.path_mtu(ip4("10.0.0.1")), 65535u);
  EXPECT_TRUE(ip.is_local(ip4("127.1.2.3")));
  EXPECT_TRUE(ip.is_local(ip4("10.0.0.1")));
  EXPECT_FALSE(ip.is_local(ip4("10.0.0.2")));
  EXPECT_TRUE(ip.is_broadcast(ip4("10.0.0.255")));
  EXPECT_TRUE(ip.is_broadcast(ip4("255.255.255.255")));
  EXPECT_FALSE(ip.is_broadcast(ip4("10.0.1.255")));
  EXPECT_EQ(ip.header_size(), 20u);
  EXPECT_EQ(ip.first_address_of(*eth0), wire::IpAddress(ip4("10.0.0.1")));
  EXPECT_TRUE(ip.first_address_of(node->add_interface("eth1")).is_unspecified());
  EXPECT_EQ(ip.interface_with(ip4("10.0.0.1")), eth0);
  EXPECT_EQ(ip.interface_with(ip4("10.0.0.2")), nullptr);
}

// A super-segment is not too long: its segments are what meets the MTU.
TEST_F(OutputTest, ASuperSegmentPasses) {
  start();
  teach(*node, *eth0, "10.0.0.2", 2);
  Packet packet = make_packet(pattern(2 * 1400));
  packet.push_header<wire::UdpHeader>();
  mark_partial_checksum(packet, 0, offsetof(wire::UdpHeader, checksum));
  packet.meta().segment_size = 1400;
  ASSERT_TRUE(
      node->ipv4.output(std::move(packet), {.destination = ip4("10.0.0.2"), .protocol = 17, .dont_fragment = true}));
  ASSERT_EQ(wire0->frames.size(), 2U)
      << "cut where the medium takes frames only, though the MTU is smaller than all of it";
  EXPECT_EQ(wire0->frames[0].ip().total_length, 20 + 8 + 1400);
}

}  // namespace
}  // namespace catenet::ip
