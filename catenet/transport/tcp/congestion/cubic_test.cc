// SPDX-License-Identifier: Apache-2.0
// CUBIC against the formulas of RFC 9438, computed here in floating point, and against published figures.
#include "catenet/transport/tcp/congestion/cubic.h"

#include <gtest/gtest.h>

#include <cmath>

#include "catenet/transport/tcp/congestion/ack_clock.h"
#include "catenet/transport/tcp/congestion/new_reno.h"

namespace catenet::transport {
namespace {

using namespace catenet::literals;

constexpr std::uint32_t kMss = 1000;
constexpr long double kC = 0.4L;

long double root_of_curve(long double w_max, long double cwnd_epoch) { return std::cbrt((w_max - cwnd_epoch) / kC); }
long double curve(long double t, long double w_max, long double k) { return kC * std::pow(t - k, 3.0L) + w_max; }

// Out of slow start with a window of `segments`, and one loss there.
void lose_at(Cubic& cc, std::uint32_t segments) {
  cc.on_fast_retransmit(segments * kMss, {});
  cc.on_recovery_end(segments * kMss, {});
}

TEST(CubeRoot, IsTheLargestWhoseCubeFits) {
  for (std::uint64_t n = 0; n < 100'000; ++n) {
    const std::uint64_t r = integer_cube_root(n);
    ASSERT_LE(r * r * r, n);
    ASSERT_GT((r + 1) * (r + 1) * (r + 1), n);
  }
  for (const std::uint64_t r : {1000ULL, 65'536ULL, 1'000'003ULL, 2'642'245ULL}) {
    EXPECT_EQ(integer_cube_root(r * r * r), r);
    EXPECT_EQ(integer_cube_root(r * r * r - 1), r - 1);
  }
  EXPECT_EQ(integer_cube_root(UINT64_MAX), 2'642'245U);
}

TEST(Cubic, CurvePublishedFigures) {  // TCP-11
  Cubic cc(kMss, 100 * kMss);
  lose_at(cc, 100);
  EXPECT_EQ(cc.cwnd(), 70 * kMss);
  EXPECT_EQ(cc.w_max(), 100 * kMss);
  AckClock clock(cc, kMss, 100_ms);
  clock.ack();  // begins the epoch
  const struct {
    std::int64_t seconds;
    double segments;
  } rows[] = {{0, 70},     {1, 86.68},  {2, 95.64},  {3, 99.28},  {4, 100.0},
              {5, 100.19}, {6, 102.27}, {8, 121.65}, {10, 177.35}};
  for (const auto& row : rows) {
    const double segments = static_cast<double>(cc.w_cubic(Duration::seconds(row.seconds))) / kMss;
    EXPECT_NEAR(segments, row.segments, row.segments * 0.001) << row.seconds << " s";
  }
}

TEST(Cubic, WindowFollowsTheCurve) {
  for (const std::int64_t rtt_ms : {20, 100, 300}) {
    for (const std::uint32_t w_max : {200U, 1000U, 5000U}) {
      SCOPED_TRACE(std::to_string(rtt_ms) + " ms, " + std::to_string(w_max) + " segments");
      Cubic cc(kMss, w_max * kMss);
      lose_at(cc, w_max);
      const long double k = root_of_curve(w_max, static_cast<long double>(cc.cwnd()) / kMss);
      AckClock clock(cc, kMss, Duration::milliseconds(rtt_ms));
      clock.ack();
      const Instant epoch = clock.now;
      long double est = cc.cwnd() / static_cast<long double>(kMss);  // what Reno has by now, as a rate
      for (int tenth = 5; tenth < 80; tenth += 5) {
        const Instant at = epoch + Duration::milliseconds(100 * tenth);
        clock.run_until(at);
        const long double t = (clock.now - epoch).to_seconds();
        est = std::min<long double>(w_max, 0.7L * w_max + 9.0L / 17 * t * 1000 / rtt_ms);
        if (est < w_max && est < curve(t, w_max, k)) {  // beyond, Reno's region: another test
          const long double expected = curve(t, w_max, k);
          EXPECT_NEAR(static_cast<double>(cc.cwnd()) / kMss, static_cast<double>(expected), 0.01 * w_max) << t;
        }
      }
    }
  }
}

TEST(Cubic, IsNeverSlowerThanReno) {  // RFC 9438 4.3: a short path, where Reno grows fast
  Cubic cc(kMss, 20 * kMss);
  lose_at(cc, 20);
  AckClock clock(cc, kMss, 10_ms);
  clock.ack();
  for (int round = 1; round <= 300; ++round) {
    clock.run_until(clock.now + 10_ms);
    const double segments = static_cast<double>(cc.cwnd()) / kMss;
    const double rounds_to_prior = 6 / (9.0 / 17);
    const double reno = round < rounds_to_prior ? 14 + round * 9.0 / 17 : 20 + (round - rounds_to_prior);
    EXPECT_NEAR(segments, reno, 1 + reno * 0.02) << round;
  }
}

TEST(Cubic, AveragePublishedFigures) {  // TCP-12: deterministic loss, RTT 100 ms
  const struct {
    std::uint64_t period;
    double segments;
    int cycles;
  } rows[] = {{1'000, 38, 50}, {10'000, 187, 50}, {100'000, 1054, 5}, {1'000'000, 5926, 2}};
  for (const auto& row : rows) {
    Cubic cc(1460, 10 * 1460);
    cc.on_fast_retransmit(static_cast<std::uint32_t>(row.segments * 1.25) * 1460, {});
    AckClock clock(cc, 1460, 100_ms);
    EXPECT_NEAR(clock.average_window(row.period, row.cycles), row.segments, row.segments * 0.1) << row.period;
  }
}

TEST(NewReno, AveragePublishedFigures) {  // TCP-9
  const struct {
    std::uint64_t period;
    double segments;
    int cycles;
  } rows[] = {{100, 12, 10}, {1'000, 38, 10}, {10'000, 120, 10}, {100'000, 379, 4}, {1'000'000, 1200, 1}};
  for (const auto& row : rows) {
    NewReno cc(1460, 10 * 1460);
    cc.on_fast_retransmit(static_cast<std::uint32_t>(row.segments) * 1460, {});
    AckClock clock(cc, 1460, 100_ms);
    EXPECT_NEAR(clock.average_window(row.period, row.cycles), row.segments, row.segments * 0.1) << row.period;
  }
}

TEST(Cubic, FastConvergenceMakesRoom) {  // RFC 9438 4.7
  Cubic cc(kMss, 100 * kMss);
  lose_at(cc, 100);
  EXPECT_EQ(cc.w_max(), 100 * kMss);
  cc.on_fast_retransmit(70 * kMss, {});
  EXPECT_EQ(cc.w_max(), 70 * kMss * 85 / 100);
  EXPECT_EQ(cc.cwnd(), 49 * kMss);
  EXPECT_EQ(cc.ssthresh(), 49 * kMss);
}

TEST(Cubic, TheWindowIsNeverBelowTwoSegmentsAfterALoss) {
  Cubic cc(kMss, 2 * kMss);
  cc.on_fast_retransmit(2 * kMss, {});
  EXPECT_EQ(cc.cwnd(), 2 * kMss);
  cc.on_timeout(2 * kMss, true, {});
  EXPECT_EQ(cc.cwnd(), kMss);
  EXPECT_EQ(cc.ssthresh(), 2 * kMss);
}

TEST(Cubic, AfterATimeoutTheCurveStartsWhereSlowStartEnds) {  // RFC 9438 4.8
  Cubic cc(kMss, 100 * kMss);
  cc.on_timeout(100 * kMss, true, {});
  EXPECT_EQ(cc.cwnd(), kMss);
  EXPECT_EQ(cc.ssthresh(), 70 * kMss);
  cc.on_timeout(kMss, false, {});
  EXPECT_EQ(cc.ssthresh(), 70 * kMss);
  AckClock clock(cc, kMss, 100_ms);
  for (int i = 0; i < 69; ++i) {
    clock.ack(5 * kMss);  // stretched: one segment of growth each (RFC 3465 2.3)
  }
  EXPECT_EQ(cc.cwnd(), 70 * kMss);
  clock.ack();
  EXPECT_NEAR(cc.w_max(), 70 * kMss, kMss);
  EXPECT_EQ(cc.w_cubic({}), cc.w_max());  // K = 0
}

TEST(Cubic, ASpuriousRecoveryGivesTheCurveBack) {  // RFC 9438 4.9.2
  Cubic cc(kMss, 1000 * kMss);
  lose_at(cc, 1000);
  AckClock clock(cc, kMss, 100_ms);
  clock.run_until(Instant::zero() + 3_s);
  Cubic never(cc);
  cc.save_undo();
  cc.on_fast_retransmit(cc.cwnd(), clock.now);
  EXPECT_LT(cc.cwnd(), never.cwnd() * 3 / 4);
  cc.undo();
  EXPECT_EQ(cc.cwnd(), never.cwnd());
  EXPECT_EQ(cc.ssthresh(), never.ssthresh());
  EXPECT_EQ(cc.w_max(), never.w_max());
  EXPECT_EQ(cc.w_cubic(5_s), never.w_cubic(5_s));
}

TEST(Cubic, AMarkCostsLessThanALoss) {  // RFC 8511
  Cubic cc(kMss, 100 * kMss);
  cc.on_ecn(100 * kMss, {});
  EXPECT_EQ(cc.cwnd(), 85 * kMss);
  EXPECT_EQ(cc.ssthresh(), 85 * kMss);
}

TEST(Cubic, AnUnusedWindowStopsTheClock) {  // RFC 9438 4.2
  Cubic cc(kMss, 1000 * kMss);
  lose_at(cc, 1000);
  AckClock clock(cc, kMss, 100_ms);
  clock.run_until(clock.now + 1_s);
  const std::uint32_t before = cc.cwnd();
  clock.limited = false;
  clock.run_until(clock.now + 60_s);
  EXPECT_EQ(cc.cwnd(), before);
  clock.limited = true;
  clock.run_until(clock.now + 100_ms);
  EXPECT_LT(cc.cwnd(), before * 105 / 100);
}

TEST(Cubic, IdleRestartRemembersThreeQuarters) {  // RFC 5681 4.1, RFC 7661 4.4.3
  Cubic cc(kMss, 10 * kMss);
  AckClock clock(cc, kMss, 100_ms);
  while (cc.cwnd() < 100 * kMss) {
    clock.ack();
  }
  lose_at(cc, 100);
  cc.on_idle(clock.now);
  EXPECT_EQ(cc.cwnd(), 10 * kMss);
  EXPECT_EQ(cc.ssthresh(), 70 * kMss);
}

}  // namespace
}  // namespace catenet::transport
