// SPDX-License-Identifier: Apache-2.0
// Configuration of an Ipv4, hooks, and two hosts with a router between them. Also: network.cc.
#include "catenet/ip/ipv4.h"

#include "catenet/ip/ip_test_net.h"

namespace catenet::ip {
namespace {

using Ipv4Test = OneHost;

TEST_F(Ipv4Test, AnIdleHostIsSmall) { EXPECT_LE(sizeof(Ipv4), 1024u); }

TEST_F(Ipv4Test, AddressesBringConnectedRoutes) {
  start();
  auto& ip = node->ipv4;
  ASSERT_TRUE(ip.add_address(*eth0, net4("10.0.0.7/24")));
  ASSERT_TRUE(ip.add_address(*eth0, net4("192.168.1.1/31")));
  EXPECT_EQ(ip.fib().size(), 2u);
  EXPECT_EQ(ip.address_of(*eth0), ip4("10.0.0.1"));
  EXPECT_EQ(*ip.select_source(ip4("192.168.1.0")), wire::IpAddress(ip4("192.168.1.1")));
  ASSERT_TRUE(ip.remove_address(*eth0, ip4("10.0.0.1")));
  EXPECT_EQ(*ip.select_source(ip4("10.0.0.9")), wire::IpAddress(ip4("10.0.0.7")));
  ASSERT_TRUE(ip.remove_address(*eth0, ip4("10.0.0.7")));
  EXPECT_EQ(ip.fib().size(), 1u);
  EXPECT_EQ(ip.remove_address(*eth0, ip4("10.0.0.7")).error().code, EADDRNOTAVAIL);
}

TEST_F(Ipv4Test, RefusesImpossibleAddresses) {
  Ipv4Config config;
  config.addresses = 2;
  start(config);
  auto& ip = node->ipv4;
  for (const char* bad : {"0.0.0.0/8", "127.0.0.1/8", "224.0.0.1/24", "10.1.0.0/24", "10.1.0.255/24", "10.1.0.1/0",
                          "255.255.255.255/32"}) {
    EXPECT_EQ(ip.add_address(*eth0, net4(bad)).error().code, EINVAL) << bad;
  }
  EXPECT_EQ(ip.add_address(*eth0, net4("10.0.0.1/8")).error().code, EEXIST);
  ASSERT_TRUE(ip.add_address(*eth0, net4("10.1.0.0/31")));
  EXPECT_EQ(ip.add_address(*eth0, net4("10.2.0.1/24")).error().code, ENOBUFS);
}

TEST_F(Ipv4Test, RoutesNeedAConnectedNextHop) {
  Ipv4Config config;
  config.routes = 2;
  start(config);
  auto& ip = node->ipv4;
  EXPECT_EQ(ip.set_default_route(ip4("10.1.0.1")).error().code, EHOSTUNREACH);
  EXPECT_EQ(ip.set_default_route(ip4("10.0.0.1")).error().code, EINVAL);
  EXPECT_EQ(ip.set_default_route(ip4("224.0.0.1")).error().code, EINVAL);
  ASSERT_TRUE(ip.set_default_route(ip4("10.0.0.254")));
  EXPECT_EQ(ip.fib().lookup(ip4("8.8.8.8"))->interface, eth0);
  EXPECT_EQ(ip.add_route({.prefix = net4("10.3.0.0/16"), .interface = eth0}).error().code, ENOBUFS);
  EXPECT_EQ(ip.remove_route(net4("10.3.0.0/16"), ip4("10.0.0.254")).error().code, ESRCH);
  ASSERT_TRUE(ip.remove_route(Ipv4Prefix(), ip4("10.0.0.254")));
  EXPECT_EQ(ip.fib().lookup(ip4("8.8.8.8")), nullptr);
}

TEST_F(Ipv4Test, JoinWantsAGroup) {
  start();
  EXPECT_EQ(node->ipv4.join(ip4("10.0.0.1")).error().code, EINVAL);
}

TEST(ErrorReport, ErrnoOfEachKind) {
  using Kind = ErrorReport::Kind;
  const std::pair<Kind, int> expected[] = {
      {Kind::network_unreachable, ENETUNREACH},  {Kind::host_unreachable, EHOSTUNREACH},
      {Kind::protocol_unreachable, ENOPROTOOPT}, {Kind::port_unreachable, ECONNREFUSED},
      {Kind::packet_too_big, EMSGSIZE},          {Kind::administratively_prohibited, EACCES},
      {Kind::time_exceeded, EHOSTUNREACH},       {Kind::reassembly_time_exceeded, EHOSTUNREACH},
      {Kind::parameter_problem, EPROTO},         {Kind::source_quench, 0}};
  for (const auto& [kind, code] : expected) {
    EXPECT_EQ(ErrorReport{.kind = kind}.to_errno(), code);
  }
}

class Recorder final : public Hook {
 public:
  Verdict on_packet(HookPoint point, Packet& packet, Interface*, Interface*) override {
    seen.push_back(point);
    if (point == at && verdict == Verdict::taken) {
      kept = std::move(packet);
    }
    return point == at ? verdict : Verdict::accept;
  }
  std::vector<HookPoint> seen;
  HookPoint at{};
  Verdict verdict = Verdict::accept;
  Packet kept;
};

class HookTest : public OneRouter {
 protected:
  void hook_everywhere() {
    for (std::size_t i = 0; i < kHookPoints; ++i) {
      node->ipv4.add_hook(static_cast<HookPoint>(i), hook);
    }
  }
  Recorder hook;
};

TEST_F(HookTest, EveryPlaceIsVisited) {
  start_router();
  hook_everywhere();
  inject_ip({.destination = "10.1.0.2"});
  EXPECT_EQ(hook.seen, (std::vector{HookPoint::prerouting, HookPoint::forward, HookPoint::postrouting}));
  EXPECT_EQ(wire1->frames.size(), 1u);
  hook.seen.clear();
  inject_ip({});
  EXPECT_EQ(hook.seen, (std::vector{HookPoint::prerouting, HookPoint::input}));
  hook.seen.clear();
  ASSERT_TRUE(send_to("10.1.0.2"));
  EXPECT_EQ(hook.seen, (std::vector{HookPoint::output, HookPoint::postrouting}));
  node->ipv4.remove_hook(hook);
  hook.seen.clear();
  ASSERT_TRUE(send_to("10.1.0.2"));
  EXPECT_TRUE(hook.seen.empty());
}

TEST_F(HookTest, DropsAndTakes) {
  start_router();
  hook_everywhere();
  hook.verdict = Hook::Verdict::drop;
  for (const HookPoint point : {HookPoint::prerouting, HookPoint::forward, HookPoint::postrouting}) {
    hook.at = point;
    inject_ip({.destination = "10.1.0.2"});
  }
  hook.at = HookPoint::output;
  ASSERT_TRUE(send_to("10.1.0.2"));
  EXPECT_EQ(drops(DropReason::filtered), 4u);
  hook.at = HookPoint::input;
  hook.verdict = Hook::Verdict::taken;
  inject_ip({});
  ASSERT_TRUE(hook.kept);
  EXPECT_EQ(hook.kept.size(), 28u);
  hook.kept.consume();
  EXPECT_TRUE(wire1->frames.empty());
  EXPECT_TRUE(node->udp.got.empty());
}

TEST_F(HookTest, APacketToAGroupPassesThemBeforeItIsHeardHere) {
  using enum HookPoint;
  start_router();
  ASSERT_TRUE(node->ipv4.join_group(ip4("239.1.1.1"), eth0));
  run_for(Duration::seconds(10));
  wire0->frames.clear();  // of IGMP
  hook_everywhere();
  hook.at = output;
  hook.verdict = Hook::Verdict::drop;
  ASSERT_TRUE(send_to("239.1.1.1", 8, {.interface = eth0}));
  ASSERT_TRUE(send_to("239.1.1.1", 8, {.stays_here = true, .interface = eth0}));
  run_for(Duration::seconds(1));
  EXPECT_EQ(hook.seen, (std::vector{output, output}));
  EXPECT_EQ(drops(DropReason::filtered), 2u);
  EXPECT_TRUE(node->udp.got.empty());
  EXPECT_TRUE(wire0->frames.empty());
  hook.verdict = Hook::Verdict::accept;
  hook.seen.clear();
  ASSERT_TRUE(send_to("239.1.1.1", 8, {.interface = eth0}));
  run_for(Duration::seconds(1));
  EXPECT_EQ(hook.seen, (std::vector{output, postrouting, postrouting, prerouting, input})) << "the copy, the packet";
  EXPECT_EQ(node->udp.got.size(), 1u);
  EXPECT_EQ(wire0->frames.size(), 1u);
  hook.at = postrouting;
  hook.verdict = Hook::Verdict::drop;
  ASSERT_TRUE(send_to("239.1.1.1", 8, {.interface = eth0}));
  run_for(Duration::seconds(1));
  EXPECT_EQ(drops(DropReason::filtered), 4u);
  EXPECT_EQ(node->udp.got.size(), 1u);
}

TEST_F(HookTest, AHeaderOfTheSendersGoesWhereTheCallSaid) {
  start_router();
  hook_everywhere();
  const ByteString packet = make_ip({.source = "10.0.0.1", .destination = "192.0.2.1"});
  ASSERT_TRUE(node->ipv4.output_whole(make_packet(packet), {.destination = ip4("10.1.0.2")})) << "no route of its own";
  EXPECT_EQ(hook.seen, (std::vector{HookPoint::output, HookPoint::postrouting}));
  ASSERT_EQ(wire1->frames.size(), 1u);
  EXPECT_EQ(wire1->frames[0].eth().destination, mac(12));
  EXPECT_EQ(Ipv4Address(wire1->frames[0].ip().destination), ip4("192.0.2.1"));
}

// alice -- router -- bob over real cables: ARP on both sides, a packet there, an echo back.
TEST_F(IpTest, TwoHostsAndARouter) {
  Ipv4Config forwarding;
  forwarding.forwarding = true;
  TestNode& alice = add_node("alice");
  TestNode& router = add_node("router", forwarding);
  TestNode& bob = add_node("bob");
  join(add_interface(alice, "eth0", 1, "10.0.0.2/24"), add_interface(router, "eth0", 2, "10.0.0.1/24"));
  join(add_interface(router, "eth1", 3, "10.1.0.1/24"), add_interface(bob, "eth0", 4, "10.1.0.2/24"));
  ASSERT_TRUE(alice.ipv4.set_default_route(ip4("10.0.0.1")));
  ASSERT_TRUE(bob.ipv4.set_default_route(ip4("10.1.0.1")));
  const ByteString data = pattern(4000);
  ASSERT_TRUE(alice.ipv4.output(make_packet(data), {.destination = ip4("10.1.0.2"), .protocol = 17}));
  run_for(Duration::seconds(1));
  ASSERT_EQ(bob.udp.got.size(), 1u);
  EXPECT_EQ(bob.udp.got[0].bytes, data);
  EXPECT_EQ(bob.udp.got[0].delivery.ttl, 63);
  EXPECT_EQ(bob.udp.got[0].slices, 1u);  // three fragments of one chunk are one chunk again
  EXPECT_EQ(bob.udp.got[0].checksum, ChecksumState::verified);
  EXPECT_EQ(router.ipv4.counters().forwarded, 3u);
  EXPECT_EQ(alice.ipv4.counters().fragments_made, 3u);
  EXPECT_EQ(bob.ipv4.counters().reassembled, 1u);
  EXPECT_EQ(story.drops.total(), 0u);
}

}  // namespace
}  // namespace catenet::ip
