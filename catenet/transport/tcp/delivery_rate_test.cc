// SPDX-License-Identifier: Apache-2.0
// Delivery-rate samples (draft-ietf-ccwg-bbr-06 4.1) of a scoreboard in scenes that can be worked out by hand, and of a
// path whose rate is known.
#include "catenet/transport/tcp/delivery_rate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "catenet/transport/tcp/sent_segments.h"

namespace catenet::transport {
namespace {

using namespace catenet::literals;

constexpr std::uint32_t kRateMss = 1000;

struct Ear final : RateControl {
  void on_start(Duration, std::uint64_t, Instant) override {}
  bool on_rate(const RateSample&) override { return false; }
  void on_lost(const LostSegment& segment) override { losses.push_back(segment); }
  void on_restart(Instant now) override { restarts.push_back(now); }
  [[nodiscard]] std::uint64_t pacing_rate() const override { return 0; }
  [[nodiscard]] std::uint32_t send_quantum() const override { return kNoQuantum; }
  std::vector<LostSegment> losses;
  std::vector<Instant> restarts;
};

class DeliveryRateTest : public testing::Test {
 protected:
  DeliveryRateTest() {
    segments.start(kFirst);
    segments.measure_rates(ear);
  }
  ~DeliveryRateTest() override { segments.verify(); }

  static Instant at(double ms) { return Instant::from_ns(static_cast<std::int64_t>(ms * 1e6)); }
  static std::uint32_t seq(std::uint32_t segment) { return kFirst + (segment - 1) * kRateMss; }  // counted from 1

  void send(double ms, int count = 1) {
    for (; count > 0; --count) {
      segments.sent(segments.end(), segments.end() + kRateMss, at(ms));
    }
  }
  void resend(double ms, std::uint32_t segment) { segments.sent(seq(segment), seq(segment + 1), at(ms)); }
  RateSample ack(double ms, std::uint32_t up_to, const std::vector<std::uint32_t>& sacked = {}) {
    DeliveryRate& rates = *segments.rates();
    rates.begin(at(ms));
    (void)segments.acknowledge(seq(up_to + 1), [](const SentSegment&) {});
    for (const std::uint32_t segment : sacked) {
      (void)segments.sack({seq(segment), seq(segment + 1)}, kRateMss, [](const SentSegment&) {});
    }
    segments.verify();
    return rates.finish(min_rtt);
  }

