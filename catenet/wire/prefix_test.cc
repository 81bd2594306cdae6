// SPDX-License-Identifier: Apache-2.0
#include "catenet/wire/prefix.h"

#include <gtest/gtest.h>

namespace catenet::wire {
namespace {

TEST(Prefix, ParsesNetworksStrictly) {
  const auto ten = Ipv4Prefix::parse("10.0.0.0/8");
  ASSERT_TRUE(ten);
  EXPECT_EQ(ten->to_string(), "10.0.0.0/8");
  EXPECT_TRUE(ten->contains(Ipv4Address(10, 255, 0, 1)));
  EXPECT_FALSE(ten->contains(Ipv4Address(11, 0, 0, 0)));
  for (const char* text : {"10.0.0.1/8", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/-1",
                           "10.0.0.0/8/8", "10/8", "/8", "10.0.0.0 /8"}) {
    EXPECT_EQ(Ipv4Prefix::parse(text), fail(EINVAL)) << text;
  }
}

TEST(Prefix, KeepsAnInterfacesHostBits) {
  const auto host = Ipv4Prefix::parse_interface("192.0.2.77/26");
  ASSERT_TRUE(host);
  EXPECT_EQ(host->address(), Ipv4Address(192, 0, 2, 77));
  EXPECT_EQ(host->network(), Ipv4Address(192, 0, 2, 64));
  EXPECT_EQ(host->broadcast(), Ipv4Address(192, 0, 2, 127));
  EXPECT_EQ(host->canonical().to_string(), "192.0.2.64/26");
  EXPECT_TRUE(host->contains(*Ipv4Prefix::parse("192.0.2.96/28")));
  EXPECT_FALSE(host->contains(*Ipv4Prefix::parse("192.0.2.0/24")));
}

TEST(Prefix, HandlesTheEdges) {
  EXPECT_TRUE(Ipv4Prefix().contains(Ipv4Address::broadcast()));
  EXPECT_EQ(Ipv4Prefix().broadcast(), Ipv4Address::broadcast());
  EXPECT_TRUE(Ipv4Prefix::host(Ipv4Address(1, 2, 3, 4)).is_host());
  EXPECT_FALSE(Ipv4Prefix::host(Ipv4Address(1, 2, 3, 4)).contains(Ipv4Address(1, 2, 3, 5)));
  EXPECT_FALSE(Ipv4Prefix::parse("10.0.0.0/31")->has_broadcast());
  EXPECT_TRUE(Ipv4Prefix::parse("10.0.0.0/30")->has_broadcast());
  EXPECT_EQ(Ipv4Prefix(Ipv4Address(1, 2, 3, 4), 99).length(), 32U);
}

TEST(Prefix, OfEitherFamily) {
  const IpPrefix v4 = *Ipv4Prefix::parse("10.0.0.0/8");
  const auto v6 = IpPrefix::parse("2001:db8::/32");
  ASSERT_TRUE(v6);
  EXPECT_EQ(v6->to_string(), "2001:db8::/32");
  EXPECT_TRUE(v6->contains(*IpAddress::parse("2001:db8:1::1")));
  EXPECT_FALSE(v6->contains(IpAddress(Ipv4Address(32, 1, 13, 184))));
  EXPECT_FALSE(v4.contains(IpAddress(*Ipv6Address::parse("a00::"))));
  EXPECT_EQ(IpPrefix::parse("10.0.0.0/8"), v4);
  EXPECT_EQ(IpPrefix::parse("10.0.0.0/64"), fail(EINVAL));
  EXPECT_FALSE(v6->has_broadcast());
}

}  // namespace
}  // namespace catenet::wire
