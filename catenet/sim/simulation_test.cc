// SPDX-License-Identifier: Apache-2.0
// simulation.cc, agenda.cc and team.cc. What two threads make of a network is seen in run/ and in
// tests/parallel_test.py.
#include "catenet/sim/simulation.h"

#include <gtest/gtest.h>

#include <map>

#include "catenet/base/rng.h"

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

TEST(Simulation, RunsToTheEndInclusive) {
  Simulation sim(1);
  std::vector<std::int64_t> log;
  Tick tick(sim.add_partition().scheduler, 1, 100_ms, log);
  sim.run_until(Instant::from_ns(300'000'000));
  EXPECT_EQ(log, (std::vector<std::int64_t>{100'000'000, 200'000'000, 300'000'000}));
  EXPECT_EQ(sim.now(), Instant::from_ns(300'000'000));
  EXPECT_EQ(sim.events(), 3U);
}

/// Ticks like Tick, and looks at another partition's clock meanwhile.
struct Onlooker final : EventSource {
  Onlooker(Scheduler& s, SourceId id, Duration every, const Scheduler& o)
      : EventSource(id), scheduler(s), period(every), other(o) {
    scheduler.schedule(*this, Instant::zero() + every);
  }
  void fire(Instant now) override {
    ++ticks;
    farthest = std::max(farthest, other.now() - now);
    scheduler.schedule(*this, now + period);
  }
  Scheduler& scheduler;
  Duration period;
  const Scheduler& other;
  int ticks = 0;
  Duration farthest;
};

TEST(Simulation, PartitionsStayWithinTheLookahead) {
  Simulation sim(1);
  Environment& a = sim.add_partition();
  Environment& b = sim.add_partition();
  sim.add_crossing(a, b, 10_us);
  Onlooker ta(a.scheduler, 1, 3_us, b.scheduler);
  Onlooker tb(b.scheduler, 2, 7_us, a.scheduler);
  sim.run_until(Instant::from_ns(1'000'000));
  EXPECT_EQ(ta.ticks, 333);
  EXPECT_EQ(tb.ticks, 142);
  EXPECT_LE(ta.farthest, 10_us);
  EXPECT_LE(tb.farthest, 10_us);
  EXPECT_GT(std::max(ta.farthest, tb.farthest), 3_us) << "they do run in windows, not step by step";
}

TEST(Simulation, AllClocksStandAtTheEndWhateverTheWindows) {
  Simulation sim(1);
  Environment& busy = sim.add_partition();
  Environment& idle = sim.add_partition();
  sim.add_crossing(busy, idle, 10_us);
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

TEST(Simulation, ThreadsRunTheirOwnPartitions) {
  Simulation sim(1, nullptr, 3);
  std::vector<std::vector<std::int64_t>> logs(6);
  std::vector<std::unique_ptr<Tick>> ticks;
  std::vector<Environment*> worlds;
  for (unsigned i = 0; i < 6; ++i) {
    worlds.push_back(&sim.add_partition(i % 3));
    ticks.push_back(std::make_unique<Tick>(worlds.back()->scheduler, i + 1, Duration::microseconds(3 + i), logs[i]));
  }
  sim.add_crossing(*worlds[0], *worlds[1], 10_us);  // two threads
  sim.add_crossing(*worlds[1], *worlds[4], 2_us);   // one
  EXPECT_EQ(sim.threads(), 3U);
  EXPECT_EQ(sim.lookahead(), 10_us);
  EXPECT_NE(&worlds[0]->pool, &worlds[1]->pool);
  EXPECT_EQ(&worlds[0]->pool, &worlds[3]->pool);
  sim.run_until(Instant::from_ns(1'000'000));
  std::uint64_t sum = 0;
  for (unsigned i = 0; i < 6; ++i) {
    EXPECT_EQ(logs[i].size(), 1'000 / (3 + i)) << i;
    EXPECT_EQ(worlds[i]->scheduler.now().ns(), 1'000'001);
    sum += logs[i].size();
  }
  EXPECT_EQ(sim.events(), sum);
}

TEST(Simulation, WorkFromOutsideIsNotForgotten) {
  Simulation sim(1);
  Environment& world = sim.add_partition();
  sim.add_partition();
  sim.run_until(Instant::from_ns(1'000));
  int ran = 0;
  struct Counter {
    int& n;
    void add() { ++n; }
  } counter{ran};
  world.scheduler.post(Delegate<void()>::to<&Counter::add>(counter));
  sim.run_until(Instant::from_ns(2'000));
  EXPECT_EQ(ran, 1) << "posted between two windows";
  std::vector<std::int64_t> log;
  Tick tick(world.scheduler, 9, 5_us, log);  // at 5 us: earlier than anything that the agenda knew of
  sim.run_until(Instant::from_ns(12'000));
  EXPECT_EQ(log, (std::vector<std::int64_t>{5'000, 10'000}));
}

TEST(Agenda, GivesThePartitionsInTheOrderOfTheirEvents) {
  PacketPool pool;
  Agenda agenda;
  std::vector<std::unique_ptr<Partition>> partitions;
  std::vector<std::int64_t> log;
  std::vector<std::unique_ptr<Tick>> ticks;
  std::multimap<std::int64_t, const Partition*> expected;
  Rng rng(7);
  for (SourceId i = 0; i < 100; ++i) {
    partitions.push_back(std::make_unique<Partition>(agenda, pool, 1, nullptr));
    if (i % 2 == 0) {
      agenda.put(*partitions.back());  // some get their event when they are in the agenda already
    }
    const auto at = static_cast<std::int64_t>(1 + rng.below(50));
    ticks.push_back(std::make_unique<Tick>(partitions.back()->scheduler, i, Duration::nanoseconds(at), log));
    expected.emplace(at, partitions.back().get());
    if (i % 2 == 1) {
      agenda.put(*partitions.back());
    }
  }
  for (const auto& [at, partition] : expected) {
    EXPECT_EQ(agenda.next().ns(), at);
    Partition& first = agenda.take();
    EXPECT_EQ(first.scheduler.next().ns(), at);
  }
  EXPECT_TRUE(agenda.next().is_never());
  for (const auto& partition : partitions) {
    partition->scheduler.run_until(Instant::from_ns(100));  // what is taken out disturbs nothing
  }
}

TEST(Team, EverybodyDoesTheirPartEachTime) {
  struct Counts {
    void work(unsigned member) { ++done[member]; }
    std::uint64_t done[5] = {};
  } counts;
  Team team(5, Delegate<void(unsigned)>::to<&Counts::work>(counts));
  for (std::uint64_t round = 1; round <= 2'000; ++round) {
    team.run();
    for (const std::uint64_t done : counts.done) {
      ASSERT_EQ(done, round) << "nobody is late, and what they wrote is seen";
    }
  }
}

}  // namespace
}  // namespace catenet::sim
