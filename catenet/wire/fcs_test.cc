// SPDX-License-Identifier: Apache-2.0
// The published check values, and the two bodies against a third, bit by bit.
#include "catenet/wire/fcs.h"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

#include "catenet/base/rng.h"

namespace catenet::wire {
namespace {

Bytes text(std::string_view s) { return std::as_bytes(std::span(s)); }

// IEEE 802.3 3.2.9 to the letter: one bit at a time.
std::uint32_t by_bits(std::uint32_t state, Bytes bytes) {
  for (const std::byte byte : bytes) {
    state ^= std::to_integer<std::uint32_t>(byte);
    for (int i = 0; i < 8; ++i) {
      state = state >> 1 ^ ((state & 1) != 0 ? 0xedb88320U : 0);
    }
  }
  return state;
}

TEST(Fcs, CheckValue) {
  EXPECT_EQ(crc32(text("123456789")), 0xcbf43926U);
  EXPECT_EQ(crc32({}), 0U);
}

TEST(Fcs, ResidueOverFrameAndFcs) {
  std::vector<std::byte> frame(text("123456789").begin(), text("123456789").end());
  frame.resize(13);
  emit_fcs(crc32(Bytes(frame).first(9)), MutableBytes(frame).last(4));
  EXPECT_EQ(frame[9], std::byte{0x26});  // least significant byte first
  Crc32 crc;
  crc.update(frame);
  EXPECT_EQ(crc.residue(), 0xdebb20e3U);
  EXPECT_TRUE(fcs_ok(frame));
  frame[3] ^= std::byte{0x10};
  EXPECT_FALSE(fcs_ok(frame));
  EXPECT_FALSE(fcs_ok(Bytes(frame).first(3)));
  EXPECT_FALSE(fcs_ok({}));
}

TEST(Fcs, EveryBodyAgreesAtEveryLengthAndAlignment) {
  Rng rng(32);
  std::vector<std::byte> bytes(2048);
  for (std::byte& b : bytes) {
    b = std::byte(rng.below(256));
  }
  for (std::size_t length = 0; length < 400; ++length) {
    const Bytes piece = Bytes(bytes).subspan(length % 17, length);
    const std::uint32_t start = rng.next32();
    const std::uint32_t expected = by_bits(start, piece);
    ASSERT_EQ(crc32_tables(start, piece), expected) << length;
    if (has_clmul()) {
      ASSERT_EQ(crc32_clmul(start, piece), expected) << length;
    }
  }
}

TEST(Fcs, PiecesMakeTheWhole) {
  Rng rng(33);
  std::vector<std::byte> bytes(1518);
  for (std::byte& b : bytes) {
    b = std::byte(rng.below(256));
  }
  for (int i = 0; i < 100; ++i) {
    const std::size_t cut = rng.below(bytes.size());
    Crc32 crc;
    crc.update(Bytes(bytes).first(cut));
    crc.update(Bytes(bytes).subspan(cut));
    ASSERT_EQ(crc.value(), crc32(bytes)) << cut;
  }
}

}  // namespace
}  // namespace catenet::wire
