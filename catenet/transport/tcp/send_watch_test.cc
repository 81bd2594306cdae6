// SPDX-License-Identifier: Apache-2.0
#include "catenet/transport/tcp/send_watch.h"

#include <gtest/gtest.h>

namespace catenet::transport {
namespace {

using What = TcpSendNotice::What;
constexpr std::uint32_t kWatchBegin = 0xfffffff0;  // the numbers wrap

Instant watch_at(std::int64_t ms) { return Instant::zero() + Duration::milliseconds(ms); }

TEST(SendWatch, TellsWhenBytesGoAndWhenTheyArrive) {
  SendWatch watch;
  watch.add(kWatchBegin + 100, {.id = 7, .scheduled = true, .sent = true, .acknowledged = true});
  EXPECT_FALSE(watch.advance(kWatchBegin, kWatchBegin + 99, watch_at(1)));
  EXPECT_TRUE(watch.advance(kWatchBegin, kWatchBegin + 100, watch_at(2)));
  EXPECT_FALSE(watch.advance(kWatchBegin + 99, kWatchBegin + 200, watch_at(3))) << "nothing is told twice";
  EXPECT_TRUE(watch.advance(kWatchBegin + 100, kWatchBegin + 200, watch_at(4)));
  ASSERT_EQ(watch.size(), 3U);
  for (const auto& [what, when] :
       {std::pair{What::scheduled, 2}, std::pair{What::sent, 2}, std::pair{What::acknowledged, 4}}) {
    const TcpSendNotice notice = watch.take();
    EXPECT_EQ(notice.what, what);
    EXPECT_EQ(notice.id, 7U);
    EXPECT_EQ(notice.at, watch_at(when));
  }
  EXPECT_EQ(watch.next(), nullptr);
}

TEST(SendWatch, TheEndOfTheConnectionReleasesWhatIsLeft) {
  SendWatch watch;
  watch.add(kWatchBegin + 1, {.id = 0, .released = true});
  watch.add(kWatchBegin + 2, {.id = 1, .released = true, .acknowledged = true});
  EXPECT_TRUE(watch.advance(kWatchBegin + 1, kWatchBegin + 2, watch_at(1)));
  EXPECT_TRUE(watch.end(watch_at(2)));
  ASSERT_EQ(watch.size(), 2U);
  const TcpSendNotice both = watch.take();
  EXPECT_EQ(both.what, What::released) << "nobody has acknowledged the second";
  EXPECT_EQ(both.id, 0U);
  EXPECT_EQ(both.last, 1U);
  EXPECT_EQ(watch.next(), nullptr);
  EXPECT_EQ(watch.size(), 0U);
}

TEST(SendWatch, StampsHaveALimitAndFreeBuffersAreToldOfAllTheSame) {
  SendWatch watch;
  constexpr auto kSends = static_cast<std::uint32_t>(3 * SendWatch::kMost);
  for (std::uint32_t i = 0; i < kSends; ++i) {
    watch.add(kWatchBegin + i + 1, {.id = i, .released = true, .acknowledged = true});
  }
  EXPECT_EQ(watch.lost(), 2 * SendWatch::kMost) << "as many may wait";
  EXPECT_TRUE(watch.advance(kWatchBegin + kSends, kWatchBegin + kSends, watch_at(1)));
  std::size_t stamps = 0;
  std::uint32_t free = 0;
  for (std::size_t left = watch.size(); left > 0; left = watch.size()) {
    const TcpSendNotice notice = watch.take();
    if (notice.what == What::released) {
      EXPECT_EQ(notice.id, free) << "none is left out";
      free = notice.last + 1;
    } else {
      ++stamps;
    }
    EXPECT_LT(watch.size(), left);
  }
  EXPECT_EQ(stamps, SendWatch::kMost);
  EXPECT_EQ(free, kSends);
}

TEST(SendWatch, StampsThatNobodyReadsAreLostBeyondTheLimit) {
  SendWatch watch;
  for (std::uint32_t i = 0; i < 2 * SendWatch::kMost; ++i) {
    watch.add(kWatchBegin + i + 1, {.id = i, .acknowledged = true});
    EXPECT_EQ(watch.advance(kWatchBegin + i + 1, kWatchBegin + i + 1, watch_at(i)), i < SendWatch::kMost);
  }
  EXPECT_EQ(watch.size(), SendWatch::kMost);
  EXPECT_EQ(watch.lost(), SendWatch::kMost);
  (void)watch.take();
  constexpr auto kNext = static_cast<std::uint32_t>(2 * SendWatch::kMost + 1);
  watch.add(kWatchBegin + kNext, {.id = 7, .acknowledged = true});
  EXPECT_TRUE(watch.advance(kWatchBegin + kNext, kWatchBegin + kNext, watch_at(0))) << "there is room again";
}

TEST(SendWatch, OneNoticeTellsOfAllBuffersThatAreFreeAndSaysThatThereIsNews) {
  SendWatch watch;
  constexpr auto kMost = static_cast<std::uint32_t>(SendWatch::kMost);
  constexpr std::uint32_t kEnd = kWatchBegin + 3 * kMost;
  for (std::uint32_t i = 0; i < 3 * kMost; ++i) {
    watch.add(kWatchBegin + i + 1, {.id = i, .released = true});
  }
  EXPECT_FALSE(watch.advance(kWatchBegin, kEnd, watch_at(1)));
  EXPECT_TRUE(watch.advance(kWatchBegin + 1, kEnd, watch_at(2)));
  EXPECT_TRUE(watch.advance(kWatchBegin + 2, kEnd, watch_at(3)));
  EXPECT_EQ(watch.size(), 2U);
  EXPECT_TRUE(watch.advance(kWatchBegin + kMost, kEnd, watch_at(4)));
  EXPECT_EQ(watch.size(), kMost - 1) << "the last entry waits for all that came behind it";
  EXPECT_TRUE(watch.end(watch_at(5)));
  const TcpSendNotice all = watch.take();
  EXPECT_EQ(all.id, 0U);
  EXPECT_EQ(all.last, 3 * kMost - 1);
  EXPECT_EQ(all.at, watch_at(2));
  EXPECT_EQ(watch.next(), nullptr);
}

}  // namespace
}  // namespace catenet::transport
