// SPDX-License-Identifier: Apache-2.0
// summary.cc: one line for each kind of frame, whole, cut short, and damaged.
#include "catenet/trace/summary.h"

#include <gmock/gmock.h>

#include <vector>

#include "catenet/trace/pcapng.h"

namespace catenet::trace {
namespace {

using ::testing::HasSubstr;
using Frame = std::vector<std::byte>;

Frame hex(std::string_view text) {
  Frame out;
  unsigned value = 0;
  int digits = 0;
  for (const char c : text) {
    if (c == ' ' || c == '\n') {
      continue;
    }
    value = value << 4 | static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
    if (++digits == 2) {
      out.push_back(static_cast<std::byte>(value));
      digits = 0;
      value = 0;
    }
  }
  return out;
}

std::string line(std::string_view text) { return summary(hex(text), kLinkTypeEthernet); }

constexpr std::string_view kMacs = "020000000002 020000000001 ";
std::string over(std::string_view type, std::string_view packet) {
  return std::string(kMacs) + std::string(type) + std::string(packet);
}

// 10.0.0.1:49152 > 10.0.0.2:80, SYN, with MSS, SACK, timestamps and window scale.
std::string syn() {
  return "4500003c 0001 4000 40 06 0000 0a000001 0a000002"
         "c000 0050 0000007b 00000000 a0 02 ffff 0000 0000"
         "020405b4 0402 080a 00000005 00000000 01 030307";
}

TEST(Summary, OfTcp) {
  EXPECT_EQ(line(over("0800", syn())),
            "10.0.0.1:49152 > 10.0.0.2:80 TCP S seq 123 win 65535 len 0 <mss 1460, sack, ws 7, ts 5 0> ttl 64");
  EXPECT_EQ(line(over("0800",
                      "4503002c 0001 4000 3f 06 0000 0a000001 0a000002"
                      "c000 0050 0000007b 00000009 50 18 0100 0000 0000 61626364")),
            "10.0.0.1:49152 > 10.0.0.2:80 TCP P. seq 123 ack 9 win 256 len 4 ttl 63 CE");
  EXPECT_THAT(line(over("0800",
                        "45000028 0001 4000 3f 06 0000 0a000001 0a000002"
                        "c000 0050 0000007b 00000009 30 18 0100 0000 0000")),
              HasSubstr("TCP, header bad header length, len 20"));
}

TEST(Summary, OfUdpAndFragments) {
  EXPECT_EQ(line(over("0800", "45000020 0001 0000 40 11 0000 0a000001 0a000002 1388 0007 000c 0000 61626364")),
            "10.0.0.1:5000 > 10.0.0.2:7 UDP len 4 ttl 64");
  EXPECT_EQ(line(over("0800", "45000020 0007 2000 40 11 0000 0a000001 0a000002 1388 0007 0fff 0000 61626364")),
            "10.0.0.1:5000 > 10.0.0.2:7 UDP len 4 (bad length) fragment id 7 at 0+ ttl 64");
  EXPECT_EQ(line(over("0800", "45000020 0007 0002 40 11 0000 0a000001 0a000002 1388 0007 000c 0000 61626364")),
            "10.0.0.1 > 10.0.0.2 protocol 17 len 12 fragment id 7 at 16 ttl 64");
}

TEST(Summary, OfArp) {
  EXPECT_EQ(line(over("0806", "0001 0800 06 04 0001 020000000001 0a000001 000000000000 0a000002")),
            "ARP who has 10.0.0.2, tell 10.0.0.1");
  EXPECT_EQ(line(over("0806", "0001 0800 06 04 0002 020000000002 0a000002 020000000001 0a000001")),
            "ARP 10.0.0.2 is at 02:00:00:00:00:02");
  EXPECT_EQ(line(over("0806", "0001")), "ARP, too short");
}

TEST(Summary, OfIcmpAndWhatItQuotes) {
  EXPECT_EQ(line(over("0800", "45000020 0001 0000 40 01 0000 0a000001 0a000002 08 00 0000 0001 0002 61626364")),
            "10.0.0.1 > 10.0.0.2 ICMP echo request id 1 seq 2 len 4 ttl 64");
  EXPECT_EQ(line(over("0800",
                      "45000038 0001 0000 40 01 0000 0a000009 0a000001 0b 00 0000 0000 0000"
                      "45000020 0001 0000 01 11 0000 0a000001 0a000002 1388 0007 000c 0000")),
            "10.0.0.9 > 10.0.0.1 ICMP time exceeded len 28 about (10.0.0.1:5000 > 10.0.0.2:7 UDP len 4 ttl 1) ttl 64");
  EXPECT_THAT(line(over("0800",
                        "45000038 0001 0000 40 01 0000 0a000009 0a000001 03 04 0000 0000 0240"
                        "45000020 0001 0000 01 01 0000 0a000001 0a000002 03 00 000c 0000 0000")),
              HasSubstr("ICMP unreachable (fragmentation needed, mtu 576) len 28 about (10.0.0.1 > 10.0.0.2 ICMP)"));
}

TEST(Summary, OfIpv6) {
  constexpr std::string_view kAddresses = "fe800000000000000000000000000001 ff0200000000000000000001ff000002";
  EXPECT_EQ(line(over("86dd", "60000000 0018 3a ff" + std::string(kAddresses) +
                                  "87 00 0000 00000000 fe800000000000000000000000000002")),
            "fe80::1 > ff02::1:ff00:2 ICMPv6 who has fe80::2 len 16 hops 255");
  EXPECT_EQ(line(over("86dd", "60000000 000c 11 40" + std::string(kAddresses) + "1388 0007 000c 0000 61626364")),
            "[fe80::1]:5000 > [ff02::1:ff00:2]:7 UDP len 4 hops 64");
  EXPECT_THAT(
      line(over("86dd", "60000000 0010 2c 40" + std::string(kAddresses) + "11 00 0010 00000001 6162636465666768")),
      HasSubstr("later fragment len 8"));
}

TEST(Summary, OfTagsAndOfWhatItDoesNotKnow) {
  EXPECT_THAT(line(over("8100", "2005 0800" + syn())), ::testing::StartsWith("vlan 5 10.0.0.1:49152 > "));
  EXPECT_EQ(line(over("88cc", "0102")), "02:00:00:00:00:01 > 02:00:00:00:00:02 type 0x88cc len 2");
  EXPECT_EQ(summary(hex(syn()), kLinkTypeRaw).substr(0, 14), "10.0.0.1:49152");
  EXPECT_EQ(summary(hex("00"), 147), "link type 147, 1 bytes");
  EXPECT_EQ(summary({}, kLinkTypeRaw), "nothing");
  EXPECT_EQ(line("0102"), "Ethernet, too short, 2 bytes");
}

TEST(Summary, OfFramesCutAnywhere) {
  const Frame whole = hex(over("0800", syn()));
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    EXPECT_NE(summary(std::span(whole).first(length), kLinkTypeEthernet), "") << length;
  }
  EXPECT_THAT(summary(std::span(whole).first(14 + 20), kLinkTypeEthernet), HasSubstr("TCP, header too short, len 40"));
}

}  // namespace
}  // namespace catenet::trace
