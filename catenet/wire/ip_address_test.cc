// SPDX-License-Identifier: Apache-2.0
// The system's inet_pton and inet_ntop judge what is read and written.
#include "catenet/wire/ip_address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include "catenet/base/rng.h"

namespace catenet::wire {
namespace {

TEST(Ipv4Address, ReadsAndWritesDottedQuads) {
  EXPECT_EQ(Ipv4Address::parse("192.0.2.33"), Ipv4Address(192, 0, 2, 33));
  EXPECT_EQ(Ipv4Address::parse("255.255.255.255"), Ipv4Address::broadcast());
  EXPECT_EQ(Ipv4Address(0x0a000001).to_string(), "10.0.0.1");
  EXPECT_EQ(Ipv4Address::from_bytes(Ipv4Address(1, 2, 3, 4).to_bytes()), Ipv4Address(0x01020304));
  for (const char* text : {"", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.4 ", " 1.2.3.4", "1..3.4",
                           "1.2.3.", "0x1.2.3.4", "1.2.3.-4", "1.2.3.+4", "1.2.3.4444444444"}) {
    EXPECT_EQ(Ipv4Address::parse(text), fail(EINVAL)) << text;
  }
}

TEST(Ipv4Address, KnowsItsKinds) {
  EXPECT_TRUE(Ipv4Address::any().is_unspecified());
  EXPECT_TRUE(Ipv4Address(127, 255, 0, 1).is_loopback());
  EXPECT_TRUE(Ipv4Address(224, 0, 0, 5).is_local_multicast());
  EXPECT_TRUE(Ipv4Address(239, 255, 255, 255).is_multicast());
  EXPECT_FALSE(Ipv4Address(240, 0, 0, 0).is_multicast());
  EXPECT_TRUE(Ipv4Address(169, 254, 1, 1).is_link_local());
  EXPECT_TRUE(Ipv4Address(172, 31, 255, 255).is_private());
  EXPECT_FALSE(Ipv4Address(172, 32, 0, 0).is_private());
}

TEST(Ipv4Address, KnowsMartians) {
  for (const char* text : {"0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"}) {
    EXPECT_TRUE(Ipv4Address::parse(text)->is_martian_source()) << text;
  }
  EXPECT_FALSE(Ipv4Address(10, 0, 0, 1).is_martian_source());
  EXPECT_FALSE(Ipv4Address(224, 0, 0, 1).is_martian_destination());
  EXPECT_FALSE(Ipv4Address::broadcast().is_martian_destination());
  EXPECT_TRUE(Ipv4Address(255, 255, 255, 254).is_martian_destination());
}

TEST(Ipv4Address, PackedFormIsNetworkOrder) {
  const BeIpv4 packed = Ipv4Address(1, 2, 3, 4);
  const auto* bytes = reinterpret_cast<const unsigned char*>(&packed);
  EXPECT_EQ(bytes[0], 1);
  EXPECT_EQ(bytes[3], 4);
  EXPECT_EQ(Ipv4Address(packed), Ipv4Address(1, 2, 3, 4));
}

struct Text {
  const char* read;
  const char* written;
};

// RFC 5952 2 and 4, RFC 4291 2.2.
constexpr Text kTexts[] = {
    {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
    {"2001:0db8::0001", "2001:db8::1"},
    {"2001:db8:0:0:0:0:2:1", "2001:db8::2:1"},
    {"2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
    {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
    {"2001:DB8::AAAA", "2001:db8::aaaa"},
    {"0:0:0:0:0:0:0:0", "::"},
    {"0:0:0:0:0:0:0:1", "::1"},
    {"1:0:0:0:0:0:0:0", "1::"},
    {"FF01:0:0:0:0:0:0:101", "ff01::101"},
    {"::FFFF:129.144.52.38", "::ffff:129.144.52.38"},
    {"0:0:0:0:0:ffff:0102:0304", "::ffff:1.2.3.4"},
    {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
    {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
};

TEST(Ipv6Address, ReadsRfc4291WritesRfc5952) {
  for (const Text& t : kTexts) {
    const auto address = Ipv6Address::parse(t.read);
    ASSERT_TRUE(address) << t.read;
    EXPECT_EQ(address->to_string(), t.written);
    EXPECT_EQ(Ipv6Address::parse(t.written), *address);
  }
}

TEST(Ipv6Address, RefusesAnythingElse) {
  for (const char* text : {"",
                           ":",
                           ":::",
                           "1",
                           "1:2:3:4:5:6:7",
                           "1:2:3:4:5:6:7:8:9",
                           "1::2::3",
                           "12345::",
                           "g::",
                           ":1::",
                           "1:",
                           "::1:",
                           "1:2:3:4:5:6:7:8::",
                           "::1.2.3",
                           "::1.2.3.4.5",
                           "1.2.3.4::",
                           "fe80::1%eth0",
                           " ::1",
                           "::1 ",
                           "1:2:3:4:5:6:7:1.2.3.4",
                           "::256.1.1.1"}) {
    EXPECT_EQ(Ipv6Address::parse(text), fail(EINVAL)) << text;
  }
}

TEST(Ipv6Address, AgreesWithTheSystem) {
  Rng rng(5952);
  for (int i = 0; i < 20'000; ++i) {
    std::array<std::uint16_t, 8> groups{};
    for (auto& group : groups) {  // many zeros, so that every shape of "::" comes up
      group = rng.below(2) == 0 ? 0 : static_cast<std::uint16_t>(rng.next32() >> rng.below(17));
    }
    groups[0] |= 0x1000;  // the system writes ::/96 as a dotted quad, which RFC 5952 does not ask for
    const Ipv6Address address(groups);
    char text[INET6_ADDRSTRLEN];
    inet_ntop(AF_INET6, address.to_bytes().data(), text, sizeof text);
    EXPECT_EQ(address.to_string(), text);
    EXPECT_EQ(Ipv6Address::parse(text), address);
  }
}

TEST(Ipv6Address, KnowsItsKinds) {
  EXPECT_TRUE(Ipv6Address::parse("febf::1")->is_link_local());
  EXPECT_FALSE(Ipv6Address::parse("fec0::1")->is_link_local());
  EXPECT_TRUE(Ipv6Address::parse("ff02::1")->is_multicast());
  EXPECT_TRUE(Ipv6Address::parse("fd00::1")->is_unique_local());
  EXPECT_TRUE(Ipv6Address::loopback().is_martian_source());
  EXPECT_TRUE(Ipv6Address::parse("::ffff:1.2.3.4")->is_v4_mapped());
  EXPECT_EQ(Ipv6Address::parse("2001:db8:ffff::")->masked(33).to_string(), "2001:db8:8000::");
  EXPECT_EQ(Ipv6Address::parse("::")->filled(127).to_string(), "::1");
  EXPECT_EQ(Ipv6Address::loopback().masked(128), Ipv6Address::loopback());
}

TEST(IpAddress, IsEitherFamily) {
  const IpAddress v4 = Ipv4Address(10, 0, 0, 1);
  const IpAddress v6 = Ipv6Address::loopback();
  EXPECT_EQ(IpAddress::parse("10.0.0.1"), v4);
  EXPECT_EQ(IpAddress::parse("::1"), v6);
  EXPECT_EQ(v4.v4(), Ipv4Address(10, 0, 0, 1));
  EXPECT_EQ(v4.bytes().size(), 4U);
  EXPECT_EQ(v6.bytes().size(), 16U);
  EXPECT_LT(v4, v6);
  EXPECT_NE(IpAddress::any(Family::kV4), IpAddress::any(Family::kV6));
  EXPECT_TRUE(IpAddress::any(Family::kV6).is_unspecified());
  EXPECT_EQ(v4.to_string(), "10.0.0.1");
  EXPECT_NE(v4.hash(1), v4.hash(2));
  EXPECT_EQ(v4.masked(8), IpAddress(Ipv4Address(10, 0, 0, 0)));
  EXPECT_FALSE(IpAddress::parse("localhost"));
}

TEST(IpAddress, AZoneTellsLinksApart) {
  const Ipv6Address link_local = *Ipv6Address::parse("fe80::1");
  const IpAddress bare = link_local;
  const IpAddress first(link_local, 1);
  EXPECT_EQ(bare.zone(), 0);
  EXPECT_EQ(first.zone(), 1);
  EXPECT_NE(bare, first);
  EXPECT_NE(first, IpAddress(link_local, 2));
  EXPECT_EQ(first, IpAddress(link_local, 1));
  EXPECT_EQ(first.v6(), link_local);
  EXPECT_EQ(bare.to_string(), "fe80::1");
  EXPECT_EQ(IpAddress(link_local, 255).to_string(), "fe80::1%255");
  EXPECT_FALSE(IpAddress::parse("fe80::1%1"));
}

TEST(Ipv6Address, Scopes) {
  const auto scope = [](const char* text) { return Ipv6Address::parse(text)->scope(); };
  EXPECT_EQ(scope("2001:db8::1"), Scope::kGlobal);
  EXPECT_EQ(scope("fd00::1"), Scope::kGlobal);  // RFC 4193 3.3
  EXPECT_EQ(scope("fe80::1"), Scope::kLinkLocal);
  EXPECT_EQ(scope("::1"), Scope::kLinkLocal);
  EXPECT_EQ(scope("fec0::1"), Scope::kSiteLocal);
  EXPECT_EQ(scope("ff02::1"), Scope::kLinkLocal);
  EXPECT_EQ(scope("ff0e::1"), Scope::kGlobal);
  EXPECT_EQ(scope("::ffff:10.0.0.1"), Scope::kGlobal);
  EXPECT_EQ(scope("::ffff:169.254.0.1"), Scope::kLinkLocal);
  EXPECT_TRUE(Ipv6Address::parse("ff01::1")->is_link_scoped());
  EXPECT_FALSE(Ipv6Address::parse("ff05::1")->is_link_scoped());
}

TEST(Ipv6Address, ParentsAndChildren) {
  const Ipv6Address a = *Ipv6Address::parse("2001:db8::201:2ff:fe03:405");
  EXPECT_EQ(a.solicited_node().to_string(), "ff02::1:ff03:405");  // RFC 4291 2.7.1
  EXPECT_EQ(a.common_prefix(*Ipv6Address::parse("2001:db8::201:2ff:fe03:407")), 126U);
  EXPECT_EQ(a.common_prefix(*Ipv6Address::parse("a001::")), 0U);
  EXPECT_EQ(a.common_prefix(a), 128U);
  const Ipv6Address mapped = Ipv6Address::mapped(Ipv4Address(192, 0, 2, 1));
  EXPECT_EQ(mapped.to_string(), "::ffff:192.0.2.1");
  EXPECT_TRUE(mapped.is_v4_mapped());
  EXPECT_EQ(mapped.v4_mapped(), Ipv4Address(192, 0, 2, 1));
}

}  // namespace
}  // namespace catenet::wire
