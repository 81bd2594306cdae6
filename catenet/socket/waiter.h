// SPDX-License-Identifier: Apache-2.0
// Waiter: somebody who waits for a socket to become ready, for a time to come, or for both; a member of a coroutine's
// awaitable, of a fibre, of whatever else blocks. It is woken once, by a task posted to the scheduler: never inside the
// protocol's event. One that dies while it waits is forgotten.
#pragma once
#include <cstdint>
#include <optional>

#include "catenet/base/delegate.h"
#include "catenet/base/intrusive_list.h"
#include "catenet/event/timer.h"

namespace catenet::socket {

class SocketTable;

class Waiter : public ListNode<Waiter> {
 public:
  enum class Outcome : std::uint8_t {
    waiting,
    ready,      ///< what it waits for may have come: try again
    timed_out,  ///< its deadline came first
    closed,     ///< the descriptor was closed under it
  };
  [[nodiscard]] Outcome outcome() const { return outcome_; }
  [[nodiscard]] bool is_waiting() const { return is_linked() || (timer_ && timer_->is_armed()); }

 private:
  friend class SocketTable;
  void on_deadline(Instant now);
  SocketTable* table_ = nullptr;
  Delegate<void()> wake_;
  std::optional<Timer> timer_;
  unsigned interest_ = 0;
  Outcome outcome_ = Outcome::waiting;
};

/// Those who wait for one thing.
using WaitList = IntrusiveList<Waiter, Waiter>;

}  // namespace catenet::socket
