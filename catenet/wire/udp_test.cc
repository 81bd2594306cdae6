// SPDX-License-Identifier: Apache-2.0
// UDP, and the pseudo-headers that its checksum and TCP's begin with.
#include "catenet/wire/udp.h"

#include <gtest/gtest.h>

#include "catenet/wire/pseudo_header.h"
#include "catenet/wire/testing_pcap.h"

namespace catenet::wire {
namespace {

using testing::Buffer;
using testing::hex;

TEST(Udp, ReadsInPlace) {
  const Buffer bytes = hex("1234 0035 000b 0000 616263 0000");  // two bytes beyond its length
  const auto header = UdpHeader::parse(bytes);
  ASSERT_TRUE(header);
  EXPECT_EQ((*header)->source_port, 0x1234);
  EXPECT_EQ((*header)->destination_port, 53);
  EXPECT_EQ((*header)->payload_size(), 3U);
  EXPECT_FALSE((*header)->has_checksum());
}

TEST(Udp, NamesEachMalformation) {
  EXPECT_EQ(UdpHeader::parse(hex("1234 0035 0008 00")).error(), WireError::kTooShort);
  EXPECT_EQ(UdpHeader::parse(hex("1234 0035 0007 0000")).error(), WireError::kBadLength);
  EXPECT_EQ(UdpHeader::parse(hex("1234 0035 0000 0000")).error(), WireError::kBadLength);
  EXPECT_EQ(UdpHeader::parse(hex("1234 0035 0009 0000")).error(), WireError::kBadLength);
  EXPECT_TRUE(UdpHeader::parse(hex("1234 0035 0008 0000")));
}

TEST(PseudoHeader, StandsInFrontOfTheChecksum) {
  Buffer summed;
  testing::append(
      summed,
      Ipv4PseudoHeader{
          .source = Ipv4Address(10, 0, 0, 1), .destination = Ipv4Address(10, 0, 0, 2), .protocol = 17, .length = 11});
  EXPECT_EQ(summed, hex("0a000001 0a000002 00 11 000b"));
  Buffer v6;
  testing::append(v6, Ipv6PseudoHeader{.source = Ipv6Address::loopback(), .length = 0x12345, .next_header = 6});
  EXPECT_EQ(v6, hex("00000000000000000000000000000001 00000000000000000000000000000000 00012345 000000 06"));
}

}  // namespace
}  // namespace catenet::wire
