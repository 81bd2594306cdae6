// SPDX-License-Identifier: Apache-2.0
#include "catenet/wire/icmp.h"

#include <gtest/gtest.h>

#include "catenet/wire/testing_pcap.h"

namespace catenet::wire {
namespace {

using testing::Buffer;
using testing::hex;

constexpr char kQuoted[] = "4500 0073 0000 4000 4011 b861 c0a8 0001 c0a8 00c7  1234 0035 005f 0000";

Buffer bytes(const IcmpHeader& header) {
  Buffer out;
  testing::append(out, header);
  return out;
}

TEST(Icmp, MakesEachKind) {
  EXPECT_EQ(bytes(IcmpHeader::echo(0x1234, 7)), hex("08 00 0000 1234 0007"));
  EXPECT_EQ(bytes(IcmpHeader::echo_reply(0x1234, 7)), hex("00 00 0000 1234 0007"));
  EXPECT_EQ(bytes(IcmpHeader::unreachable(IcmpUnreachable::kPort)), hex("03 03 0000 0000 0000"));
  EXPECT_EQ(bytes(IcmpHeader::unreachable(IcmpUnreachable::kFragmentationNeeded, 1400)), hex("03 04 0000 0000 0578"));
  EXPECT_EQ(bytes(IcmpHeader::time_exceeded(IcmpTimeExceeded::kReassembly)), hex("0b 01 0000 0000 0000"));
  EXPECT_EQ(bytes(IcmpHeader::parameter_problem(20)), hex("0c 00 0000 1400 0000"));
  EXPECT_EQ(bytes(IcmpHeader::redirect(IcmpRedirect::kHost, Ipv4Address(10, 0, 0, 254))), hex("05 01 0000 0a00 00fe"));
}

TEST(Icmp, ReadsWhatItMakes) {
  EXPECT_EQ(IcmpHeader::echo(0x1234, 7).id(), 0x1234);
  EXPECT_EQ(IcmpHeader::echo(0x1234, 7).sequence(), 7);
  EXPECT_EQ(IcmpHeader::unreachable(IcmpUnreachable::kFragmentationNeeded, 1400).next_hop_mtu(), 1400);
  EXPECT_EQ(IcmpHeader::parameter_problem(20).pointer(), 20);
  EXPECT_EQ(IcmpHeader::redirect(IcmpRedirect::kHost, Ipv4Address(10, 0, 0, 254)).gateway(),
            Ipv4Address(10, 0, 0, 254));
  EXPECT_FALSE(IcmpHeader::echo(1, 1).is_error());
  EXPECT_TRUE(IcmpHeader::redirect(IcmpRedirect::kNet, {}).is_error());
}

TEST(Icmp, ReadsTheQuotedPacket) {
  Buffer message = hex("03 03 0000 0000 0000");
  testing::append(message, hex(kQuoted));
  ASSERT_TRUE(IcmpHeader::parse(message));
  const auto quote = IcmpQuote::parse(message);
  ASSERT_TRUE(quote);
  EXPECT_EQ(quote->header->destination, Ipv4Address(192, 168, 0, 199));
  EXPECT_EQ(quote->payload.size(), 8U);
  EXPECT_EQ(load16(quote->payload, 2), 53);

  message.pop_back();
  EXPECT_EQ(IcmpQuote::parse(message).error(), WireError::kTooShort);
  message[8] = std::byte{0x65};
  EXPECT_EQ(IcmpQuote::parse(message).error(), WireError::kBadVersion);
  EXPECT_EQ(IcmpQuote::parse(hex("03 03 00")).error(), WireError::kTooShort);
}

TEST(Icmp, AQuotedPacketWithoutPayloadIsWhole) {
  EXPECT_TRUE(IcmpQuote::parse(hex("03 02 0000 0000 0000  4500 0014 0000 0000 4063 0000 0a000001 0a000002")));
}

TEST(Icmp, EachTypeHasItsLeastSize) {
  struct Case {
    unsigned type;
    std::size_t least;
  };
  for (const Case c : {Case{0, 8},
                       {8, 8},
                       {3, 28},
                       {4, 28},
                       {5, 28},
                       {11, 28},
                       {12, 28},
                       {13, 20},
                       {14, 20},
                       {17, 12},
                       {18, 12},
                       {9, 8},
                       {200, 8}}) {
    Buffer message(64);
    message[0] = std::byte(c.type);
    EXPECT_TRUE(IcmpHeader::parse(Bytes(message).first(c.least))) << c.type;
    EXPECT_EQ(IcmpHeader::parse(Bytes(message).first(c.least - 1)).error(), WireError::kTooShort) << c.type;
  }
}

}  // namespace
}  // namespace catenet::wire
