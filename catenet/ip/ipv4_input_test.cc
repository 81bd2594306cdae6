// SPDX-License-Identifier: Apache-2.0
#include "catenet/ip/ip_test_net.h"

namespace catenet::ip {
namespace {

using InputTest = OneHost;

TEST_F(InputTest, DeliversWithoutPadding) {
  start();
  Fields f;
  f.payload = pattern(5);
  f.ttl = 9;
  inject_ip(f);
  ASSERT_EQ(node->udp.got.size(), 1u);
  const auto& got = node->udp.got[0];
  EXPECT_EQ(got.bytes, pattern(5));  // the frame had 60 bytes
  EXPECT_EQ(got.delivery.source, wire::IpAddress(ip4("10.0.0.2")));
  EXPECT_EQ(got.delivery.destination, wire::IpAddress(ip4("10.0.0.1")));
  EXPECT_EQ(got.delivery.interface, eth0);
  EXPECT_EQ(got.delivery.ttl, 9);
  EXPECT_FALSE(got.delivery.to_group);
  EXPECT_EQ(node->ipv4.counters().delivered, 1u);
}

// Two headers with known checksums (RFC 1071's sum over published headers): B861 and B1E6.
TEST_F(InputTest, KnownHeaderChecksums) {
  Fields udp{.source = "192.168.0.1", .destination = "192.168.0.199", .protocol = 17, .ttl = 64, .id = 0};
  udp.fragment = 0x4000;
  udp.payload = pattern(0x73 - 20);
  ByteString bytes = make_ip(udp);
  EXPECT_EQ(wire::load16(bytes, 10), 0xb861);
  Fields tcp{.source = "172.16.10.99", .destination = "172.16.10.12", .protocol = 6, .ttl = 64, .id = 0x1c46};
  tcp.fragment = 0x4000;
  tcp.payload = pattern(40);
  bytes = make_ip(tcp);
  EXPECT_EQ(wire::load16(bytes, 10), 0xb1e6);
  start();
  ASSERT_TRUE(node->ipv4.add_address(*eth0, net4("192.168.0.199/24")));
  inject_ip(udp);
  EXPECT_EQ(node->udp.got.size(), 1u);
}

TEST_F(InputTest, EachMalformationHasItsReason) {
  start();
  const ByteString good = make_ip({.payload = pattern(60)});
  const auto with = [&](std::size_t at, unsigned value, bool fix = true) {
    ByteString bytes = good;
    bytes[at] = std::byte(value);
    if (fix) {
      bytes[10] = bytes[11] = std::byte{0};
      const be16 checksum = internet_checksum(wire::Bytes(bytes).first(20));
      std::memcpy(bytes.data() + 10, &checksum, 2);
    }
    inject_bytes(bytes);
  };
  with(0, 0x65);
  EXPECT_EQ(drops(DropReason::bad_ip_version), 1u);
  with(0, 0x44);
  EXPECT_EQ(drops(DropReason::bad_ip_header), 1u);
  with(3, 19);
  with(2, 200);
  EXPECT_EQ(drops(DropReason::bad_ip_length), 2u);
  with(8, 63, false);
  EXPECT_EQ(drops(DropReason::bad_ip_checksum), 1u);
  with(9, 99);
  EXPECT_EQ(drops(DropReason::unknown_protocol), 1u);
  wire0->inject(ByteString(good.begin(), good.begin() + 10));
  EXPECT_EQ(drops(DropReason::frame_too_short), 1u);
  EXPECT_EQ(node->udp.got.size(), 0u);
}

// Every single-bit error in a header is found.
TEST_F(InputTest, AnyFlippedHeaderBitIsDropped) {
  start();
  for (std::size_t bit = 0; bit < 160; ++bit) {
    ByteString bytes = make_ip({.payload = pattern(40)});
    bytes[bit / 8] ^= std::byte(1u << bit % 8);
    inject_bytes(bytes);
  }
  EXPECT_EQ(node->udp.got.size(), 0u);
  EXPECT_EQ(story.drops.total(), 160u);
}

TEST_F(InputTest, Martians) {
  start();
  for (const char* source :
       {"0.0.0.0", "127.0.0.1", "224.0.0.5", "240.0.0.1", "255.255.255.255", "10.0.0.255", "10.0.0.1"}) {
    inject_ip({.source = source});
  }
  EXPECT_EQ(drops(DropReason::martian_source), 7u);
  for (const char* destination : {"0.0.0.0", "127.0.0.1", "250.1.1.1"}) {
    inject_ip({.destination = destination});
  }
  EXPECT_EQ(drops(DropReason::martian_destination), 3u);
  EXPECT_EQ(node->udp.got.size(), 0u);
  EXPECT_TRUE(wire0->frames.empty());
}

TEST_F(InputTest, BroadcastsAndGroups) {
  start();
  const auto to_all = [&](const char* source, const char* destination) {
    wire0->inject(make_frame(MacAddress::broadcast(), mac(2), EtherType::kIpv4,
                             make_ip({.source = source, .destination = destination})));
  };
  to_all("10.0.0.2", "255.255.255.255");
  to_all("10.0.0.2", "10.0.0.255");
  to_all("0.0.0.0", "255.255.255.255");  // DHCP
  to_all("10.0.0.2", "224.0.0.1");
  ASSERT_EQ(node->udp.got.size(), 4u);
  for (const auto& got : node->udp.got) {
    EXPECT_TRUE(got.delivery.to_group);
  }
  to_all("10.0.0.2", "224.0.0.9");
  EXPECT_EQ(drops(DropReason::not_for_us), 1u);
  ASSERT_TRUE(node->ipv4.join(ip4("224.0.0.9")));
  to_all("10.0.0.2", "224.0.0.9");
  EXPECT_EQ(node->udp.got.size(), 5u);
  node->ipv4.leave(ip4("224.0.0.9"));
  to_all("10.0.0.2", "10.0.0.1");  // unicast packet in a broadcast frame (RFC 1122 3.3.6)
  EXPECT_EQ(node->udp.got.size(), 5u);
}

TEST_F(InputTest, HostDoesNotForward) {
  start();
  inject_ip({.destination = "10.0.0.3"});
  EXPECT_EQ(drops(DropReason::not_forwarding), 1u);
  wire0->inject(make_frame(mac(3), mac(2), EtherType::kIpv4, make_ip({})));
  EXPECT_EQ(drops(DropReason::not_for_us), 1u);
  EXPECT_TRUE(wire0->frames.empty());
}

TEST_F(InputTest, UnknownProtocolIsAnswered) {
  start();
  teach(*node, *eth0, "10.0.0.2", 2);
  inject_ip({.protocol = 99});
  ASSERT_EQ(wire0->frames.size(), 1u);
  EXPECT_EQ(wire0->frames[0].icmp().type, 3);
  EXPECT_EQ(wire0->frames[0].icmp().code, 2);
}

TEST_F(InputTest, OptionsAreCheckedAndSourceRoutesRefused) {
  start();
  teach(*node, *eth0, "10.0.0.2", 2);
  const auto options = [](std::initializer_list<unsigned> values) {
    ByteString bytes;
    for (const unsigned v : values) {
      bytes.push_back(std::byte(v));
    }
    return bytes;
  };
  inject_ip({.options = options({1, 1, 1, 0})});
  EXPECT_EQ(node->udp.got.size(), 1u);
  inject_ip({.options = options({7, 60, 4, 0})});  // longer than the header
  EXPECT_EQ(drops(DropReason::bad_ip_option), 1u);
  ASSERT_EQ(wire0->frames.size(), 1u);
  EXPECT_EQ(wire0->frames[0].icmp().type, 12);
  EXPECT_EQ(wire0->frames[0].icmp().pointer(), 20);
  inject_ip({.options = options({131, 7, 4, 10, 0, 0, 9, 0})});
  EXPECT_EQ(drops(DropReason::source_route_refused), 1u);
  ASSERT_EQ(wire0->frames.size(), 2u);
  EXPECT_EQ(wire0->frames[1].icmp().type, 3);
  EXPECT_EQ(wire0->frames[1].icmp().code, 5);
}

TEST_F(InputTest, UnknownEtherType) {
  start();
  wire0->inject(make_frame(mac(1), mac(2), EtherType::kLoopback, pattern(40)));
  EXPECT_EQ(drops(DropReason::unknown_ethertype), 1u);
}

}  // namespace
}  // namespace catenet::ip
