// SPDX-License-Identifier: Apache-2.0
// Timer and TimerQueue: a timer is a member of its owner; all timers of a node are one event source of the scheduler.
//
// Rearming is free: arm() to a later time and cancel() only write the deadline; the queue notices when the old time
// comes. So TCP may push its retransmission timer with every ACK. Timers due at the same instant fire in the order in
// which they entered the queue, which is a pure function of what the node did.
#pragma once
#include <cstdint>
#include <vector>

#include "catenet/base/delegate.h"
#include "catenet/base/time.h"
#include "catenet/event/scheduler.h"

namespace catenet {

class TimerQueue;

class Timer {
 public:
  Timer(TimerQueue& queue, Delegate<void(Instant now)> on_fire) : queue_(queue), on_fire_(on_fire) {}
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// Fires at `deadline` (now, if that is past), once. Replaces the deadline it had. Instant::never() cancels.
  void arm(Instant deadline);
  void cancel() { deadline_ = Instant::never(); }
  [[nodiscard]] bool is_armed() const { return !deadline_.is_never(); }
  [[nodiscard]] Instant deadline() const { return deadline_; }

 private:
  friend class TimerQueue;
  static constexpr std::uint32_t kNotQueued = 0xffffffff;
  TimerQueue& queue_;
  Delegate<void(Instant)> on_fire_;
  Instant deadline_ = Instant::never();
  std::uint32_t position_ = kNotQueued;
};

class TimerQueue final : public EventSource {
 public:
  TimerQueue(Scheduler& scheduler, SourceId id) : EventSource(id), scheduler_(scheduler) {}
  ~TimerQueue() override;
  [[nodiscard]] Scheduler& scheduler() const { return scheduler_; }
  [[nodiscard]] Instant now() const { return scheduler_.now(); }

 private:
  friend class Timer;
  struct Entry {
    Instant at;  // when the queue looks at the timer; never later than its deadline
    std::uint64_t sequence;
    Timer* timer;
    [[nodiscard]] bool before(const Entry& o) const { return at < o.at || (at == o.at && sequence < o.sequence); }
  };
  void fire(Instant now) override;
  void enqueue(Timer& timer);
  void remove(std::uint32_t position);
  void settle(std::uint32_t position, const Entry& entry);
  void place(std::uint32_t position, const Entry& entry) {
    heap_[position] = entry;
    entry.timer->position_ = position;
  }

  Scheduler& scheduler_;
  std::uint64_t next_sequence_ = 0;
  bool firing_ = false;
  std::vector<Entry> heap_;
};

}  // namespace catenet
