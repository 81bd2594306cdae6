// SPDX-License-Identifier: Apache-2.0
// Several routes to one prefix that are equally good (RFC 2991, RFC 2992): hosts and routers of both families.
#include <array>
#include <set>

#include "catenet/ip/ipv6_test_net.h"

namespace catenet::ip {
namespace {

constexpr unsigned kWays = 4;

ByteString ports(unsigned source, unsigned destination) {
  ByteString bytes(8);
  bytes[0] = std::byte(source >> 8);
  bytes[1] = std::byte(source);
  bytes[2] = std::byte(destination >> 8);
  bytes[3] = std::byte(destination);
  return bytes;
}

/// A router with a tapped interface and a known neighbour for each of four ways to 10.9.0.0/16.
class EqualRoutes : public OneRouter {
 protected:
  void start_ways(Ipv4Config config = {}) {
    start_router(config);
    for (unsigned i = 0; i < kWays; ++i) {
      const std::string network = "10.2." + std::to_string(i) + ".";
      Interface& out = add_interface(*node, ("up" + std::to_string(i)).c_str(), 20 + i, (network + "1/24").c_str());
      taps[i] = &tap(out);
      gateways[i] = ip4((network + "2").c_str());
      teach(*node, out, (network + "2").c_str(), 30 + i);
      add(i);
    }
  }
  void add(unsigned i) { ASSERT_TRUE(node->ipv4.add_route({.prefix = net4("10.9.0.0/16"), .next_hop = gateways[i]})); }
  void remove(unsigned i) { ASSERT_TRUE(node->ipv4.remove_route(net4("10.9.0.0/16"), gateways[i])); }
  /// Over which way did the last packet leave? kWays: none.
  unsigned last() {
    unsigned way = kWays;
    for (unsigned i = 0; i < kWays; ++i) {
      if (!taps[i]->frames.empty()) {
        EXPECT_EQ(way, kWays) << "two packets";
        way = i;
        EXPECT_EQ(taps[i]->frames.back().eth().destination, mac(30 + i));
        taps[i]->frames.clear();
      }
    }
    return way;
  }
  unsigned way_of_flow(unsigned flow) {
    inject_ip({.destination = "10.9.0.7", .payload = ports(1000 + flow, 80)});
    return last();
  }
  std::vector<unsigned> ways_of_flows(unsigned flows) {
    std::vector<unsigned> ways;
    for (unsigned flow = 0; flow < flows; ++flow) {
      ways.push_back(way_of_flow(flow));
    }
    return ways;
  }
  std::array<Tap*, kWays> taps{};
  std::array<Ipv4Address, kWays> gateways;
};

TEST_F(EqualRoutes, FlowsAreSpreadAndEachKeepsItsWay) {
  start_ways();
  constexpr unsigned kFlows = 4000;
  const std::vector<unsigned> first = ways_of_flows(kFlows);
  EXPECT_EQ(ways_of_flows(kFlows), first);
  std::array<unsigned, kWays> count{};
  for (const unsigned way : first) {
    ASSERT_LT(way, kWays);
    ++count[way];
  }
  for (const unsigned n : count) {  // 1000 each; the standard deviation of a fair draw is 27
    EXPECT_NEAR(n, static_cast<double>(kFlows) / kWays, 110);
  }
}

// RFC 2992 3: with one of n routes gone, a flow moves only if its region's border moved over it; all of those on the
// route that went do. Regions are in the order of the table, so the last one's end moves no more than 1/4 + 1/4 ... of
// it.
TEST_F(EqualRoutes, FewFlowsMoveWhenARouteGoesAndAllReturnWithIt) {
  start_ways();
  const std::vector<unsigned> before = ways_of_flows(1200);
  remove(3);
  const std::vector<unsigned> without = ways_of_flows(1200);
  unsigned moved = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_NE(without[i], 3U);
    moved += before[i] != without[i] ? 1 : 0;
  }
  EXPECT_NEAR(moved, 600, 75);  // RFC 2992 3: 1/4 of the flows must, 1/2 do when the route at an end of the table goes
  add(3);
  EXPECT_EQ(ways_of_flows(1200), before);
  remove(0);
  remove(1);
  remove(2);
  EXPECT_EQ(ways_of_flows(10), std::vector<unsigned>(10, 3));
  remove(3);
  EXPECT_EQ(way_of_flow(0), kWays);
  EXPECT_EQ(drops(DropReason::no_route), 1U);
}

TEST_F(EqualRoutes, OnlyThoseThatAreAsGoodAreUsed) {
  start_ways();
  ASSERT_TRUE(node->ipv4.add_route({.prefix = net4("10.9.0.0/24"), .next_hop = gateways[1]}));
  ASSERT_TRUE(node->ipv4.add_route({.prefix = net4("10.9.0.0/24"), .next_hop = gateways[2], .metric = 1}));
  EXPECT_EQ(ways_of_flows(20), std::vector<unsigned>(20, 1));
}

TEST_F(EqualRoutes, ANodeMayUseTheFirstAlone) {
  Ipv4Config config;
  config.equal_routes = 1;
  start_ways(config);
  EXPECT_EQ(ways_of_flows(20), std::vector<unsigned>(20, 0));
}

TEST_F(EqualRoutes, FragmentsOfADatagramStayTogether) {
  start_ways();
  std::set<unsigned> used;
  for (unsigned host = 1; host < 60; ++host) {
    const std::string destination = "10.9.1." + std::to_string(host);
    const auto send = [&](std::uint16_t fragment, unsigned port) {
      inject_ip({.destination = destination.c_str(), .fragment = fragment, .payload = ports(port, port)});
      return last();
    };
    const unsigned way = send(0x2000, 7);
    EXPECT_EQ(send(0x0001, 9), way);
    used.insert(way);
  }
  EXPECT_EQ(used.size(), kWays);
}

// Two routers in a row that hash alike would leave all but one way of the second unused (polarisation).
TEST_F(EqualRoutes, NodesChooseEachForItself) {
  start_ways();
  const std::vector<unsigned> here = ways_of_flows(256);
  nodes_.clear();
  taps_.clear();
  const char* kOther = "other";
  node = &add_node(kOther, {{.forwarding = true}});
  eth0 = &add_interface(*node, "eth0", 1, "10.0.0.1/24");
  wire0 = &tap(*eth0);
  for (unsigned i = 0; i < kWays; ++i) {
    const std::string network = "10.2." + std::to_string(i) + ".";
    Interface& out = add_interface(*node, ("up" + std::to_string(i)).c_str(), 20 + i, (network + "1/24").c_str());
    taps[i] = &tap(out);
    teach(*node, out, (network + "2").c_str(), 30 + i);
    add(i);
  }
  const std::vector<unsigned> there = ways_of_flows(256);
  unsigned alike = 0;
  for (std::size_t i = 0; i < here.size(); ++i) {
    alike += here[i] == there[i] ? 1 : 0;
  }
  EXPECT_NEAR(alike, 64, 30);
}

TEST_F(EqualRoutes, AnExpiredPacketIsReportedWhateverItsWay) {
  start_ways();
  for (unsigned flow = 0; flow < 8; ++flow) {
    inject_ip({.destination = "10.9.0.7", .ttl = 1, .payload = ports(flow, 33434)});
    EXPECT_EQ(wire0->frames.back().icmp().type, 11);
    EXPECT_EQ(Ipv4Address(wire0->frames.back().ip().source), ip4("10.0.0.1"));
  }
  EXPECT_EQ(last(), kWays);
}

TEST_F(EqualRoutes, ASendersOwnFlowsAreSpreadToo) {
  start_ways();
  std::set<unsigned> used;
  for (unsigned flow = 0; flow < 64; ++flow) {
    SendOptions options;
    options.protocol = 17;
    options.destination = ip4("10.9.0.7");
    options.source = ip4("10.0.0.1");
    ASSERT_TRUE(node->ipv4.output(make_packet(ports(flow, 80)), options));
    const unsigned way = last();
    used.insert(way);
    ASSERT_TRUE(node->ipv4.output(make_packet(ports(flow, 80)), options));
    EXPECT_EQ(last(), way);
  }
  EXPECT_EQ(used.size(), kWays);
}

TEST_F(EqualRoutes, ThePathMtuIsTheSmallestOfAllWays) {
  start_ways();
  taps[2]->up = true;
  node->find_interface("up2")->set_mtu(900);
  EXPECT_EQ(node->ipv4.path_mtu(ip4("10.9.0.7")), 900U);
  node->find_interface("up2")->set_mtu(1500);
}

TEST_F(EqualRoutes, AnUnknownNeighbourIsAskedForOnce) {
  start_ways();
  ASSERT_TRUE(node->ipv4.add_route({.prefix = net4("10.8.0.0/16"), .next_hop = ip4("10.2.0.77")}));
  ASSERT_TRUE(node->ipv4.add_route({.prefix = net4("10.8.0.0/16"), .next_hop = ip4("10.2.1.77")}));
  for (unsigned flow = 0; flow < 20; ++flow) {
    inject_ip({.destination = "10.8.0.7", .payload = ports(flow, 80)});
  }
  for (const unsigned i : {0U, 1U}) {
    ASSERT_EQ(taps[i]->frames.size(), 1U);
    EXPECT_TRUE(taps[i]->frames[0].is_arp());
  }
  teach(*node, *node->find_interface("up0"), "10.2.0.77", 40);
  EXPECT_GT(taps[0]->frames.size(), 3U);
  run_for(10_s);  // nobody answers for the other
  EXPECT_GT(drops(DropReason::arp_failed), 3U);
}

class EqualRoutes6 : public OneRouter6 {};

TEST_F(EqualRoutes6, FlowsAreSpreadAndEachKeepsItsWay) {
  start_router();
  Interface& up = add_interface(*node, "up", 21, nullptr);
  Tap& wire2 = tap(up);
  ASSERT_TRUE(node->ipv6.add_address(up, net6("2001:db8:2::1/64")));
  teach6(up, "2001:db8:2::2", 22);
  ASSERT_TRUE(node->ipv6.add_route({.prefix = net6("2001:db8:9::/48"), .next_hop = ip6("2001:db8:1::2")}));
  ASSERT_TRUE(node->ipv6.add_route({.prefix = net6("2001:db8:9::/48"), .next_hop = ip6("2001:db8:2::2")}));
  unsigned first = 0;
  for (unsigned flow = 0; flow < 400; ++flow) {
    wire1->frames.clear();
    wire2.frames.clear();
    for (int again = 0; again < 3; ++again) {
      inject6({.destination = "2001:db8:9::7", .payload = ports(flow, 80)});
    }
    ASSERT_EQ(wire1->frames.size() + wire2.frames.size(), 3U);
    ASSERT_TRUE(wire1->frames.empty() || wire2.frames.empty());
    first += wire2.frames.empty() ? 1 : 0;
  }
  EXPECT_NEAR(first, 200, 40);
}

}  // namespace
}  // namespace catenet::ip
