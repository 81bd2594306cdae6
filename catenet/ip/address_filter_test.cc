// SPDX-License-Identifier: Apache-2.0
#include "catenet/ip/address_filter.h"

#include "catenet/ip/ip_test_net.h"

namespace catenet::ip {
namespace {

Ipv4Address numbered(std::uint32_t i) { return Ipv4Address(0x0a000000 + i * 4 + 1); }

TEST(AddressFilterTest, KnowsAllOfManyAndDoubtsFewOthers) {
  AddressFilter filter;
  for (std::uint32_t n = 1; n <= 1000; ++n) {
    if (filter.fit(n)) {
      for (std::uint32_t i = 0; i < n; ++i) {
        filter.add(numbered(i).hash());
      }
    }
    filter.add(numbered(n - 1).hash());
  }
  for (std::uint32_t i = 0; i < 1000; ++i) {
    EXPECT_TRUE(filter.may_have(numbered(i).hash()));
  }
  unsigned doubts = 0;
  for (std::uint32_t i = 1000; i < 11'000; ++i) {
    doubts += filter.may_have(numbered(i).hash()) ? 1 : 0;
  }
  EXPECT_LT(doubts, 10'000U / 16);
}

// The rules for sources hold with and without a filter (RFC 1812 5.3.7).
TEST_F(OneRouter, OwnAddressesAmongManyAreMartianSources) {
  start_router();
  for (unsigned i = 0; i < 100; ++i) {
    const std::string address = "10.3." + std::to_string(i) + ".1/24";
    (void)add_interface(*node, ("x" + std::to_string(i)).c_str(), 100 + i, address.c_str());
  }
  for (unsigned i = 0; i < 100; ++i) {
    inject_ip({.source = ("10.3." + std::to_string(i) + ".1").c_str(), .destination = "10.1.0.2"});
    EXPECT_EQ(eth0->drops().of(DropReason::martian_source), i + 1);
    inject_ip({.source = ("10.3." + std::to_string(i) + ".2").c_str(), .destination = "10.1.0.2"});
  }
  inject_ip({.source = "10.0.0.255", .destination = "10.1.0.2"});
  EXPECT_EQ(eth0->drops().of(DropReason::martian_source), 101U);
  EXPECT_EQ(node->ipv4.counters().forwarded, 100U);
  // An address that went is one like any other.
  ASSERT_TRUE(node->ipv4.remove_address(*node->find_interface("x7"), ip4("10.3.7.1")));
  inject_ip({.source = "10.3.7.1", .destination = "10.1.0.2"});
  EXPECT_EQ(node->ipv4.counters().forwarded, 101U);
}

// More destinations than a node remembers to begin with: it remembers more, and each still goes its way.
TEST_F(OneRouter, ManyDestinationsKeepTheirWays) {
  start_router();
  for (unsigned i = 2; i < 200; ++i) {
    teach(*node, *eth1, ("10.1.0." + std::to_string(i)).c_str(), 1000 + i);
  }
  for (unsigned round = 0; round < 5; ++round) {
    for (unsigned i = 2; i < 200; ++i) {
      inject_ip({.destination = ("10.1.0." + std::to_string(i)).c_str()});
      EXPECT_EQ(wire1->frames.back().eth().destination, mac(1000 + i));
    }
  }
  ASSERT_TRUE(node->ipv4.add_route({.prefix = net4("10.1.0.128/25"), .next_hop = ip4("10.0.0.2")}));
  inject_ip({.destination = "10.1.0.130"});
  EXPECT_EQ(wire0->frames.back().eth().destination, mac(2));
}

}  // namespace
}  // namespace catenet::ip
