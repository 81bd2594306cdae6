// SPDX-License-Identifier: Apache-2.0
// Team: threads that do one thing together, again and again, and meet after each time. What anybody wrote before a
// meeting everybody sees after it. Meetings are frequent (a window may last a microsecond), so a member spins for a
// moment before it sleeps.
#pragma once
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "catenet/base/delegate.h"

namespace catenet::sim {

class Team {
 public:
  /// `work(i)` is member i's part; 0 is the thread that calls run(). The others are started here.
  Team(unsigned members, Delegate<void(unsigned)> work);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;
  /// Everybody does their part once; returns when all have.
  void run();

  /// How long a member spins.
  struct Patience {
    unsigned spins = 0;
    unsigned meetings = 0;
  };

 private:
  void serve(unsigned member);

  Delegate<void(unsigned)> work_;
  Patience patience_;  // of member 0
  alignas(64) std::atomic<std::uint32_t> round_{0};
  alignas(64) std::atomic<std::uint32_t> done_{0};
  std::atomic<bool> over_{false};
  std::vector<std::thread> threads_;
};

}  // namespace catenet::sim
