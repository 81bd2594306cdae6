// SPDX-License-Identifier: Apache-2.0
// Spread: which thread runs which node. Threads meet once in a window, and a window lasts as long as the shortest delay
// that was cut: so the longest delays are cut that still leave all threads about the same to do, and of those as few
// links as possible. METIS does the cutting; what it chooses changes the speed of a run and nothing else.
#pragma once
#include <cstdint>
#include <vector>

#include "catenet/lab/description.h"

namespace catenet::run {

struct Spread {
  std::vector<unsigned> thread;          ///< of every node; every thread has some
  unsigned threads = 1;                  ///< at most those asked for
  std::vector<lab::LinkIndex> cut;       ///< links between two threads
  Duration lookahead = Duration::max();  ///< the shortest delay of them; max(): no link is cut
  std::vector<std::uint64_t> load;       ///< of every thread: its nodes and their interfaces
  /// The whole load over that of the busiest thread: how much faster a run can become if all nodes are equally busy.
  [[nodiscard]] double best_speed_up() const;
};

/// Of every link the least that its delay, in either direction, ever is.
[[nodiscard]] std::vector<Duration> shortest_delays(const lab::Description& lab);

/// Precondition: threads >= 1.
[[nodiscard]] Spread spread(const lab::Description& lab, unsigned threads);

}  // namespace catenet::run
