// SPDX-License-Identifier: Apache-2.0
// Multicast between hosts on one link, over the real network layers: who hears what, on which interface, and what stays
// at home. What single calls answer is compared with the kernel in posix/oracle_test.cc (testdata/groups.c). Covers
// memberships.h.
#include <gmock/gmock.h>

#include "catenet/ip/ipv6_test_net.h"
#include "catenet/transport/raw/raw.h"
#include "catenet/transport/udp/udp.h"

namespace catenet::transport {
namespace {

using namespace catenet::literals;
using wire::Family;

/// alice 10.0.1.1 and 10.0.2.1 on two links, eth0 and eth1; bob 10.0.1.2 at the end of the first, carol 10.0.2.2 of the
/// second.
class MulticastTest : public ip::IpTest {
 protected:
  struct Station {
    ip::TestNode& node;
    Udp udp;
    Raw raw;
    explicit Station(ip::TestNode& n) : node(n), udp(n, n.ipv4), raw(n.ipv4) {
      udp.add_network(n.ipv6, Family::kV6);
      raw.set_ipv6(n.ipv6);
      n.ipv4.register_protocol(kProtocolUdp, udp);
      n.ipv6.register_protocol(kProtocolUdp, udp);
    }
  };
  void SetUp() override {
    ip::Ipv4Config config4;
    ip::Ipv6Config config6;
    config6.dad_transmits = 0;
    config4.report_groups = config6.report_groups = false;  // see ip/igmp_test.cc
    for (const char* name : {"alice", "bob", "carol"}) {
      stations_.push_back(std::make_unique<Station>(add_node(name, config4, config6)));
    }
    join(plug(alice(), "eth0", "10.0.1.1/24"), plug(bob(), "eth0", "10.0.1.2/24"));
    join(plug(alice(), "eth1", "10.0.2.1/24"), plug(carol(), "eth0", "10.0.2.2/24"));
  }
  void TearDown() override {
    stations_.clear();
    IpTest::TearDown();
  }
  Interface& plug(Station& station, const char* name, const char* address) {
    Interface& interface = add_interface(station.node, name, next_mac_++, address);
    EXPECT_TRUE(station.node.ipv6.enable(interface));
    return interface;
  }
  Station& alice() { return *stations_[0]; }
  Station& bob() { return *stations_[1]; }
  Station& carol() { return *stations_[2]; }
  Interface* eth(unsigned n) { return alice().node.interfaces()[n].get(); }
  static wire::IpAddress group() { return wire::Ipv4Address(239, 1, 1, 1); }
  static wire::IpAddress group6() { return ip::ip6("ff15::9"); }
  static int code_of(const Result<void>& result) { return result ? 0 : result.error().code; }
  void tell(UdpPcb& from, std::string_view text, const wire::IpAddress& to, int expected = 0) {
    const wire::Endpoint end{to, 9};
    EXPECT_EQ(code_of(from.send(std::as_bytes(std::span(text)), &end)), expected) << text;
    run_for(10_ms);
  }
  static std::vector<std::string> heard(UdpPcb& pcb) {
    std::vector<std::string> texts;
    while (auto d = pcb.receive()) {
      std::string text(d->payload.size(), '\0');
      (void)d->payload.copy_out(0, std::as_writable_bytes(std::span(text)));
      texts.push_back(text + "/" + std::to_string(d->ttl));
      d->payload.consume();
    }
    return texts;
  }

