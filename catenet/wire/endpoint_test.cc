// SPDX-License-Identifier: Apache-2.0
#include "catenet/wire/endpoint.h"

#include <gtest/gtest.h>

namespace catenet::wire {
namespace {

TEST(Endpoint, ReadsAndWritesBothFamilies) {
  EXPECT_EQ(Endpoint::parse("1.2.3.4:80"), (Endpoint{Ipv4Address(1, 2, 3, 4), 80}));
  EXPECT_EQ(Endpoint::parse("[::1]:65535"), (Endpoint{Ipv6Address::loopback(), 65535}));
  EXPECT_EQ((Endpoint{Ipv6Address::loopback(), 80}).to_string(), "[::1]:80");
  EXPECT_EQ((Endpoint{Ipv4Address(255, 255, 255, 255), 65535}).to_string(), "255.255.255.255:65535");
  for (const char* text : {"", ":", "1.2.3.4", "1.2.3.4:", ":80", "1.2.3.4:65536", "1.2.3.4:080", "[1.2.3.4]:80",
                           "::1:80", "[::1]", "[::1]80", "[::1:80", "::1]:80", "[]:80", "1.2.3.4:-1"}) {
    EXPECT_EQ(Endpoint::parse(text), fail(EINVAL)) << text;
  }
}

TEST(FourTuple, HashesByValueSeedAndDirection) {
  const FourTuple a{*Endpoint::parse("10.0.0.1:1000"), *Endpoint::parse("10.0.0.2:80")};
  const FourTuple b{*Endpoint::parse("[::1]:1000"), *Endpoint::parse("[::2]:80")};
  for (const FourTuple& t : {a, b}) {
    EXPECT_EQ(t.reversed().reversed(), t);
    EXPECT_EQ(t.hash(1), FourTuple(t).hash(1));
    EXPECT_NE(t.hash(1), t.hash(2));
    EXPECT_NE(t.hash(1), t.reversed().hash(1));
  }
  EXPECT_EQ(a.to_string(), "10.0.0.1:1000 > 10.0.0.2:80");
}

TEST(FourTuple, HashSpreadsNeighbours) {
  // 4096 clients that differ in one port or one address byte fill 4096 buckets about as chance would (63 % used).
  std::vector<int> buckets(4096);
  for (unsigned i = 0; i < 4096; ++i) {
    const FourTuple t{{Ipv4Address(10, 0, 0, 1), 80},
                      {Ipv4Address(0x0a010000 + (i & 63)), static_cast<std::uint16_t>(40'000 + i / 64)}};
    ++buckets[t.hash(99) % buckets.size()];
  }
  const auto used = buckets.size() - static_cast<std::size_t>(std::count(buckets.begin(), buckets.end(), 0));
  EXPECT_GT(used, 2400U);
  EXPECT_LT(*std::max_element(buckets.begin(), buckets.end()), 10);
}

}  // namespace
}  // namespace catenet::wire
