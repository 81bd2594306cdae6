// SPDX-License-Identifier: Apache-2.0
#include "catenet/net/segmentation.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "catenet/net/net_test_bench.h"
#include "catenet/packet/checksum.h"
#include "catenet/wire/ipv4.h"
#include "catenet/wire/tcp.h"
#include "catenet/wire/udp.h"

namespace catenet {
namespace {

constexpr std::size_t kLinkHeader = 14;
constexpr std::size_t kIpv6Header = 40;
const std::string kText = "the quick brown fox jumps over the lazy dog";  // 43 bytes

/// A frame: 14 bytes of link header, a network header, a transport header with options or not, kText in a chunk.
class Super {
 public:
  enum class Family : std::uint8_t { v4, v6 };

  explicit Super(Family family, std::uint8_t tcp_flags, std::size_t tcp_options = 12) : family_(family) {
    packet_ = start();
    std::byte* at = packet_.push(wire::kTcpHeaderSize + tcp_options);
    std::fill(at, at + wire::kTcpHeaderSize + tcp_options, std::byte{1});
    auto& header = packet_.header<wire::TcpHeader>();
    header = wire::TcpHeader{};
    header.set_header_size(wire::kTcpHeaderSize + tcp_options);
    header.seq = 0xfffffff0;
    header.flags = tcp_flags;
    finish(6, offsetof(wire::TcpHeader, checksum));
  }
  explicit Super(Family family) : family_(family) {
    packet_ = start();
    auto& header = packet_.push_header<wire::UdpHeader>();
    header.length = static_cast<std::uint16_t>(packet_.size());
    finish(17, offsetof(wire::UdpHeader, checksum));
  }
  ~Super() { packet_.consume(); }
  Super(const Super&) = delete;
  Super& operator=(const Super&) = delete;
  Packet& packet() { return packet_; }
  /// All segments, as bytes of complete frames.
  std::vector<std::string> cut(std::uint16_t size) {
    packet_.meta().segment_size = size;
    Segmentation segmentation(packet_);
    std::vector<std::string> frames;
    while (Packet segment = segmentation.next()) {
      EXPECT_EQ(segment.meta().segment_size, 0);
      complete_checksum(segment);
      std::string bytes(segment.size(), '\0');
      segment.copy_out(0, std::as_writable_bytes(std::span(bytes)));
      frames.push_back(bytes);
      segment.consume();
    }
    EXPECT_TRUE(segmentation.done());
    EXPECT_EQ(frames.size(), segmentation.count());
    return frames;
  }

  PacketPool pool;

 private:
  Packet start() {
    Packet packet = pool.make();
    ChunkRef chunk = pool.make_chunk(4000);
    std::memcpy(chunk.bytes() + 100, kText.data(), kText.size());
    check(packet.append(chunk, 100, static_cast<std::uint32_t>(kText.size())), "a slice");
    return packet;
  }
  void finish(std::uint8_t protocol, std::size_t field) {
    const std::size_t transport = packet_.size();
    std::uint32_t sum = protocol + static_cast<std::uint32_t>(transport);
    std::byte* network = nullptr;
    if (family_ == Family::v4) {
      auto& header = packet_.push_header<wire::Ipv4Header>();
      header.total_length = static_cast<std::uint16_t>(packet_.size());
      header.id = 7;
      header.protocol = protocol;
      header.source = wire::Ipv4Address(10, 0, 0, 1);
      header.destination = wire::Ipv4Address(10, 0, 0, 2);
      sum = checksum_add(packet_.head().subspan(12, 8), sum);
    } else {
      network = packet_.push(kIpv6Header);
      for (std::size_t i = 0; i < kIpv6Header; ++i) {
        network[i] = static_cast<std::byte>(i);
      }
      network[0] = std::byte{0x60};
      network[4] = static_cast<std::byte>(transport >> 8);
      network[5] = static_cast<std::byte>(transport);
      network[6] = static_cast<std::byte>(protocol);
      sum = checksum_add(packet_.head().subspan(8, 32), sum);
    }
    packet_.mark_network_header();
    const std::size_t at = packet_.size() - transport;
    const be16 pseudo = checksum_fold(sum);
    std::memcpy(packet_.data() + at + field, &pseudo, sizeof pseudo);
    mark_partial_checksum(packet_, at, at + field);
    std::byte* link = packet_.push(kLinkHeader);
    std::fill(link, link + kLinkHeader, std::byte{0xee});
  }

