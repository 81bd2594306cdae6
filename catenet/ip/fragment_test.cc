// SPDX-License-Identifier: Apache-2.0
// Fragments of IPv4 (ipv4_fragment.cc), and ranges of packets (fragment.cc).
#include "catenet/ip/ip_test_net.h"

namespace catenet::ip {
namespace {

class FragmentTest : public OneRouter {
 protected:
  struct Piece {
    std::size_t total;
    std::size_t data;
    std::size_t offset;  // in units of eight bytes
    bool more;
    bool operator==(const Piece&) const = default;
  };
  /// Sends a datagram of `data` bytes through a router onto a link with this MTU; returns the fragments.
  std::vector<Piece> through(std::size_t mtu, std::size_t data, std::uint16_t id = 111,
                             const ByteString& options = {}) {
    eth0->set_mtu(9000);
    eth1->set_mtu(static_cast<std::uint32_t>(mtu));
    wire1->frames.clear();
    inject_ip({.destination = "10.1.0.2", .id = id, .options = options, .payload = pattern(data)});
    std::vector<Piece> pieces;
    ByteString whole;
    for (const Sent& sent : wire1->frames) {
      const Ipv4Header& ip = sent.ip();
      EXPECT_EQ(ip.id, id);
      EXPECT_EQ(ip.ttl, 63);
      EXPECT_LE(ip.total_length, mtu);
      EXPECT_EQ(internet_checksum(wire::Bytes(sent.bytes).subspan(14, ip.header_size())), 0);
      pieces.push_back({ip.total_length, ip.payload_size(), ip.fragment_offset() / 8, ip.more_fragments()});
      const ByteString payload = sent.payload();
      EXPECT_EQ(ip.fragment_offset(), whole.size());
      whole.insert(whole.end(), payload.begin(), payload.end());
    }
    EXPECT_EQ(whole, pattern(data));
    return pieces;
  }
};

// RFC 791, Appendix A, Example 2.
TEST_F(FragmentTest, Rfc791Example) {
  start_router();
  EXPECT_EQ(through(280, 452), (std::vector<Piece>{{276, 256, 0, true}, {216, 196, 32, false}}));
}

// Kurose and Ross: 4000 bytes over an MTU of 1500. Peterson and Davie 3.2: 1400 bytes of data over an MTU of 532.
TEST_F(FragmentTest, TextbookExamples) {
  start_router();
  EXPECT_EQ(through(1500, 3980),
            (std::vector<Piece>{{1500, 1480, 0, true}, {1500, 1480, 185, true}, {1040, 1020, 370, false}}));
  EXPECT_EQ(through(532, 1400),
            (std::vector<Piece>{{532, 512, 0, true}, {532, 512, 64, true}, {396, 376, 128, false}}));
}

TEST_F(FragmentTest, EverySizeComesOutWhole) {
  start_router();
  for (std::size_t mtu : {68u, 75u, 576u, 1006u}) {
    for (std::size_t data = mtu - 25; data < mtu + 30; ++data) {
      const auto pieces = through(mtu, data);
      EXPECT_EQ(pieces.size() == 1, data + 20 <= mtu) << mtu << " " << data;
    }
  }
}

TEST_F(FragmentTest, OnlyCopiedOptionsGoIntoLaterFragments) {
  start_router();
  ByteString options(12);  // router alert (copied), then record route (not copied)
  options[0] = std::byte{148};
  options[1] = std::byte{4};
  options[4] = std::byte{7};
  options[5] = std::byte{7};
  options[6] = std::byte{4};
  const auto pieces = through(280, 452, 5, options);
  ASSERT_EQ(pieces.size(), 2u);
  EXPECT_EQ(wire1->frames[0].ip().header_size(), 32u);
  EXPECT_EQ(wire1->frames[1].ip().header_size(), 24u);
  EXPECT_EQ(wire::load32(wire1->frames[1].bytes, 34), 0x94040000u);
}

TEST_F(FragmentTest, AFragmentOfAFragmentKeepsItsPlace) {
  start_router();
  eth1->set_mtu(100);
  inject_ip({.destination = "10.1.0.2", .fragment = 0x2000 | 10, .payload = pattern(160)});
  ASSERT_EQ(wire1->frames.size(), 2u);
  EXPECT_EQ(wire1->frames[0].ip().fragment, 0x2000 | 10);
  EXPECT_EQ(wire1->frames[1].ip().fragment, 0x2000 | 20);  // "more" stays on the last one
}

TEST_F(FragmentTest, PartialChecksumIsCompletedFirst) {
  start_router();
  eth1->set_mtu(576);
  ByteString data = pattern(1000);
  data[6] = data[7] = std::byte{0};
  const std::uint16_t expected = internet_checksum(data);
  Packet packet = make_packet(ByteString(data.begin(), data.begin() + 8));  // a header in the head, data in a chunk
  ASSERT_TRUE(packet.append(wire::Bytes(data).subspan(8)));
  mark_partial_checksum(packet, 0, 6);
  ASSERT_TRUE(node->ipv4.output(std::move(packet), {.destination = ip4("10.1.0.2"), .protocol = 17}));
  ASSERT_EQ(wire1->frames.size(), 2u);
  EXPECT_EQ(wire::load16(wire1->frames[0].payload(), 6), expected);
}

TEST_F(FragmentTest, ChunksAreShared) {
  start_router();
  Packet packet = pool.make();
  ChunkRef chunk = pool.make_chunk(8000);
  const ByteString data = pattern(8000);
  std::memcpy(chunk.bytes(), data.data(), data.size());
  ASSERT_TRUE(packet.append(chunk, 0, 8000));
  chunk.reset();
  const std::uint64_t slabs = pool.stats().slabs;
  ASSERT_TRUE(node->ipv4.output(std::move(packet), {.destination = ip4("10.1.0.2"), .protocol = 17}));
  EXPECT_EQ(pool.stats().slabs, slabs);
  ASSERT_EQ(wire1->frames.size(), 6u);
  for (const std::size_t n : wire1->slices) {
    EXPECT_EQ(n, 1u);
  }
}

}  // namespace
}  // namespace catenet::ip
