// SPDX-License-Identifier: Apache-2.0
#include "catenet/sim/simulation.h"

#include <algorithm>

#include "catenet/base/check.h"

namespace catenet::sim {

Environment& Simulation::add_partition() {
  partitions_.push_back(std::make_unique<Partition>(pool_, seed_, observer_));
  return partitions_.back()->environment;
}

void Simulation::add_crossing(Crossing& crossing) {
  check(crossing.lookahead() > Duration{}, "a link between partitions has no delay");
  crossings_.push_back(&crossing);
  lookahead_ = std::min(lookahead_, crossing.lookahead());
}

bool Simulation::run_window(Instant end) {
  Instant start = Instant::never();
  for (const auto& partition : partitions_) {
    partition->scheduler.run_posted();
    start = std::min(start, partition->scheduler.next());
  }
  const Instant limit = std::min(end, stop_);
  if (start > limit || start.is_never()) {
    return false;
  }
  // run_until() stops before its argument, and events at `limit` belong to the run.
  const Instant horizon = std::min(start + std::min(lookahead_, kMaxWindow), limit + Duration::nanoseconds(1));
  for (const auto& partition : partitions_) {
    partition->scheduler.run_until(horizon);
  }
  for (Crossing* crossing : crossings_) {
    crossing->exchange();
  }
  now_ = horizon.is_never() ? now_ : std::max(now_, horizon - Duration::nanoseconds(1));
  return true;
}

void Simulation::run_until(Instant end) {
  while (run_window(end)) {
  }
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
  for (const auto& partition : partitions_) {
    sum += partition->scheduler.events();
  }
  return sum;
}

}  // namespace catenet::sim
