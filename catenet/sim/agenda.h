// SPDX-License-Identifier: Apache-2.0
// Partition and Agenda: the partitions of one thread, in the order of their next events. So a window costs what happens
// in it: partitions where nothing does are not even asked. A 4-ary heap, as the scheduler's.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "catenet/event/scheduler.h"
#include "catenet/net/node.h"

namespace catenet::sim {

class Agenda;

/// A group of nodes that are simulated together, with a scheduler of their own.
struct Partition {
  Partition(Agenda& in, PacketPool& pool, std::uint64_t seed, Observer* observer);
  void on_earlier();

  static constexpr std::uint32_t kRunning = 0xffffffff;  // taken out of the agenda
  Scheduler scheduler;
  Environment environment;
  Agenda& agenda;
  std::uint32_t position = kRunning;
};

class Agenda {
 public:
  /// Instant::never(): nothing will happen.
  [[nodiscard]] Instant next() const { return heap_.empty() ? Instant::never() : heap_.front().at; }
  /// The partition of the next event, taken out. Precondition: there is one.
  Partition& take();
  /// Puts it (back) in its place, by what its scheduler says.
  void put(Partition& partition);
  /// Its next event has become earlier; nothing to do while it is taken out.
  void advance(Partition& partition);

 private:
  struct Entry {
    Instant at;
    Partition* partition;
  };
  void sift_up(std::uint32_t position, Entry entry);
  void sift_down(std::uint32_t position, Entry entry);
  void place(std::uint32_t position, const Entry& entry) {
    heap_[position] = entry;
    entry.partition->position = position;
  }
  std::vector<Entry> heap_;
};

}  // namespace catenet::sim
