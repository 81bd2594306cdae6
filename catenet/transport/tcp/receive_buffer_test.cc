// SPDX-License-Identifier: Apache-2.0
// The assembler and the queues (receive_buffer), and the send buffer beside it.
#include "catenet/transport/tcp/receive_buffer.h"

#include <gtest/gtest.h>

#include "catenet/base/rng.h"
#include "catenet/net/counters.h"
#include "catenet/transport/tcp/send_buffer.h"

namespace catenet::transport {
namespace {

class Buffers : public testing::Test {
 protected:
  void TearDown() override {
    received.clear(sink, DropReason::socket_closed);
    EXPECT_EQ(pool.stats().alive(), 0U);
    EXPECT_EQ(pool.stats().unaccounted, 0U);
  }
  void drop(Packet packet, DropReason reason) {
    drops.add(reason);
    packet.discard();
  }
  static std::byte at(std::uint32_t seq) { return std::byte((seq * 13 + (seq >> 8)) & 0xff); }
  Packet data(std::uint32_t seq, std::size_t n) {
    Packet packet = pool.make();
    std::vector<std::byte> bytes(n);
    for (std::size_t i = 0; i < n; ++i) {
      bytes[i] = at(seq + static_cast<std::uint32_t>(i));
    }
    EXPECT_TRUE(packet.append(bytes));
    return packet;
  }
  bool insert(std::uint32_t seq, std::size_t n) {
    Packet packet = data(seq, n);
    DropReason reason = DropReason::tcp_closed;
    duplicate = {};
    const bool kept = received.insert(packet, seq, sink, reason, duplicate);
    if (!kept) {
      drop(std::move(packet), reason);
    }
    return kept;
  }

  PacketPool pool;
  DropCounters drops;
  DropSink sink = DropSink::to<&Buffers::drop>(*this);
  ReceiveBuffer received;
  wire::SackBlock duplicate;  // of the latest insert()
};

TEST_F(Buffers, AnyOrderOfOverlappingPiecesGivesTheStream) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Rng rng(seed);
    const std::uint32_t start = 0xfffffe00;
    std::uint32_t rcv_nxt = start;
    std::uint32_t read = start;
    while (rcv_nxt != start + 2000) {
      const std::uint32_t ahead = static_cast<std::uint32_t>(rng.below(300));
      const std::uint32_t seq = std::min(rcv_nxt - start + ahead, 1999U) + start;
      const auto n = static_cast<std::uint32_t>(1 + rng.below(std::min(150U, start + 2000 - seq)));
      if (seq == rcv_nxt) {
        received.append(data(seq, n));
        rcv_nxt += n;
        rcv_nxt += received.take_contiguous(rcv_nxt, sink);
      } else {
        (void)insert(seq, n);
      }
      std::byte bytes[100];
      const std::size_t got = received.read(std::span(bytes, rng.below(100)), false);
      for (std::size_t i = 0; i < got; ++i) {
        ASSERT_EQ(bytes[i], at(read++)) << "seed " << seed;
      }
    }
    EXPECT_EQ(received.readable(), rcv_nxt - read);
    EXPECT_EQ(received.out_of_order_bytes(), 0U);
    EXPECT_FALSE(received.has_gap());
    received.clear(sink, DropReason::socket_closed);
  }
}

TEST_F(Buffers, WhollyOldPiecesAreDuplicates) {
  EXPECT_TRUE(insert(100, 50));
  EXPECT_FALSE(insert(110, 20));
  EXPECT_TRUE(insert(90, 100));  // holds the other one
  EXPECT_EQ(drops.of(DropReason::tcp_duplicate), 2U);
  EXPECT_EQ(received.out_of_order_bytes(), 100U);
  EXPECT_EQ(duplicate, (wire::SackBlock{100, 150}));
  EXPECT_FALSE(insert(95, 10));
  EXPECT_EQ(duplicate, (wire::SackBlock{95, 105}));
  EXPECT_TRUE(insert(200, 10));
  EXPECT_EQ(duplicate.left, duplicate.right);
}

TEST_F(Buffers, SmallPiecesShareAPacket) {
  for (std::uint32_t i = 0; i < 1000; ++i) {
    received.append(data(i, 1));
  }
  EXPECT_EQ(received.readable(), 1000U);
  EXPECT_LE(pool.stats().alive(), 2U);
  std::byte bytes[1000];
  EXPECT_EQ(received.read(bytes, true), 1000U);  // a peek takes nothing
  EXPECT_EQ(received.read(bytes, false), 1000U);
  EXPECT_EQ(bytes[999], at(999));
}

TEST_F(Buffers, TheAssemblerHasALimit) {
  for (std::uint32_t i = 0; i < ReceiveBuffer::kMaxOutOfOrder; ++i) {
    ASSERT_TRUE(insert(10 + 2 * i, 1));
  }
  EXPECT_FALSE(insert(5, 1));
  EXPECT_EQ(drops.of(DropReason::tcp_reassembly_full), 1U);
}

TEST_F(Buffers, SendBufferSharesItsChunksWithSegments) {
  SendBuffer buffer;
  std::vector<std::byte> bytes(100'000);
  for (std::uint32_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = at(i);
  }
  EXPECT_EQ(buffer.write(bytes, 80'000, pool), 80'000U);
  EXPECT_EQ(buffer.size(), 80'000U);
  Packet packet = pool.make();
  EXPECT_EQ(buffer.append_to(packet, 65'000, 1460), 1460U);  // across two chunks
  buffer.release(80'000);                                    // the packet keeps what it refers to
  for (std::uint32_t i = 0; i < 1460; ++i) {
    ASSERT_EQ(packet.peek(i), at(65'000 + i));
  }
  packet.consume();
  EXPECT_EQ(buffer.size(), 0U);
}

TEST_F(Buffers, SendBufferStopsAtThePoolsLimit) {
  PacketPool small(PacketPool::Limits{100, 70'000});
  SendBuffer buffer;
  const std::vector<std::byte> bytes(100'000);
  EXPECT_EQ(buffer.write(bytes, 100'000, small), PacketPool::kLargeChunk);
  EXPECT_EQ(buffer.write(bytes, 100'000, small), 0U);
}

}  // namespace
}  // namespace catenet::transport
