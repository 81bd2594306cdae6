// SPDX-License-Identifier: Apache-2.0
// packet.cc and checksum.cc.
#include "catenet/packet/packet.h"

#include <gtest/gtest.h>

#include "catenet/base/rng.h"
#include "catenet/packet/checksum.h"

namespace catenet {
namespace {

std::vector<std::byte> some_bytes(std::size_t n, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<std::byte> bytes(n);
  for (auto& b : bytes) {
    b = static_cast<std::byte>(rng.next());
  }
  return bytes;
}

std::vector<std::byte> all_of(const Packet& p) {
  std::vector<std::byte> out(p.size());
  EXPECT_EQ(p.copy_out(0, out), p.size());
  return out;
}

TEST(Packet, IsAccountedForWhateverItsEnd) {
  PacketPool pool;
  pool.make().consume();
  pool.make().discard();
  {
    const Packet lost = pool.make();
  }
  const Packet alive = pool.make();
  EXPECT_EQ(pool.stats().made, 4U);
  EXPECT_EQ(pool.stats().consumed, 1U);
  EXPECT_EQ(pool.stats().dropped, 1U);
  EXPECT_EQ(pool.stats().unaccounted, 1U);
  EXPECT_EQ(pool.stats().alive(), 1U);
}

TEST(Packet, RandomOperationsAgreeWithAVector) {
  PacketPool pool;
  Rng rng(11);
  for (int round = 0; round < 300; ++round) {
    Packet p = pool.make(64);
    std::vector<std::byte> model;
    for (int step = 0; step < 30; ++step) {
      switch (rng.below(7)) {
        case 0:
          if (p.headroom() >= 8) {
            const auto bytes = some_bytes(8, rng.next());
            std::memcpy(p.push(8), bytes.data(), 8);
            model.insert(model.begin(), bytes.begin(), bytes.end());
          }
          break;
        case 1: {
          const std::size_t n = rng.below(p.size() / 4 + 1);
          p.pull(n);
          model.erase(model.begin(), model.begin() + static_cast<std::ptrdiff_t>(n));
          break;
        }
        case 2: {
          const std::size_t n = p.size() - rng.below(p.size() / 4 + 1);
          p.trim(n);
          model.resize(n);
          break;
        }
        case 3: {
          const std::size_t n = rng.below(200);
          ASSERT_EQ(p.pullup(n), n <= p.head().size() || (n <= model.size() && n <= 192));
          break;
        }
        case 4: {
          if (model.empty()) {
            break;
          }
          Packet copy = p.clone();
          const std::size_t at = rng.below(model.size());
          ASSERT_TRUE(copy.poke(at, ~model[at]));
          ASSERT_EQ(p.peek(at), model[at]) << "a write to a clone is seen in the original";
          ASSERT_EQ(copy.peek(at), ~model[at]);
          copy.consume();
          break;
        }
        default: {
          const auto bytes = some_bytes(rng.below(1500), rng.next());
          if (p.append(bytes)) {
            model.insert(model.end(), bytes.begin(), bytes.end());
          }
        }
      }
      ASSERT_EQ(all_of(p), model);
    }
    Packet moved = p.copy_to(pool);
    ASSERT_TRUE(moved);
    ASSERT_EQ(all_of(moved), model);
    moved.consume();
    p.consume();
  }
  EXPECT_EQ(pool.stats().alive(), 0U);
  EXPECT_EQ(pool.stats().unaccounted, 0U);
}

TEST(Packet, SharesAppendedChunks) {
  PacketPool pool;
  ChunkRef chunk = pool.make_chunk(1000);
  std::memset(chunk.bytes(), 7, 1000);
  Packet a = pool.make();
  ASSERT_TRUE(a.append(chunk, 0, 500));
  ASSERT_TRUE(a.append(chunk, 500, 500));
  EXPECT_EQ(a.slice_count(), 1U) << "neighbouring bytes of a chunk are one slice";
  EXPECT_EQ(a.slice(0).chunk->bytes(), chunk.bytes());
  EXPECT_EQ(a.size(), 1000U);
  a.consume();
}

TEST(Packet, AReservedHeadKeepsWhatWasStripped) {
  PacketPool pool;
  Packet p = pool.make(140);
  const auto bytes = some_bytes(400, 3);
  ASSERT_TRUE(p.append(bytes));
  ASSERT_TRUE(p.pullup(100));
  p.mark_network_header();
  p.reserve_head(100 + 60);
  p.pull(100);
  ASSERT_TRUE(p.pullup(60));
  p.rewind_to_network_header();
  EXPECT_EQ(all_of(p), bytes);
  p.consume();
}

TEST(Packet, NetworkHeaderCanBeHadBack) {
  PacketPool pool;
  Packet p = pool.make();
  ASSERT_TRUE(p.append(some_bytes(60, 1)));
  const auto before = all_of(p);
  p.mark_network_header();
  p.pull(20);
  p.pull(8);
  p.rewind_to_network_header();
  EXPECT_EQ(all_of(p), before);
  p.consume();
}

TEST(PacketPool, RefusesAtItsLimitAndReuses) {
  PacketPool pool({.packets = 64, .chunk_bytes = 1 << 20});
  std::vector<Packet> held;
  for (int i = 0; i < 64; ++i) {
    held.push_back(pool.make());
    ASSERT_TRUE(held.back());
  }
  EXPECT_FALSE(pool.make());
  EXPECT_EQ(pool.stats().refused, 1U);
  held.back().consume();
  held.pop_back();
  Packet again = pool.make();
  EXPECT_TRUE(again);
  again.consume();
  const auto slabs = pool.stats().slabs;
  for (int i = 0; i < 1000; ++i) {
    Packet p = pool.make();
    if (!p) {
      continue;
    }
    p.consume();
  }
  EXPECT_EQ(pool.stats().slabs, slabs) << "the steady state allocates nothing";
  for (auto& p : held) {
    p.consume();
  }
}

TEST(Checksum, PublishedExamples) {
  // RFC 1071 section 3.
  const unsigned char rfc[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  EXPECT_EQ(checksum_fold(checksum_add(std::as_bytes(std::span(rfc)))), 0xddf2);
  EXPECT_EQ(internet_checksum(std::as_bytes(std::span(rfc))), 0x220d);
  // Two well-known IPv4 headers with their checksum fields zero.
  const unsigned char a[] = {0x45, 0, 0, 0x73, 0, 0, 0x40, 0, 0x40, 0x11, 0, 0, 0xc0, 0xa8, 0, 1, 0xc0, 0xa8, 0, 0xc7};
  const unsigned char b[] = {0x45, 0, 0,    0x3c, 0x1c, 0x46, 0x40, 0,    0x40, 6,
                             0,    0, 0xac, 0x10, 0x0a, 0x63, 0xac, 0x10, 0x0a, 0x0c};
  EXPECT_EQ(internet_checksum(std::as_bytes(std::span(a))), 0xb861);
  EXPECT_EQ(internet_checksum(std::as_bytes(std::span(b))), 0xb1e6);
}

std::uint16_t plain_sum(std::span<const std::byte> bytes) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    sum += std::to_integer<std::uint64_t>(bytes[i]) << (i % 2 == 0 ? 8 : 0);
  }
  while (sum >> 16 != 0) {
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return static_cast<std::uint16_t>(sum);
}

TEST(Checksum, AgreesWithTheDefinitionForEveryLengthAndSplit) {
  PacketPool pool;
  const auto bytes = some_bytes(3000, 5);
  for (std::size_t n = 0; n < 700; ++n) {
    const auto part = std::span<const std::byte>(bytes).subspan(n % 7, n);
    ASSERT_EQ(checksum_fold(checksum_add(part)), plain_sum(part)) << n;
  }
  for (std::size_t cut = 1; cut < 300; cut += 7) {  // odd and even joints between head and slices
    Packet p = pool.make(0);
    ASSERT_TRUE(p.append(std::span(bytes).first(cut)));
    ASSERT_TRUE(p.append(std::span(bytes).subspan(cut, 1001)));
    ASSERT_TRUE(p.append(std::span(bytes).subspan(cut + 1001, 500)));
    for (std::size_t from = 0; from < 40; ++from) {
      ASSERT_EQ(checksum_fold(checksum_add(p, from)), plain_sum(std::span(bytes).subspan(from, cut + 1501 - from)));
    }
    for (const std::size_t length :
         {std::size_t{0}, std::size_t{8}, cut, cut + 1, cut + 1001, cut + 1400, cut + 1501}) {
      ASSERT_EQ(checksum_fold(checksum_add_first(p, length)), plain_sum(std::span(bytes).first(length))) << length;
    }
    p.consume();
  }
}

TEST(Checksum, IncrementalUpdateEqualsRecomputing) {
  auto bytes = some_bytes(20, 9);
  const std::uint16_t before = internet_checksum(bytes);
  const auto word = [&] {
    return static_cast<std::uint16_t>(std::to_integer<unsigned>(bytes[8]) << 8 | std::to_integer<unsigned>(bytes[9]));
  };
  for (int i = 0; i < 70'000; ++i) {
    const std::uint16_t old = word();
    bytes[8] = static_cast<std::byte>(i >> 8);
    bytes[9] = static_cast<std::byte>(i);
    const std::uint16_t updated = checksum_update(internet_checksum(bytes), word(), old);
    bytes[8] = static_cast<std::byte>(old >> 8);
    bytes[9] = static_cast<std::byte>(old);
    ASSERT_EQ(updated, before);
  }
}

TEST(Checksum, PartialIsCompletedOnceWhereverItIs) {
  PacketPool pool;
  Packet p = pool.make();
  ASSERT_TRUE(p.append(some_bytes(8, 1)));
  ASSERT_TRUE(p.append(some_bytes(501, 2)));
  const be16 pseudo = 0x1234;
  std::memcpy(p.data() + 6, &pseudo, 2);
  auto model = all_of(p);
  mark_partial_checksum(p, 0, 6);
  std::memset(p.push(20), 1, 20);  // headers in front do not disturb it
  complete_checksum(p);
  complete_checksum(p);
  EXPECT_EQ(p.meta().checksum, ChecksumState::verified);
  p.pull(20);
  EXPECT_EQ(checksum_fold(0x1234 + checksum_add(p, 0)), 0xffff) << "data, checksum and pseudo-header sum to all ones";
  p.consume();
}

TEST(Checksum, ZeroIsSentAsOnesByUdpOnly) {
  PacketPool pool;
  for (const auto& [field, expected] : {std::pair{6U, 0xffffU}, std::pair{16U, 0U}, std::pair{2U, 0U}}) {
    Packet p = pool.make();
    std::memset(p.push(20), 0, 20);
    ASSERT_TRUE(p.poke(0, std::byte{0xff}));  // with the next, one word that sums to all ones
    ASSERT_TRUE(p.poke(1, std::byte{0xff}));
    mark_partial_checksum(p, 0, field);
    complete_checksum(p);
    be16 stored;
    std::memcpy(&stored, p.data() + field, sizeof stored);
    EXPECT_EQ(stored, expected) << "field at octet " << field;
    p.consume();
  }
}

}  // namespace
}  // namespace catenet