  Family family_;
  Packet packet_;
};

using Family = Super::Family;

const wire::TcpHeader& tcp_of(const std::string& frame, std::size_t network) {
  return *reinterpret_cast<const wire::TcpHeader*>(frame.data() + kLinkHeader + network);
}
std::string payload_of(const std::string& frame, std::size_t headers) { return frame.substr(kLinkHeader + headers); }

/// Sums to 0xffff over pseudo-header and segment (RFC 9293 3.1): summed from the finished bytes, not from what was cut.
bool sum_is_right(const std::string& frame, Family family, std::uint8_t protocol) {
  const auto bytes = std::as_bytes(std::span(frame)).subspan(kLinkHeader);
  const std::size_t header = family == Family::v4 ? wire::kIpv4HeaderSize : kIpv6Header;
  const auto addresses = family == Family::v4 ? bytes.subspan(12, 8) : bytes.subspan(8, 32);
  const auto length = static_cast<std::uint32_t>(bytes.size() - header);
  return checksum_fold(checksum_add(bytes.subspan(header), checksum_add(addresses, protocol + length))) == 0xffff;
}

TEST(Segmentation, CutsTcpBehindIpv4) {
  Super super(Family::v4, wire::TcpFlag::kAck | wire::TcpFlag::kPsh | wire::TcpFlag::kFin | wire::TcpFlag::kCwr);
  const auto frames = super.cut(20);
  ASSERT_EQ(frames.size(), 3U);
  constexpr std::size_t kHeaders = 20 + 32;
  EXPECT_EQ(payload_of(frames[0], kHeaders) + payload_of(frames[1], kHeaders) + payload_of(frames[2], kHeaders), kText);
  EXPECT_EQ(payload_of(frames[2], kHeaders).size(), 3U);
  std::uint32_t seq = 0xfffffff0;  // wraps on the way
  std::uint16_t id = 7;
  for (const std::string& frame : frames) {
    EXPECT_EQ(frame.substr(0, kLinkHeader), std::string(kLinkHeader, '\xee'));
    const auto bytes = std::as_bytes(std::span(frame)).subspan(kLinkHeader);
    const auto ip = wire::Ipv4Header::parse(bytes);
    ASSERT_TRUE(ip);
    EXPECT_EQ((*ip)->total_length, bytes.size());
    EXPECT_EQ((*ip)->id, id++);
    EXPECT_EQ(internet_checksum(bytes.first(20)), 0);
    EXPECT_EQ(tcp_of(frame, 20).seq, seq);
    seq += 20;
    EXPECT_TRUE(sum_is_right(frame, Family::v4, 6));
  }
  EXPECT_EQ(tcp_of(frames[0], 20).flags, wire::TcpFlag::kAck | wire::TcpFlag::kCwr);
  EXPECT_EQ(tcp_of(frames[1], 20).flags, wire::TcpFlag::kAck);
  EXPECT_EQ(tcp_of(frames[2], 20).flags, wire::TcpFlag::kAck | wire::TcpFlag::kPsh | wire::TcpFlag::kFin);
}

TEST(Segmentation, CutsTcpBehindIpv6) {
  Super super(Family::v6, wire::TcpFlag::kAck, 0);
  const auto frames = super.cut(43);
  ASSERT_EQ(frames.size(), 1U) << "what fits in one segment is one";
  EXPECT_TRUE(sum_is_right(frames[0], Family::v6, 6));
  const auto more = super.cut(1);
  ASSERT_EQ(more.size(), 43U);
  for (const std::string& frame : more) {
    EXPECT_EQ(static_cast<unsigned char>(frame[kLinkHeader + 5]), 21) << "payload length";
    EXPECT_TRUE(sum_is_right(frame, Family::v6, 6));
  }
}

TEST(Segmentation, CutsUdpIntoDatagrams) {
  for (const Family family : {Family::v4, Family::v6}) {
    Super super(family);
    const std::size_t network = family == Family::v4 ? 20 : kIpv6Header;
    const auto frames = super.cut(25);
    ASSERT_EQ(frames.size(), 2U);
    EXPECT_EQ(payload_of(frames[0], network + 8) + payload_of(frames[1], network + 8), kText);
    for (const std::string& frame : frames) {
      const auto& header = *reinterpret_cast<const wire::UdpHeader*>(frame.data() + kLinkHeader + network);
      EXPECT_EQ(header.length, frame.size() - kLinkHeader - network);
      EXPECT_TRUE(sum_is_right(frame, family, 17));
    }
  }
}

TEST(Segmentation, SharesThePayload) {
  Super super(Family::v4, wire::TcpFlag::kAck);
  super.packet().meta().segment_size = 20;
  Segmentation segmentation(super.packet());
  Packet first = segmentation.next();
  ASSERT_EQ(first.slice_count(), 1U);
  EXPECT_EQ(first.slice(0).chunk, super.packet().slice(0).chunk);
  first.consume();
}

TEST(Segmentation, TheInterfaceCutsWhatItsMediumDoesNotTake) {
  struct Trains final : Medium {
    void set_sink(FrameSink&) override {}
    bool is_idle() const override { return true; }
    void transmit(Packet frame) override {
      ++frames;
      segments += segment_count(frame);
      frame.consume();
    }
    void request_ready() override {}
    bool takes_super_segments() const override { return takes; }
    bool is_up() const override { return true; }
    bool takes = false;
    std::size_t frames = 0;
    std::size_t segments = 0;
  };
  for (const bool takes : {false, true}) {
    NetBench bench;
    Recorder node(bench.world, 1, "a");
    Trains medium;
    medium.takes = takes;
    Interface& interface = bench.plug(node, medium);
    Super super(Family::v4, wire::TcpFlag::kAck);
    super.packet().meta().segment_size = 20;
    interface.send(super.packet().clone());
    EXPECT_EQ(medium.frames, takes ? 1U : 3U);
    EXPECT_EQ(medium.segments, 3U);
    EXPECT_EQ(interface.counters().tx_packets, medium.frames);
  }
}

TEST(Segmentation, WithoutMemoryTheRestIsDropped) {
  NetBench bench;
  PacketPool small({.packets = 64});
  Recorder node(bench.world, 1, "a");
  ScriptedMedium medium;
  Interface& interface = bench.plug(node, medium);
  Super super(Family::v4, wire::TcpFlag::kAck);
  Packet copy = super.packet().copy_to(small);
  copy.meta().segment_size = 20;
  std::vector<Packet> others;
  while (Packet other = small.make()) {
    others.push_back(std::move(other));
  }
  others.back().consume();
  others.pop_back();
  interface.send(std::move(copy));
  EXPECT_EQ(medium.sent.size(), 1U);
  EXPECT_EQ(interface.drops().of(DropReason::no_memory), 1U);
  for (Packet& other : others) {
    other.consume();
  }
}

}  // namespace
}  // namespace catenet
