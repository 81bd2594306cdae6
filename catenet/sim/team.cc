// SPDX-License-Identifier: Apache-2.0
#include "catenet/sim/team.h"

#include <algorithm>

namespace catenet::sim {
namespace {

constexpr unsigned kMostSpins = 512;  // a few tens of microseconds: what short windows take
constexpr unsigned kRetry = 64;       // meetings after which somebody who has given up spinning tries again

void rest_a_moment() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#endif
}

// Until `word` is no longer `old`. Where others want the processors too, whom one waits for may not even be running,
// and spinning is what keeps it from that: each time it was in vain, there is less of it.
void await_change(const std::atomic<std::uint32_t>& word, std::uint32_t old, Team::Patience& patience) {
  unsigned spins = patience.spins;
  if (spins == 0 && ++patience.meetings % kRetry == 0) {
    spins = kMostSpins;
  }
  for (unsigned i = 0; i < spins; ++i) {
    if (word.load(std::memory_order_acquire) != old) {
      patience.spins = std::min(2 * patience.spins + 1, kMostSpins);
      return;
    }
    rest_a_moment();
  }
  patience.spins /= 2;
  word.wait(old, std::memory_order_acquire);
}

}  // namespace

Team::Team(unsigned members, Delegate<void(unsigned)> work) : work_(work) {
  for (unsigned member = 1; member < members; ++member) {
    threads_.emplace_back([this, member] { serve(member); });
  }
}

Team::~Team() {
  over_.store(true, std::memory_order_relaxed);
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();
  for (std::thread& thread : threads_) {
    thread.join();
  }
}

void Team::run() {
  done_.store(0, std::memory_order_relaxed);
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();
  work_(0);
  const auto others = static_cast<std::uint32_t>(threads_.size());
  for (std::uint32_t done = done_.load(std::memory_order_acquire); done != others;
       done = done_.load(std::memory_order_acquire)) {
    await_change(done_, done, patience_);
  }
}

void Team::serve(unsigned member) {
  Patience patience;
  for (std::uint32_t round = 0;;) {
    await_change(round_, round, patience);
    const std::uint32_t now = round_.load(std::memory_order_acquire);
    if (now == round) {
      continue;  // woken for nothing
    }
    round = now;
    if (over_.load(std::memory_order_relaxed)) {
      return;
    }
    work_(member);
    done_.fetch_add(1, std::memory_order_release);
    done_.notify_one();
  }
}

}  // namespace catenet::sim
