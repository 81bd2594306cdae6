// SPDX-License-Identifier: Apache-2.0
// The assembler and the queues (receive_buffer), and the send buffer beside it.
#include "catenet/transport/tcp/receive_buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

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
  static constexpr std::size_t kMost = 100;
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
    duplicate = {};
    return received.insert(data(seq, n), seq, kMost, sink, duplicate);
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
        rcv_nxt += received.accept(data(seq, n), seq, sink, duplicate);
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

// Every copy of a byte has another value; what is read is the first that came.
TEST_F(Buffers, TheFirstCopyCounts) {
  constexpr std::uint32_t kStart = 0xffffff80;
  constexpr std::uint32_t kLength = 400;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    Rng rng(seed);
    std::vector<std::byte> expected(kLength);
    std::vector<bool> there(kLength);
    std::uint32_t rcv_nxt = kStart;
    std::vector<std::byte> stream;
    for (unsigned copy = 1; rcv_nxt != kStart + kLength; ++copy) {
      const std::uint32_t left = rcv_nxt - kStart;
      const std::uint32_t from =
          rng.below(4) == 0 ? left : left + static_cast<std::uint32_t>(rng.below(kLength - left));
      const std::uint32_t to = from + 1 + static_cast<std::uint32_t>(rng.below(std::min(90U, kLength - from)));
      const std::vector<std::byte> bytes(to - from, std::byte(copy & 0xff));
      for (std::uint32_t i = from; i < to; ++i) {
        if (!there[i]) {
          there[i] = true;
          expected[i] = bytes[0];
        }
      }
      Packet packet = pool.make();
      ASSERT_TRUE(packet.append(bytes));
      duplicate = {};
      if (from == left) {
        rcv_nxt += received.accept(std::move(packet), rcv_nxt, sink, duplicate);
      } else {
        received.insert(std::move(packet), kStart + from, 1000, sink, duplicate);
      }
      std::array<wire::SackBlock, 4> blocks;
      for (std::size_t i = received.sack_blocks(blocks); i > 0;
           --i) {  // a block is what is there, and all that touches
        const std::uint32_t begin = blocks[i - 1].left - kStart;
        const std::uint32_t end = blocks[i - 1].right - kStart;
        ASSERT_TRUE(std::all_of(there.begin() + begin, there.begin() + end, [](bool b) { return b; }));
        ASSERT_TRUE(!there[begin - 1] && (end == kLength || !there[end]));
      }
    }
    stream.resize(kLength);
    ASSERT_EQ(received.read(stream, false), kLength);
    ASSERT_TRUE(stream == expected) << "seed " << seed;
    ASSERT_FALSE(received.has_gap());
  }
}

TEST_F(Buffers, WhollyOldPiecesAreDuplicates) {
  EXPECT_TRUE(insert(100, 50));
  EXPECT_FALSE(insert(110, 20));
  EXPECT_TRUE(insert(90, 100));  // around the other one
  EXPECT_EQ(drops.of(DropReason::tcp_duplicate), 1U);
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
  for (std::uint32_t i = 0; i < kMost; ++i) {
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
