// SPDX-License-Identifier: Apache-2.0
#include "catenet/wire/icmpv6.h"

#include <gtest/gtest.h>

#include "catenet/wire/testing_pcap.h"

namespace catenet::wire {
namespace {

using testing::Buffer;
using testing::hex;

Buffer bytes(const Icmpv6Header& header) {
  const Bytes all = bytes_of(header);
  return {all.begin(), all.end()};
}

TEST(Icmpv6, MakesEachKind) {
  EXPECT_EQ(bytes(Icmpv6Header::echo(0x1234, 7)), hex("80 00 0000 1234 0007"));
  EXPECT_EQ(bytes(Icmpv6Header::echo_reply(0x1234, 7)), hex("81 00 0000 1234 0007"));
  EXPECT_EQ(bytes(Icmpv6Header::unreachable(Icmpv6Unreachable::kPort)), hex("01 04 0000 0000 0000"));
  EXPECT_EQ(bytes(Icmpv6Header::packet_too_big(1400)), hex("02 00 0000 0000 0578"));
  EXPECT_EQ(bytes(Icmpv6Header::time_exceeded(Icmpv6TimeExceeded::kReassembly)), hex("03 01 0000 0000 0000"));
  EXPECT_EQ(bytes(Icmpv6Header::parameter_problem(Icmpv6Parameter::kOption, 42)), hex("04 02 0000 0000 002a"));
}

TEST(Icmpv6, ReadsWhatItMakes) {
  EXPECT_EQ(Icmpv6Header::echo(0x1234, 7).id(), 0x1234);
  EXPECT_EQ(Icmpv6Header::echo(0x1234, 7).sequence(), 7);
  EXPECT_EQ(Icmpv6Header::packet_too_big(1400).mtu(), 1400U);
  EXPECT_EQ(Icmpv6Header::parameter_problem(Icmpv6Parameter::kNextHeader, 6).pointer(), 6U);
  EXPECT_FALSE(Icmpv6Header::echo(1, 1).is_error());
  EXPECT_TRUE(Icmpv6Header::packet_too_big(1280).is_error());
  EXPECT_EQ(Icmpv6Header::parse(hex("80 00 0000 1234 00")).error(), WireError::kTooShort);
}

TEST(Icmpv6, ReadsTheQuotedPacket) {
  Buffer message =
      hex("01 04 0000 0000 0000"
          "60000000 0010 3c 40"
          "20010db8 00000000 00000000 00000001  20010db8 00000000 00000000 00000002"
          "1100 0104 00000000  1234 0035 0008 0000");
  const auto quote = Icmpv6Quote::parse(message);
  ASSERT_TRUE(quote);
  EXPECT_EQ(quote->header->destination.to_string(), "2001:db8::2");
  EXPECT_EQ(quote->protocol, IpProtocol::kUdp);
  EXPECT_FALSE(quote->is_later_fragment);
  ASSERT_EQ(quote->payload.size(), 8U);
  EXPECT_EQ(load16(quote->payload, 2), 53);

  message.resize(60);
  EXPECT_EQ(Icmpv6Quote::parse(message)->payload.size(), 4U);  // how much is enough, its reader knows
  message.resize(50);
  EXPECT_EQ(Icmpv6Quote::parse(message).error(), WireError::kTooShort);
  message[8] = std::byte{0x45};
  EXPECT_EQ(Icmpv6Quote::parse(message).error(), WireError::kBadVersion);
  EXPECT_EQ(Icmpv6Quote::parse(hex("01 04 00")).error(), WireError::kTooShort);
}

TEST(Icmpv6, AQuotedFragment) {
  const Buffer message =
      hex("03 01 0000 0000 0000"
          "60000000 0010 2c 40"
          "20010db8 00000000 00000000 00000001  20010db8 00000000 00000000 00000002"
          "1100 05a8 00000007  00000000 00000000");
  const auto quote = Icmpv6Quote::parse(message);
  ASSERT_TRUE(quote);
  EXPECT_TRUE(quote->is_later_fragment);
  EXPECT_EQ(quote->protocol, IpProtocol::kUdp);
}

}  // namespace
}  // namespace catenet::wire
