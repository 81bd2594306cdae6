// SPDX-License-Identifier: Apache-2.0
// BBR (bbr.cc, bbr_states.cc) over a modelled path: what the draft promises of each state, and what Cardwell et al.
// ("BBR: Congestion-Based Congestion Control", ACM Queue 14(5), 2016) have published.
#include "catenet/transport/tcp/congestion/bbr.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "catenet/transport/tcp/congestion/rate_path.h"

namespace catenet::transport {
namespace {

using namespace catenet::literals;
using State = Bbr::State;

constexpr std::uint32_t kBbrMss = 1448;
constexpr std::uint64_t kBbrRate = 12'500'000;  // 100 Mbit/s
constexpr std::uint32_t kBbrProduct = 500'000;  // with 40 ms

// What the states were, and how long each lasted.
struct Visits {
  Visits(RatePath& path, const Bbr& of) : bbr(of) {
    path.on_sample = Delegate<void(const RateSample&)>::to<&Visits::note>(*this);
  }
  void note(const RateSample& rs) {
    if (history.empty() || history.back().state != bbr.state()) {
      history.push_back({bbr.state(), rs.now, rs.now, rs.in_flight});
    }
    Visit& visit = history.back();
    visit.until = rs.now;
    visit.least_in_flight = std::min(visit.least_in_flight, rs.in_flight);
  }
  struct Visit {
    State state;
    Instant from;
    Instant until;
    std::uint32_t least_in_flight;
  };
  [[nodiscard]] std::vector<Visit> of(State state) const {
    std::vector<Visit> some;
    std::copy_if(history.begin(), history.end(), std::back_inserter(some),
                 [&](const Visit& visit) { return visit.state == state; });
    return some;
  }
  const Bbr& bbr;
  std::vector<Visit> history;
};

struct Flow {
  explicit Flow(std::uint64_t rate = kBbrRate, Duration rtt = 40_ms, std::uint64_t seed = 1)
      : path(bbr, kBbrMss, rate, rtt, seed), visits(path, bbr) {}
  Bbr bbr{kBbrMss, 10 * kBbrMss};
  RatePath path;
  Visits visits;
};

Instant bbr_at(Duration since) { return Instant::zero() + since; }

TEST(Bbr, StartsAtTheInitialWindowOverARoundTrip) {  // 5.6.2
  Flow f;
  EXPECT_EQ(f.bbr.pacing_rate(), 277U * (10 * kBbrMss * 25) / 100);
  Bbr unknown(kBbrMss, 10 * kBbrMss);
  unknown.on_start({}, 1, {});
  EXPECT_EQ(unknown.pacing_rate(), 277U * (10 * kBbrMss * 1000) / 100) << "1 ms";
}

// Startup doubles in each round trip: from 362 kB/s it takes 5.1 doublings to 12.5 MB/s, and three rounds to be sure.
TEST(Bbr, StartupAndDrainFindTheRateAndLeaveNoQueue) {
  Flow f;
  std::uint64_t longest = 0;
  while (f.bbr.state() == State::startup) {
    f.path.run_until(f.path.now + 1_ms);
    longest = std::max(longest, f.path.queue());
  }
  EXPECT_GE(f.bbr.round_count(), 8U);
  EXPECT_LE(f.bbr.round_count(), 11U);
  EXPECT_LE(f.path.now, bbr_at(15 * 40_ms)) << "the last ones are longer, for there is a queue";
  EXPECT_TRUE(f.bbr.full_bw_reached());
  EXPECT_NEAR(static_cast<double>(f.bbr.max_bw()), kBbrRate, 0.02 * kBbrRate);
  EXPECT_LE(longest, kBbrProduct * 5 / 4) << "the window is twice the product";
  EXPECT_EQ(f.bbr.state(), State::drain);
  while (f.bbr.state() == State::drain) {
    f.path.run_until(f.path.now + 1_ms);
  }
  EXPECT_LE(f.path.now, bbr_at(19 * 40_ms));
  EXPECT_EQ(f.bbr.min_rtt(), 40_ms);
  f.path.run_until(f.path.now + 500_ms);
  EXPECT_LE(f.path.queue(), kBbrProduct / 10);
}

// 5.3.4.2: 98 % of the link, less the margin of 1 % at which it paces; Cardwell 2016 has 98 % too.
TEST(Bbr, AloneItUsesTheLink) {
  Flow f;
  f.path.run_until(bbr_at(2_s));
  const std::uint64_t before = f.path.delivered();
  f.path.run_until(bbr_at(32_s));
  EXPECT_GE(f.path.goodput(bbr_at(2_s), before), 0.95 * kBbrRate);
  EXPECT_EQ(f.path.lost, 0U);
  EXPECT_EQ(f.bbr.inflight_longterm(), Bbr::kNoBound) << "nothing was lost";
}

TEST(Bbr, TheCycleAndItsTimes) {
  Flow f;
  f.path.run_until(bbr_at(30_s));
  const auto ups = f.visits.of(State::up);
  ASSERT_GE(ups.size(), 7U);
  for (std::size_t i = 1; i < ups.size(); ++i) {
    EXPECT_GE(ups[i].from - ups[i - 1].until, 2_s);
    EXPECT_LE(ups[i].from - ups[i - 1].until, 2 * 3_s + 1_s) << "3 s at most; ProbeRTT starts the count again";
  }
  for (const auto& refill : f.visits.of(State::refill)) {
    EXPECT_NEAR((refill.until - refill.from).to_seconds(), 0.040, 0.015) << "one round trip";
  }
  std::map<std::pair<State, State>, int> turns;
  for (std::size_t i = 1; i < f.visits.history.size(); ++i) {
    ++turns[{f.visits.history[i - 1].state, f.visits.history[i].state}];
  }
  EXPECT_EQ((turns[{State::startup, State::drain}]), 1);
  EXPECT_GE((turns[{State::down, State::cruise}]), 6);
  EXPECT_GE((turns[{State::cruise, State::refill}]), 6);
  EXPECT_GE((turns[{State::refill, State::up}]), 6);
  EXPECT_GE((turns[{State::up, State::down}]), 6);
  EXPECT_GE((turns[{State::probe_rtt, State::cruise}]), 4);
  for (const auto& [turn, count] : turns) {
    const auto [from, to] = turn;
    const bool around =
        from >= State::drain && from <= State::up &&
        (static_cast<int>(to) == static_cast<int>(from) + 1 || (from == State::up && to == State::down));
    const bool drained = from == State::drain && to == State::cruise;  // by one acknowledgement
    const bool rtt = to == State::probe_rtt || (from == State::probe_rtt && to == State::cruise);
    EXPECT_TRUE(from == State::startup || around || drained || rtt)
        << static_cast<int>(from) << " to " << static_cast<int>(to);
  }
}

// 5.3.4: each 5 s, for 200 ms and a round trip, half the product; what queues others have made would drain.
TEST(Bbr, ProbeRtt) {
  Flow f;
  f.path.run_until(bbr_at(31_s));
  const auto probes = f.visits.of(State::probe_rtt);
  ASSERT_GE(probes.size(), 5U);
  ASSERT_LE(probes.size(), 6U);
  for (std::size_t i = 0; i < probes.size(); ++i) {
    EXPECT_GE(probes[i].until - probes[i].from, 200_ms);
    EXPECT_LE(probes[i].until - probes[i].from, 330_ms);
    EXPECT_LE(probes[i].least_in_flight, kBbrProduct / 2 + kBbrMss);
    EXPECT_GE(probes[i].least_in_flight, kBbrProduct / 2 - 10 * kBbrMss);
    if (i > 0) {
      EXPECT_NEAR((probes[i].from - probes[i - 1].until).to_seconds(), 5.0, 0.1);
    }
  }
}

// Cardwell 2016, figure 8: random loss of a percent leaves BBR where Reno has MSS/RTT sqrt(3/2p) = 3.5 Mbit/s. That is
// the first version, which does not look at losses; this one gives up some of it between probes (5.3.3.8.3).
TEST(Bbr, OnePercentOfLoss) {
  double sum = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Flow f(kBbrRate, 40_ms, seed);
    f.path.loss = Probability::from_ppb(10'000'000);
    f.path.run_until(bbr_at(40_s));
    sum += f.path.goodput({}, 0) / 5;
    f.path.segments.verify();
  }
  EXPECT_GE(sum, 0.675 * kBbrRate);
  EXPECT_LE(sum, 0.99 * kBbrRate);
}

TEST(Bbr, WithoutABufferItLosesLittleAndRemembersHowMuchIsTooMuch) {
  Flow f;
  f.path.buffer = kBbrProduct / 10;
  f.path.run_until(bbr_at(3_s));  // Startup, when nobody knows
  const std::uint64_t sent = f.path.sent;
  const std::uint64_t lost = f.path.lost;
  const std::uint64_t before = f.path.delivered();
  f.path.run_until(bbr_at(33_s));
  EXPECT_LE(f.path.lost - lost, (f.path.sent - sent) * 2 / 100);
  EXPECT_GE(f.path.goodput(bbr_at(3_s), before), 0.80 * kBbrRate);
  EXPECT_LE(f.bbr.inflight_longterm(), kBbrProduct * 5 / 4);
  EXPECT_GE(f.bbr.inflight_longterm(), kBbrProduct * 3 / 4);
}

TEST(Bbr, StartupEndsByLossesWhereTheBufferIsShort) {  // 5.3.1.3
  Flow f;
  f.path.buffer = kBbrProduct / 20;
  while (f.bbr.state() == State::startup) {
    f.path.run_until(f.path.now + 1_ms);
  }
  EXPECT_TRUE(f.bbr.full_bw_reached());
  EXPECT_NE(f.bbr.inflight_longterm(), Bbr::kNoBound);
  EXPECT_LE(f.path.now, bbr_at(10 * 40_ms));
}

TEST(Bbr, AFasterPathIsFound) {
  Flow f;
  f.path.run_until(bbr_at(10_s));
  f.path.rate = 4 * kBbrRate;
  f.path.run_until(bbr_at(20_s));
  EXPECT_GE(f.bbr.max_bw(), kBbrRate * 39 / 10);
}

// Two cycles of probing is what the maximum remembers.
TEST(Bbr, ASlowerPathIsBelievedAfterTwoCycles) {
  Flow f;
  f.path.run_until(bbr_at(10_s));
  f.path.rate = kBbrRate / 2;
  f.path.run_until(bbr_at(22_s));
  EXPECT_LE(f.bbr.max_bw(), kBbrRate * 53 / 100);
  EXPECT_LE(f.path.queue(), kBbrProduct / 4);
}

TEST(Bbr, ALongerPathIsBelievedAfterTenSeconds) {
  Flow f;
  f.path.run_until(bbr_at(10_s));
  f.path.rtt = 80_ms;
  f.path.run_until(bbr_at(30_s));
  EXPECT_GE(f.bbr.min_rtt(), 80_ms);
  EXPECT_LE(f.bbr.min_rtt(), 81_ms);
  const std::uint64_t before = f.path.delivered();
  f.path.run_until(bbr_at(40_s));
  EXPECT_GE(f.path.goodput(bbr_at(30_s), before), 0.93 * kBbrRate);
}

TEST(Bbr, ThePathMayBeFastOrSlow) {
  for (const std::uint64_t rate : {12'500ULL, 1'250'000ULL, 250'000'000ULL}) {  // 100 kbit/s to 2 Gbit/s
    Flow f(rate, 20_ms);
    f.path.run_until(bbr_at(5_s));
    const std::uint64_t before = f.path.delivered();
    f.path.run_until(bbr_at(7_s));
    EXPECT_GE(f.path.goodput(bbr_at(5_s), before), 0.9 * static_cast<double>(rate)) << rate;
    EXPECT_GE(f.bbr.cwnd(), 4 * kBbrMss);
    EXPECT_GE(f.bbr.send_quantum(), 2 * kBbrMss);
    EXPECT_LE(f.bbr.send_quantum(), 65536U);
  }
}

// --- one sample at a time --------------------------------------------------------------------------------------------

// A sample of a round trip: what was sent at its beginning is answered.
struct Samples {
  explicit Samples(Bbr& control) : bbr(control) { bbr.on_start(40_ms, 1, {}); }
  bool round(std::uint64_t rate, std::uint32_t in_flight = 100'000) {
    rs.now += 40_ms;
    rs.prior_delivered = rs.delivered_total;
    rs.delivered_total += rate / 25;
    rs.delivered = static_cast<std::uint32_t>(rate / 25);
    rs.newly_acked = rs.delivered;
    rs.delivery_rate = rate;
    rs.interval = rs.rtt = rs.srtt = 40_ms;
    rs.in_flight = rs.tx_in_flight = in_flight;
    rs.has_sack = true;
    return bbr.on_rate(rs);
  }
  void to_cruise() {
    for (int i = 0; i < 40 && bbr.state() != State::cruise; ++i) {
      (void)round(10'000'000);
    }
    ASSERT_EQ(bbr.state(), State::cruise);
  }
  void lose(std::uint32_t bytes, std::uint32_t tx_in_flight, std::uint32_t lost) {
    bbr.on_lost({rs.now, rs.delivered_total, bytes, tx_in_flight, lost, false, false});
  }
  void to_up() {
    to_cruise();
    for (int i = 0; i < 100 && bbr.state() != State::up; ++i) {
      (void)round(10'000'000);
    }
    ASSERT_EQ(bbr.state(), State::up);
  }
  Bbr& bbr;
  RateSample rs;
};

TEST(Bbr, TheGains) {  // 5.6.1
  Bbr bbr(1000, 10'000);
  Samples samples(bbr);
  std::map<State, std::uint64_t> rates;
  for (int i = 0; i < 200; ++i) {
    (void)samples.round(10'000'000, i < 20 && bbr.state() <= State::drain ? 800'000 : 300'000);
    rates[bbr.state()] = bbr.pacing_rate();
  }
  EXPECT_EQ(rates[State::startup], 27'423'000U) << "99 % of 2.77 times the rate";
  EXPECT_EQ(rates[State::drain], 4'950'000U);
  EXPECT_EQ(rates[State::down], 8'910'000U);
  EXPECT_EQ(rates[State::cruise], 9'900'000U);
  EXPECT_EQ(rates[State::refill], 9'900'000U);
  EXPECT_EQ(rates[State::up], 12'375'000U);
  EXPECT_EQ(rates[State::probe_rtt], 9'900'000U);
}

TEST(Bbr, SamplesThatTheApplicationLimitsCountOnlyIfTheyAreLarger) {  // 5.5.4
  Bbr bbr(1000, 10'000);
  Samples samples(bbr);
  (void)samples.round(1'000'000);
  samples.rs.is_app_limited = true;
  for (int i = 0; i < 10; ++i) {
    (void)samples.round(500'000);
  }
  EXPECT_EQ(bbr.max_bw(), 1'000'000U);
  EXPECT_EQ(bbr.state(), State::startup) << "they do not show that the pipe is full";
  (void)samples.round(2'000'000);
  EXPECT_EQ(bbr.max_bw(), 2'000'000U);
}

// 5.5.10.3: the larger of what the last round delivered and 0.7 of what was.
TEST(Bbr, ALossBetweenProbesLowersTheShortTermModel) {
  Bbr bbr(1000, 10'000);
  Samples samples(bbr);
  samples.to_cruise();
  const std::uint32_t cwnd = bbr.cwnd();
  EXPECT_EQ(bbr.bw_shortterm(), Bbr::kNoBandwidth);
  samples.lose(1000, 400'000, 1000);
  (void)samples.round(9'000'000);
  EXPECT_EQ(bbr.bw_shortterm(), 10'000'000U) << "of the round of the loss the best sample was from before";
  samples.lose(1000, 400'000, 1000);
  (void)samples.round(9'000'000);
  EXPECT_EQ(bbr.bw_shortterm(), 9'000'000U);
  EXPECT_EQ(bbr.bw(), 9'000'000U);
  samples.lose(1000, 400'000, 1000);
  (void)samples.round(1'000'000);
  samples.lose(1000, 400'000, 1000);
  (void)samples.round(1'000'000);
  EXPECT_EQ(bbr.bw_shortterm(), 6'300'000U);
  EXPECT_LT(bbr.inflight_shortterm(), cwnd);
  EXPECT_EQ(bbr.max_bw(), 10'000'000U) << "the long-term model has not changed";
  for (int i = 0; i < 100 && bbr.state() != State::refill; ++i) {
    (void)samples.round(6'000'000);
  }
  EXPECT_EQ(bbr.bw_shortterm(), Bbr::kNoBandwidth) << "forgotten before the next probe";
  EXPECT_EQ(bbr.inflight_shortterm(), Bbr::kNoBound);
}

// 5.5.10.2: 2 % of 400,000 bytes are 8,000. The record that crosses them had 392,000 before it, of which 7,500 were
// lost: (0.02 * 392,000 - 7,500) / 0.98 = 346 more of it fit.
TEST(Bbr, WhereLossesOfAProbeBecomeTooMany) {
  Bbr bbr(1000, 10'000);
  Samples samples(bbr);
  samples.to_up();
  samples.lose(7500, 400'000, 7500);
  EXPECT_EQ(bbr.state(), State::up) << "7,500 are less than 2 %";
  samples.lose(8000, 400'000, 15'500);
  EXPECT_EQ(bbr.inflight_longterm(), 392'346U);
  EXPECT_EQ(bbr.state(), State::down);
  samples.lose(8000, 300'000, 30'000);
  EXPECT_EQ(bbr.inflight_longterm(), 392'346U) << "once for each probe";
}

TEST(Bbr, ASpuriousRecoveryIsTakenBack) {  // 5.5.11.2
  Bbr bbr(1000, 10'000);
  Samples samples(bbr);
  samples.to_up();
  const std::uint32_t cwnd = bbr.cwnd();
  samples.lose(20'000, 400'000, 20'000);
  bbr.save_undo();
  bbr.on_fast_retransmit(400'000, samples.rs.now);
  samples.rs.recovering = true;
  (void)samples.round(5'000'000);
  samples.lose(20'000, 400'000, 20'000);
  (void)samples.round(5'000'000);
  (void)samples.round(5'000'000);
  ASSERT_EQ(bbr.state(), State::cruise);
  ASSERT_NE(bbr.bw_shortterm(), Bbr::kNoBandwidth);
  ASSERT_LT(bbr.cwnd(), cwnd);
  bbr.undo();
  EXPECT_EQ(bbr.state(), State::refill);
  EXPECT_EQ(bbr.bw_shortterm(), Bbr::kNoBandwidth);
  EXPECT_EQ(bbr.inflight_longterm(), Bbr::kNoBound);
  EXPECT_EQ(bbr.inflight_shortterm(), Bbr::kNoBound);
  EXPECT_EQ(bbr.cwnd(), cwnd);
}

TEST(Bbr, AnEndOfStartupIsTakenBackToo) {
  Bbr bbr(1000, 10'000);
  Samples samples(bbr);
  (void)samples.round(1'000'000);
  (void)samples.round(2'000'000);
  for (std::uint32_t i = 0; i < 8; ++i) {
    samples.lose(1000, 100'000, 1000 + 1000 * i);
  }
  bbr.save_undo();
  bbr.on_fast_retransmit(100'000, samples.rs.now);
  samples.rs.recovering = true;
  samples.rs.lost = 8000;
  samples.rs.newly_lost = 8000;
  (void)samples.round(2'000'000);
  EXPECT_EQ(bbr.state(), State::drain);
  EXPECT_EQ(bbr.inflight_longterm(), 80'000U) << "what the round delivered, and the product";
  bbr.undo();
  EXPECT_EQ(bbr.state(), State::startup);
  EXPECT_FALSE(bbr.full_bw_reached());
  EXPECT_EQ(bbr.inflight_longterm(), Bbr::kNoBound);
}

TEST(Bbr, ATimeoutLeavesOneSegmentAndItsEndTheWindow) {  // 5.6.4.4
  Bbr bbr(1000, 10'000);
  Samples samples(bbr);
  samples.to_cruise();
  const std::uint32_t cwnd = bbr.cwnd();
  bbr.save_undo();
  bbr.on_timeout(400'000, true, samples.rs.now);
  EXPECT_EQ(bbr.cwnd(), 1000U);
  samples.rs.recovering = true;
  samples.rs.newly_acked = 1000;
  samples.rs.now += 1_ms;
  (void)bbr.on_rate(samples.rs);
  EXPECT_EQ(bbr.cwnd(), 4000U) << "never less than four segments";
  samples.rs.recovering = false;
  (void)samples.round(10'000'000);
  EXPECT_GE(bbr.cwnd(), cwnd * 7 / 10);
}

TEST(Bbr, IdlenessKeepsTheModel) {  // 5.4.1
  Bbr bbr(1000, 10'000);
  Samples samples(bbr);
  samples.to_up();
  const std::uint32_t cwnd = bbr.cwnd();
  EXPECT_EQ(bbr.pacing_rate(), 12'375'000U);
  bbr.on_idle(samples.rs.now + 1_s);
  bbr.on_restart(samples.rs.now + 20_s);
  EXPECT_EQ(bbr.pacing_rate(), 9'900'000U) << "what the path has delivered, not what a probe would send";
  EXPECT_EQ(bbr.cwnd(), cwnd);
  samples.rs.now += 20_s;
  EXPECT_FALSE(samples.round(10'000'000)) << "silence has drained the queues as well as ProbeRTT could";
  EXPECT_NE(bbr.state(), State::probe_rtt);
}

TEST(Bbr, MarksCountAsCongestion) {
  Bbr startup(1000, 10'000);
  Samples first(startup);
  (void)first.round(1'000'000);
  startup.on_ecn(40'000, first.rs.now);
  EXPECT_EQ(startup.state(), State::startup);
  (void)first.round(2'000'000);
  startup.on_ecn(80'000, first.rs.now);
  EXPECT_EQ(startup.state(), State::drain);

  Bbr probing(1000, 10'000);
  Samples second(probing);
  second.to_up();
  (void)second.round(10'000'000, 410'000);
  probing.on_ecn(410'000, second.rs.now);
  EXPECT_EQ(probing.state(), State::down);
  EXPECT_EQ(probing.inflight_longterm(), 410'000U);

  Bbr cruising(1000, 10'000);
  Samples third(cruising);
  third.to_cruise();
  cruising.on_ecn(400'000, third.rs.now);
  (void)third.round(9'000'000);
  EXPECT_EQ(cruising.bw_shortterm(), 10'000'000U);
}

TEST(WindowedMax, IsTheMaximumOfTheWindowNearly) {
  for (const std::uint32_t window : {1U, 10U, 100U}) {
    WindowedMax filter;
    Rng random(window);
    std::vector<std::uint32_t> values;
    for (std::uint32_t time = 0; time < 2000; ++time) {
      values.push_back(static_cast<std::uint32_t>(random.below(1'000'000)));
      const std::uint32_t told = filter.update(window, time, values[time]);
      const auto most = [&](std::uint32_t past) {
        return *std::max_element(values.end() - std::min<std::ptrdiff_t>(past + 1, std::ssize(values)), values.end());
      };
      EXPECT_LE(told, most(window));
      EXPECT_GE(told, most(window / 2));
    }
  }
}

}  // namespace
}  // namespace catenet::transport
