// SPDX-License-Identifier: Apache-2.0
#include "catenet/ip/ipv6_test_net.h"

namespace catenet::ip {
namespace {

class ForwardTest6 : public OneRouter6 {
 protected:
  static Fields6 passing() { return {.source = kPeer, .destination = "2001:db8:1::2", .payload = pattern(64)}; }
};

TEST_F(ForwardTest6, OnlyTheHopLimitChanges) {
  start_router();
  ByteString packet = make_ip6(passing());
  packet[0] = std::byte{0x6b};
  packet[1] = std::byte{0x8a};
  inject_bytes6(packet);
  ASSERT_EQ(wire1->frames.size(), 1u);
  const Sent& sent = wire1->frames[0];
  EXPECT_EQ(sent.eth().destination, mac(12));
  EXPECT_EQ(sent.eth().source, mac(11));
  packet[7] = std::byte{63};
  EXPECT_EQ(ByteString(sent.bytes.begin() + 14, sent.bytes.end()), packet);
  EXPECT_EQ(node->ipv6.counters().forwarded, 1u);
  EXPECT_TRUE(wire0->frames.empty());
}

TEST_F(ForwardTest6, ExtensionHeadersButHopByHopAreNotLookedAt) {
  start_router();
  Fields6 f = passing();
  f.next = IpProtocol::kDestinationOptions;
  f.extensions = hex("1100 9e04 00000000");  // an option to be reported by whoever it is for
  inject6(f);
  EXPECT_EQ(wire1->frames.size(), 1u);
  f.next = IpProtocol::kFragment;
  f.extensions = hex("1100 0001 00000007");
  inject6(f);
  EXPECT_EQ(wire1->frames.size(), 2u);
  f.next = IpProtocol::kHopByHop;
  f.extensions = hex("1100 9e04 00000000");
  inject6(f);
  EXPECT_EQ(wire1->frames.size(), 2u);
  EXPECT_EQ(last_error(Icmpv6Type::kParameterProblem, 2).icmp6().pointer(), 42u);
}

TEST_F(ForwardTest6, TheHopLimitRunsOut) {
  start_router();
  Fields6 f = passing();
  f.hop_limit = 1;
  inject6(f);
  const Sent& error = last_error(Icmpv6Type::kTimeExceeded, 0);
  EXPECT_EQ(error.ip6().source, ip6(kHost)) << "the address on the way back";
  EXPECT_EQ(error.ip6().destination, ip6(kPeer));
  const ByteString quoted = error.payload6();
  const ByteString original = make_ip6(f);
  EXPECT_TRUE(std::equal(original.begin(), original.end(), quoted.begin() + 8));
  EXPECT_EQ(drops(DropReason::ttl_expired), 1u);
  f.hop_limit = 0;
  inject6(f);
  EXPECT_EQ(drops(DropReason::ttl_expired), 2u);
  EXPECT_TRUE(wire1->frames.empty());
}

TEST_F(ForwardTest6, TooBig) {
  start_router();
  eth1->set_mtu(1300);
  Fields6 f = passing();
  f.payload = pattern(1400);
  inject6(f);
  const Sent& error = last_error(Icmpv6Type::kPacketTooBig, 0);
  EXPECT_EQ(error.icmp6().mtu(), 1300u);
  EXPECT_EQ(error.ip6().payload_length + 40, 1280) << "as much as fits";
  EXPECT_EQ(drops(DropReason::fragmentation_needed), 1u);
  f.payload = pattern(1260);
  inject6(f);
  EXPECT_EQ(wire1->frames.size(), 1u);
}

TEST_F(ForwardTest6, ThereIsNoWay) {
  start_router();
  Fields6 f = passing();
  f.destination = "2001:db8:7::7";
  inject6(f);
  last_error(Icmpv6Type::kUnreachable, 0);
  EXPECT_EQ(drops(DropReason::no_route), 1u);
}

TEST_F(ForwardTest6, LinkLocalAddressesStayOnTheirLink) {
  start_router();
  Fields6 f = passing();
  f.source = "fe80::2";
  teach6(*eth0, "fe80::2", 2);
  inject6(f);
  EXPECT_EQ(drops(DropReason::martian_source), 1u);
  const Sent& error = last_error(Icmpv6Type::kUnreachable, 2);
  EXPECT_EQ(error.ip6().source, ip6("fe80::ff:fe00:1"));
  EXPECT_EQ(error.ip6().destination, ip6("fe80::2"));
  f = passing();
  f.destination = "fe80::77";
  inject6(f);
  EXPECT_EQ(drops(DropReason::not_for_us), 1u);
  EXPECT_TRUE(wire1->frames.empty());
}

TEST_F(ForwardTest6, WhatEverybodyGotIsNotPassedOn) {
  start_router();
  wire0->inject(make_frame(MacAddress::broadcast(), mac(2), EtherType::kIpv6, make_ip6(passing())));
  EXPECT_EQ(drops(DropReason::link_broadcast_forward), 1u);
  Fields6 f = passing();
  f.destination = "ff0e::77";
  inject6(f);
  EXPECT_EQ(drops(DropReason::not_for_us), 1u);
  EXPECT_TRUE(wire1->frames.empty());
  EXPECT_TRUE(wire0->frames.empty());
}

TEST_F(ForwardTest6, ANeighbourWhoDoesNotAnswerIsReported) {
  start_router();
  Fields6 f = passing();
  f.destination = "2001:db8:1::77";
  inject6(f);
  run_for(Duration::seconds(4));
  last_error(Icmpv6Type::kUnreachable, 3);
  EXPECT_EQ(drops(DropReason::ndp_failed), 1u);
}

TEST_F(ForwardTest6, ARouterHearsAllRouters) {
  start_router();
  wire0->inject(make_frame(Traits<Ipv6Address>::link_group(ip6("ff02::2")), mac(2), EtherType::kIpv6,
                           make_ip6({.destination = "ff02::2"})));
  EXPECT_EQ(node->udp.got.size(), 1u);
}

class Counter final : public Hook {
 public:
  Verdict on_packet(HookPoint point, Packet& packet, Interface*, Interface*) override {
    EXPECT_EQ(packet.header<Ipv6Header>().version(), 6u);
    ++seen[static_cast<std::size_t>(point)];
    return point == blocked ? Verdict::drop : Verdict::accept;
  }
  std::array<int, kHookPoints> seen{};
  std::optional<HookPoint> blocked;
};

TEST_F(ForwardTest6, HooksSeeEveryPlace) {
  start_router();
  Counter hook;
  for (const HookPoint point :
       {HookPoint::prerouting, HookPoint::input, HookPoint::forward, HookPoint::output, HookPoint::postrouting}) {
    node->ipv6.add_hook(point, hook);
  }
  inject6(passing());
  inject6({});
  ASSERT_TRUE(send_to(kPeer));
  EXPECT_EQ(hook.seen, (std::array<int, kHookPoints>{2, 1, 1, 1, 2}));
  hook.blocked = HookPoint::forward;
  inject6(passing());
  EXPECT_EQ(drops(DropReason::filtered), 1u);
  node->ipv6.remove_hook(hook);
  inject6(passing());
  EXPECT_EQ(wire1->frames.size(), 2u);
}

TEST_F(ForwardTest6, AHeaderOfTheSendersGoesWhereTheCallSaidPastHooksToo) {
  start_router();
  Counter hook;
  node->ipv6.add_hook(HookPoint::output, hook);
  const ByteString packet = make_ip6({.source = kHost, .destination = "2001:db8:ffff::1"});
  ASSERT_TRUE(node->ipv6.output_whole(make_packet(packet), {.destination = ip6(kPeer)})) << "no route of its own";
  EXPECT_EQ(hook.seen[static_cast<std::size_t>(HookPoint::output)], 1);
  ASSERT_EQ(wire0->frames.size(), 1u);
  EXPECT_EQ(wire0->frames[0].eth().destination, mac(2));
  EXPECT_EQ(Ipv6Address(wire0->frames[0].ip6().destination), ip6("2001:db8:ffff::1"));
}

}  // namespace
}  // namespace catenet::ip
