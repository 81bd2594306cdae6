// SPDX-License-Identifier: Apache-2.0
// What Segmentation cuts, Coalescing puts together; and what it leaves apart.
#include "catenet/net/coalescing.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "catenet/net/segmentation.h"
#include "catenet/packet/checksum.h"
#include "catenet/wire/ethernet.h"
#include "catenet/wire/ipv4.h"
#include "catenet/wire/tcp.h"

namespace catenet {
namespace {

constexpr std::size_t kLink = 14;
constexpr std::size_t kTcpAt = kLink + wire::kIpv4HeaderSize;
constexpr std::size_t kHeader = kTcpAt + wire::kTcpHeaderSize + 12;

struct CoalescingTest : testing::Test {
  /// An Ethernet frame of `payload` bytes that would be segment number `number` of a stream of 100-byte segments.
  Packet segment(std::uint32_t number, std::size_t payload = 100, std::uint8_t flags = wire::TcpFlag::kAck) {
    Packet packet = pool.make();
    check(packet.append(std::vector<std::byte>(payload, static_cast<std::byte>(number))), "payload");
    std::fill_n(packet.push(wire::kTcpHeaderSize + 12), wire::kTcpHeaderSize + 12, std::byte{1});
    auto& tcp = packet.header<wire::TcpHeader>();
    tcp = wire::TcpHeader{};
    tcp.set_header_size(wire::kTcpHeaderSize + 12);
    tcp.source_port = 5;
    tcp.destination_port = 6;
    tcp.seq = 0xffffff00 + number * 100;  // wraps after three
    tcp.ack = 77;
    tcp.window = 1000;
    tcp.flags = flags;
    auto& ip = packet.push_header<wire::Ipv4Header>();
    ip.total_length = static_cast<std::uint16_t>(packet.size());
    ip.fragment = wire::Ipv4Header::kDontFragment;
    ip.ttl = 64;
    ip.protocol = 6;
    ip.source = wire::Ipv4Address(10, 0, 0, 1);
    ip.destination = wire::Ipv4Address(10, 0, 0, 2);
    ip.checksum = internet_checksum(packet.head().first(wire::kIpv4HeaderSize));
    packet.mark_network_header();
    const auto length = static_cast<std::uint32_t>(packet.size() - wire::kIpv4HeaderSize);
    packet.header<wire::TcpHeader>(wire::kIpv4HeaderSize).checksum =
        checksum_fold(checksum_add(packet.head().subspan(12, 8), 6 + length));
    mark_partial_checksum(packet, wire::kIpv4HeaderSize, wire::kIpv4HeaderSize + offsetof(wire::TcpHeader, checksum));
    std::byte* link = packet.push(kLink);
    std::fill_n(link, kLink, std::byte{0xee});
    link[12] = std::byte{0x08};
    link[13] = std::byte{0};
    return packet;
  }
  static wire::Ipv4Header& ip(Packet& packet) { return packet.header<wire::Ipv4Header>(kLink); }
  static wire::TcpHeader& tcp(Packet& packet) { return packet.header<wire::TcpHeader>(kTcpAt); }
  bool start(Packet packet) {
    const bool begun = run.start(packet);
    packet.consume();
    return begun;
  }
  bool add(Packet packet) {
    const bool added = run.add(packet);
    packet.consume();
    return added;
  }
  PacketPool pool;
  Coalescing run;
};

TEST_F(CoalescingTest, WhatWasCutIsWholeAgain) {
  Packet whole = segment(1, 950, wire::TcpFlag::kAck | wire::TcpFlag::kPsh);
  whole.meta().segment_size = 100;
  std::vector<Packet> frames;
  for (Segmentation cut(whole); !cut.done();) {
    frames.push_back(cut.next());
  }
  ASSERT_EQ(frames.size(), 10U);
  ASSERT_TRUE(run.start(frames[0]));
  for (std::size_t i = 1; i < frames.size(); ++i) {
    ASSERT_TRUE(run.add(frames[i])) << i;
  }
  EXPECT_FALSE(run.add(frames[0])) << "PSH ends a run";
  EXPECT_EQ(run.count(), 10U);
  EXPECT_EQ(run.segment_size(), 100U);
  EXPECT_EQ(run.transport_offset(), kTcpAt);
  const auto header = run.finish_header();
  const auto original = whole.head().first(kHeader);
  EXPECT_TRUE(std::equal(header.begin(), header.end(), original.begin(), original.end()));
  for (Packet& frame : frames) {
    frame.consume();
  }
  whole.consume();
}

TEST_F(CoalescingTest, AShortSegmentIsTheLast) {
  ASSERT_TRUE(start(segment(0)));
  EXPECT_TRUE(add(segment(1, 40)));
  EXPECT_FALSE(add(segment(2)));
  ASSERT_TRUE(start(segment(0, 40)));
  EXPECT_FALSE(add(segment(1, 41))) << "a longer one is no part of it";
}

TEST_F(CoalescingTest, OnlyWhatIsNextInEverythingBelongs) {
  const std::vector<std::pair<const char*, std::function<void(Packet&)>>> changes = {
      {"another station", [](Packet& p) { p.data()[0] = std::byte{1}; }},
      {"traffic class", [](Packet& p) { ip(p).tos = 1; }},
      {"hop limit", [](Packet& p) { ip(p).ttl = 63; }},
      {"source", [](Packet& p) { ip(p).source = wire::Ipv4Address(10, 0, 0, 3); }},
      {"destination", [](Packet& p) { ip(p).destination = wire::Ipv4Address(10, 0, 0, 3); }},
      {"a fragment", [](Packet& p) { ip(p).fragment = wire::Ipv4Header::kMoreFragments; }},
      {"identification", [](Packet& p) { ip(p).id = 9; }},
      {"another protocol", [](Packet& p) { ip(p).protocol = 17; }},
      {"padding behind it", [](Packet& p) { ip(p).total_length = ip(p).total_length - 1; }},
      {"source port", [](Packet& p) { tcp(p).source_port = 4; }},
      {"destination port", [](Packet& p) { tcp(p).destination_port = 4; }},
      {"a gap", [](Packet& p) { tcp(p).seq = tcp(p).seq + 1; }},
      {"acknowledgement", [](Packet& p) { tcp(p).ack = 78; }},
      {"window", [](Packet& p) { tcp(p).window = 1001; }},
      {"options", [](Packet& p) { p.data()[kTcpAt + wire::kTcpHeaderSize] = std::byte{2}; }},
      {"FIN", [](Packet& p) { tcp(p).flags |= wire::TcpFlag::kFin; }},
      {"CWR", [](Packet& p) { tcp(p).flags |= wire::TcpFlag::kCwr; }},
      {"urgent", [](Packet& p) { tcp(p).flags |= wire::TcpFlag::kUrg; }},
      {"an unverified sum", [](Packet& p) { p.meta().checksum = ChecksumState::unverified; }},
      {"a super-segment", [](Packet& p) { p.meta().segment_size = 10; }},
      {"a check sequence", [](Packet& p) { p.meta().fcs_present = true; }},
  };
  for (const auto& [what, change] : changes) {
    ASSERT_TRUE(start(segment(2)));
    Packet next = segment(3);
    change(next);
    EXPECT_FALSE(add(std::move(next))) << what;
    EXPECT_TRUE(add(segment(3))) << what;
  }
}

TEST_F(CoalescingTest, IdentificationsThatCountAreCounted) {
  const auto numbered = [&](std::uint32_t number, std::uint16_t id) {
    Packet packet = segment(number);
    ip(packet).fragment = 0;
    ip(packet).id = id;
    return packet;
  };
  ASSERT_TRUE(start(numbered(0, 0xffff)));
  EXPECT_FALSE(add(numbered(1, 0xffff)));
  EXPECT_TRUE(add(numbered(1, 0)));
  EXPECT_TRUE(add(numbered(2, 1)));
}

TEST_F(CoalescingTest, WhatCannotBegin) {
  EXPECT_FALSE(start(segment(0, 0))) << "a bare acknowledgement";
  EXPECT_FALSE(start(segment(0, 100, wire::TcpFlag::kAck | wire::TcpFlag::kPsh))) << "PSH: nothing follows";
  EXPECT_FALSE(start(segment(0, 100, wire::TcpFlag::kAck | wire::TcpFlag::kSyn)));
  Packet arp = segment(0);
  arp.data()[13] = std::byte{6};
  EXPECT_FALSE(start(std::move(arp)));
  Packet options = segment(0);
  ip(options).version_ihl = 0x46;
  EXPECT_FALSE(start(std::move(options))) << "IP options";
  Packet lying = segment(0);
  tcp(lying).offset_reserved = 0x40;
  EXPECT_FALSE(start(std::move(lying))) << "a TCP header shorter than one";
  Packet tiny = pool.make();
  ASSERT_TRUE(tiny.append(std::vector<std::byte>(20)));
  tiny.meta().checksum = ChecksumState::verified;
  EXPECT_FALSE(start(std::move(tiny)));
}

TEST_F(CoalescingTest, AWholeFitsAnIpPacket) {
  ASSERT_TRUE(start(segment(0)));
  std::uint32_t number = 1;
  while (add(segment(number))) {
    ++number;
  }
  EXPECT_EQ(number, (65535 - (kHeader - kLink)) / 100);
}

}  // namespace
}  // namespace catenet
