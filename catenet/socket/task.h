// SPDX-License-Identifier: Apache-2.0
// Task<T>: a coroutine that starts when it is awaited, and whose result goes to the one who awaits it. Control passes
// by symmetric transfer, so a long chain of awaits takes no stack. A task owns its frame: destroying it destroys
// everything it waits for. Errors are values (Result<T>); an exception that leaves a task ends the program.
//
//   Task<Result<void>> greet(SocketLayer& host, Endpoint server) {
//     auto socket = AsyncSocket::stream(host);
//     if (auto done = co_await socket->connect(server); !done) co_return done;
//     co_return co_await socket->send_all(as_bytes("hello"));
//   }
//
// A task must not be a lambda with captures that dies before it: pass what it needs as parameters.
#pragma once
#include <coroutine>
#include <optional>
#include <utility>

#include "catenet/base/check.h"

namespace catenet::socket {

template <typename T = void>
class [[nodiscard]] Task;

namespace detail {

struct TaskPromiseBase {
  std::coroutine_handle<> continuation = std::noop_coroutine();

  struct FinalAwaiter {
    bool await_ready() noexcept { return false; }
    template <typename Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) noexcept {
      return self.promise().continuation;
    }
    void await_resume() noexcept {}
  };
  std::suspend_always initial_suspend() noexcept { return {}; }
  FinalAwaiter final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { check(false, "an exception left a task"); }
};

template <typename T>
struct TaskPromise : TaskPromiseBase {
  std::optional<T> value;
  Task<T> get_return_object();
  void return_value(T v) { value.emplace(std::move(v)); }
  T take() { return std::move(*value); }
};

template <>
struct TaskPromise<void> : TaskPromiseBase {
  inline Task<void> get_return_object();
  void return_void() noexcept {}
  void take() noexcept {}
};

}  // namespace detail

template <typename T>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::TaskPromise<T>;
  using Value = T;

  Task(Task&& o) noexcept : frame_(std::exchange(o.frame_, nullptr)) {}
  Task& operator=(Task&& o) noexcept {
    std::swap(frame_, o.frame_);
    return *this;
  }
  ~Task() {
    if (frame_) {
      frame_.destroy();
    }
  }

  struct Awaiter {
    std::coroutine_handle<promise_type> frame;
    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) noexcept {
      frame.promise().continuation = awaiting;
      return frame;
    }
    T await_resume() { return frame.promise().take(); }
  };
  Awaiter operator co_await() && { return Awaiter{frame_}; }

 private:
  friend promise_type;
  explicit Task(std::coroutine_handle<promise_type> frame) : frame_(frame) {}
  std::coroutine_handle<promise_type> frame_;
};

template <typename T>
Task<T> detail::TaskPromise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<TaskPromise>::from_promise(*this));
}
Task<void> detail::TaskPromise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<TaskPromise>::from_promise(*this));
}

}  // namespace catenet::socket
