// SPDX-License-Identifier: Apache-2.0
#include "catenet/ip/ip_test_net.h"
#include "catenet/ip/special_addresses.h"

namespace catenet::ip {
namespace {

using ForwardTest = OneRouter;

TEST_F(ForwardTest, DecrementsTtlAndKeepsTheRest) {
  start_router();
  for (unsigned ttl = 2; ttl < 256; ++ttl) {  // every value, so that RFC 1624's corner cases are among them
    const ByteString before = make_ip({.destination = "10.1.0.2",
                                       .ttl = static_cast<std::uint8_t>(ttl),
                                       .id = static_cast<std::uint16_t>(ttl * 255),
                                       .payload = pattern(40)});
    inject_bytes(before);
    const Sent& sent = wire1->frames.back();
    EXPECT_EQ(sent.eth().destination, mac(12));
    EXPECT_EQ(sent.eth().source, mac(11));
    EXPECT_EQ(sent.ip().ttl, ttl - 1);
    EXPECT_EQ(internet_checksum(wire::Bytes(sent.bytes).subspan(14, 20)), 0) << ttl;
    EXPECT_EQ(sent.payload(), pattern(40));
  }
  EXPECT_EQ(node->ipv4.counters().forwarded, 254u);
  EXPECT_TRUE(wire0->frames.empty());
}

TEST_F(ForwardTest, SteadyStateAllocatesNothing) {
  start_router();
  inject_ip({.destination = "10.1.0.2"});
  const std::uint64_t slabs = pool.stats().slabs;
  for (int i = 0; i < 1000; ++i) {
    inject_ip({.destination = "10.1.0.2"});
  }
  EXPECT_EQ(pool.stats().slabs, slabs);
}

// The transport checksum of a packet made by a neighbour in the same simulation stays partial on its way.
TEST_F(ForwardTest, PartialChecksumIsNotTouched) {
  start_router();
  struct Spy final : Hook {
    Verdict on_packet(HookPoint, Packet& packet, Interface*, Interface*) override {
      state = packet.meta().checksum;
      return Verdict::accept;
    }
    ChecksumState state{};
  } spy;
  node->ipv4.add_hook(HookPoint::postrouting, spy);
  Packet frame = pool.make();
  ASSERT_TRUE(frame.append(make_frame(mac(1), mac(2), EtherType::kIpv4, make_ip({.destination = "10.1.0.2"}))));
  mark_partial_checksum(frame, 34, 40);
  eth0->receive(std::move(frame));
  EXPECT_EQ(spy.state, ChecksumState::partial);
}

TEST_F(ForwardTest, TtlRunsOut) {
  start_router();
  for (const std::uint8_t ttl : {std::uint8_t{0}, std::uint8_t{1}}) {
    inject_ip({.destination = "10.1.0.2", .ttl = ttl, .payload = pattern(30)});
    const Sent& error = wire0->frames.back();
    EXPECT_EQ(Ipv4Address(error.ip().source), ip4("10.0.0.1"));
    EXPECT_EQ(Ipv4Address(error.ip().destination), ip4("10.0.0.2"));
    EXPECT_EQ(error.ip().tos, 0xc0);
    EXPECT_EQ(error.icmp().type, 11);
    EXPECT_EQ(error.icmp().code, 0);
    EXPECT_EQ(internet_checksum(error.payload()), 0);
    const ByteString message = error.payload();
    const ByteString quote(message.begin() + 8, message.end());
    EXPECT_EQ(quote, make_ip({.destination = "10.1.0.2", .ttl = ttl, .payload = pattern(30)}));
  }
  EXPECT_EQ(drops(DropReason::ttl_expired), 2u);
  EXPECT_TRUE(wire1->frames.empty());
}

TEST_F(ForwardTest, NoRoute) {
  start_router();
  inject_ip({.destination = "99.0.0.1"});
  EXPECT_EQ(drops(DropReason::no_route), 1u);
  EXPECT_EQ(wire0->frames.at(0).icmp().type, 3);
  EXPECT_EQ(wire0->frames.at(0).icmp().code, 0);
}

TEST_F(ForwardTest, SilentNeighbourIsReportedToTheSender) {
  start_router();
  inject_ip({.destination = "10.1.0.77"});
  run_for(Duration::milliseconds(3001));
  EXPECT_EQ(drops(DropReason::arp_failed), 1u);
  ASSERT_EQ(wire0->frames.size(), 1u);
  EXPECT_EQ(wire0->frames[0].icmp().type, 3);
  EXPECT_EQ(wire0->frames[0].icmp().code, 1);
  EXPECT_EQ(wire1->frames.size(), 3u);  // requests
  EXPECT_TRUE(node->udp.errors.empty());
}

TEST_F(ForwardTest, TooBigWithDontFragment) {
  start_router();
  eth1->set_mtu(600);
  Fields f{.destination = "10.1.0.2", .fragment = Ipv4Header::kDontFragment, .payload = pattern(580)};
  inject_ip(f);
  EXPECT_EQ(wire1->frames.size(), 1u);  // exactly 600
  f.payload = pattern(581);
  inject_ip(f);
  EXPECT_EQ(drops(DropReason::fragmentation_needed), 1u);
  ASSERT_EQ(wire0->frames.size(), 1u);
  EXPECT_EQ(wire0->frames[0].icmp().type, 3);
  EXPECT_EQ(wire0->frames[0].icmp().code, 4);
  EXPECT_EQ(wire0->frames[0].icmp().next_hop_mtu(), 600);
  EXPECT_EQ(wire0->frames[0].ip().total_length, 576);  // the quote is cut (RFC 1812 4.3.2.3)
}

TEST_F(ForwardTest, LinkBroadcastsAndDirectedBroadcastsStay) {
  start_router();
  wire0->inject(make_frame(MacAddress::broadcast(), mac(2), EtherType::kIpv4, make_ip({.destination = "10.1.0.2"})));
  EXPECT_EQ(drops(DropReason::link_broadcast_forward), 1u);
  inject_ip({.destination = "10.1.0.255"});
  EXPECT_EQ(drops(DropReason::martian_destination), 1u);
  EXPECT_TRUE(wire1->frames.empty());
  EXPECT_TRUE(wire0->frames.empty());
}

TEST_F(ForwardTest, DirectedBroadcastWhenAllowed) {
  Ipv4Config config;
  config.forward_directed_broadcasts = true;
  start_router(config);
  inject_ip({.destination = "10.1.0.255"});
  ASSERT_EQ(wire1->frames.size(), 1u);
  EXPECT_TRUE(wire1->frames[0].eth().destination.is_broadcast());
}

// RFC 6890's "Forwardable" column.
TEST(SpecialAddresses, Rfc6890) {
  for (const char* yes : {"10.1.1.1", "172.16.0.1", "192.168.3.4", "100.64.0.1", "198.18.0.1", "8.8.8.8"}) {
    EXPECT_TRUE(is_forwardable(ip4(yes))) << yes;
  }
  for (const char* no : {"0.1.2.3", "127.0.0.1", "169.254.7.7", "192.0.2.1", "198.51.100.1", "203.0.113.9", "240.0.0.1",
                         "255.255.255.255"}) {
    EXPECT_FALSE(is_forwardable(ip4(no))) << no;
  }
  EXPECT_TRUE(is_forwardable(ip4("192.0.2.1"), true));
  EXPECT_FALSE(is_forwardable(ip4("169.254.0.1"), true));
}

TEST_F(ForwardTest, MartiansAreNotPassedOn) {
  Ipv4Config config;
  config.forward_documentation = false;
  start_router(config);
  ASSERT_TRUE(node->ipv4.set_default_route(ip4("10.1.0.2")));
  for (const char* destination : {"169.254.1.1", "192.0.2.1", "198.51.100.1", "203.0.113.1"}) {
    inject_ip({.destination = destination});
  }
  EXPECT_EQ(drops(DropReason::martian_destination), 4u);
  for (const char* source : {"169.254.1.1", "192.0.2.1"}) {
    inject_ip({.source = source, .destination = "10.1.0.2"});
  }
  EXPECT_EQ(drops(DropReason::martian_source), 2u);
  inject_ip({.destination = "198.18.0.1"});
  EXPECT_EQ(wire1->frames.size(), 1u);
}

TEST_F(ForwardTest, RecordRouteIsFilledIn) {
  start_router();
  ByteString options(8);
  options[0] = std::byte{7};
  options[1] = std::byte{7};
  options[2] = std::byte{4};
  inject_ip({.destination = "10.1.0.2", .options = options});
  ASSERT_EQ(wire1->frames.size(), 1u);
  const Sent& sent = wire1->frames[0];
  EXPECT_EQ(wire::load8(sent.bytes, 14 + 22), 8);  // the pointer moved on
  EXPECT_EQ(wire::load32(sent.bytes, 14 + 23), ip4("10.1.0.1").value());
  EXPECT_EQ(internet_checksum(wire::Bytes(sent.bytes).subspan(14, 28)), 0);
}

}  // namespace
}  // namespace catenet::ip
