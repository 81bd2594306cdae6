// SPDX-License-Identifier: Apache-2.0
// UDP-Lite's header: known bytes, the coverages that RFC 3828 3.1 allows, and sums made by hand from its rules.
#include "catenet/wire/udp_lite.h"

#include <gtest/gtest.h>

#include "catenet/wire/pseudo_header.h"
#include "catenet/wire/testing_pcap.h"

namespace catenet::wire {
namespace {

using testing::Buffer;
using testing::hex;

TEST(UdpLite, ReadsInPlace) {
  const Buffer bytes = hex("1234 0035 0008 abcd 616263");
  const auto header = UdpLiteHeader::parse(bytes);
  ASSERT_TRUE(header);
  EXPECT_EQ((*header)->source_port, 0x1234);
  EXPECT_EQ((*header)->destination_port, 53);
  EXPECT_EQ((*header)->coverage, 8);
  EXPECT_EQ((*header)->covered(bytes.size()), 8U);
  EXPECT_TRUE((*header)->has_checksum());
  const Buffer whole = hex("1234 0035 0000 0000 616263");
  EXPECT_EQ((*UdpLiteHeader::parse(whole))->covered(whole.size()), 11U) << "0 covers all";
  EXPECT_FALSE((*UdpLiteHeader::parse(whole))->has_checksum());
}

TEST(UdpLite, WritesWhatItReads) {
  Buffer bytes;
  testing::append(bytes,
                  UdpLiteHeader{.source_port = 1000, .destination_port = 9999, .coverage = 12, .checksum = 0x4321});
  EXPECT_EQ(bytes, hex("03e8 270f 000c 4321"));
}

TEST(UdpLite, NamesEachMalformation) {
  EXPECT_EQ(UdpLiteHeader::parse(hex("1234 0035 0008 00")).error(), WireError::kTooShort);
  for (const char* coverage : {"0001", "0007", "000c", "ffff"}) {
    const Buffer bytes = hex("1234 0035 " + std::string(coverage) + " abcd 616263");
    EXPECT_EQ(UdpLiteHeader::parse(bytes).error(), WireError::kBadLength) << coverage;
  }
  for (const char* coverage : {"0000", "0008", "000a", "000b"}) {
    EXPECT_TRUE(UdpLiteHeader::parse(hex("1234 0035 " + std::string(coverage) + " abcd 616263"))) << coverage;
  }
  EXPECT_TRUE(UdpLiteHeader::parse(hex("1234 0035 0100 abcd"), 256)) << "the rest is elsewhere";
  EXPECT_EQ(UdpLiteHeader::parse(hex("1234 0035 0101 abcd"), 256).error(), WireError::kBadLength);
}

// By hand: 10.0.0.1, 10.0.0.2, 136, 11 (the packet's length, not the coverage) and the header are
// 0a00+0001 + 0a00+0002 + 0088 + 000b + 03e8+270f+0008 = 3f95, so the checksum is c06a, whatever the payload.
TEST(UdpLite, TheChecksumOfAHeaderAlone) {
  Buffer summed;
  testing::append(
      summed,
      Ipv4PseudoHeader{
          .source = Ipv4Address(10, 0, 0, 1), .destination = Ipv4Address(10, 0, 0, 2), .protocol = 136, .length = 11});
  const Buffer packet = hex("03e8 270f 0008 c06a 616263");
  testing::append(summed, Bytes(packet).first((*UdpLiteHeader::parse(packet))->covered(packet.size())));
  EXPECT_EQ(testing::ones_sum(summed), 0xffff);
}

}  // namespace
}  // namespace catenet::wire
