// SPDX-License-Identifier: Apache-2.0
#include "catenet/ip/fib.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "catenet/base/rng.h"

namespace catenet::ip {
namespace {

using wire::Ipv4Address;
using wire::Ipv4Prefix;
using Table = Fib<Ipv4Address>;

Ipv4Address ip4(const char* text) { return *Ipv4Address::parse(text); }

void add(Table& fib, const char* prefix, const char* via, std::uint32_t metric = 0) {
  fib.insert({.prefix = *Ipv4Prefix::parse(prefix), .next_hop = ip4(via), .metric = metric});
}

TEST(Fib, EmptyKnowsNoWay) {
  const Table fib;
  EXPECT_EQ(fib.lookup(ip4("10.0.0.1")), nullptr);
  EXPECT_TRUE(fib.empty());
}

// RFC 4632 5.1: the backbone's table after all customers are connected; next hops are named by number.
TEST(Fib, Rfc4632Example) {
  Table fib;
  add(fib, "10.24.12.0/22", "192.0.2.4");   // C4
  add(fib, "10.24.32.0/23", "192.0.2.5");   // C5
  add(fib, "10.24.0.0/13", "192.0.2.100");  // PA
  add(fib, "10.32.0.0/20", "192.0.2.7");    // C7
  add(fib, "10.32.0.0/13", "192.0.2.200");  // PB
  const std::map<std::string, std::string> expected = {
      {"10.24.13.7", "192.0.2.4"},      {"10.24.33.9", "192.0.2.5"}, {"10.24.40.1", "192.0.2.100"},
      {"10.31.255.255", "192.0.2.100"}, {"10.32.4.1", "192.0.2.7"},  {"10.33.0.1", "192.0.2.200"},
  };
  for (const auto& [destination, via] : expected) {
    const auto* route = fib.lookup(ip4(destination.c_str()));
    ASSERT_NE(route, nullptr) << destination;
    EXPECT_EQ(route->next_hop, ip4(via.c_str())) << destination;
  }
  EXPECT_EQ(fib.lookup(ip4("10.40.0.1")), nullptr);
}

TEST(Fib, LowerMetricThenLowerKindWins) {
  Table fib;
  add(fib, "0.0.0.0/0", "10.0.0.9", 20);
  add(fib, "0.0.0.0/0", "10.0.0.1", 10);
  EXPECT_EQ(fib.lookup(ip4("8.8.8.8"))->next_hop, ip4("10.0.0.1"));
  EXPECT_EQ(fib.remove(Ipv4Prefix(), ip4("10.0.0.1")), 1u);
  EXPECT_EQ(fib.lookup(ip4("8.8.8.8"))->next_hop, ip4("10.0.0.9"));
  fib.insert({.kind = RouteKind::connected, .metric = 20});
  EXPECT_EQ(fib.lookup(ip4("8.8.8.8"))->kind, RouteKind::connected);
}

TEST(Fib, SameRouteAgainReplaces) {
  Table fib;
  add(fib, "10.0.0.0/8", "1.1.1.1", 5);
  const std::uint32_t generation = fib.generation();
  add(fib, "10.0.0.0/8", "1.1.1.1", 7);
  EXPECT_EQ(fib.size(), 1u);
  EXPECT_EQ(fib.begin()->metric, 7u);
  EXPECT_NE(fib.generation(), generation);
}

TEST(Fib, HostBitsAreCleared) {
  Table fib;
  fib.insert({.prefix = Ipv4Prefix(ip4("10.1.2.3"), 8)});
  EXPECT_EQ(fib.begin()->prefix, *Ipv4Prefix::parse("10.0.0.0/8"));
  EXPECT_NE(fib.lookup(ip4("10.9.9.9")), nullptr);
}

TEST(Fib, IteratesLongestPrefixesFirst) {
  Table fib;
  add(fib, "0.0.0.0/0", "1.1.1.1");
  add(fib, "10.0.0.0/24", "1.1.1.1");
  add(fib, "10.0.0.5/32", "1.1.1.1");
  add(fib, "9.0.0.0/24", "1.1.1.1");
  std::string order;
  for (const auto& route : fib) {
    order += route.prefix.to_string() + " ";
  }
  EXPECT_EQ(order, "10.0.0.5/32 9.0.0.0/24 10.0.0.0/24 0.0.0.0/0 ");
}

template <typename A>
const Route<A>* scan(const Fib<A>& fib, const A& destination) {
  const Route<A>* best = nullptr;
  for (const Route<A>& route : fib) {
    if (route.prefix.contains(destination) &&
        (best == nullptr || route.prefix.length() > best->prefix.length() ||
         (route.prefix.length() == best->prefix.length() && route.metric < best->metric))) {
      best = &route;
    }
  }
  return best;
}

// The property: the table agrees with a scan of all routes, through insertions and removals. Addresses are drawn from
// few bits, so that prefixes nest.
TEST(Fib, AgreesWithLinearScan) {
  Rng rng(42);
  Table fib;
  const auto draw = [&] {
    return Ipv4Address(0x0a000000u | static_cast<std::uint32_t>(rng.below(8)) << 21 |
                       static_cast<std::uint32_t>(rng.below(8)) << 9 | static_cast<std::uint32_t>(rng.below(4)));
  };
  for (int step = 0; step < 3000; ++step) {
    const Ipv4Prefix prefix(draw(), static_cast<unsigned>(rng.below(33)));
    const Ipv4Address via(static_cast<std::uint32_t>(rng.below(4)) + 1);
    if (rng.below(3) == 0) {
      (void)fib.remove(prefix, via);
    } else {
      fib.insert({.prefix = prefix, .next_hop = via, .metric = static_cast<std::uint32_t>(rng.below(3))});
    }
    for (int i = 0; i < 4; ++i) {
      const Ipv4Address destination = draw();
      const auto* expected = scan(fib, destination);
      const auto* got = fib.lookup(destination);
      ASSERT_EQ(got == nullptr, expected == nullptr);
      if (got != nullptr) {
        ASSERT_EQ(got->prefix.length(), expected->prefix.length());
        ASSERT_EQ(got->metric, expected->metric);
      }
    }
  }
}

TEST(Fib, WorksForIpv6) {
  Fib<wire::Ipv6Address> fib;
  fib.insert({.prefix = *wire::Ipv6Prefix::parse("2001:db8::/32"), .metric = 1});
  fib.insert({.prefix = *wire::Ipv6Prefix::parse("2001:db8:1::/48"), .metric = 2});
  EXPECT_EQ(fib.lookup(*wire::Ipv6Address::parse("2001:db8:1::5"))->metric, 2u);
  EXPECT_EQ(fib.lookup(*wire::Ipv6Address::parse("2001:db8:2::5"))->metric, 1u);
  EXPECT_EQ(fib.lookup(*wire::Ipv6Address::parse("2001:db9::5")), nullptr);
}

}  // namespace
}  // namespace catenet::ip
