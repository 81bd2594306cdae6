// SPDX-License-Identifier: Apache-2.0
// Also of mld.h.
#include "catenet/wire/igmp.h"

#include <gtest/gtest.h>

#include <vector>

#include "catenet/wire/mld.h"

namespace catenet::wire {
namespace {

std::vector<std::byte> octets(std::initializer_list<int> values) {
  std::vector<std::byte> bytes;
  for (const int value : values) {
    bytes.push_back(static_cast<std::byte>(value));
  }
  return bytes;
}

TEST(Igmp, AReportHasItsBytes) {
  const IgmpReport report = IgmpReport::about(Ipv4Address(239, 1, 1, 1), GroupRecord::kToExclude);
  const auto bytes = bytes_of(report);
  // 2200 + 0001 + 0400 + ef01 + 0101 = 11603; folded 1604; inverted e9fb
  EXPECT_EQ(std::vector<std::byte>(bytes.begin(), bytes.end()),
            octets({0x22, 0, 0xe9, 0xfb, 0, 0, 0, 1, 4, 0, 0, 0, 239, 1, 1, 1}));
}

TEST(Igmp, AQuerysLengthAndTimeTellItsVersion) {
  const auto query = [](std::vector<std::byte> bytes) { return IgmpHeader::parse_query(bytes); };
  EXPECT_EQ(*query(octets({0x11, 0, 0, 0, 0, 0, 0, 0})), (GroupQuery<Ipv4Address>{{}, 1, 10'000}));
  EXPECT_EQ(*query(octets({0x11, 100, 0, 0, 239, 1, 1, 1})),
            (GroupQuery<Ipv4Address>{Ipv4Address(239, 1, 1, 1), 2, 10'000}));
  EXPECT_EQ(*query(octets({0x11, 200, 0, 0, 0, 0, 0, 0})), (GroupQuery<Ipv4Address>{{}, 2, 20'000}))
      << "no floating point in version 2";
  EXPECT_EQ(*query(octets({0x11, 10, 0, 0, 0, 0, 0, 0, 2, 125, 0, 0})), (GroupQuery<Ipv4Address>{{}, 3, 1'000}));
  EXPECT_EQ(*query(octets({0x11, 0x8f, 0, 0, 0, 0, 0, 0, 2, 125, 0, 0})),
            (GroupQuery<Ipv4Address>{{}, 3, (0x1f << 3) * 100}))
      << "RFC 3376 4.1.1";
  EXPECT_EQ(query(octets({0x11, 0, 0, 0, 0, 0, 0})).error(), WireError::kTooShort);
  EXPECT_EQ(query(octets({0x11, 0, 0, 0, 0, 0, 0, 0, 0})).error(), WireError::kBadLength);
}

TEST(Mld, AQuerysLengthTellsItsVersion) {
  std::vector<std::byte> bytes(24);
  bytes[0] = std::byte{130};
  bytes[4] = std::byte{0x27};
  bytes[5] = std::byte{0x10};
  EXPECT_EQ(*MldMessage::parse_query(bytes), (GroupQuery<Ipv6Address>{{}, 1, 10'000}));
  bytes.resize(28);
  bytes[8] = std::byte{0xff};
  bytes[9] = std::byte{0x15};
  bytes[23] = std::byte{9};
  EXPECT_EQ(*MldMessage::parse_query(bytes),
            (GroupQuery<Ipv6Address>{Ipv6Address({0xff15, 0, 0, 0, 0, 0, 0, 9}), 2, 10'000}));
  bytes[4] = std::byte{0x90};
  bytes[5] = std::byte{0x01};
  EXPECT_EQ(MldMessage::parse_query(bytes)->max_response_ms, 0x1001U << 4) << "RFC 3810 5.1.3";
  bytes.resize(26);
  EXPECT_EQ(MldMessage::parse_query(bytes).error(), WireError::kBadLength);
  bytes.resize(23);
  EXPECT_EQ(MldMessage::parse_query(bytes).error(), WireError::kTooShort);
}

TEST(Mld, AReportIsAboutOneGroup) {
  const MldReport report = MldReport::about(Ipv6Address({0xff15, 0, 0, 0, 0, 0, 0, 9}), GroupRecord::kToInclude);
  const auto bytes = bytes_of(report);
  EXPECT_EQ(std::vector<std::byte>(bytes.begin(), bytes.begin() + 14),
            octets({143, 0, 0, 0, 0, 0, 0, 1, 3, 0, 0, 0, 0xff, 0x15}));
  EXPECT_EQ(bytes[27], std::byte{9});
}

}  // namespace
}  // namespace catenet::wire
