// SPDX-License-Identifier: Apache-2.0
#include "catenet/wire/link_address.h"

#include <gtest/gtest.h>

namespace catenet::wire {
namespace {

TEST(MacAddress, ReadsBothNotations) {
  const MacAddress expected(0x02, 0, 0x5e, 0x10, 0xab, 0xff);
  EXPECT_EQ(MacAddress::parse("02:00:5e:10:ab:ff"), expected);
  EXPECT_EQ(MacAddress::parse("02-00-5E-10-AB-FF"), expected);
  EXPECT_EQ(expected.to_string(), "02:00:5e:10:ab:ff");
  EXPECT_EQ(MacAddress::from_u64(0x02005e10abff), expected);
  EXPECT_EQ(expected.to_u64(), 0x02005e10abffU);
  EXPECT_EQ(MacAddress::from_bytes(expected.bytes()), expected);
}

TEST(MacAddress, RefusesAnythingElse) {
  for (const char* text : {"", "02:00:00:00:00", "02:00:00:00:00:0", "02:00:00:00:00:001", "02:00:00:00:00:0g",
                           "02:00-00:00:00:00", "0200.5e10.abff", " 2:00:00:00:00:00", "02:00:00:00:00:00 "}) {
    EXPECT_EQ(MacAddress::parse(text), fail(EINVAL)) << text;
  }
}

TEST(MacAddress, KnowsItsKinds) {
  EXPECT_TRUE(MacAddress::broadcast().is_broadcast());
  EXPECT_TRUE(MacAddress::broadcast().is_multicast());
  EXPECT_TRUE(MacAddress(0x01, 0, 0x5e, 0, 0, 1).is_multicast());
  EXPECT_FALSE(MacAddress(0x01, 0, 0x5e, 0, 0, 1).is_broadcast());
  EXPECT_TRUE(MacAddress::from_u64(0x020000000001).is_unicast());
  EXPECT_TRUE(MacAddress::from_u64(0x020000000001).is_locally_administered());
  EXPECT_TRUE(MacAddress().is_zero());
  EXPECT_LT(MacAddress::from_u64(1), MacAddress::from_u64(0x0100));
}

TEST(LinkAddress, HoldsAnyLengthUpToEight) {
  const MacAddress mac = MacAddress::from_u64(0x020000000001);
  const LinkAddress link = mac;
  EXPECT_TRUE(link.is_mac());
  EXPECT_EQ(link.to_mac(), mac);
  EXPECT_EQ(link.to_string(), "02:00:00:00:00:01");

  const std::byte eui[] = {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4},
                           std::byte{5}, std::byte{6}, std::byte{7}, std::byte{8}};
  EXPECT_EQ(LinkAddress(eui).to_string(), "01:02:03:04:05:06:07:08");
  EXPECT_TRUE(LinkAddress(eui).to_mac().is_zero());
  EXPECT_TRUE(LinkAddress().empty());
  EXPECT_EQ(LinkAddress().to_string(), "");
  EXPECT_NE(LinkAddress(std::span(eui).first(6)), LinkAddress(std::span(eui).first(7)));
  EXPECT_EQ(LinkAddress(std::span(eui).first(6)).hash(7), LinkAddress(std::span(eui).first(6)).hash(7));
}

}  // namespace
}  // namespace catenet::wire