  unsigned next_mac_ = 1;
  std::vector<std::unique_ptr<Station>> stations_;
};

TEST_F(MulticastTest, AHostHearsWhatItsSocketsHaveJoined) {
  UdpPcb out(alice().udp);
  UdpPcb in(bob().udp);
  ASSERT_TRUE(in.bind({wire::IpAddress(), 9}));
  tell(out, "before", group());
  EXPECT_EQ(drops(DropReason::not_for_us), 1U);
  ASSERT_TRUE(in.join(group(), nullptr));
  {
    UdpPcb other(bob().udp);
    ASSERT_TRUE(other.join(group(), nullptr));
    tell(out, "one", group());
  }
  tell(out, "two", group());  // one of two members has left
  tell(out, "other", wire::Ipv4Address(239, 1, 1, 2));
  ASSERT_TRUE(in.leave(group(), nullptr));
  tell(out, "after", group());
  EXPECT_THAT(heard(in), ::testing::ElementsAre("one/1", "two/1"));
  EXPECT_EQ(drops(DropReason::not_for_us), 3U);
  EXPECT_EQ(drops(DropReason::udp_no_port), 0U);
}

TEST_F(MulticastTest, ADatagramInFragmentsIsOne) {
  UdpPcb out(alice().udp);
  UdpPcb in(bob().udp);
  ASSERT_TRUE(in.bind({wire::IpAddress(), 9}));
  ASSERT_TRUE(in.join(group(), nullptr));
  UdpPcb own(alice().udp);
  ASSERT_TRUE(own.bind({wire::IpAddress(), 9}));
  ASSERT_TRUE(own.join(group(), nullptr));
  const std::string text(4000, 'x');
  tell(out, text, group());
  EXPECT_THAT(heard(in), ::testing::ElementsAre(text + "/1"));
  EXPECT_THAT(heard(own), ::testing::ElementsAre(text + "/1")) << "whole: it never was on a wire";
}

TEST_F(MulticastTest, WhatIsSentToAnOwnGroupComesBackUnlessSaidOtherwise) {
  UdpPcb out(alice().udp);
  UdpPcb own(alice().udp);
  UdpPcb in(bob().udp);
  for (UdpPcb* pcb : {&own, &in}) {
    ASSERT_TRUE(pcb->bind({wire::IpAddress(), 9}));
    ASSERT_TRUE(pcb->join(group(), nullptr));
  }
  tell(out, "both", group());
  out.options().multicast_loop = false;
  tell(out, "bob", group());
  out.options().multicast_loop = true;
  out.options().multicast_ttl = 0;
  tell(out, "alice", group());
  out.options().multicast_ttl = 7;
  tell(out, "far", group());
  EXPECT_THAT(heard(own), ::testing::ElementsAre("both/1", "alice/0", "far/7"));
  EXPECT_THAT(heard(in), ::testing::ElementsAre("both/1", "bob/1", "far/7"));
  out.options().multicast_ttl = 0;
  tell(out, "nobody", wire::Ipv4Address(239, 1, 1, 2));
  EXPECT_EQ(drops(DropReason::ttl_expired), 1U);
}

TEST_F(MulticastTest, TheSocketSaysWhichLinkItIs) {
  UdpPcb out(alice().udp);
  UdpPcb in(bob().udp);
  UdpPcb far(carol().udp);
  UdpPcb own(alice().udp);
  for (UdpPcb* pcb : {&in, &far, &own}) {
    ASSERT_TRUE(pcb->bind({wire::IpAddress(), 9}));
  }
  ASSERT_TRUE(in.join(group(), nullptr));
  ASSERT_TRUE(far.join(group(), nullptr));
  ASSERT_TRUE(own.join(group(), eth(1)));
  tell(out, "first", group());
  out.options().multicast_device = eth(1);
  ASSERT_TRUE(far.peek() == nullptr);
  tell(out, "second", group());
  ASSERT_NE(far.peek(), nullptr);
  EXPECT_EQ(far.peek()->from.address.to_string(), "10.0.2.1") << "an address of that link";
  out.options().multicast_source = wire::Ipv4Address(10, 0, 1, 1);
  tell(out, "third", group());
  EXPECT_THAT(heard(in), ::testing::ElementsAre("first/1"));
  EXPECT_THAT(heard(far), ::testing::ElementsAre("second/1", "third/1"));
  EXPECT_THAT(heard(own), ::testing::ElementsAre("second/1", "third/1")) << "a membership is of one link";
}

TEST_F(MulticastTest, TheSameOverIpv6) {
  UdpPcb out(alice().udp, Family::kV6);
  UdpPcb own(alice().udp, Family::kV6);
  UdpPcb in(bob().udp, Family::kV6);
  UdpPcb far(carol().udp, Family::kV6);
  for (UdpPcb* pcb : {&own, &in, &far}) {
    ASSERT_TRUE(pcb->bind({wire::Ipv6Address(), 9}));
    ASSERT_TRUE(pcb->join(group6(), nullptr));
  }
  tell(out, "first", group6());
  out.options().multicast_device = eth(1);
  out.options().multicast_ttl = 4;
  tell(out, "second", group6());
  out.options().multicast_ttl = 0;
  out.options().multicast_device = nullptr;
  tell(out, "home", group6());
  EXPECT_THAT(heard(own), ::testing::ElementsAre("first/1", "home/0"));
  EXPECT_THAT(heard(in), ::testing::ElementsAre("first/1"));
  EXPECT_THAT(heard(far), ::testing::ElementsAre("second/4"));
  ASSERT_TRUE(in.leave(group6(), nullptr));
  out.options().multicast_ttl = 1;
  const std::uint64_t before = drops(DropReason::not_for_us);
  tell(out, "after", group6());
  EXPECT_EQ(drops(DropReason::not_for_us), before + 1);
  UdpPcb four(bob().udp, Family::kV6);
  ASSERT_TRUE(four.join(group(), nullptr)) << "a socket of IPv6 may be in groups of IPv4";
  EXPECT_EQ(code_of(four.join(group(), nullptr)), EADDRINUSE);
}

TEST_F(MulticastTest, RawSocketsHaveGroupsToo) {
  constexpr std::uint8_t kRouting = 89;
  RawPcb out(alice().raw, Family::kV4, kRouting);
  RawPcb in(bob().raw, Family::kV4, kRouting);
  const wire::Endpoint routers{wire::Ipv4Address(224, 0, 0, 5), 0};
  const std::array<std::byte, 24> hello{};
  ASSERT_TRUE(out.send(hello, &routers));
  run_for(10_ms);
  EXPECT_FALSE(in.has_packet());
  ASSERT_TRUE(in.join(routers.address, nullptr));
  ASSERT_TRUE(out.send(hello, &routers));
  run_for(10_ms);
  EXPECT_EQ(in.queued(), 1U);
  EXPECT_FALSE(out.has_packet()) << "alice is not in it";
  EXPECT_EQ(code_of(in.join(group6(), nullptr)), EINVAL);
  EXPECT_EQ(code_of(out.leave(routers.address, nullptr)), EADDRNOTAVAIL);
}

TEST_F(MulticastTest, AHostHasALimitOfGroups) {
  ip::Ipv4Config config;
  config.groups = 2;
  Station small(add_node("small", config));
  UdpPcb one(small.udp);
  UdpPcb two(small.udp);
  ASSERT_TRUE(one.join(wire::Ipv4Address(239, 0, 0, 1), nullptr));
  ASSERT_TRUE(one.join(wire::Ipv4Address(239, 0, 0, 2), nullptr));
  EXPECT_EQ(code_of(two.join(wire::Ipv4Address(239, 0, 0, 3), nullptr)), ENOBUFS);
  EXPECT_TRUE(two.join(wire::Ipv4Address(239, 0, 0, 2), nullptr)) << "that one is counted already";
}

}  // namespace
}  // namespace catenet::transport
