// SPDX-License-Identifier: Apache-2.0
#include "catenet/wire/ipv4.h"

#include <gtest/gtest.h>

#include "catenet/wire/testing_pcap.h"

namespace catenet::wire {
namespace {

using testing::Buffer;
using testing::hex;

// A header whose checksum is published in many places: 192.168.0.1 to 192.168.0.199, UDP, B861.
constexpr char kHeader[] = "4500 0073 0000 4000 4011 b861 c0a8 0001 c0a8 00c7";

Buffer packet(std::size_t size = 0x73) {
  Buffer bytes = hex(kHeader);
  bytes.resize(size);
  return bytes;
}

TEST(Ipv4, ReadsEveryField) {
  Buffer bytes = packet(120);  // with a link's padding
  const auto parsed = Ipv4Header::parse(bytes);
  ASSERT_TRUE(parsed);
  const Ipv4Header& h = **parsed;
  EXPECT_EQ(h.version(), 4U);
  EXPECT_EQ(h.header_size(), 20U);
  EXPECT_EQ(h.total_length, 0x73);
  EXPECT_EQ(h.payload_size(), 0x73U - 20);
  EXPECT_TRUE(h.dont_fragment());
  EXPECT_FALSE(h.more_fragments());
  EXPECT_FALSE(h.is_fragment());
  EXPECT_EQ(h.ttl, 64);
  EXPECT_EQ(h.protocol, static_cast<std::uint8_t>(IpProtocol::kUdp));
  EXPECT_EQ(h.checksum, 0xb861);
  EXPECT_EQ(h.source, Ipv4Address(192, 168, 0, 1));
  EXPECT_EQ(h.destination, Ipv4Address(192, 168, 0, 199));
  EXPECT_TRUE(h.options_in(bytes).empty());
  EXPECT_EQ(testing::ones_sum(Bytes(bytes).first(20)), 0xffff);
}

TEST(Ipv4, SettersKeepTheirNeighbours) {
  Buffer bytes = packet();
  auto* h = edit<Ipv4Header>(bytes);
  h->set_fragment(1480, true);
  EXPECT_TRUE(h->dont_fragment());
  EXPECT_TRUE(h->more_fragments());
  EXPECT_EQ(h->fragment_offset(), 1480U);
  EXPECT_FALSE(h->is_first_fragment());
  h->set_fragment(65528, false);
  EXPECT_EQ(h->fragment, 0x4000 | 0x1fff);
  h->set_dscp(46);
  h->set_ecn(Ecn::kCe);
  EXPECT_EQ(h->tos, 0xbb);
  h->set_dscp(0);
  EXPECT_EQ(h->ecn(), Ecn::kCe);
  h->set_header_size(60);
  EXPECT_EQ(h->version_ihl, 0x4f);
  EXPECT_TRUE(h->has_options());
}

WireError error_of(std::size_t at, unsigned value) {
  Buffer bytes = packet();
  bytes[at] = std::byte(value);
  return Ipv4Header::parse(bytes).error();
}

TEST(Ipv4, NamesEachMalformation) {
  const Buffer good = packet();
  for (std::size_t size = 0; size < 20; ++size) {
    EXPECT_EQ(Ipv4Header::parse(Bytes(good).first(size)).error(), WireError::kTooShort) << size;
  }
  EXPECT_EQ(Ipv4Header::parse(Bytes(good).first(0x72)).error(), WireError::kBadTotalLength);
  EXPECT_TRUE(Ipv4Header::parse_quoted(Bytes(good).first(20)));
  EXPECT_EQ(error_of(0, 0x65), WireError::kBadVersion);
  EXPECT_EQ(error_of(0, 0x05), WireError::kBadVersion);
  EXPECT_EQ(error_of(0, 0x44), WireError::kBadHeaderLength);
  EXPECT_EQ(error_of(0, 0x40), WireError::kBadHeaderLength);
  EXPECT_EQ(error_of(3, 19), WireError::kBadTotalLength);
  EXPECT_EQ(error_of(2, 0xff), WireError::kBadTotalLength);

  Buffer options_cut = hex(kHeader);
  options_cut[0] = std::byte{0x4f};
  EXPECT_EQ(Ipv4Header::parse(options_cut).error(), WireError::kTooShort);
  EXPECT_EQ(Ipv4Header::parse_quoted(options_cut).error(), WireError::kTooShort);
}

TEST(Ipv4, ErrorsHaveNamesAndErrnoValues) {
  EXPECT_STREQ(to_text(WireError::kBadVersion), "bad version");
  EXPECT_EQ(to_error(WireError::kBadVersion).code, EBADMSG);
  EXPECT_EQ(to_error(WireError::kUnsupported).code, EPROTONOSUPPORT);
}

}  // namespace
}  // namespace catenet::wire
