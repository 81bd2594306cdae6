// SPDX-License-Identifier: Apache-2.0
#include "catenet/sim/simulation.h"

#include <algorithm>

#include "catenet/base/check.h"

namespace catenet::sim {
namespace {
// A window that fires more makes a person who asks for the end, or looks at the progress, wait.
constexpr std::uint64_t kBusyWindow = 400'000;
constexpr Duration kMinWindow = Duration::nanoseconds(100);
}  // namespace

Simulation::Simulation(std::uint64_t seed, Observer* observer, unsigned threads) : seed_(seed), observer_(observer) {
  check(threads >= 1 && threads <= kMaxThreads, "number of threads");
  for (unsigned i = 0; i < threads; ++i) {
    workers_.push_back(std::make_unique<Worker>(i, threads));
  }
  if (threads > 1) {
    team_ = std::make_unique<Team>(threads, Delegate<void(unsigned)>::to<&Simulation::work>(*this));
  }
}

Simulation::~Simulation() = default;

Environment& Simulation::add_partition(unsigned thread) {
  Worker& worker = *workers_.at(thread);
  partitions_.push_back(std::make_unique<Partition>(worker.agenda, worker.pool, seed_, observer_));
  Partition& made = *partitions_.back();
  made.environment.thread = thread;
  made.environment.outbox = workers_.size() > 1 ? &worker.outbox : nullptr;
  worker.agenda.put(made);
  return made.environment;
}

void Simulation::add_crossing(const Environment& a, const Environment& b, Duration lookahead) {
  check(lookahead > Duration{}, "a link between partitions has no delay");
  Duration& bound = a.thread == b.thread ? workers_.at(a.thread)->lookahead : lookahead_;
  bound = std::min(bound, lookahead);
}

Duration Simulation::lookahead() const { return workers_.size() == 1 ? workers_.front()->lookahead : lookahead_; }

void Simulation::Worker::run(Instant horizon) {
  while (agenda.next() < horizon) {
    const Instant end = std::min(agenda.next() + lookahead, horizon);
    while (agenda.next() < end) {
      Partition& partition = agenda.take();
      const std::uint64_t before = partition.scheduler.events();
      partition.scheduler.run_until(end);
      events += partition.scheduler.events() - before;
      agenda.put(partition);
    }
  }
}

// One thread's part of a window.
void Simulation::work(unsigned thread) {
  Worker& self = *workers_[thread];
  const unsigned last = self.outbox.parity();
  self.outbox.turn();
  for (const auto& other : workers_) {
    if (other.get() != &self) {
      other->outbox.take(thread, last);
    }
  }
  self.run(horizon_);
}

Instant Simulation::next() const {
  Instant next = Instant::never();
  for (const auto& worker : workers_) {
    next = std::min(next, worker->next());
  }
  return next;
}

bool Simulation::run_window(Instant end) {
  const Instant start = next();
  const Instant limit = std::min(end, stop_);
  if (start > limit || start.is_never()) {
    return false;
  }
  // run_until() stops before its argument, and events at `limit` belong to the run.
  horizon_ = std::min(start + std::min(lookahead_, window_), limit + Duration::nanoseconds(1));
  const std::uint64_t before = events();
  if (team_ == nullptr) {
    workers_.front()->run(horizon_);
  } else {
    team_->run();
  }
  fit_window(events() - before);
  now_ = horizon_.is_never() ? now_ : std::max(now_, horizon_ - Duration::nanoseconds(1));
  return true;
}

void Simulation::fit_window(std::uint64_t events) {
  if (events > kBusyWindow && window_ > kMinWindow) {
    window_ = window_ / 2;
  } else if (events < kBusyWindow / 4 && window_ < kMaxWindow) {
    window_ = std::min(window_ * 2, kMaxWindow);
  }
}

void Simulation::settle() {
  if (team_ == nullptr) {
    return;
  }
  for (const auto& receiver : workers_) {
    for (const auto& sender : workers_) {
      sender->outbox.take(receiver->number, sender->outbox.parity());
    }
  }
  for (const auto& sender : workers_) {  // both boxes: what was taken in the last window, and what was taken now
    sender->outbox.turn();
    sender->outbox.turn();
  }
}

void Simulation::run_until(Instant end) {
  while (run_window(end)) {
  }
  settle();
  const Instant limit = std::min(end, stop_);
  if (!limit.is_never()) {
    now_ = std::max(now_, limit);
    for (const auto& partition : partitions_) {  // nothing is left before it; ages in tables count from here
      partition->scheduler.run_until(limit + Duration::nanoseconds(1));
    }
  }
}

std::uint64_t Simulation::events() const {
  std::uint64_t sum = 0;
  for (const auto& worker : workers_) {
    sum += worker->events;
  }
  return sum;
}

PacketPool::Stats Simulation::packets() const {
  PacketPool::Stats sum;
  for (const auto& worker : workers_) {
    const PacketPool::Stats& s = worker->pool.stats();
    sum.made += s.made;
    sum.consumed += s.consumed;
    sum.dropped += s.dropped;
    sum.unaccounted += s.unaccounted;
    sum.refused += s.refused;
    sum.slabs += s.slabs;
  }
  return sum;
}

}  // namespace catenet::sim
