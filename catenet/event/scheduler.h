// SPDX-License-Identifier: Apache-2.0
// Scheduler: what happens next. One class for virtual and for wall time; who calls run_until() decides which it is.
//
// A source (a link direction, a node's timers) has at most one pending event, so the heap holds sources, not packets.
// Events fire in the order (time, source id): ids come from the lab, so the order is a pure function of lab and seed,
// whatever the number of partitions or threads (DESIGN: time, order, randomness). A 4-ary heap keeps siblings in one
// cache line.
//
// Work that an event makes ready (tasks, readiness callbacks) is posted and runs after that event, before the next: an
// application never runs inside the protocol code that woke it.
#pragma once
#include <cstdint>
#include <vector>

#include "catenet/base/delegate.h"
#include "catenet/base/ring.h"
#include "catenet/base/time.h"

namespace catenet {

class Scheduler;

/// Place of a source in the total order; unique in a run, given out in lab order.
using SourceId = std::uint32_t;

class EventSource {
 public:
  explicit EventSource(SourceId id) : id_(id) {}
  EventSource(const EventSource&) = delete;
  EventSource& operator=(const EventSource&) = delete;
  [[nodiscard]] SourceId source_id() const { return id_; }
  [[nodiscard]] bool is_pending() const { return position_ != kNotPending; }

 protected:
  virtual ~EventSource();
  /// The pending event has come; none is pending any more. `now` is exactly the time it was scheduled for.
  virtual void fire(Instant now) = 0;

 private:
  friend class Scheduler;
  static constexpr std::uint32_t kNotPending = 0xffffffff;
  Scheduler* scheduler_ = nullptr;  // of the pending event
  std::uint32_t position_ = kNotPending;
  SourceId id_;
};

class Scheduler {
 public:
  Scheduler() = default;
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  [[nodiscard]] Instant now() const { return now_; }
  /// Events fired so far.
  [[nodiscard]] std::uint64_t events() const { return events_; }
  /// Time of the next event; never() if there is none.
  [[nodiscard]] Instant next() const {
    return hole_ ? next_below_hole() : heap_.empty() ? Instant::never() : heap_.front().at;
  }

  /// (Re)schedules the one pending event of `source`. A time before now() means now. Instant::never() cancels.
  void schedule(EventSource& source, Instant at);
  void cancel(EventSource& source);

  /// Runs `task` after the present event (or at the next run_* call when called from outside an event), in order of
  /// posting.
  void post(Delegate<void()> task) {
    posted_.push_back(task);
    if (watched_) [[unlikely]] {
      on_earlier_();
    }
  }
  /// Forgets every posted `task` that has not run: the object behind it is going away.
  void unpost(Delegate<void()> task);

  /// Fires every event strictly before `horizon`, then sets the time to the horizon. Posted work runs as it arises.
  void run_until(Instant horizon);
  /// Fires one event if there is one before `horizon`; false if not (time then stays).
  bool run_one(Instant horizon);
  /// Runs what was posted from outside an event.
  void run_posted();
  [[nodiscard]] bool has_posted() const { return !posted_.empty(); }
  /// Called when something from outside a run_* call makes the next event an earlier one, or posts work: for a driver
  /// of many schedulers that asks each for its next() only once.
  void set_on_earlier(Delegate<void()> on_earlier) {
    on_earlier_ = on_earlier;
    watched_ = true;
  }

 private:
  struct Entry {
    Instant at;
    SourceId id;
    std::uint32_t unused = 0;
    EventSource* source;
    // One comparison of 128 bits has no branch to guess wrong.
    [[nodiscard]] bool before(const Entry& o) const { return order() < o.order(); }
    [[nodiscard]] __int128 order() const { return (static_cast<__int128>(at.ns()) << 64) | id; }
  };
  class Unwatched {  // while a run_* call is on the way
   public:
    explicit Unwatched(Scheduler& scheduler) : scheduler_(scheduler), was_(scheduler.watched_) {
      scheduler.watched_ = false;
    }
    ~Unwatched() { scheduler_.watched_ = was_; }
    Unwatched(const Unwatched&) = delete;
    Unwatched& operator=(const Unwatched&) = delete;

   private:
    Scheduler& scheduler_;
    bool was_;
  };
  void fire_first();
  void sift_up(std::uint32_t position, const Entry& entry);
  void sift_down(std::uint32_t position, const Entry& entry);  // not one of the heap: it moves
  void place(std::uint32_t position, const Entry& entry) {
    heap_[position] = entry;
    entry.source->position_ = position;
  }
  void remove(std::uint32_t position);
  [[nodiscard]] Instant next_below_hole() const;
  void fill_hole();

  Instant now_;
  std::uint64_t events_ = 0;
  bool hole_ = false;     // the first place of the heap is free: its event is being fired
  bool watched_ = false;  // somebody wants to know, and no run_* call is on the way
  Delegate<void()> on_earlier_;
  std::vector<Entry> heap_;
  Ring<Delegate<void()>> posted_;
};

}  // namespace catenet
