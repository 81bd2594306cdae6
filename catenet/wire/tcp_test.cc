// SPDX-License-Identifier: Apache-2.0
#include "catenet/wire/tcp.h"

#include <gtest/gtest.h>

#include "catenet/wire/testing_pcap.h"

namespace catenet::wire {
namespace {

using testing::Buffer;
using testing::hex;

Buffer emitted_segment(const TcpOptions& options) {
  Buffer out(options.size());
  EXPECT_EQ(options.emit(out), out.size());
  return out;
}

TEST(Tcp, ReadsInPlace) {
  const Buffer segment = hex("3039 0050 01020304 05060708 6012 ffff beef 0001  0204 05b4 6869");
  const auto parsed = TcpHeader::parse(segment);
  ASSERT_TRUE(parsed);
  const TcpHeader& h = **parsed;
  EXPECT_EQ(h.source_port, 12345);
  EXPECT_EQ(h.destination_port, 80);
  EXPECT_EQ(h.seq, 0x01020304U);
  EXPECT_EQ(h.ack, 0x05060708U);
  EXPECT_EQ(h.header_size(), 24U);
  EXPECT_TRUE(h.has(TcpFlag::kSyn | TcpFlag::kAck));
  EXPECT_FALSE(h.has(TcpFlag::kSyn | TcpFlag::kFin));
  EXPECT_EQ(h.window, 0xffff);
  EXPECT_EQ(h.checksum, 0xbeef);
  EXPECT_EQ(h.urgent_pointer, 1);
  EXPECT_EQ(TcpOptions::parse(h.options_in(segment))->mss, 1460);

  TcpHeader made;
  made.set_header_size(40);
  EXPECT_EQ(made.offset_reserved, 0xa0);
}

TEST(Tcp, NamesEachMalformation) {
  Buffer segment = hex("3039 0050 01020304 05060708 5012 ffff beef 0000");
  EXPECT_TRUE(TcpHeader::parse(segment));
  EXPECT_EQ(TcpHeader::parse(Bytes(segment).first(19)).error(), WireError::kTooShort);
  for (const unsigned offset : {0x00, 0x40, 0x60, 0xf0}) {
    segment[12] = std::byte(offset);
    EXPECT_EQ(TcpHeader::parse(segment).error(), WireError::kBadHeaderLength) << offset;
  }
}

// The layouts that Linux sends.
TEST(TcpOptions, EmitsASynWithEverything) {
  const TcpOptions syn{
      .mss = 1460, .window_scale = 7, .sack_permitted = true, .timestamps = TcpTimestamps{0x11223344, 0}};
  EXPECT_EQ(emitted_segment(syn), hex("020405b4 0402080a 11223344 00000000 01030307"));
  EXPECT_EQ(TcpOptions::parse(emitted_segment(syn)), syn);
}

TEST(TcpOptions, FastOpen) {  // RFC 7413 4.1.1, and the experimental form before it (RFC 6994)
  TcpOptions syn{.mss = 1460, .window_scale = 8, .sack_permitted = true};
  syn.fast_open.emplace();
  EXPECT_EQ(emitted_segment(syn), hex("020405b4 01010402 01030308 2202 0101"));
  EXPECT_EQ(TcpOptions::parse(emitted_segment(syn)), syn);
  syn.fast_open->experimental = true;
  EXPECT_EQ(emitted_segment(syn), hex("020405b4 01010402 01030308 fe04f989"));
  EXPECT_EQ(TcpOptions::parse(emitted_segment(syn)), syn);
  syn.fast_open->size = 6;
  std::ranges::copy(hex("aabbccddeeff"), syn.fast_open->cookie.begin());
  EXPECT_EQ(emitted_segment(syn), hex("020405b4 01010402 01030308 fe0af989 aabbccdd eeff0101"));
  syn.fast_open->experimental = false;
  EXPECT_EQ(emitted_segment(syn), hex("020405b4 01010402 01030308 2208aabb ccddeeff"));
  EXPECT_EQ(TcpOptions::parse(emitted_segment(syn)), syn);
  // With the longest cookie and everything else the header is full.
  syn.timestamps = TcpTimestamps{1, 0};
  syn.fast_open->size = 16;
  EXPECT_EQ(syn.size(), kTcpMaxOptions);
  EXPECT_EQ(TcpOptions::parse(emitted_segment(syn)), syn);
  // Too short, too long, odd; another experiment.
  for (const char* odd : {"22040000", "22140102030405060708090a0b0c0d0e0f1011120000", "2207000000000000",
                          "fe06f98900000000", "fe061234aabb0000", "fe03f900"}) {
    const auto parsed = TcpOptions::parse(hex(odd));
    ASSERT_TRUE(parsed) << odd;
    EXPECT_FALSE(parsed->fast_open) << odd;
  }
}

TEST(TcpOptions, Signatures) {
  TcpOptions md5{.mss = 1460, .signature = {.kind = TcpSignature::Kind::md5, .mac_size = 16}};
  EXPECT_EQ(emitted_segment(md5), hex("01011312 00000000 00000000 00000000 00000000 020405b4"));
  auto parsed = TcpOptions::parse(emitted_segment(md5));
  ASSERT_EQ(parsed, md5);
  EXPECT_EQ(kTcpHeaderSize + parsed->signature.mac_at, TcpSignature::kMacInHeader);
  // RFC 9235 4.1.1: the SYN's options.
  parsed = TcpOptions::parse(hex("020405b4 01030308 0402080a 00155ab7 00000000 1d103d54 2ee437c6 f8ede6d7 c4d602e7"));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->signature,
            (TcpSignature{.kind = TcpSignature::Kind::ao, .mac_size = 12, .key_id = 61, .next_key_id = 84}));
  EXPECT_EQ(parsed->signature.mac_at, 24);
  EXPECT_EQ(emitted_segment({.signature = {TcpSignature::Kind::ao, 9, 61, 84}}),
            hex("1d0d3d54 00000000 00000000 00010101"));
  // Two are one too many, of whatever kinds (RFC 5925 2.2).
  const auto two = TcpOptions::parse(hex("1d053d54 aa01 1312 00000000 00000000 00000000 00000000"));
  ASSERT_TRUE(two);
  EXPECT_EQ(two->signature.kind, TcpSignature::Kind::several);
  EXPECT_EQ(TcpOptions::parse(hex("1311 00000000 00000000 00000000 000000")).error(), WireError::kBadOption);
  EXPECT_EQ(TcpOptions::parse(hex("1d043d54")).error(), WireError::kBadOption);
}

TEST(TcpOptions, SignaturesTakeTheRoomOfSackBlocks) {
  TcpOptions ack{.timestamps = TcpTimestamps{1, 2}, .sack_count = 3, .sack = {{{1, 2}, {3, 4}, {5, 6}}}};
  ack.signature = {.kind = TcpSignature::Kind::ao, .mac_size = 12};
  EXPECT_EQ(ack.fitting_sack_blocks(), 1U);
  EXPECT_EQ(ack.size(), 40U);
  ack.signature = {.kind = TcpSignature::Kind::md5, .mac_size = 16};
  EXPECT_EQ(ack.fitting_sack_blocks(), 0U);
  EXPECT_EQ(ack.size(), 32U);
  ack.timestamps.reset();
  EXPECT_EQ(ack.fitting_sack_blocks(), 2U);
}

TEST(TcpOptions, UserTimeout) {  // RFC 5482 3
  const TcpOptions seconds{.user_timeout = TcpUserTimeout{.value = 300}};
  EXPECT_EQ(emitted_segment(seconds), hex("1c04012c"));
  EXPECT_EQ(TcpOptions::parse(emitted_segment(seconds)), seconds);
  const TcpOptions minutes{.user_timeout = TcpUserTimeout{.value = 2, .minutes = true}};
  EXPECT_EQ(emitted_segment(minutes), hex("1c048002"));
  EXPECT_EQ(TcpOptions::parse(emitted_segment(minutes)), minutes);
  EXPECT_EQ(TcpOptions::parse(hex("1c030001")).error(), WireError::kBadOption);
}

TEST(TcpOptions, AccurateEcn) {  // RFC 9768 3.2.3, figure 4
  TcpOptions ack;
  ack.accurate_ecn = TcpAccurateEcn{0x010203, 0x0a0b0c, 0xfffefd, 3, false};
  EXPECT_EQ(emitted_segment(ack), hex("ac0b0102 030a0b0c fffefd01"));
  EXPECT_EQ(TcpOptions::parse(emitted_segment(ack)), ack);
  ack.accurate_ecn->e1b_first = true;
  EXPECT_EQ(emitted_segment(ack), hex("ae0bfffe fd0a0b0c 01020301"));
  EXPECT_EQ(TcpOptions::parse(emitted_segment(ack)), ack);
  for (const auto& [fields, bytes] : {std::pair{2, "ae08fffe fd0a0b0c"}, {1, "ae05fffe fd010101"}, {0, "ae020101"}}) {
    ack.accurate_ecn->fields = static_cast<std::uint8_t>(fields);
    EXPECT_EQ(emitted_segment(ack), hex(bytes));
    const auto parsed = TcpOptions::parse(hex(bytes));
    ASSERT_TRUE(parsed && parsed->accurate_ecn);
    EXPECT_EQ(parsed->accurate_ecn->fields, fields);
    EXPECT_EQ(parsed->accurate_ecn->e1b, fields > 0 ? 0xfffefdU : 0U);
    EXPECT_EQ(parsed->accurate_ecn->ceb, fields > 1 ? 0x0a0b0cU : 0U);
    EXPECT_EQ(parsed->accurate_ecn->e0b, 0U);
  }
  // With timestamps there is room for one SACK block beside it.
  ack.accurate_ecn->fields = 3;
  ack.timestamps = TcpTimestamps{1, 2};
  ack.sack_count = 2;
  ack.sack = {{{1, 2}, {3, 4}}};
  EXPECT_EQ(ack.size(), 36U);
  EXPECT_EQ(TcpOptions::parse(emitted_segment(ack))->sack_count, 1);
  for (const char* odd : {"ac030000", "ac0a010203040506 07080000", "ae0e010203040506 0708090a0b0c0000"}) {
    const auto parsed = TcpOptions::parse(hex(odd));
    ASSERT_TRUE(parsed) << odd;
    EXPECT_FALSE(parsed->accurate_ecn) << odd;
  }
}

TEST(TcpHeader, Ace) {  // RFC 9768 3.2.2: AE, CWR, ECE
  for (std::uint8_t ace = 0; ace < 8; ++ace) {
    TcpHeader header;
    header.set_header_size(32);
    header.flags = 0x3f;
    header.set_ace(ace);
    EXPECT_EQ(header.ace(), ace);
    EXPECT_EQ(header.header_size(), 32U);
    EXPECT_EQ(header.offset_reserved & 0x0f, ace >> 2);
    EXPECT_EQ(header.flags, 0x3f | (ace & 2) << 6 | (ace & 1) << 6);
  }
}

TEST(TcpOptions, EmitsEachAlone) {
  EXPECT_EQ(emitted_segment({.mss = 536}), hex("02040218"));
  EXPECT_EQ(emitted_segment({.window_scale = 0}), hex("01030300"));
  EXPECT_EQ(emitted_segment({.sack_permitted = true}), hex("01010402"));
  EXPECT_EQ(emitted_segment({.mss = 1460, .window_scale = 2, .sack_permitted = true}),
            hex("020405b4 01010402 01030302"));
  EXPECT_EQ(emitted_segment({.timestamps = TcpTimestamps{1, 2}}), hex("0101080a 00000001 00000002"));
  EXPECT_EQ(emitted_segment({}), Buffer());
}

TEST(TcpOptions, EmitsSackBlocksAsFarAsTheyFit) {
  TcpOptions ack{.sack_count = 4, .sack = {{{1, 2}, {3, 4}, {5, 6}, {7, 8}}}};
  EXPECT_EQ(emitted_segment(ack),
            hex("01010522 00000001 00000002 00000003 00000004 00000005 00000006 00000007 00000008"));
  EXPECT_EQ(TcpOptions::parse(emitted_segment(ack)), ack);
  ack.timestamps = TcpTimestamps{9, 10};
  EXPECT_EQ(ack.fitting_sack_blocks(), 3U);
  EXPECT_EQ(ack.size(), 40U);
  EXPECT_EQ(TcpOptions::parse(emitted_segment(ack))->sack_count, 3);
}

TEST(TcpOptions, PassesOverUnknownKinds) {
  // Fast open cookie request, MPTCP, then window scale; EOL hides what follows.
  const auto parsed = TcpOptions::parse(hex("2202 1e04 0001 010303 09 00 02ff"));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->window_scale, 9);
  EXPECT_FALSE(parsed->mss);
}

TEST(TcpOptions, TimestampsInAnyPlace) {
  for (const char* text :
       {"0101080a 00000001 00000002", "080a 00000001 00000002 0000", "01 080a 00000001 00000002 01"}) {
    const auto parsed = TcpOptions::parse(hex(text));
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(parsed->timestamps, (TcpTimestamps{1, 2})) << text;
  }
}

TEST(TcpOptions, NamesBadLengths) {
  for (const char* text :
       {"02", "0200", "0201 0000", "0203 05b4", "0205 05b4 00", "0204 05", "0302", "030407 00", "0403 00",
        "080a 00000001 0000", "0809 00000001 000000", "0502", "0509 00000001 000000", "050b 00000001 00000002 00", "22",
        "2200", "2201", "22ff 0000",
        "052a 0001020304050607 0001020304050607 0001020304050607 0001020304050607 0001020304050607"}) {
    EXPECT_EQ(TcpOptions::parse(hex(text)), bad(WireError::kBadOption)) << text;
  }
}

}  // namespace
}  // namespace catenet::wire
