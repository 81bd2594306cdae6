// SPDX-License-Identifier: Apache-2.0
// TaskGroup: coroutines that die with their owner. socket::spawn() starts jobs that outlive whoever started them; the
// tasks of a program refer to the program, so here the owner destroys them where they wait, at once.
#pragma once
#include <coroutine>
#include <cstddef>

#include "catenet/base/intrusive_list.h"
#include "catenet/socket/operation.h"
#include "catenet/socket/task.h"
#include "catenet/socket/waiter.h"

namespace catenet::app {

class TaskGroup {
 public:
  explicit TaskGroup(socket::SocketLayer& host) : host_(host) {}
  ~TaskGroup() { stop_all(); }
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Starts after the present event.
  void spawn(socket::Task<void> task) { run_root(*this, std::move(task)); }
  [[nodiscard]] std::size_t running() const { return running_; }
  /// Destroys every task where it waits. Not to be called from inside one of them.
  void stop_all() {
    while (!roots_.empty()) {
      roots_.front().handle().destroy();
    }
  }

 private:
  /// The outermost frame of a task; it frees itself at the end.
  struct Root {
    struct promise_type : ListNode<promise_type> {
      promise_type(TaskGroup& owner, socket::Task<void>&) : group(owner) {
        group.roots_.push_back(*this);
        ++group.running_;
        group.host_.table().wake_soon(start, socket::resume_of(handle()));
      }
      ~promise_type() { --group.running_; }
      std::coroutine_handle<promise_type> handle() { return std::coroutine_handle<promise_type>::from_promise(*this); }
      Root get_return_object() { return {}; }
      std::suspend_always initial_suspend() noexcept { return {}; }
      std::suspend_never final_suspend() noexcept { return {}; }
      void return_void() noexcept {}
      void unhandled_exception() noexcept { check(false, "an exception left a task"); }
      TaskGroup& group;
      socket::Waiter start;
    };
  };
  static Root run_root(TaskGroup&, socket::Task<void> task) { co_await std::move(task); }

  socket::SocketLayer& host_;
  IntrusiveList<Root::promise_type, Root::promise_type> roots_;
  std::size_t running_ = 0;
};

}  // namespace catenet::app
