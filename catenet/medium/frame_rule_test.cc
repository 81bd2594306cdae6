// SPDX-License-Identifier: Apache-2.0
#include "catenet/medium/frame_rule.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace catenet::medium {
namespace {

class FrameRuleTest : public testing::Test {
 protected:
  /// An Ethernet frame from 02:00:00:00:00:`mac`, with `rest` behind its EtherType.
  Packet frame(std::uint8_t mac, std::uint16_t type, const std::vector<std::uint8_t>& rest) {
    std::vector<std::uint8_t> bytes(6, 0xff);
    bytes.insert(bytes.end(), {2, 0, 0, 0, 0, mac});
    bytes.insert(bytes.end(), {static_cast<std::uint8_t>(type >> 8), static_cast<std::uint8_t>(type)});
    bytes.insert(bytes.end(), rest.begin(), rest.end());
    Packet packet = pool.make();
    EXPECT_TRUE(packet.append(std::as_bytes(std::span(bytes))));
    return packet;
  }
  static std::vector<std::uint8_t> ipv4_from(std::uint8_t last) {
    std::vector<std::uint8_t> header(20);
    std::ranges::copy(std::array<std::uint8_t, 4>{10, 0, 0, last}, header.begin() + 12);
    return header;
  }
  bool contains(Packet packet) const {
    const bool found = origins.contain_source_of(packet);
    packet.consume();
    return found;
  }

  PacketPool pool;
  Origins origins{.links = {0x020000000001, 0x020000000007},
                  .hosts = {wire::Ipv4Address(0x0a000001), wire::IpAddress(*wire::Ipv6Address::parse("fd00::1"))}};
};

TEST_F(FrameRuleTest, AFrameComesFromItsLinkSource) {
  EXPECT_TRUE(contains(frame(1, 0x0806, {})));
  EXPECT_TRUE(contains(frame(7, 0x0800, ipv4_from(99))));
  EXPECT_FALSE(contains(frame(2, 0x0806, {})));
}

TEST_F(FrameRuleTest, OrFromTheHostBehindARouter) {
  EXPECT_TRUE(contains(frame(2, 0x0800, ipv4_from(1))));
  EXPECT_FALSE(contains(frame(2, 0x0800, ipv4_from(2))));
  std::vector<std::uint8_t> ipv6(40);
  ipv6[8] = 0xfd;
  ipv6[23] = 1;
  EXPECT_TRUE(contains(frame(2, 0x86dd, ipv6)));
  ipv6[23] = 2;
  EXPECT_FALSE(contains(frame(2, 0x86dd, ipv6)));
}

TEST_F(FrameRuleTest, WhatIsTooShortComesFromNobody) {
  EXPECT_FALSE(contains(frame(2, 0x0800, {0x45, 0})));
  EXPECT_FALSE(contains(frame(2, 0x86dd, {0x60})));
  Packet stub = pool.make();
  EXPECT_TRUE(stub.append(std::as_bytes(std::span("\x02\0\0"))));
  EXPECT_FALSE(contains(std::move(stub)));
}

TEST_F(FrameRuleTest, WithoutOriginsItIsForAll) {
  FrameRule rule;
  Packet any = frame(9, 0x1234, {});
  EXPECT_TRUE(rule.takes(any));
  rule.origins = std::make_shared<Origins>(origins);
  EXPECT_FALSE(rule.takes(any));
  any.consume();
}

TEST_F(FrameRuleTest, CountsThoseThatFit) {
  const FilterInstruction arp_only[] = {{0x28, 0, 0, 12}, {0x15, 0, 1, 0x0806}, {0x06, 0, 0, 0xffff}, {0x06, 0, 0, 0}};
  FrameRule rule{.filter = *PacketFilter::make(arp_only), .nth = 2, .repeats = false};
  std::string taken;
  for (const bool repeats : {false, true}) {
    rule.repeats = repeats;
    rule.seen = 0;
    for (int i = 0; i < 5; ++i) {
      Packet arp = frame(1, 0x0806, {});
      Packet other = frame(1, 0x0800, {});
      taken += rule.takes(arp) ? 'x' : '.';
      EXPECT_FALSE(rule.takes(other));
      arp.consume();
      other.consume();
    }
  }
  EXPECT_EQ(taken, ".x....x.x.") << "the second; then every second";
}

}  // namespace
}  // namespace catenet::medium
