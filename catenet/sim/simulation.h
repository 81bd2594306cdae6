// SPDX-License-Identifier: Apache-2.0
// Simulation: the driver of virtual time. Nodes live in partitions, each with a scheduler of its own; partitions meet
// only at links with delay. One executor for any number of them:
//
//   window:  start = the earliest event of all partitions; horizon = start + the smallest delay of a crossing link
//   every partition runs alone to the horizon; then the links hand over what crossed; then the next window
//
// Small partitions pay on one core too: a window's working set stays in the cache. Results do not depend on the
// grouping, because events of one partition are ordered by (time, source) and nothing else passes between partitions.
// One thread runs everything today; threads and ranks only spread the groups (DESIGN: partitions from the first day).
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "catenet/net/medium.h"
#include "catenet/net/node.h"

namespace catenet::sim {

class Simulation {
 public:
  /// Windows are never longer, so that progress and stop_at() are looked at often enough.
  static constexpr Duration kMaxWindow = Duration::milliseconds(50);
  explicit Simulation(std::uint64_t seed, Observer* observer = nullptr) : seed_(seed), observer_(observer) {}

  /// The world of a new partition; it lives as long as the simulation.
  Environment& add_partition();
  /// A link whose ends are in different partitions. Its lookahead must be above zero.
  void add_crossing(Crossing& crossing);

  /// Runs to `end` (events at `end` included) or to the stop time, whichever is earlier. May be called again. The clock
  /// of every partition is then just behind that time, whatever the windows were.
  void run_until(Instant end);
  /// Runs one window, none beyond `end`; false when there was nothing left to do before it.
  bool run_window(Instant end);
  /// Ends the run at `at`. Ask at least kMaxWindow ahead of now: then it holds for every partition alike.
  void stop_at(Instant at) { stop_ = at; }

  [[nodiscard]] Instant now() const { return now_; }
  [[nodiscard]] std::uint64_t events() const;
  [[nodiscard]] std::size_t partitions() const { return partitions_.size(); }
  [[nodiscard]] PacketPool& pool() { return pool_; }
  /// never() when no link crosses partitions: then one window is the whole run.
  [[nodiscard]] Duration lookahead() const { return lookahead_; }

 private:
  struct Partition {
    Partition(PacketPool& pool, std::uint64_t seed, Observer* observer)
        : environment{scheduler, pool, seed, observer} {}
    Scheduler scheduler;
    Environment environment;
  };
  std::uint64_t seed_;
  Observer* observer_;
  PacketPool pool_;  // shared: one thread runs all partitions
  std::vector<std::unique_ptr<Partition>> partitions_;
  std::vector<Crossing*> crossings_;
  Duration lookahead_ = Duration::max();
  Instant now_;
  Instant stop_ = Instant::never();
};

}  // namespace catenet::sim
