// SPDX-License-Identifier: Apache-2.0
// EpollLoop: sleeping in real time until a descriptor is readable, a signal has come or an Instant is reached,
// whichever is first. It owns the wall clock of a live run: now() counts CLOCK_MONOTONIC nanoseconds from the loop's
// creation. It knows neither packets nor the scheduler; live's driver joins them:
//   loop.wait_until(scheduler.next_time());   // frames and exits are handled by their callbacks
//   scheduler.run_until(loop.now());
// One thread. Callbacks may watch and unwatch anything, themselves included; a callback of a descriptor unwatched in
// the same round is not called any more.
#pragma once
#include <signal.h>

#include <optional>
#include <vector>

#include "catenet/base/delegate.h"
#include "catenet/base/time.h"
#include "catenet/live/descriptor.h"
#include "catenet/live/error.h"

namespace catenet::live {

class EpollLoop {
 public:
  static LiveResult<EpollLoop> create();

  /// Real time since creation.
  [[nodiscard]] Instant now() const;

  /// Calls `readable` in every wait_until() while `fd` is readable or at end of file (level-triggered). The descriptor
  /// stays its owner's and must be unwatched before it is closed. EEXIST when watched already; EPERM: not pollable.
  Result<void> watch(int fd, Delegate<void()> readable);
  /// Nothing happens when it is not watched.
  void unwatch(int fd);

  /// Sleeps until something is readable or `deadline` has come (a past one: only looks; Instant::never(): no limit),
  /// then calls the callbacks. Returns how many were called: 0 = the deadline came, or a signal handler ran. Wakes some
  /// 50 to 100 us late at most on an idle machine; set_timer_slack() takes 50 us of that away.
  Result<int> wait_until(Instant deadline);

  /// Asks the kernel not to delay this thread's wake-ups (PR_SET_TIMERSLACK, 50 us by default).
  static void set_timer_slack(Duration slack);

 private:
  struct Watch {
    int fd = -1;                   ///< -1: free slot
    std::uint32_t generation = 0;  ///< tells a stale event from a reused slot
    Delegate<void()> readable;
  };
  EpollLoop(UniqueFd epoll, Instant origin) : epoll_(std::move(epoll)), origin_(origin) {}

  UniqueFd epoll_;
  Instant origin_;
  std::vector<Watch> watches_;
};

/// SIGINT and SIGTERM (or others) as a readable descriptor. Blocks them in the calling thread, so make it before other
/// threads start; the destructor restores the mask. Programs in a Namespace do not inherit the blocking.
class SignalWatch {
 public:
  static LiveResult<SignalWatch> create(std::initializer_list<int> signals = {SIGINT, SIGTERM});
  SignalWatch(SignalWatch&& other) noexcept;
  SignalWatch& operator=(SignalWatch&&) = delete;
  ~SignalWatch();

  [[nodiscard]] int fd() const { return fd_.get(); }
  /// The next signal that has come; empty when none waits.
  std::optional<int> next();

 private:
  SignalWatch(UniqueFd fd, const sigset_t& previous) : fd_(std::move(fd)), previous_(previous) {}
  UniqueFd fd_;
  sigset_t previous_;
};

}  // namespace catenet::live
