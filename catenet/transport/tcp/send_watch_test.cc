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
  EXPECT_EQ(watch.take().id, 0U);
  EXPECT_EQ(watch.next()->what, What::released) << "nobody has acknowledged it";
  EXPECT_EQ(watch.take().id, 1U);
}

}  // namespace
}  // namespace catenet::transport
