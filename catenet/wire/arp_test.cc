// SPDX-License-Identifier: Apache-2.0
#include "catenet/wire/arp.h"

#include <gtest/gtest.h>

#include "catenet/wire/testing_pcap.h"

namespace catenet::wire {
namespace {

using testing::Buffer;
using testing::hex;

constexpr char kRequest[] = "0001 0800 06 04 0001  020000000001 0a000001  000000000000 0a000002";

TEST(Arp, MakesARequestAndItsReply) {
  const MacAddress alice = MacAddress::from_u64(0x020000000001);
  const MacAddress bob = MacAddress::from_u64(0x020000000002);
  const ArpPacket request = ArpPacket::request(alice, Ipv4Address(10, 0, 0, 1), Ipv4Address(10, 0, 0, 2));
  Buffer out;
  testing::append(out, request);
  EXPECT_EQ(out, hex(kRequest));

  const ArpPacket reply = ArpPacket::reply_to(request, bob);
  Buffer answer;
  testing::append(answer, reply);
  EXPECT_EQ(answer, hex("0001 0800 06 04 0002  020000000002 0a000002  020000000001 0a000001"));
  EXPECT_TRUE(reply.is_reply());
  EXPECT_FALSE(reply.is_request());
}

TEST(Arp, ReadsInPlaceAndIgnoresPadding) {
  Buffer bytes = hex(kRequest);
  bytes.resize(46);
  const auto packet = ArpPacket::parse(bytes);
  ASSERT_TRUE(packet);
  EXPECT_EQ(static_cast<const void*>(*packet), bytes.data());
  EXPECT_TRUE((*packet)->is_request());
  EXPECT_EQ((*packet)->target_ip, Ipv4Address(10, 0, 0, 2));
  EXPECT_FALSE((*packet)->is_probe());
  EXPECT_FALSE((*packet)->is_announcement());
}

TEST(Arp, TellsProbesAndAnnouncements) {
  const MacAddress mac = MacAddress::from_u64(0x020000000001);
  EXPECT_TRUE(ArpPacket::request(mac, {}, Ipv4Address(10, 0, 0, 1)).is_probe());
  EXPECT_TRUE(ArpPacket::request(mac, Ipv4Address(10, 0, 0, 1), Ipv4Address(10, 0, 0, 1)).is_announcement());
}

TEST(Arp, NamesEachMalformation) {
  const Buffer good = hex(kRequest);
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_EQ(ArpPacket::parse(Bytes(good).first(size)).error(), WireError::kTooShort) << size;
  }
  for (const std::size_t at : {0, 1, 2, 3, 4, 5}) {
    Buffer other = good;
    other[at] ^= std::byte{0x40};
    EXPECT_EQ(ArpPacket::parse(other).error(), WireError::kUnsupported) << at;
  }
}

}  // namespace
}  // namespace catenet::wire
