// SPDX-License-Identifier: Apache-2.0
// Simulation: the driver of virtual time. Nodes live in partitions, each with a scheduler of its own; partitions meet
// only at links with delay, and are spread over threads.
//
//   window:  start = the earliest event of all; horizon = start + the smallest delay of a link between two threads
//   every thread runs its partitions to the horizon, alone, in shorter windows of its own: as long as the smallest
//   delay between two of its partitions; then all meet, and the next window begins
//
// Small partitions pay on one thread too: a window's working set stays in the cache. Results depend neither on the
// grouping nor on the threads, because events of one partition are ordered by (time, source) and nothing else passes
// between partitions.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "catenet/net/crossing.h"
#include "catenet/net/node.h"
#include "catenet/sim/agenda.h"
#include "catenet/sim/team.h"

namespace catenet::sim {

class Simulation {
 public:
  /// Windows are never longer, so that progress and stop_at() are looked at often enough.
  static constexpr Duration kMaxWindow = Duration::milliseconds(50);
  static constexpr unsigned kMaxThreads = 256;
  /// `threads`: 1 to kMaxThreads; the calling one is one of them.
  explicit Simulation(std::uint64_t seed, Observer* observer = nullptr, unsigned threads = 1);
  ~Simulation();
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  /// The world of a new partition, run by `thread` (from 0); it lives as long as the simulation.
  Environment& add_partition(unsigned thread = 0);
  /// A link between two partitions over which nothing comes earlier than after `lookahead`, which is above zero.
  void add_crossing(const Environment& a, const Environment& b, Duration lookahead);

  /// Runs to `end` (events at `end` included) or to the stop time, whichever is earlier. May be called again. The clock
  /// of every partition is then just behind that time, whatever the windows were, and no frame waits between threads.
  void run_until(Instant end);
  /// Runs one window, none beyond `end`; false when there was nothing left to do before it.
  bool run_window(Instant end);
  /// Between two windows: hands over what waits between threads, so that every packet is in one place only.
  void settle();
  /// Ends the run at `at`. Ask at least kMaxWindow ahead of now: then it holds for every partition alike.
  void stop_at(Instant at) { stop_ = at; }

  [[nodiscard]] Instant now() const { return now_; }
  /// Events fired, before this window.
  [[nodiscard]] std::uint64_t events() const;
  [[nodiscard]] std::size_t partitions() const { return partitions_.size(); }
  [[nodiscard]] unsigned threads() const { return static_cast<unsigned>(workers_.size()); }
  /// Of the first thread.
  [[nodiscard]] PacketPool& pool() { return workers_.front()->pool; }
  /// The books of all pools together; they balance when settled.
  [[nodiscard]] PacketPool::Stats packets() const;
  /// The smallest delay between two threads, or with one thread between two partitions; Duration::max(): there is none.
  [[nodiscard]] Duration lookahead() const;

 private:
  struct alignas(64) Worker {
    Worker(unsigned index, unsigned threads) : number(index), outbox(threads) {}
    void run(Instant horizon);
    [[nodiscard]] Instant next() const { return std::min(agenda.next(), outbox.earliest()); }

    unsigned number;
    PacketPool pool;
    Outbox outbox;
    Agenda agenda;
    Duration lookahead = Duration::max();  // between two partitions of its own
    std::uint64_t events = 0;
  };
  void work(unsigned thread);
  [[nodiscard]] Instant next() const;
  void fit_window(std::uint64_t events);

  std::uint64_t seed_;
  Observer* observer_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::unique_ptr<Partition>> partitions_;
  std::unique_ptr<Team> team_;  // null: one thread
  Duration lookahead_ = Duration::max();
  Duration window_ = kMaxWindow;
  Instant horizon_;
  Instant now_;
  Instant stop_ = Instant::never();
};

}  // namespace catenet::sim
