// SPDX-License-Identifier: Apache-2.0
// scheduler.cc and timer.cc.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>

#include "catenet/base/rng.h"
#include "catenet/event/scheduler.h"
#include "catenet/event/timer.h"

namespace catenet {
namespace {
using namespace literals;

using Log = std::vector<std::pair<std::int64_t, int>>;

struct Source final : EventSource {
  Source(SourceId id, Log& l) : EventSource(id), log(l) {}
  void fire(Instant now) override { log.emplace_back(now.ns(), static_cast<int>(source_id())); }
  Log& log;
};

TEST(Scheduler, OrdersByTimeThenSourceId) {
  Log log;
  Scheduler s;
  Source a(3, log);
  Source b(1, log);
  Source c(2, log);
  s.schedule(a, Instant::from_ns(10));
  s.schedule(b, Instant::from_ns(20));
  s.schedule(c, Instant::from_ns(10));
  s.run_until(Instant::from_ns(20));
  EXPECT_EQ(log, (Log{{10, 2}, {10, 3}})) << "the horizon itself is not reached";
  EXPECT_EQ(s.now().ns(), 20);
  s.run_until(Instant::from_ns(21));
  EXPECT_EQ(log.back(), (std::pair<std::int64_t, int>{20, 1}));
  EXPECT_EQ(s.events(), 3U);
}

TEST(Scheduler, RandomScheduleAndCancelAgreeWithASortedSet) {
  Log log;
  Scheduler s;
  std::vector<std::unique_ptr<Source>> sources;
  for (SourceId id = 0; id < 300; ++id) {
    sources.push_back(std::make_unique<Source>(id, log));
  }
  std::map<int, std::int64_t> pending;
  Rng rng(1);
  Log expected;
  for (int step = 0; step < 30'000; ++step) {
    const auto id = static_cast<int>(rng.below(sources.size()));
    const std::uint64_t what = rng.below(10);
    if (what == 0) {
      s.cancel(*sources[static_cast<std::size_t>(id)]);
      pending.erase(id);
    } else if (what < 8) {
      const std::int64_t at = s.now().ns() + static_cast<std::int64_t>(rng.below(1000));
      s.schedule(*sources[static_cast<std::size_t>(id)], Instant::from_ns(at));
      pending[id] = at;
    } else {
      const std::int64_t horizon = s.now().ns() + static_cast<std::int64_t>(rng.below(50));
      std::set<std::pair<std::int64_t, int>> due;
      for (const auto& [source, at] : pending) {
        if (at < horizon) {
          due.emplace(at, source);
        }
      }
      for (const auto& event : due) {
        expected.push_back(event);
        pending.erase(event.second);
      }
      s.run_until(Instant::from_ns(horizon));
      ASSERT_EQ(log, expected);
    }
  }
}

TEST(Scheduler, ADyingSourceTakesItsEventAlong) {
  Log log;
  Scheduler s;
  {
    Source a(1, log);
    s.schedule(a, Instant::from_ns(5));
  }
  s.run_until(Instant::from_ns(10));
  EXPECT_TRUE(log.empty());
}

struct Poster final : EventSource {
  Poster(Scheduler& s, std::vector<std::string>& l) : EventSource(1), scheduler(s), log(l) {}
  void fire(Instant) override {
    scheduler.post(Delegate<void()>::to<&Poster::task>(*this));
    log.emplace_back("event");
  }
  void task() { log.emplace_back("task"); }
  Scheduler& scheduler;
  std::vector<std::string>& log;
};

TEST(Scheduler, PostedWorkRunsAfterTheEventAndBeforeTheNext) {
  std::vector<std::string> log;
  Log events;
  Scheduler s;
  Poster a(s, log);
  s.schedule(a, Instant::from_ns(1));
  s.run_until(Instant::from_ns(2));
  EXPECT_EQ(log, (std::vector<std::string>{"event", "task"}));
}

struct Owner {
  explicit Owner(TimerQueue& q) : timer(q, Delegate<void(Instant)>::to<&Owner::on_timer>(*this)) {}
  void on_timer(Instant now) {
    fired.push_back(now.ns());
    if (again > Duration{}) {
      timer.arm(now + again);
    }
  }
  Duration again;
  std::vector<std::int64_t> fired;
  Timer timer;
};

TEST(Timer, RearmingLaterCostsNoEvent) {
  Scheduler s;
  TimerQueue q(s, 1);
  Owner a(q);
  a.timer.arm(Instant::from_ns(100));
  for (int i = 0; i < 1000; ++i) {
    a.timer.arm(Instant::from_ns(200 + i));
  }
  s.run_until(Instant::from_ns(5000));
  EXPECT_EQ(a.fired, std::vector<std::int64_t>{1199});
  EXPECT_EQ(s.events(), 2U) << "one look at the first deadline, one at the last";
}

TEST(Timer, RearmingEarlierAndCancelling) {
  Scheduler s;
  TimerQueue q(s, 1);
  Owner a(q);
  Owner b(q);
  a.timer.arm(Instant::from_ns(1000));
  b.timer.arm(Instant::from_ns(500));
  a.timer.arm(Instant::from_ns(10));
  b.timer.cancel();
  EXPECT_FALSE(b.timer.is_armed());
  s.run_until(Instant::from_ns(2000));
  EXPECT_EQ(a.fired, std::vector<std::int64_t>{10});
  EXPECT_TRUE(b.fired.empty());
}

TEST(Timer, ManyTimersFireAtTheirTimes) {
  Scheduler s;
  TimerQueue q(s, 1);
  std::vector<std::unique_ptr<Owner>> owners;
  Rng rng(2);
  std::vector<std::int64_t> at;
  for (int i = 0; i < 500; ++i) {
    owners.push_back(std::make_unique<Owner>(q));
    at.push_back(0);
  }
  for (int i = 0; i < 5000; ++i) {
    const std::size_t k = rng.below(owners.size());
    at[k] = static_cast<std::int64_t>(rng.below(100'000));
    owners[k]->timer.arm(Instant::from_ns(at[k]));
  }
  for (std::size_t k = 0; k < 100; ++k) {
    owners[k].reset();
  }
  s.run_until(Instant::from_ns(200'000));
  for (std::size_t k = 100; k < owners.size(); ++k) {
    EXPECT_EQ(owners[k]->fired, std::vector<std::int64_t>{at[k]});
  }
}

TEST(Timer, ACrowdMayGoInAnyOrder) {
  Scheduler s;
  TimerQueue q(s, 1);
  std::vector<std::unique_ptr<Owner>> owners;
  Rng rng(3);
  for (int i = 0; i < 20'000; ++i) {
    owners.push_back(std::make_unique<Owner>(q));
    owners.back()->timer.arm(Instant::from_ns(static_cast<std::int64_t>(rng.below(100'000)) + 1));
  }
  while (owners.size() > 50) {  // the queue gives memory back on the way
    std::swap(owners[rng.below(owners.size())], owners.back());
    owners.pop_back();
  }
  std::vector<std::int64_t> due;
  for (const auto& owner : owners) {
    due.push_back(owner->timer.deadline().ns());
  }
  s.run_until(Instant::from_ns(200'000));
  for (std::size_t k = 0; k < owners.size(); ++k) {
    EXPECT_EQ(owners[k]->fired, std::vector<std::int64_t>{due[k]});
  }
}
TEST(Timer, MayRearmItselfWhileFiring) {
  Scheduler s;
  TimerQueue q(s, 1);
  Owner a(q);
  a.again = 10_ns;
  a.timer.arm(Instant::from_ns(10));
  s.run_until(Instant::from_ns(55));
  EXPECT_EQ(a.fired, (std::vector<std::int64_t>{10, 20, 30, 40, 50}));
}

}  // namespace
}  // namespace catenet
