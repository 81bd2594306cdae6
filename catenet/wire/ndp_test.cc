// SPDX-License-Identifier: Apache-2.0
#include "catenet/wire/ndp.h"

#include <gtest/gtest.h>

#include "catenet/wire/testing_pcap.h"

namespace catenet::wire {
namespace {

using testing::Buffer;
using testing::hex;

const Ipv6Address kTarget = *Ipv6Address::parse("2001:db8::2");
const MacAddress kMac = MacAddress::from_u64(0x020000000002);

TEST(Ndp, MakesAndReadsNeighborMessages) {
  const NdpNeighborMessage solicitation = NdpNeighborMessage::solicitation(kTarget);
  const Bytes bytes = bytes_of(solicitation);
  EXPECT_EQ(Buffer(bytes.begin(), bytes.end()), hex("87 00 0000 00000000 20010db8 00000000 00000000 00000002"));
  const NdpNeighborMessage answer =
      NdpNeighborMessage::advertisement(kTarget, NdpNeighborMessage::kSolicited | NdpNeighborMessage::kOverride);
  EXPECT_EQ(answer.icmp.kind(), Icmpv6Type::kNeighborAdvertisement);
  EXPECT_EQ(answer.icmp.word, 0x60000000U);
  EXPECT_TRUE(answer.is_solicited() && answer.is_override() && !answer.is_router());
  const NdpLinkAddressOption option{static_cast<std::uint8_t>(NdpOptionType::kTargetLinkAddress), 1, kMac};
  EXPECT_TRUE(std::ranges::equal(bytes_of(option), hex("02 01 020000000002")));
}

TEST(Ndp, ReadsOptions) {
  EXPECT_EQ(*NdpOptions::parse({}), NdpOptions{});
  // One that nobody knows (a nonce), then both link addresses, of which the first one of a kind counts.
  const auto options =
      NdpOptions::parse(hex("0e01 112233445566  0101 020000000001  0201 020000000002  0101 020000000003"));
  ASSERT_TRUE(options);
  EXPECT_EQ(options->source_link_address, MacAddress::from_u64(0x020000000001));
  EXPECT_EQ(options->target_link_address, kMac);
}

TEST(Ndp, RefusesOptionsThatCannotBe) {
  EXPECT_EQ(NdpOptions::parse(hex("0e00 112233445566")).error(), WireError::kBadOption);  // a walk without end
  EXPECT_EQ(NdpOptions::parse(hex("0102 112233445566")).error(), WireError::kBadOption);
  EXPECT_EQ(NdpOptions::parse(hex("01")).error(), WireError::kBadOption);
  EXPECT_EQ(NdpOptions::parse(hex("0102 112233445566 0000000000000000")).error(), WireError::kBadOption);
}

}  // namespace
}  // namespace catenet::wire