  static constexpr std::uint32_t kFirst = 0xfffffff0;
  Ear ear;
  SentSegments segments;
  Duration min_rtt = 100_ms;
};

// The first flight: ten segments at once, delivered one every 10 ms. The first says little, the last the truth.
TEST_F(DeliveryRateTest, TheFirstFlight) {
  send(0, 10);
  const RateSample first = ack(100, 1);
  EXPECT_EQ(first.delivered, 1000U);
  EXPECT_EQ(first.interval, 100_ms);
  EXPECT_EQ(first.delivery_rate, 10'000U);
  EXPECT_EQ(first.rtt, 100_ms);
  EXPECT_EQ(first.newly_acked, 1000U);
  EXPECT_EQ(first.prior_delivered, 0U);
  EXPECT_EQ(first.tx_in_flight, 1000U);
  for (std::uint32_t i = 2; i <= 10; ++i) {
    const RateSample sample = ack(90 + 10 * i, i);
    EXPECT_EQ(sample.delivered, i * 1000);
    EXPECT_EQ(sample.interval, at(90 + 10 * i) - at(0));
    EXPECT_EQ(sample.tx_in_flight, i * 1000);
    EXPECT_EQ(sample.delivered_total, i * 1000U);
  }
}

// Segments clocked out by the acknowledgements of a path that takes 10 ms for each: 100,000 bytes a second. Of each
// seven acknowledgements one is lost; that which says both delays a segment, and its sample tells how fast we have
// sent.
TEST_F(DeliveryRateTest, APathOfAKnownRate) {
  min_rtt = 80_ms;
  send(0, 10);
  for (std::uint32_t i = 1; i <= 60; ++i) {
    if (i % 7 == 0) {
      continue;
    }
    const double ms = 90.0 + 10.0 * i;
    const RateSample sample = ack(ms, i);
    send(ms, i % 7 == 1 && i > 1 ? 2 : 1);
    if (i > 22) {
      EXPECT_EQ(sample.delivery_rate, i % 7 == 3 ? 90'000U : 100'000U) << i;
      EXPECT_FALSE(sample.is_app_limited);
    }
  }
  EXPECT_EQ(segments.end() - kFirst, 70'000U);
}

// Acknowledgements that come all at once (aggregation) do not make the path faster than we have sent: 4.1.1.2.2.
TEST_F(DeliveryRateTest, TheSendRateBounds) {
  send(0);
  (void)ack(100, 1);
  for (int i = 0; i < 10; ++i) {
    send(100 + 20 * i);  // 50,000 bytes a second
  }
  (void)ack(300, 2);
  const RateSample sample = ack(300, 11);  // nine at once
  EXPECT_EQ(sample.delivered, 10'000U);
  EXPECT_EQ(sample.interval, 200_ms) << "since the acknowledgement at 100 ms";
  EXPECT_EQ(sample.delivery_rate, 50'000U);
}

TEST_F(DeliveryRateTest, ApplicationLimited) {
  send(0, 2);
  segments.rates()->mark_app_limited(segments.pipe());
  EXPECT_TRUE(segments.rates()->is_app_limited());
  send(10);
  EXPECT_FALSE(ack(100, 1).is_app_limited) << "sent before";
  EXPECT_FALSE(ack(100, 2).is_app_limited);
  EXPECT_TRUE(segments.rates()->is_app_limited()) << "the bubble is still under way";
  send(100);
  EXPECT_TRUE(ack(110, 3).is_app_limited);
  EXPECT_FALSE(segments.rates()->is_app_limited()) << "more is delivered than was under way when it was seen";
  send(110);
  EXPECT_TRUE(ack(200, 4).is_app_limited) << "sent while it was";
  EXPECT_FALSE(ack(210, 5).is_app_limited);
}

// Linux's rule for what people are shown: of limited samples only those that are larger.
TEST_F(DeliveryRateTest, TheLatestRate) {
  send(0, 10);
  (void)ack(100, 10);
  EXPECT_EQ(segments.rates()->latest_rate(), 100'000U);
  segments.rates()->mark_app_limited(0);
  send(200, 1);
  EXPECT_EQ(ack(300, 11).delivery_rate, 10'000U);
  EXPECT_EQ(segments.rates()->latest_rate(), 100'000U);
  EXPECT_FALSE(segments.rates()->latest_is_app_limited());
  segments.rates()->mark_app_limited(0);
  send(400, 20);
  EXPECT_EQ(ack(500, 31).delivery_rate, 200'000U);
  EXPECT_EQ(segments.rates()->latest_rate(), 200'000U);
  EXPECT_TRUE(segments.rates()->latest_is_app_limited());
}

TEST_F(DeliveryRateTest, IdlenessIsNotPartOfAnInterval) {
  send(0);
  (void)ack(100, 1);
  send(5000, 10);
  EXPECT_TRUE(ear.restarts.empty()) << "nobody said that the application limits";
  const RateSample sample = ack(5100, 11);
  EXPECT_EQ(sample.interval, 100_ms);
  EXPECT_EQ(sample.delivered, 10'000U);
  segments.rates()->mark_app_limited(0);
  send(9000);
  EXPECT_EQ(ear.restarts, std::vector<Instant>{at(9000)});
}

TEST_F(DeliveryRateTest, SackedOutOfOrderAndOnce) {
  send(0, 5);
  const RateSample sacked = ack(100, 0, {3, 5});
  EXPECT_EQ(sacked.newly_acked, 2000U);
  EXPECT_EQ(sacked.tx_in_flight, 5000U) << "the newest of them is the fifth";
  EXPECT_EQ(ack(110, 0, {3, 5}).newly_acked, 0U) << "no news";
  const RateSample rest = ack(120, 5);
  EXPECT_EQ(rest.newly_acked, 3000U);
  EXPECT_EQ(rest.tx_in_flight, 4000U);
  EXPECT_EQ(rest.delivered, 5000U);
}

// 4.1.3.5: the acknowledgement of the original, taken for that of the retransmission, would make a rate of 5 ms.
TEST_F(DeliveryRateTest, ARetransmissionIsMeasuredAnewAndNotBelievedTooSoon) {
  send(0, 2);
  (void)ack(100, 0, {2});
  segments.mark_lost(0);
  ASSERT_EQ(ear.losses.size(), 1U);
  EXPECT_EQ(ear.losses[0].bytes, 1000U);
  EXPECT_EQ(ear.losses[0].lost, 1000U);
  EXPECT_EQ(ear.losses[0].tx_in_flight, 1000U);
  EXPECT_EQ(ear.losses[0].delivered_total, 1000U);
  segments.mark_lost(0);
  EXPECT_EQ(ear.losses.size(), 1U) << "it was lost already";
  resend(110, 1);
  const RateSample early = ack(115, 1);
  EXPECT_EQ(early.newly_acked, 1000U);
  EXPECT_EQ(early.delivery_rate, 0U);
  EXPECT_EQ(early.rtt, Duration{}) << "Karn";

  send(200, 2);
  (void)ack(300, 2, {4});
  segments.mark_lost(0);
  resend(310, 3);
  segments.mark_lost(0);  // the retransmission, too
  ASSERT_EQ(ear.losses.size(), 3U);
  EXPECT_EQ(ear.losses[2].lost, 1000U) << "since it went again";
  resend(400, 3);
  const RateSample late = ack(500, 4);
  EXPECT_EQ(late.interval, 100_ms);
  EXPECT_EQ(late.delivery_rate, 10'000U);
}

TEST_F(DeliveryRateTest, LossesBetweenSendingAndAcknowledgement) {
  send(0, 6);
  segments.rates()->begin(at(90));
  segments.mark_lost(0);
  segments.mark_lost(1);
  segments.mark_lost(3);
  ASSERT_EQ(ear.losses.size(), 3U);
  EXPECT_FALSE(ear.losses[0].follows);
  EXPECT_TRUE(ear.losses[1].follows);
  EXPECT_FALSE(ear.losses[2].follows);
  EXPECT_EQ(ear.losses[2].tx_in_flight, 4000U);
  EXPECT_EQ(ear.losses[2].lost, 3000U);
  const RateSample sample = ack(100, 0, {6});
  EXPECT_EQ(sample.lost, 3000U);
  EXPECT_EQ(sample.newly_lost, 0U) << "before this acknowledgement";
  send(100);
  EXPECT_EQ(ack(200, 0, {7}).lost, 0U) << "sent after they were lost";
}

TEST_F(DeliveryRateTest, ASmallerPathLosesNothing) {
  send(0, 3);
  segments.mark_all_lost(false);
  EXPECT_TRUE(ear.losses.empty());
  EXPECT_EQ(segments.lost_bytes(), 3000U);
}

// One record of several segments: it is acknowledged, SACKed and lost in parts, and each has the record's stamp.
TEST_F(DeliveryRateTest, ASuperSegment) {
  segments.sent(kFirst, kFirst + 8000, at(0));
  EXPECT_EQ(ack(100, 2).newly_acked, 2000U);
  const RateSample sample = ack(110, 3, {6});
  EXPECT_EQ(sample.newly_acked, 2000U);
  EXPECT_EQ(sample.delivered, 4000U);
  EXPECT_EQ(sample.tx_in_flight, 8000U);
  EXPECT_EQ(segments.size(), 3U);
  segments.mark_lost(0);
  EXPECT_EQ(ear.losses[0].bytes, 2000U);
  EXPECT_EQ(ear.losses[0].tx_in_flight, 8000U);
  EXPECT_EQ(ack(200, 8).newly_acked, 4000U);
  EXPECT_EQ(segments.rates()->size(), 0U);
}

TEST(Pacer, KeepsTheRateToTheBit) {
  Pacer pacer;
  const Instant start = Instant::from_ns(5'000);
  std::uint64_t total = 0;
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    EXPECT_LE(pacer.next_send_at().ns() - (i == 0 ? 0 : start.ns()), static_cast<std::int64_t>(total * 1'000 / 7));
    const Instant now = std::max(start, pacer.next_send_at());
    pacer.on_sent(100 + i % 3, 7'000'000, now);
    total += 100 + i % 3;
  }
  EXPECT_EQ(pacer.next_send_at().ns(), start.ns() + static_cast<std::int64_t>(total * 1'000 / 7));
}

TEST(Pacer, IdlenessSavesNothingUp) {
  Pacer pacer;
  pacer.on_sent(1000, 1'000'000, Instant::zero());
  EXPECT_EQ(pacer.next_send_at(), Instant::zero() + 1_ms);
  pacer.on_sent(1000, 1'000'000, Instant::zero() + 500_ms);
  EXPECT_EQ(pacer.next_send_at(), Instant::zero() + 501_ms);
  pacer.on_sent(1000, 0, Instant::zero() + 600_ms);
  EXPECT_EQ(pacer.next_send_at(), Instant::zero() + 600_ms) << "no limit";
}

}  // namespace
}  // namespace catenet::transport
