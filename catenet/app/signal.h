// SPDX-License-Identifier: Apache-2.0
// Signal: one task of a program waits for what another one will say, or for a time.
#pragma once
#include <coroutine>

#include "catenet/socket/operation.h"
#include "catenet/socket/waiter.h"

namespace catenet::app {

class Signal {
 public:
  class [[nodiscard]] Wait {
   public:
    Wait(Signal& signal, Instant until) : signal_(signal), until_(until) {}
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;
    [[nodiscard]] bool await_ready() const { return until_ <= signal_.host_.now(); }
    void await_suspend(std::coroutine_handle<> frame) {
      signal_.host_.table().wait_on(signal_.waiting_, waiter_, until_, socket::resume_of(frame));
    }
    void await_resume() const {}

   private:
    Signal& signal_;
    Instant until_;
    socket::Waiter waiter_;
  };

  explicit Signal(socket::SocketLayer& host) : host_(host) {}
  [[nodiscard]] Wait wait_until(Instant until) { return {*this, until}; }
  /// Those who wait go on after the present event.
  void give() { host_.table().wake_all(waiting_); }

 private:
  socket::SocketLayer& host_;
  socket::WaitList waiting_;
};

}  // namespace catenet::app
