// SPDX-License-Identifier: Apache-2.0
#include "catenet/sim/simulation.h"

#include <gtest/gtest.h>

namespace catenet::sim {
namespace {
using namespace literals;

struct Tick final : EventSource {
  Tick(Scheduler& s, SourceId id, Duration every, std::vector<std::int64_t>& l)
      : EventSource(id), scheduler(s), period(every), log(l) {
    scheduler.schedule(*this, Instant::zero() + every);
  }
  void fire(Instant now) override {
    log.push_back(now.ns());
    scheduler.schedule(*this, now + period);
  }
  Scheduler& scheduler;
  Duration period;
  std::vector<std::int64_t>& log;
};

/// Says when it was called, and that no partition had run beyond its lookahead.
struct Probe final : Crossing {
  Duration lookahead() const override { return 10_us; }
  void exchange() override {
    ++exchanges;
    const Duration apart = a->now() - b->now();
    EXPECT_LE(apart, lookahead());
    EXPECT_LE(-apart, lookahead());
  }
  Scheduler* a = nullptr;
  Scheduler* b = nullptr;
  int exchanges = 0;
};

TEST(Simulation, RunsToTheEndInclusive) {
  Simulation sim(1);
  std::vector<std::int64_t> log;
  Tick tick(sim.add_partition().scheduler, 1, 100_ms, log);
  sim.run_until(Instant::from_ns(300'000'000));
  EXPECT_EQ(log, (std::vector<std::int64_t>{100'000'000, 200'000'000, 300'000'000}));
  EXPECT_EQ(sim.now(), Instant::from_ns(300'000'000));
  EXPECT_EQ(sim.events(), 3U);
}

TEST(Simulation, PartitionsStayWithinTheLookahead) {
  Simulation sim(1);
  Environment& a = sim.add_partition();
  Environment& b = sim.add_partition();
  Probe probe;
  probe.a = &a.scheduler;
  probe.b = &b.scheduler;
  sim.add_crossing(probe);
  std::vector<std::int64_t> la;
  std::vector<std::int64_t> lb;
  Tick ta(a.scheduler, 1, 3_us, la);
  Tick tb(b.scheduler, 2, 7_us, lb);
  sim.run_until(Instant::from_ns(1'000'000));
  EXPECT_EQ(la.size(), 333U);
  EXPECT_EQ(lb.size(), 142U);
  EXPECT_GE(probe.exchanges, 77) << "a window starts at an event and lasts 10 us: at most 13 us apart";
}

TEST(Simulation, AllClocksStandAtTheEndWhateverTheWindows) {
  Simulation sim(1);
  Environment& busy = sim.add_partition();
  Environment& idle = sim.add_partition();
  Probe probe;
  probe.a = &busy.scheduler;
  probe.b = &idle.scheduler;
  sim.add_crossing(probe);
  std::vector<std::int64_t> log;
  Tick tick(busy.scheduler, 1, 300_ms, log);
  sim.run_until(Instant::from_ns(1'000'000'000));
  EXPECT_EQ(busy.scheduler.now().ns(), 1'000'000'001) << "events at the end have run";
  EXPECT_EQ(idle.scheduler.now(), busy.scheduler.now());
}

TEST(Simulation, StopsAtTheStopTime) {
  Simulation sim(1);
  std::vector<std::int64_t> log;
  Tick tick(sim.add_partition().scheduler, 1, 100_ms, log);
  sim.stop_at(Instant::from_ns(250'000'000));
  sim.run_until(Instant::from_ns(1'000'000'000));
  EXPECT_EQ(log.size(), 2U);
  EXPECT_EQ(sim.now(), Instant::from_ns(250'000'000));
}

TEST(Simulation, NothingToDoEndsAtOnce) {
  Simulation sim(1);
  sim.add_partition();
  sim.run_until(Instant::from_ns(5'000'000'000));
  EXPECT_EQ(sim.now().ns(), 5'000'000'000);
}

}  // namespace
}  // namespace catenet::sim
