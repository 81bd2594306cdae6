// SPDX-License-Identifier: Apache-2.0
// NicPort where the channel has offloads; without them: linux_node_test.cc, and with a real kernel two_nodes_test.cc.
#include "catenet/live/nic_port.h"

#include "catenet/live/test_bench.h"
#include "catenet/live/test_wire.h"
#include "catenet/packet/checksum.h"
#include "catenet/wire/ipv4.h"
#include "catenet/wire/tcp.h"
#include "catenet/wire/udp.h"

namespace catenet::live {
namespace {

using namespace bench;
using namespace catenet::literals;

constexpr std::size_t kTcpAt = 14 + 20;
constexpr std::size_t kHeader = kTcpAt + 20;

class OffloadTest : public WireTest {
 protected:
  void SetUp() override {
    kernel.offloads = true;
    alice.join(alice_eth0, kernel);
  }
  void run() { scheduler.run_until(scheduler.now() + 1_ms); }

  /// An Ethernet frame with a TCP segment whose checksum is missing.
  Packet segment(std::uint32_t seq, std::size_t payload, std::uint8_t flags = wire::TcpFlag::kAck) {
    Packet packet = pool.make();
    EXPECT_TRUE(packet.append(std::vector<std::byte>(payload, static_cast<std::byte>(seq))));
    auto& tcp = packet.push_header<wire::TcpHeader>();
    tcp.seq = seq;
    tcp.flags = flags;
    auto& ip = packet.push_header<wire::Ipv4Header>();
    ip.total_length = static_cast<std::uint16_t>(packet.size());
    ip.fragment = wire::Ipv4Header::kDontFragment;
    ip.ttl = 64;
    ip.protocol = 6;
    ip.source = wire::Ipv4Address(10, 0, 0, 2);
    ip.destination = wire::Ipv4Address(10, 0, 0, 1);
    ip.checksum = bench::internet_checksum(reinterpret_cast<const std::uint8_t*>(packet.data()), 20);
    packet.mark_network_header();
    packet.header<wire::TcpHeader>(20).checksum =
        checksum_fold(checksum_add(packet.head().subspan(12, 8), 6 + static_cast<std::uint32_t>(packet.size() - 20)));
    mark_partial_checksum(packet, 20, 20 + offsetof(wire::TcpHeader, checksum));
    std::byte* link = packet.push(14);
    std::fill_n(link, 14, std::byte{2});
    link[12] = std::byte{8};
    link[13] = std::byte{0};
    return packet;
  }
  static bool sum_is_right(const Octets& frame) {
    const std::span<const std::byte> bytes = std::as_bytes(std::span(frame));
    const auto length = static_cast<std::uint32_t>(frame.size() - kTcpAt);
    return checksum_fold(checksum_add(bytes.subspan(kTcpAt), checksum_add(bytes.subspan(26, 8), 6 + length))) == 0xffff;
  }
};

TEST_F(OffloadTest, SegmentsInARowGoAsOne) {
  for (std::uint32_t i = 0; i < 3; ++i) {
    tap_eth0.send(segment(1000 * i, 1000));
  }
  tap_eth0.send(segment(3000, 10, wire::TcpFlag::kAck | wire::TcpFlag::kPsh));
  tap_eth0.send(segment(3010, 0));
  run();
  EXPECT_FALSE(alice.flush());
  ASSERT_EQ(kernel.taken.size(), 2U);
  EXPECT_EQ(kernel.taken[0].size(), kHeader + 3010);
  EXPECT_EQ(kernel.taken[0][kHeader + 2999], static_cast<std::uint8_t>(2000));
  const FrameOffload& offload = kernel.beside[0];
  EXPECT_EQ(offload.kind, FrameOffload::Kind::tcp4);
  EXPECT_EQ(offload.segment_size, 1000);
  EXPECT_EQ(offload.header_length, kHeader);
  EXPECT_TRUE(offload.checksum_missing);
  EXPECT_EQ(offload.checksum_start, kTcpAt);
  EXPECT_EQ(offload.checksum_offset, 16);
  // Completed as the kernel would, the whole is right.
  Octets whole = kernel.taken[0];
  const std::uint16_t sum = bench::internet_checksum(whole.data() + kTcpAt, whole.size() - kTcpAt);
  bench::put16(whole, kTcpAt + 16, sum);
  EXPECT_TRUE(sum_is_right(whole));
  EXPECT_TRUE(sum_is_right(kernel.taken[1])) << "what goes alone is complete";
  EXPECT_EQ(kernel.beside[1].kind, FrameOffload::Kind::none);
  EXPECT_TRUE(kernel.beside[1].checksum_verified);
}

TEST_F(OffloadTest, AnUnverifiedSumStaysTheKernelsAffair) {
  to_alice(60);
  run();
  alice.flush();
  ASSERT_EQ(kernel.beside.size(), 1U);
  EXPECT_FALSE(kernel.beside[0].checksum_missing);
  EXPECT_FALSE(kernel.beside[0].checksum_verified);
}

TEST_F(OffloadTest, AWholeRunWaitsUntilTheKernelHasRoom) {
  kernel.room = 1;
  tap_eth0.send(segment(9, 5, wire::TcpFlag::kAck | wire::TcpFlag::kPsh));
  for (std::uint32_t i = 0; i < 3; ++i) {
    tap_eth0.send(segment(1000 * i, 1000));
  }
  run();
  EXPECT_TRUE(alice.flush());
  EXPECT_EQ(kernel.taken.size(), 1U);
  kernel.room = 1;
  EXPECT_FALSE(alice.flush());
  EXPECT_EQ(kernel.taken.back().size(), kHeader + 3000);
}

TEST_F(OffloadTest, ASuperSegmentOfTheKernelIsCutOnAWire) {
  Packet whole = segment(0, 2500, wire::TcpFlag::kAck | wire::TcpFlag::kFin);
  FrameOffload offload{.kind = FrameOffload::Kind::tcp4,
                       .checksum_missing = true,
                       .header_length = kHeader,
                       .segment_size = 1000,
                       .checksum_start = kTcpAt,
                       .checksum_offset = 16};
  kernel.sends(octets(whole), offload);
  whole.consume();
  ASSERT_TRUE(alice.fetch(0));
  run();
  ASSERT_EQ(tap.frames.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    Packet& frame = tap.frames[i].packet;
    EXPECT_EQ(frame.size(), kHeader + (i < 2 ? 1000 : 500));
    complete_checksum(frame);
    EXPECT_TRUE(sum_is_right(octets(frame)));
    EXPECT_EQ(frame.header<wire::TcpHeader>(kTcpAt).seq, 1000 * i);
  }
}

TEST_F(OffloadTest, AMissingSumIsMissingOnTheLinkToo) {
  Packet one = segment(0, 500);
  kernel.sends(octets(one), {.checksum_missing = true, .checksum_start = kTcpAt, .checksum_offset = 16});
  kernel.sends(octets(one), {.checksum_verified = true});
  kernel.sends(octets(one));
  one.consume();
  ASSERT_TRUE(alice.fetch(0));
  run();
  ASSERT_EQ(tap.frames.size(), 3U);
  EXPECT_EQ(tap.frames[0].packet.meta().checksum, ChecksumState::partial);
  EXPECT_EQ(tap.frames[1].packet.meta().checksum, ChecksumState::verified);
  EXPECT_EQ(tap.frames[2].packet.meta().checksum, ChecksumState::unverified);
}

TEST_F(OffloadTest, WhatMakesNoSenseIsCounted) {
  Packet one = segment(0, 500);
  const Octets bytes = octets(one);
  one.consume();
  using Kind = FrameOffload::Kind;
  kernel.sends(bytes, {.checksum_missing = true, .checksum_start = 600, .checksum_offset = 16});
  kernel.sends(bytes, {.kind = Kind::tcp4, .segment_size = 100});
  kernel.sends(bytes, {.kind = Kind::tcp4, .checksum_missing = true, .segment_size = 100, .checksum_start = 14});
  Octets lying = bytes;
  lying[kTcpAt + 12] = 0x40;  // a header of 16 bytes
  kernel.sends(lying, {.kind = Kind::tcp4,
                       .checksum_missing = true,
                       .segment_size = 100,
                       .checksum_start = kTcpAt,
                       .checksum_offset = 16});
  ASSERT_TRUE(alice.fetch(0));
  run();
  EXPECT_TRUE(tap.frames.empty());
  EXPECT_EQ(alice.overruns(), 4U);
}

Packet three_datagrams(PacketPool& pool) {
  Packet frame = pool.make();
  EXPECT_TRUE(frame.append(std::vector<std::byte>(250, std::byte{7})));
  frame.push_header<wire::UdpHeader>().length = 258;
  auto& ip = frame.push_header<wire::Ipv4Header>();
  ip.total_length = 278;
  ip.protocol = 17;
  frame.mark_network_header();
  mark_partial_checksum(frame, 20, 20 + offsetof(wire::UdpHeader, checksum));
  std::fill_n(frame.push(14), 14, std::byte{2});
  frame.meta().segment_size = 100;
  return frame;
}

TEST_F(WireTest, WithoutOffloadsASuperSegmentIsCutForTheKernel) {
  alice.join(alice_eth0, kernel);
  alice.receive(alice_eth0, three_datagrams(pool));
  EXPECT_FALSE(alice.flush());
  ASSERT_EQ(kernel.taken.size(), 3U);
  EXPECT_EQ(kernel.taken[2].size(), 14U + 28 + 50);
}

TEST_F(OffloadTest, DatagramsGoAsOneWhereTheKernelTakesThem) {
  alice.receive(alice_eth0, three_datagrams(pool));
  EXPECT_FALSE(alice.flush());
  EXPECT_EQ(kernel.taken.size(), 3U) << "it knows those of TCP only";
  kernel.udp_offloads = true;
  alice.receive(alice_eth0, three_datagrams(pool));
  EXPECT_FALSE(alice.flush());
  ASSERT_EQ(kernel.taken.size(), 4U);
  EXPECT_EQ(kernel.taken[3].size(), 14U + 278);
  EXPECT_EQ(kernel.beside[3].kind, FrameOffload::Kind::udp);
  EXPECT_EQ(kernel.beside[3].segment_size, 100);
  EXPECT_EQ(kernel.beside[3].header_length, 14 + 28);
}

}  // namespace
}  // namespace catenet::live
