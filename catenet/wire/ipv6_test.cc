// SPDX-License-Identifier: Apache-2.0
#include "catenet/wire/ipv6.h"

#include <gtest/gtest.h>

#include "catenet/wire/testing_pcap.h"

namespace catenet::wire {
namespace {

using testing::append;
using testing::Buffer;
using testing::hex;

constexpr char kFromTo[] = "20010db8 00000000 00000000 00000001  20010db8 00000000 00000000 00000002";

Buffer packet(std::string_view first_eight, std::string_view rest) {
  return hex(std::string(first_eight) + kFromTo + std::string(rest));
}

TEST(Ipv6, ReadsItsFields) {
  const Buffer bytes = packet("6b 8a bcde 0004 11 40", "00000000");
  const auto header = Ipv6Header::parse(bytes);
  ASSERT_TRUE(header);
  EXPECT_EQ((*header)->version(), 6U);
  EXPECT_EQ((*header)->traffic_class(), 0xb8);
  EXPECT_EQ((*header)->dscp(), 46);
  EXPECT_EQ((*header)->ecn(), Ecn::kNotEct);
  EXPECT_EQ((*header)->flow_label(), 0xabcdeU);
  EXPECT_EQ((*header)->payload_length, 4);
  EXPECT_EQ((*header)->next(), IpProtocol::kUdp);
  EXPECT_EQ((*header)->hop_limit, 64);
  EXPECT_EQ((*header)->source.to_string(), "2001:db8::1");
  EXPECT_EQ((*header)->destination.to_string(), "2001:db8::2");
}

TEST(Ipv6, WritesItsFields) {
  Ipv6Header header{.payload_length = 4, .next_header = 17, .hop_limit = 64};
  header.source = *Ipv6Address::parse("2001:db8::1");
  header.destination = *Ipv6Address::parse("2001:db8::2");
  header.set_flow_label(0xfabcde);  // 20 bits of it
  header.set_traffic_class(0xb8);
  Buffer out;
  append(out, header);
  EXPECT_EQ(out, packet("6b8a bcde 0004 11 40", ""));
  header.set_ecn(Ecn::kCe);
  EXPECT_EQ(header.traffic_class(), 0xbb);
  EXPECT_EQ(header.flow_label(), 0xabcdeU);
  EXPECT_EQ(header.version(), 6U);
}

TEST(Ipv6, RefusesWhatIsNoHeader) {
  Buffer bytes = packet("60000000 0004 11 40", "00000000");
  EXPECT_TRUE(Ipv6Header::parse(bytes));
  bytes.pop_back();
  EXPECT_EQ(Ipv6Header::parse(bytes).error(), WireError::kBadTotalLength);
  EXPECT_TRUE(Ipv6Header::parse_quoted(bytes));
  bytes[0] = std::byte{0x45};
  EXPECT_EQ(Ipv6Header::parse(bytes).error(), WireError::kBadVersion);
  bytes.resize(39);
  EXPECT_EQ(Ipv6Header::parse(bytes).error(), WireError::kTooShort);
}

TEST(Ipv6, WalksAChain) {
  // Hop-by-hop (router alert), destination options (16 bytes), routing, fragment, UDP.
  const Buffer bytes = packet("60000000 0030 00 40",
                              "3c00 0502 0000 0100"
                              "2b01 010c 00000000 00000000 00000000"
                              "2c00 0300 00000000"
                              "1100 0001 12345678"
                              "0000 0000 0008 0000");
  Ipv6ChainReader chain(bytes);
  struct Expected {
    IpProtocol type;
    std::size_t offset, size, named_at;
  };
  for (const Expected& e :
       {Expected{IpProtocol::kHopByHop, 40, 8, 6}, Expected{IpProtocol::kDestinationOptions, 48, 16, 40},
        Expected{IpProtocol::kRouting, 64, 8, 48}, Expected{IpProtocol::kFragment, 72, 8, 64}}) {
    const auto next = chain.next();
    ASSERT_TRUE(next && *next);
    EXPECT_EQ((*next)->type, e.type);
    EXPECT_EQ((*next)->offset, e.offset);
    EXPECT_EQ((*next)->size, e.size);
    EXPECT_EQ((*next)->named_at, e.named_at);
  }
  const auto end = chain.next();
  ASSERT_TRUE(end);
  EXPECT_FALSE(*end);
  EXPECT_EQ(chain.upper_layer(), IpProtocol::kUdp);
  EXPECT_EQ(chain.offset(), 80U);
  EXPECT_EQ(chain.named_at(), 72U);
  EXPECT_FALSE(chain.is_later_fragment());
}

TEST(Ipv6, AChainEndsAtALaterFragment) {
  // What looks like destination options behind the fragment header is from the middle of a packet.
  const Buffer bytes = packet("60000000 0010 2c 40", "3c00 0008 12345678 ffffffff ffffffff");
  Ipv6ChainReader chain(bytes);
  ASSERT_TRUE(*chain.next());
  EXPECT_FALSE(*chain.next());
  EXPECT_TRUE(chain.is_later_fragment());
  EXPECT_EQ(chain.upper_layer(), IpProtocol::kDestinationOptions);
}

TEST(Ipv6, AChainThatDoesNotFit) {
  const Buffer cut = packet("60000000 0001 3c 40", "11");
  EXPECT_EQ(Ipv6ChainReader(cut).next().error(), WireError::kTooShort);
  const Buffer longer = packet("60000000 0008 3c 40", "1101 0104 00000000");
  EXPECT_EQ(Ipv6ChainReader(longer).next().error(), WireError::kTooShort);
  Buffer many = packet("60000000 0048 3c 40", "");
  for (unsigned i = 0; i < Ipv6ChainReader::kMaxHeaders; ++i) {
    append(many, hex("3c00 0104 00000000"));
  }
  Ipv6ChainReader chain(many);
  for (unsigned i = 0; i < Ipv6ChainReader::kMaxHeaders; ++i) {
    ASSERT_TRUE(chain.next());
  }
  EXPECT_EQ(chain.next().error(), WireError::kBadOption);
}

TEST(Ipv6, FragmentHeader) {
  const Buffer bytes = hex("11 00 05a9 deadbeef");
  const auto* fragment = view<Ipv6FragmentHeader>(bytes);
  EXPECT_EQ(fragment->offset(), 1448U);
  EXPECT_TRUE(fragment->more());
  EXPECT_FALSE(fragment->is_atomic());
  EXPECT_EQ(fragment->id, 0xdeadbeefU);
  Ipv6FragmentHeader made{.next_header = 17, .id = 0xdeadbeef};
  EXPECT_TRUE(made.is_atomic());
  made.set_offset(1448, true);
  Buffer out;
  append(out, made);
  EXPECT_EQ(out, bytes);
}

TEST(Ipv6, WalksOptions) {
  // Pad1, router alert, PadN of four, one that nobody knows and must be reported, Pad1 twice.
  const Buffer header = hex("1101 00 0502 0000 0102 0000 fe01 07 00 00");
  Ipv6OptionReader options(header);
  const auto alert = options.next();
  ASSERT_TRUE(alert && *alert);
  EXPECT_TRUE((*alert)->is(Ipv6OptionType::kRouterAlert));
  EXPECT_EQ((*alert)->offset, 3U);
  EXPECT_EQ((*alert)->data.size(), 2U);
  EXPECT_EQ((*alert)->if_unknown(), Ipv6Option::Unknown::skip);
  const auto strange = options.next();
  ASSERT_TRUE(strange && *strange);
  EXPECT_EQ((*strange)->offset, 11U);
  EXPECT_EQ((*strange)->if_unknown(), Ipv6Option::Unknown::report_unless_multicast);
  EXPECT_FALSE(*options.next());
}

TEST(Ipv6, AnOptionBeyondItsHeader) {
  const Buffer longer = hex("1100 0000 0000 0502");
  Ipv6OptionReader reader(longer);
  EXPECT_EQ(reader.next().error(), WireError::kBadOption);
  EXPECT_EQ(reader.offset(), 6U);
  const Buffer without_length = hex("1100 0000 0000 0005");
  EXPECT_EQ(Ipv6OptionReader(without_length).next().error(), WireError::kBadOption);
}

}  // namespace
}  // namespace catenet::wire
