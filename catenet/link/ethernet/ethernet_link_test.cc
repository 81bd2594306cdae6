// SPDX-License-Identifier: Apache-2.0
#include "catenet/link/ethernet/ethernet_link.h"

#include <gtest/gtest.h>

#include "catenet/wire/ethernet.h"
#include "catenet/wire/fcs.h"

namespace catenet::link {
namespace {

const wire::MacAddress kUs{2, 0, 0, 0, 0, 1};
const wire::MacAddress kThem{2, 0, 0, 0, 0, 2};

class EthernetLinkTest : public testing::Test {
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
  EthernetLink link;
};

TEST_F(EthernetLinkTest, EncapsulatesPadsAndComesBack) {
  Packet p = of({1, 2, 3});
  ASSERT_TRUE(link.encapsulate(p, kThem, kUs, 0x0800));
  EXPECT_EQ(p.size(), 60U) << "64 with the FCS: the shortest frame";
  const auto arrival = link.decapsulate(p, kUs);
  ASSERT_TRUE(arrival);
  EXPECT_EQ(arrival->protocol, 0x0800);
  EXPECT_EQ(arrival->source.to_mac(), kThem);
  EXPECT_EQ(p.meta().cast, LinkCast::to_us);
  EXPECT_EQ(p.peek(2), std::byte{3});
  p.consume();
}

TEST_F(EthernetLinkTest, SaysHowTheFrameWasAddressed) {
  const std::pair<wire::MacAddress, LinkCast> cases[] = {{wire::MacAddress::broadcast(), LinkCast::broadcast},
                                                         {{1, 0, 0x5e, 0, 0, 1}, LinkCast::multicast},
                                                         {kThem, LinkCast::to_other}};
  for (const auto& [to, cast] : cases) {
    Packet p = of({1});
    ASSERT_TRUE(link.encapsulate(p, kThem, to, 0x0806));
    ASSERT_TRUE(link.decapsulate(p, kUs));
    EXPECT_EQ(p.meta().cast, cast);
    p.consume();
  }
}

TEST_F(EthernetLinkTest, TakesSnapAndCutsThePadding) {
  Packet p = of({2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0, 11, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0, 7, 7, 7, 0, 0, 0, 0});
  const auto arrival = link.decapsulate(p, kUs);
  ASSERT_TRUE(arrival);
  EXPECT_EQ(arrival->protocol, 0x0800);
  EXPECT_EQ(p.size(), 3U);
  p.consume();
}

TEST_F(EthernetLinkTest, RefusesWithANamedReason) {
  struct Case {
    std::initializer_list<int> bytes;
    DropReason reason;
  };
  const Case cases[] = {
      {{1, 2, 3}, DropReason::frame_too_short},
      {{2, 0, 0, 0, 0, 1, 3, 0, 0, 0, 0, 2, 8, 0}, DropReason::bad_source_address},
      {{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0, 200, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, DropReason::bad_llc},
      {{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0, 3, 0x42, 0x42, 3}, DropReason::bad_llc},
      {{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0, 2, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, DropReason::bad_llc},
      {{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0, 8, 0xaa, 0xaa, 3, 1, 2, 3, 8, 0}, DropReason::bad_llc},
  };
  for (const Case& c : cases) {
    Packet p = of(c.bytes);
    const auto arrival = link.decapsulate(p, kUs);
    ASSERT_FALSE(arrival);
    EXPECT_EQ(arrival.error(), c.reason) << name(arrival.error());
    p.discard();
  }
}

TEST_F(EthernetLinkTest, VerifiesTheFcs) {
  Packet p = of({1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  wire::Crc32 crc;
  crc.update(p.head());
  std::byte fcs[4];
  wire::emit_fcs(crc.value(), fcs);
  ASSERT_TRUE(p.append(fcs));
  Packet bad = p.clone();
  p.meta().fcs_present = true;
  EXPECT_TRUE(link.verify(p));
  EXPECT_EQ(p.size(), 10U);
  ASSERT_TRUE(bad.poke(3, std::byte{5}));
  EXPECT_FALSE(link.verify(bad));
  p.consume();
  bad.discard();
}

}  // namespace
}  // namespace catenet::link
