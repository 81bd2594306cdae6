// SPDX-License-Identifier: Apache-2.0
// Driver: the driver of real time. It sleeps in epoll until the next event or until a namespace sends a frame, then
// runs the same scheduler as a simulation to the present moment. Frames that arrived are stamped with the time at which
// they were seen; frames for namespaces go out at the end of each round. After a stall of kStall or more the frames
// that wait are taken first, at the time of the first event that is overdue.
#pragma once
#include <memory>
#include <vector>

#include "catenet/base/result.h"
#include "catenet/event/scheduler.h"
#include "catenet/live/epoll_loop.h"
#include "catenet/live/nic_source.h"

namespace catenet::live {

class Driver {
 public:
  /// An event that is so late shows that the process did not run. Half of what TCP waits at least before it takes a
  /// peer for silent: round trips that look too short are the lesser evil only then.
  static constexpr Duration kStall = Duration::milliseconds(100);

  /// Both outlive the driver. The scheduler's time follows the loop's clock from now on.
  Driver(Scheduler& scheduler, EpollLoop& loop) : scheduler_(scheduler), loop_(loop) {}
  ~Driver();

  /// Its NICs are watched from now on; it outlives the driver.
  Result<void> add(NicSource& source);
  /// Spinning: instead of sleeping the driver asks the NICs again and again, and everything else now and then. It costs
  /// a processor and saves the time that waking takes, on both sides: nobody has to be woken. An error is one of
  /// epoll's.
  Result<void> set_spinning(bool on);

  /// Runs until `end` or stop(). An error is one of epoll's.
  Result<void> run_until(Instant end);
  /// Ends run_until() at the end of the round.
  void stop() { stopped_ = true; }
  [[nodiscard]] bool is_stopped() const { return stopped_; }
  /// Ends run_until() at `at` instead of later.
  void stop_at(Instant at) { stop_at_ = at; }
  /// Called once a round, with the present time.
  void set_on_round(Delegate<void(Instant)> on_round) { on_round_ = on_round; }

  /// The latest that an event ran after its time.
  [[nodiscard]] Duration latest() const { return latest_; }

 private:
  struct Watch {
    Driver& driver;
    NicSource& source;
    std::size_t nic;
    int fd;
    bool gone = false;
    void on_readable();
  };
  Result<void> watch(Watch& watch);
  void catch_up();
  void fetch_before(Instant next);
  Result<void> rest(Instant deadline);

  Scheduler& scheduler_;
  EpollLoop& loop_;
  std::vector<std::unique_ptr<Watch>> watches_;
  std::vector<NicSource*> sources_;
  Delegate<void(Instant)> on_round_;
  Instant stop_at_ = Instant::never();
  Duration latest_;
  bool stopped_ = false;
  bool spinning_ = false;
};

}  // namespace catenet::live
