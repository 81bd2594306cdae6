// SPDX-License-Identifier: Apache-2.0
// The scheduler under the hold model: every event schedules its source again, a random time later, so the heap keeps
// its size. Beside it, the same work on a std::set of (time, source), the plain structure from which an event can be
// taken back too. Then what rearming a timer costs.
#include <deque>
#include <set>
#include <utility>

#include "bench/harness.h"
#include "catenet/base/rng.h"
#include "catenet/event/scheduler.h"
#include "catenet/event/timer.h"

namespace catenet::bench {
namespace {

constexpr std::uint64_t kSpread = 2'000'000;  // ns; the mean distance of a source's events is half of it

class Holder final : public EventSource {
 public:
  Holder(SourceId id, Scheduler& scheduler, Rng& rng) : EventSource(id), scheduler_(scheduler), rng_(rng) {}
  void fire(Instant now) override {
    scheduler_.schedule(*this, now + Duration::nanoseconds(static_cast<std::int64_t>(1 + rng_.below(kSpread))));
  }

 private:
  Scheduler& scheduler_;
  Rng& rng_;
};

void bench_hold(std::uint32_t sources, const char* label) {
  Rng rng(1);
  Scheduler scheduler;
  std::deque<Holder> holders;
  std::set<std::pair<std::int64_t, std::uint32_t>> queue;
  for (std::uint32_t i = 0; i < sources; ++i) {
    holders.emplace_back(i, scheduler, rng).fire(Instant::zero());
    queue.emplace(static_cast<std::int64_t>(rng.below(kSpread)), i);
  }
  const auto ours = [&](std::uint64_t n) {
    while (n-- > 0) {
      (void)scheduler.run_one(Instant::never());
    }
  };
  const auto theirs = [&](std::uint64_t n) {
    while (n-- > 0) {
      auto node = queue.extract(queue.begin());
      node.value().first += 1 + static_cast<std::int64_t>(rng.below(kSpread));
      queue.insert(std::move(node));
    }
  };
  const Pair cost = seconds_per(ours, theirs);
  report(std::string("scheduler, ") + label + " sources", "events/s", 1 / cost.ours, "std::set", 1 / cost.theirs);
}

struct Owner {
  void on_timer(Instant) {}
};

void bench_rearm() {
  Scheduler scheduler;
  TimerQueue queue(scheduler, 1);
  Owner owner;
  std::deque<Timer> timers;
  for (int i = 0; i < 1000; ++i) {
    timers.emplace_back(queue, Delegate<void(Instant)>::to<&Owner::on_timer>(owner))
        .arm(Instant::from_ns(1'000'000'000 + i));
  }
  std::int64_t later = 2'000'000'000;
  const double seconds = seconds_per([&](std::uint64_t n) {
    for (std::size_t i = 0; n-- > 0; i = i == 999 ? 0 : i + 1) {
      timers[i].arm(Instant::from_ns(++later));
    }
  });
  report("timer rearm to a later time", "ns", seconds * 1e9);
}

}  // namespace
}  // namespace catenet::bench

int main() {
  catenet::bench::bench_hold(100, "100");
  catenet::bench::bench_hold(10'000, "10,000");
  catenet::bench::bench_hold(1'000'000, "1,000,000");
  catenet::bench::bench_rearm();
}
