// SPDX-License-Identifier: Apache-2.0
#include "catenet/transport/tcp/window_validation.h"

#include <gtest/gtest.h>

namespace catenet::transport {
namespace {

constexpr Duration kValidationRtt = Duration::milliseconds(100);

// A sender on a path of 100 ms that has `bytes` acknowledged in each round trip, in ten acknowledgements.
struct RatedSender {
  void rounds(int n, std::uint32_t bytes) {
    for (int i = 0; i < n * 10; ++i) {
      now += kValidationRtt / 10;
      validation.on_ack(una, una + bytes / 10, cwnd, kValidationRtt, now);
      una += bytes / 10;
    }
  }
  [[nodiscard]] std::optional<std::uint32_t> pipe_ack() const { return validation.pipe_ack(kValidationRtt, now); }
  [[nodiscard]] bool validated() const { return validation.is_validated(cwnd, kValidationRtt, now); }
  bool expires() { return validation.expires(cwnd, kValidationRtt, now); }

  WindowValidation validation;
  std::uint32_t cwnd = 100'000;
  std::uint32_t una = 0xffff0000;  // numbers wrap
  Instant now = Instant::zero() + Duration::seconds(1);
};

TEST(WindowValidation, UndefinedUntilARoundIsOver) {  // RFC 7661 4.2, 4.3
  RatedSender s;
  EXPECT_FALSE(s.pipe_ack());
  EXPECT_TRUE(s.validated());
  s.rounds(1, 10'000);
  EXPECT_FALSE(s.pipe_ack());
  s.rounds(1, 10'000);
  EXPECT_EQ(s.pipe_ack(), 10'000U);
  EXPECT_FALSE(s.validated());
}

TEST(WindowValidation, HalfOfTheWindowIsEnough) {
  RatedSender s;
  s.rounds(3, 50'000);
  EXPECT_TRUE(s.validated());
  s.cwnd = 100'002;
  EXPECT_FALSE(s.validated());
}

TEST(WindowValidation, TheMostOfASecond) {
  RatedSender s;
  s.rounds(3, 80'000);
  s.rounds(9, 1'000);
  EXPECT_EQ(s.pipe_ack(), 80'000U);
  EXPECT_TRUE(s.validated());
  s.rounds(4, 1'000);
  EXPECT_EQ(s.pipe_ack(), 1'000U);
  EXPECT_FALSE(s.validated());
  s.now += Duration::seconds(2);
  EXPECT_EQ(s.pipe_ack(), 0U);
}

TEST(WindowValidation, APauseIsNoSlowRound) {
  RatedSender s;
  s.rounds(2, 60'000);
  s.now += Duration::seconds(10);
  s.rounds(2, 60'000);
  EXPECT_EQ(s.pipe_ack(), 60'000U);
  EXPECT_TRUE(s.validated());
}

TEST(WindowValidation, AnUnusedWindowLastsFiveMinutes) {  // 4.4.3
  RatedSender s;
  s.rounds(20, 10'000);
  EXPECT_FALSE(s.expires());
  s.now += Duration::seconds(297);
  EXPECT_FALSE(s.expires());
  s.now += Duration::seconds(2);
  EXPECT_TRUE(s.expires());
  EXPECT_FALSE(s.expires());
  s.now += Duration::seconds(300);
  EXPECT_TRUE(s.expires());
}

TEST(WindowValidation, AndFromTheEndOfItsUseIfNothingWasSentSince) {
  RatedSender s;
  s.rounds(20, 90'000);
  s.now += Duration::seconds(299);
  EXPECT_FALSE(s.expires());
  s.now += Duration::seconds(3);
  EXPECT_TRUE(s.expires());
}

TEST(WindowValidation, UseMakesItNew) {
  RatedSender s;
  s.rounds(20, 10'000);
  s.now += Duration::seconds(200);
  s.rounds(20, 60'000);
  s.now += Duration::seconds(200);
  EXPECT_FALSE(s.expires());
}

TEST(WindowValidation, ALossCountsWhatWasUsed) {  // 4.4.1
  RatedSender s;
  s.rounds(20, 30'000);
  EXPECT_EQ(s.validation.on_congestion(12'000, s.cwnd, kValidationRtt, s.now), 30'000U);
  EXPECT_EQ(s.validation.window_after_loss(2'000), 5'000U);
  EXPECT_FALSE(s.pipe_ack());  // undefined again
  s.rounds(20, 30'000);
  EXPECT_EQ(s.validation.on_congestion(40'000, s.cwnd, kValidationRtt, s.now), 40'000U);
  EXPECT_EQ(s.validation.window_after_loss(50'000), 0U);
}

TEST(WindowValidation, AValidatedLossIsLikeAnyOther) {
  RatedSender s;
  s.rounds(20, 90'000);
  EXPECT_EQ(s.validation.on_congestion(12'000, s.cwnd, kValidationRtt, s.now), 12'000U);
  EXPECT_FALSE(s.validation.window_after_loss(2'000));
}

}  // namespace
}  // namespace catenet::transport
