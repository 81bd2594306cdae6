// SPDX-License-Identifier: Apache-2.0
#include "catenet/ip/ipv6_test_net.h"

namespace catenet::ip {
namespace {

using InputTest6 = OneHost6;

TEST_F(InputTest6, DeliversWithWhatItKnows) {
  start();
  ByteString packet = make_ip6({.payload = pattern(20)});
  packet[0] = std::byte{0x6b};
  packet[1] = std::byte{0x80};
  inject_bytes6(packet);  // the frame is padded: that is cut
  ASSERT_EQ(node->udp.got.size(), 1u);
  const auto& got = node->udp.got[0];
  EXPECT_EQ(got.bytes, pattern(20));
  EXPECT_EQ(got.delivery.source, wire::IpAddress(ip6(kPeer)));
  EXPECT_EQ(got.delivery.destination, wire::IpAddress(ip6(kHost)));
  EXPECT_EQ(got.delivery.interface, eth0);
  EXPECT_EQ(got.delivery.protocol, 17);
  EXPECT_EQ(got.delivery.ttl, 64);
  EXPECT_EQ(got.delivery.traffic_class, 0xb8);
  EXPECT_FALSE(got.delivery.to_group);
}

TEST_F(InputTest6, LinkLocalAddressesComeWithTheirZone) {
  start();
  inject6({.source = "fe80::2", .destination = "fe80::ff:fe00:1"});
  ASSERT_EQ(node->udp.got.size(), 1u);
  EXPECT_EQ(node->udp.got[0].delivery.source.to_string(), "fe80::2%1");
  EXPECT_EQ(node->udp.got[0].delivery.destination.to_string(), "fe80::ff:fe00:1%1");
}

TEST_F(InputTest6, MalformedPacketsAreNamed) {
  start();
  ByteString packet = make_ip6({});
  packet[0] = std::byte{0x40};
  inject_bytes6(packet);
  EXPECT_EQ(drops(DropReason::bad_ip_version), 1u);
  packet = make_ip6({.payload = pattern(100)});
  packet.resize(139);
  inject_bytes6(packet);
  EXPECT_EQ(drops(DropReason::bad_ip_length), 1u);
  wire0->inject(ByteString(make_frame(mac(1), mac(2), EtherType::kIpv6, packet)), ChecksumState::verified);
  EXPECT_EQ(drops(DropReason::bad_ip_length), 2u);
  EXPECT_TRUE(node->udp.got.empty());
  EXPECT_TRUE(wire0->frames.empty());
}

TEST_F(InputTest6, MartiansAreNamed) {
  start();
  for (const char* source : {"::", "::1", "ff02::1", "::ffff:10.0.0.1", kHost, "fe80::ff:fe00:1"}) {
    const auto before = drops(DropReason::martian_source);
    inject6({.source = source});
    EXPECT_EQ(drops(DropReason::martian_source), before + 1) << source;
  }
  for (const char* destination : {"::", "::1", "::ffff:10.0.0.1", "ff01::1", "ff00::1"}) {
    const auto before = drops(DropReason::martian_destination);
    inject6({.destination = destination});
    EXPECT_EQ(drops(DropReason::martian_destination), before + 1) << destination;
  }
  wire0->inject(make_frame(MacAddress::broadcast(), mac(2), EtherType::kIpv6, make_ip6({})));
  EXPECT_EQ(drops(DropReason::martian_destination), 6u) << "one host's packet in everybody's frame";
  EXPECT_TRUE(node->udp.got.empty());
  EXPECT_TRUE(wire0->frames.empty());
}

TEST_F(InputTest6, WhatIsNotForUs) {
  start();
  inject6({.destination = "2001:db8::77"});
  EXPECT_EQ(drops(DropReason::not_forwarding), 1u);
  inject6({.destination = "fe80::77"});
  EXPECT_EQ(drops(DropReason::not_for_us), 1u);
  wire0->inject(make_frame(mac(7), mac(2), EtherType::kIpv6, make_ip6({})));
  EXPECT_EQ(drops(DropReason::not_for_us), 2u);
  EXPECT_TRUE(node->udp.got.empty());
}

TEST_F(InputTest6, Groups) {
  start();
  const auto inject_group = [&](const char* group) {
    wire0->inject(make_frame(Traits<Ipv6Address>::link_group(ip6(group)), mac(2), EtherType::kIpv6,
                             make_ip6({.destination = group})));
  };
  inject_group("ff02::1");
  inject_group("ff02::1:ff00:1");  // of both our addresses
  EXPECT_EQ(node->udp.got.size(), 2u);
  EXPECT_TRUE(node->udp.got[0].delivery.to_group);
  inject_group("ff02::2");  // we are no router
  inject_group("ff05::99");
  EXPECT_EQ(drops(DropReason::not_for_us), 2u);
  ASSERT_TRUE(node->ipv6.join(ip6("ff05::99")));
  EXPECT_FALSE(node->ipv6.join(ip6("2001:db8::99")));
  inject_group("ff05::99");
  EXPECT_EQ(node->udp.got.size(), 3u);
  node->ipv6.leave(ip6("ff05::99"));
  inject_group("ff05::99");
  EXPECT_EQ(node->udp.got.size(), 3u);
}

TEST_F(InputTest6, AProtocolThatIsNotThere) {
  start();
  inject6({.next = IpProtocol::kSctp, .payload = pattern(100)});
  const Sent& error = last_error(Icmpv6Type::kParameterProblem, 1);
  EXPECT_EQ(error.icmp6().pointer(), 6u);
  EXPECT_EQ(error.payload6().size(), 8u + 140);
  EXPECT_EQ(drops(DropReason::unknown_protocol), 1u);
  inject6({.next = IpProtocol::kDestinationOptions, .extensions = hex("8400 0104 00000000")});
  EXPECT_EQ(last_error(Icmpv6Type::kParameterProblem, 1).icmp6().pointer(), 40u);
  inject6({.next = IpProtocol::kNoNextHeader});
  EXPECT_EQ(drops(DropReason::no_next_header), 1u);
  EXPECT_EQ(wire0->frames.size(), 2u);
}

TEST_F(InputTest6, PortUnreachableQuotesThePacketWithItsExtensionHeaders) {
  start();
  node->udp.refuse_with_port_unreachable = true;
  node->udp.delivery_network = &node->ipv6;
  ByteString options = hex("110e 0174");  // one option of padding
  options.resize(120);
  inject6({.next = IpProtocol::kDestinationOptions, .extensions = options, .payload = pattern(300)});
  const Sent& error = last_error(Icmpv6Type::kUnreachable, 4);
  const ByteString quoted = error.payload6();
  ASSERT_EQ(quoted.size(), 8u + 40 + 120 + 300);
  const ByteString expected =
      make_ip6({.next = IpProtocol::kDestinationOptions, .extensions = options, .payload = pattern(300)});
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), quoted.begin() + 8));
}

}  // namespace
}  // namespace catenet::ip
