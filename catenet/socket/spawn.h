// SPDX-License-Identifier: Apache-2.0
// spawn: starts a task as a program of its own on a host. It first runs after the present event, and is destroyed when
// it ends, when its handle says cancel(), or with the host.
#pragma once
#include <memory>
#include <utility>

#include "catenet/socket/job.h"
#include "catenet/socket/task.h"

namespace catenet::socket {

namespace detail {

/// The outermost coroutine of a spawned task; its promise is the Job.
struct RootTask {
  struct promise_type final : Job {
    template <typename T>
    promise_type(SocketLayer& host, Task<T>&, std::shared_ptr<CompletionOf<T>>& completion) : Job(host, completion) {
      start_soon(resume_of(handle()));
    }
    void stop() override { handle().destroy(); }
    std::coroutine_handle<promise_type> handle() { return std::coroutine_handle<promise_type>::from_promise(*this); }
    RootTask get_return_object() { return {}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }  // the frame, and with it the Job, ends itself
    void return_void() { completed(); }
    void unhandled_exception() noexcept { check(false, "an exception left a task"); }
  };
};

template <typename T>
RootTask run_root(SocketLayer&, Task<T> task, std::shared_ptr<CompletionOf<T>> completion) {
  if constexpr (std::is_void_v<T>) {
    co_await std::move(task);
  } else {
    completion->value.emplace(co_await std::move(task));
  }
}

}  // namespace detail

/// At the host's limit of tasks the handle's join() answers EAGAIN and the task is destroyed.
template <typename T>
JoinHandle<T> spawn(SocketLayer& host, Task<T> task) {
  auto completion = std::make_shared<CompletionOf<T>>();
  if (host.running_tasks() >= host.limits().tasks) {
    completion->error = EAGAIN;
  } else {
    detail::run_root(host, std::move(task), completion);
  }
  return JoinHandle<T>(std::move(completion));
}

/// Runs `task` for at most `allowed`; then it is stopped and the answer is ETIMEDOUT.
template <typename T>
Task<Result<T>> with_timeout(SocketLayer& host, Duration allowed, Task<T> task) {
  JoinHandle<T> handle = spawn(host, std::move(task));
  Join<T> join = handle.join();
  Result<T> result = co_await join.within(allowed);
  if (handle.is_running()) {
    handle.cancel();
  }
  co_return result;
}

}  // namespace catenet::socket
