// SPDX-License-Identifier: Apache-2.0
#include "catenet/ip/ipv6_test_net.h"

namespace catenet::ip {
namespace {

class OutputTest6 : public OneHost6 {
 protected:
  static int code(const Result<void>& r) { return r ? 0 : r.error().code; }
  Result<void> send_with_ports(const char* destination, const char* ports, std::uint8_t protocol = 17) {
    ByteString bytes = hex(ports);
    bytes.resize(20);
    SendOptions options;
    options.destination = ip6(destination);
    options.protocol = protocol;
    return node->ipv6.output(make_packet(bytes), options);
  }
};

TEST_F(OutputTest6, WritesTheHeader) {
  start();
  SendOptions options;
  options.ttl = 7;
  options.traffic_class = 0xb8;
  options.flow_label = 0x12345;
  ASSERT_TRUE(send_to(kPeer, 30, options));
  const Ipv6Header& ip = wire0->frames.at(0).ip6();
  EXPECT_EQ(wire0->frames[0].eth().destination, mac(2));
  EXPECT_EQ(wire0->frames[0].eth().type, 0x86dd);
  EXPECT_EQ(ip.version(), 6u);
  EXPECT_EQ(ip.traffic_class(), 0xb8);
  EXPECT_EQ(ip.flow_label(), 0x12345u);
  EXPECT_EQ(ip.payload_length, 30);
  EXPECT_EQ(ip.hop_limit, 7);
  EXPECT_EQ(ip.next_header, 17);
  EXPECT_EQ(ip.source, ip6(kHost));
  EXPECT_EQ(ip.destination, ip6(kPeer));
  EXPECT_EQ(wire0->frames[0].payload6(), pattern(30));
  ASSERT_TRUE(send_to(kPeer));
  EXPECT_EQ(wire0->frames[1].ip6().hop_limit, 64);
}

TEST_F(OutputTest6, APacketsOfAFlowHaveOneLabel) {  // RFC 6437
  start();
  ASSERT_TRUE(send_with_ports(kPeer, "03e8 0035"));
  ASSERT_TRUE(send_with_ports(kPeer, "03e8 0035"));
  ASSERT_TRUE(send_with_ports(kPeer, "03e8 0036"));
  ASSERT_TRUE(send_with_ports(kPeer, "03e8 0035", 6));
  ASSERT_TRUE(send_with_ports(kPeer, "03e8 0035", 132));  // what has no ports here has no flows
  const auto label = [&](std::size_t i) { return wire0->frames.at(i).ip6().flow_label(); };
  EXPECT_NE(label(0), 0u);
  EXPECT_EQ(label(1), label(0));
  EXPECT_NE(label(2), label(0));
  EXPECT_NE(label(3), label(0));
  EXPECT_EQ(label(4), 0u);
}

TEST_F(OutputTest6, LabelsCanBeSwitchedOff) {
  Ipv6Config config = without_detection();
  config.flow_labels = false;
  start(config);
  ASSERT_TRUE(send_with_ports(kPeer, "03e8 0035"));
  EXPECT_EQ(wire0->frames.at(0).ip6().flow_label(), 0u);
}

TEST_F(OutputTest6, ErrorsAreNamedAndCounted) {
  start();
  EXPECT_EQ(code(send_to("2001:db8:9::9")), ENETUNREACH);
  EXPECT_EQ(code(send_to("::")), ENETUNREACH);
  EXPECT_EQ(code(send_to("::ffff:10.0.0.1")), ENETUNREACH);
  EXPECT_EQ(drops(DropReason::no_route), 3u);
  EXPECT_EQ(code(send_to("fe80::2")), EINVAL);
  EXPECT_EQ(code(send_to(kPeer, 65536)), EMSGSIZE);
  EXPECT_EQ(drops(DropReason::message_too_long), 1u);
  EXPECT_EQ(code(send_to(kPeer, 1461, {.dont_fragment = true})), EMSGSIZE);
  EXPECT_EQ(drops(DropReason::fragmentation_needed), 1u);
  EXPECT_EQ(code(send_to(kPeer, 8, {.source = ip6("2001:db8::99")})), EADDRNOTAVAIL);
  EXPECT_EQ(code(send_to(kPeer, 8, {.source = ip6("::1")})), EADDRNOTAVAIL);
  SendOptions four;
  four.destination = ip4("10.0.0.1");
  EXPECT_EQ(code(node->ipv6.output(make_packet(pattern(8)), four)), EAFNOSUPPORT);
  EXPECT_TRUE(wire0->frames.empty());
}

TEST_F(OutputTest6, Groups) {
  start();
  ASSERT_TRUE(send_to("ff02::fb"));
  EXPECT_EQ(wire0->frames.at(0).eth().destination, MacAddress::from_u64(0x3333000000fb));
  EXPECT_EQ(wire0->frames[0].ip6().hop_limit, 1);
  EXPECT_EQ(wire0->frames[0].ip6().source, ip6("fe80::ff:fe00:1"));
  ASSERT_TRUE(send_to("ff0e::1:2"));
  EXPECT_EQ(wire0->frames.at(1).ip6().source, ip6(kHost));
  Interface& eth1 = add_interface(*node, "eth1", 3, nullptr);
  Tap& wire1 = tap(eth1);
  ASSERT_TRUE(node->ipv6.enable(eth1));
  ASSERT_TRUE(send_to("ff02::fb", 8, {.interface = &eth1}));
  EXPECT_EQ(wire1.frames.at(0).ip6().source, ip6("fe80::ff:fe00:3"));
}

TEST_F(OutputTest6, LinkLocalDestinations) {
  start();
  teach6(*eth0, "fe80::2", 2);
  SendOptions options;
  options.protocol = 17;
  options.destination = wire::IpAddress(ip6("fe80::2"), 1);
  ASSERT_TRUE(node->ipv6.output(make_packet(pattern(8)), options));
  EXPECT_EQ(wire0->frames.at(0).ip6().source, ip6("fe80::ff:fe00:1"));
  EXPECT_EQ(wire0->frames[0].eth().destination, mac(2));
  ASSERT_TRUE(send_to("fe80::2", 8, {.interface = eth0}));
  EXPECT_EQ(wire0->frames.size(), 2u);
}

TEST_F(OutputTest6, ToOurselves) {
  start();
  ASSERT_TRUE(send_to("::1"));
  ASSERT_TRUE(send_to(kHost, 20000));
  ASSERT_TRUE(send_to("fe80::ff:fe00:1"));
  EXPECT_TRUE(node->udp.got.empty());
  run_for(Duration::milliseconds(1));
  ASSERT_EQ(node->udp.got.size(), 3u);
  EXPECT_EQ(node->udp.got[0].delivery.source.to_string(), "::1");
  EXPECT_EQ(node->udp.got[0].delivery.interface, nullptr);
  EXPECT_EQ(node->udp.got[1].bytes, pattern(20000));
  EXPECT_EQ(node->udp.got[1].delivery.source, wire::IpAddress(ip6(kHost)));
  EXPECT_EQ(node->udp.got[1].delivery.interface, eth0);
  EXPECT_EQ(node->udp.got[2].delivery.source.to_string(), "fe80::ff:fe00:1%1");
  EXPECT_TRUE(wire0->frames.empty());
}

TEST_F(OutputTest6, ANeighbourWhoDoesNotAnswer) {
  start();
  ByteString bytes = hex("03e8 0035 0008 0000");
  SendOptions options;
  options.destination = ip6("2001:db8::77");
  options.protocol = 17;
  ASSERT_TRUE(node->ipv6.output(make_packet(bytes), options));
  run_for(Duration::seconds(5));
  ASSERT_EQ(node->udp.errors.size(), 1u);
  EXPECT_EQ(node->udp.errors[0].kind, ErrorReport::Kind::host_unreachable);
  EXPECT_EQ(node->udp.errors[0].destination, wire::IpAddress(ip6("2001:db8::77")));
  EXPECT_EQ(node->udp.quoted[0], bytes);
  EXPECT_EQ(drops(DropReason::ndp_failed), 1u);
}

TEST_F(OutputTest6, PathsAreAskedAbout) {
  start();
  EXPECT_EQ(node->ipv6.path_mtu(ip6(kPeer)), 1500u);
  EXPECT_EQ(node->ipv6.path_mtu(ip6("::1")), 65575u);
  EXPECT_EQ(node->ipv6.path_mtu(ip4("10.0.0.1")), 1280u);
  EXPECT_EQ(node->ipv6.header_size(), 40u);
  EXPECT_EQ(node->ipv6.select_source(ip4("10.0.0.1")).error().code, EAFNOSUPPORT);
}

}  // namespace
}  // namespace catenet::ip
