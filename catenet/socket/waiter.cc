// SPDX-License-Identifier: Apache-2.0
// Waiting and waking: the second half of SocketTable.
#include "catenet/socket/waiter.h"

#include "catenet/socket/descriptor.h"
#include "catenet/socket/socket_table.h"

namespace catenet::socket {

void Waiter::on_deadline(Instant) { table_->make_ready(*this, Outcome::timed_out); }

void SocketTable::wait_on(WaitList& list, Waiter& waiter, Instant deadline, Delegate<void()> wake) {
  wait_until(waiter, deadline, wake);
  list.push_back(waiter);
}

void SocketTable::wait_until(Waiter& waiter, Instant deadline, Delegate<void()> wake) {
  waiter.table_ = this;
  waiter.wake_ = wake;
  waiter.outcome_ = Waiter::Outcome::waiting;
  waiter.unlink();
  if (!deadline.is_never() && !waiter.timer_) {
    waiter.timer_.emplace(node().timers(), Delegate<void(Instant)>::to<&Waiter::on_deadline>(waiter));
  }
  if (waiter.timer_) {
    waiter.timer_->arm(deadline);
  }
}

void SocketTable::wake_soon(Waiter& waiter, Delegate<void()> wake) {
  wait_until(waiter, Instant::never(), wake);
  make_ready(waiter, Waiter::Outcome::ready);
}

Result<void> SocketTable::wait(Waiter& waiter, int fd, unsigned interest, Instant deadline, Delegate<void()> wake) {
  const auto d = at(fd);
  if (!d) {
    return std::unexpected(d.error());
  }
  waiter.interest_ = interest | ready::kError | ready::kHangup;
  wait_on((*d)->waiters_, waiter, deadline, wake);
  if (((*d)->readiness() & waiter.interest_) != 0) {  // it came before we asked
    make_ready(waiter, Waiter::Outcome::ready);
  }
  return {};
}

void SocketTable::wake_all(WaitList& list) {
  while (!list.empty()) {
    make_ready(list.front(), Waiter::Outcome::ready);
  }
}

Result<void> SocketTable::watch(int fd, Watcher watcher) {
  const auto d = at(fd);
  if (!d) {
    return std::unexpected(d.error());
  }
  (*d)->watcher_ = watcher;
  if (watcher) {
    mark(**d);
  }
  return {};
}

void SocketTable::mark(Descriptor& descriptor) {
  if (!descriptor.is_linked() && (!descriptor.waiters_.empty() || descriptor.watcher_)) {
    marked_.push_back(descriptor);
    post();
  }
}

void SocketTable::make_ready(Waiter& waiter, Waiter::Outcome outcome) {
  waiter.outcome_ = outcome;
  if (waiter.timer_) {
    waiter.timer_->cancel();
  }
  ready_.push_back(waiter);  // leaves the list it was in
  post();
}

void SocketTable::set_paused(bool paused) {
  paused_ = paused;
  if (paused && posted_) {
    posted_ = false;
    node().scheduler().unpost(Delegate<void()>::to<&SocketTable::run_wakeups>(*this));
  }
  if (!paused && !(marked_.empty() && ready_.empty())) {
    post();
  }
}

void SocketTable::post() {
  if (!posted_ && !paused_) {
    posted_ = true;
    node().scheduler().post(Delegate<void()>::to<&SocketTable::run_wakeups>(*this));
  }
}

// User code runs here and may do anything: close descriptors, destroy waiters, wait again. So nothing is held across a
// call.
void SocketTable::run_wakeups() {
  posted_ = false;
  while (!marked_.empty()) {
    look_at(marked_.pop_front());
  }
  while (!ready_.empty()) {
    Waiter& waiter = ready_.pop_front();
    const Delegate<void()> wake = waiter.wake_;
    wake();
  }
}

void SocketTable::look_at(Descriptor& descriptor) {
  const unsigned mask = descriptor.readiness();
  for (auto it = descriptor.waiters_.begin(); it != descriptor.waiters_.end();) {
    Waiter& waiter = *it;
    ++it;
    if ((mask & waiter.interest_) != 0) {
      make_ready(waiter, Waiter::Outcome::ready);
    }
  }
  if (descriptor.watcher_ && mask != 0) {
    const Watcher watcher = descriptor.watcher_;
    watcher(descriptor.fd_, mask);
  }
}

}  // namespace catenet::socket
