// SPDX-License-Identifier: Apache-2.0
// The records of what was sent: marks, sums, cuts, and IsLost() by count.
#include "catenet/transport/tcp/sent_segments.h"

#include <gtest/gtest.h>

#include <vector>

#include "catenet/base/rng.h"

namespace catenet::transport {
namespace {

constexpr std::uint32_t kStart = 0xfffff000;  // near the point where numbers wrap
constexpr std::uint32_t kSentMss = 1000;
constexpr auto kNobody = [](const SentSegment&) {};

SentSegments sent(int count, std::uint32_t length = kSentMss) {
  SentSegments s;
  s.start(kStart);
  for (int i = 0; i < count; ++i) {
    s.sent(s.end(), s.end() + length, Instant::from_ns(i));
  }
  return s;
}
wire::SackBlock block(std::uint32_t left, std::uint32_t right) { return {kStart + left, kStart + right}; }

TEST(SentSegments, PipeFollowsTheMarks) {
  SentSegments s = sent(10);
  EXPECT_EQ(s.pipe(), 10'000U);
  EXPECT_TRUE(s.in_order());
  EXPECT_EQ(s.sack(block(2000, 5000), kSentMss, kNobody), 3000U);
  EXPECT_EQ(s.sack(block(2000, 6000), kSentMss, kNobody), 1000U);  // only what is news
  EXPECT_EQ(s.pipe(), 6000U);
  s.mark_lost(0);
  s.mark_lost(1);
  EXPECT_EQ(s.pipe(), 4000U);
  EXPECT_EQ(s.next_lost(), 0U);
  s.sent(kStart, kStart + 1000, {});
  EXPECT_EQ(s.pipe(), 5000U);
  EXPECT_EQ(s.next_lost(), 1U);
  s.mark_lost(0);  // the retransmission, too
  EXPECT_EQ(s.pipe(), 4000U);
  EXPECT_EQ(s.next_lost(), 0U);
  s.unmark_lost();
  EXPECT_EQ(s.pipe(), 6000U);
  s.verify();
  EXPECT_EQ(s.acknowledge(kStart + 7500, kNobody), 3500U);  // 0, 1, 6 and half of 7
  EXPECT_EQ(s.pipe(), 2500U);
  s.verify();
}

TEST(SentSegments, NonsenseIsNotBelieved) {  // RFC 2018 5
  SentSegments s = sent(4);
  (void)s.acknowledge(kStart + 1000, kNobody);
  for (const wire::SackBlock b :
       {block(3000, 5000), block(3000, 3000), block(3000, 2000), block(0, 1000), block(500, 2000)}) {
    EXPECT_EQ(s.sack(b, kSentMss, kNobody), 0U);
  }
  EXPECT_EQ(s.pipe(), 3000U);
}

TEST(SentSegments, APartOfASegmentCountsOnlyInWholeSegments) {
  SentSegments s = sent(3);
  EXPECT_EQ(s.sack(block(1200, 2900), kSentMss, kNobody), 0U);
  EXPECT_EQ(s.size(), 3U);
  SentSegments big = sent(1, 10'000);
  EXPECT_EQ(big.sack(block(2500, 6400), kSentMss, kNobody), 3000U);  // 3000 to 6000
  EXPECT_EQ(big.size(), 3U);
  EXPECT_EQ(big.length_of(0), 3000U);
  EXPECT_EQ(big.pipe(), 7000U);
  big.verify();
}

TEST(SentSegments, ARetransmissionInSmallerPiecesSplitsTheRecord) {
  SentSegments s = sent(2);
  s.mark_all_lost();
  s.sent(kStart, kStart + 600, {});
  EXPECT_EQ(s.size(), 3U);
  EXPECT_EQ(s.pipe(), 600U);
  EXPECT_EQ(s.begin_of(s.next_lost()), kStart + 600);
  s.verify();
}

TEST(SentSegments, LossByCountIsIsLostOfRfc6675) {
  SentSegments s = sent(10);
  (void)s.sack(block(1000, 3000), kSentMss, kNobody);
  EXPECT_FALSE(s.mark_lost_by_count(kSentMss));  // exactly two segments' worth
  (void)s.sack(block(3000, 4000), kSentMss, kNobody);
  EXPECT_TRUE(s.mark_lost_by_count(kSentMss));
  EXPECT_EQ(s.lost_bytes(), 1000U);
  EXPECT_FALSE(s.mark_lost_by_count(kSentMss));
  SentSegments runs = sent(10, 100);
  for (const std::uint32_t left : {100U, 300U, 500U}) {
    EXPECT_FALSE(runs.mark_lost_by_count(kSentMss));
    (void)runs.sack(block(left, left + 100), kSentMss, kNobody);
  }
  EXPECT_TRUE(runs.mark_lost_by_count(kSentMss));  // three separate runs above the first
  EXPECT_EQ(runs.lost_bytes(), 100U);
}

TEST(SentSegments, MemoryIsBounded) {
  SentSegments s;
  s.start(kStart);
  for (std::size_t i = 0; i < SentSegments::kMaxSegments + 1000; ++i) {
    s.sent(s.end(), s.end() + 1, {});
  }
  EXPECT_EQ(s.size(), SentSegments::kMaxSegments);
  EXPECT_EQ(s.pipe(), SentSegments::kMaxSegments + 1000);
  EXPECT_EQ(s.acknowledge(s.end(), kNobody), SentSegments::kMaxSegments + 1000);
  EXPECT_TRUE(s.empty());
}

// Any order of events leaves the sums what a recount says, and agrees with a model that keeps a fate for every byte.
TEST(SentSegments, AnyOrderOfEventsAgreesWithAByteForByteModel) {
  enum : std::uint8_t { kSacked = 1, kLost = 2, kAgain = 4 };
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    Rng rng(seed);
    SentSegments s;
    s.start(kStart);
    std::vector<std::uint8_t> model;  // by number
    std::uint32_t una = 0;
    for (int step = 0; step < 200; ++step) {
      const auto end = static_cast<std::uint32_t>(model.size());
      const std::uint32_t pick = una + static_cast<std::uint32_t>(rng.below(end - una + 1));
      const std::size_t i = s.find(kStart + pick);
      const bool some = i < s.size();
      const std::uint32_t from = some ? s.begin_of(i) - kStart : 0;
      const std::uint32_t to = some ? s[i].end - kStart : 0;
      switch (rng.below(6)) {
        case 0:
        case 1: {
          const auto n = static_cast<std::uint32_t>(1 + rng.below(20));
          s.sent(s.end(), s.end() + n, {});
          model.resize(end + n);
          break;
        }
        case 2:
          (void)s.acknowledge(kStart + pick, kNobody);
          una = pick;
          break;
        case 3: {
          std::uint32_t right = to;
          for (std::size_t k = i; k < s.size() && rng.below(3) != 0; ++k) {
            right = s[k].end - kStart;
          }
          if (some) {
            (void)s.sack(block(from, right), 20, kNobody);
            std::fill(model.begin() + from, model.begin() + right, std::uint8_t{kSacked});
          }
          break;
        }
        case 4:
          if (some && !s[i].is(SentSegment::kSacked)) {
            s.mark_lost(i);
            std::fill(model.begin() + from, model.begin() + to, std::uint8_t{kLost});
          }
          break;
        default:
          if (const std::size_t lost = s.next_lost(); lost < s.size()) {
            const std::uint32_t begin = s.begin_of(lost) - kStart;
            const auto n = 1 + static_cast<std::uint32_t>(rng.below(s.length_of(lost)));
            s.sent(kStart + begin, kStart + begin + n, {});
            std::fill_n(model.begin() + begin, n, std::uint8_t{kLost | kAgain});
          } else {
            EXPECT_EQ(std::count(model.begin() + una, model.end(), std::uint8_t{kLost}), 0);
          }
      }
      s.verify();
      std::uint32_t pipe = 0;
      for (std::size_t k = una; k < model.size(); ++k) {
        pipe += (model[k] & (kSacked | kLost)) == 0 ? 1 : 0;
        pipe += (model[k] & kAgain) != 0 ? 1 : 0;
      }
      ASSERT_EQ(s.pipe(), pipe);
    }
  }
}

}  // namespace
}  // namespace catenet::transport
