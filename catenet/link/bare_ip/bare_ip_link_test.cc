// SPDX-License-Identifier: Apache-2.0
#include "catenet/link/bare_ip/bare_ip_link.h"

#include <gtest/gtest.h>

namespace catenet::link {
namespace {

class BareIpLinkTest : public testing::Test {
 protected:
  Packet of(std::initializer_list<int> bytes) {
    Packet p = pool.make();
    for (const int b : bytes) {
      const auto byte = static_cast<std::byte>(b);
      EXPECT_TRUE(p.append({&byte, 1}));
    }
    return p;
  }
  PacketPool pool;
  BareIpLink link;
};

TEST_F(BareIpLinkTest, AFrameIsThePacketAndNothingElse) {
  EXPECT_EQ(link.header_size(), 0U);
  EXPECT_FALSE(link.needs_resolution());
  Packet p = of({0x45, 1, 2});
  ASSERT_TRUE(link.encapsulate(p, {}, {}, 0x0800));
  EXPECT_EQ(p.size(), 3U) << "no header, no padding";
  p.consume();
}

TEST_F(BareIpLinkTest, WhatIsNotIpHasNoWay) {
  Packet p = of({0, 1});
  EXPECT_FALSE(link.encapsulate(p, {}, {}, 0x0806)) << "ARP";
  p.consume();
}

TEST_F(BareIpLinkTest, TheVersionSaysWhichProtocolItIs) {
  for (const auto& [first, protocol] : {std::pair{0x45, 0x0800}, {0x4f, 0x0800}, {0x60, 0x86dd}}) {
    Packet p = of({first, 0});
    p.meta().cast = LinkCast::to_other;
    const auto arrival = link.decapsulate(p, {});
    ASSERT_TRUE(arrival);
    EXPECT_EQ(arrival->protocol, protocol);
    EXPECT_EQ(p.meta().cast, LinkCast::to_us);
    EXPECT_EQ(p.size(), 2U);
    p.consume();
  }
}

TEST_F(BareIpLinkTest, OtherFramesHaveAReason) {
  Packet odd = of({0x50, 0});
  const auto refused = link.decapsulate(odd, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), DropReason::bad_ip_version);
  odd.consume();
  Packet empty = of({});
  const auto nothing = link.decapsulate(empty, {});
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error(), DropReason::frame_too_short);
  empty.consume();
}

TEST_F(BareIpLinkTest, NoFrameHasACheckSequence) {
  Packet p = of({0x45, 0, 0, 0, 0, 0});
  EXPECT_FALSE(link.verify(p));
  p.consume();
}

}  // namespace
}  // namespace catenet::link
