// SPDX-License-Identifier: Apache-2.0
// Job: a program that runs on a host, a coroutine (spawn.h) or a fibre (fibre.h). JoinHandle is what its maker keeps:
// to wait for its end, to have its result, to stop it. The handle may be thrown away; the job runs on.
#pragma once
#include <coroutine>
#include <memory>
#include <optional>
#include <utility>

#include "catenet/base/intrusive_list.h"
#include "catenet/socket/operation.h"
#include "catenet/socket/socket_layer.h"
#include "catenet/socket/waiter.h"

namespace catenet::socket {

class Job;

/// The end of a job, shared by the job and its handles.
struct Completion {
  SocketTable* table = nullptr;
  Job* job = nullptr;  ///< null: it has ended
  int error = 0;       ///< ECANCELED: it was stopped; EAGAIN: it never started, the host has too many
  WaitList joiners;
};
template <typename T>
struct CompletionOf : Completion {
  std::optional<T> value;
};
template <>
struct CompletionOf<void> : Completion {};

class Job : public ListNode<Job> {
 public:
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;
  /// Ends it where it waits: what it holds is destroyed, the job too. Not from inside the job.
  virtual void stop() = 0;
  /// The same after the present event, from anywhere.
  void stop_soon();

 protected:
  Job(SocketLayer& host, std::shared_ptr<Completion> completion);
  virtual ~Job();
  [[nodiscard]] SocketLayer& host() const { return host_; }
  void start_soon(Delegate<void()> run);
  /// It has run to its end (else it counts as stopped).
  void completed() { completion_->error = 0; }

 private:
  SocketLayer& host_;
  std::shared_ptr<Completion> completion_;
  Waiter start_;
  Waiter stop_;
};

/// Waits for the end of a job: its value, or ECANCELED.
template <typename T>
class [[nodiscard]] Join {
 public:
  using Value = Result<T>;
  explicit Join(std::shared_ptr<CompletionOf<T>> completion) : completion_(std::move(completion)) {}
  Join(const Join&) = delete;
  Join& operator=(const Join&) = delete;
  /// Gives up (and leaves the job running) with ETIMEDOUT; zero or less: no limit.
  Awaiting<Join> within(Duration allowed) {
    allowed_ = allowed;
    return Awaiting<Join>(*this);
  }
  [[nodiscard]] bool await_ready() const { return completion_->job == nullptr; }
  void await_suspend(std::coroutine_handle<> frame) { start(resume_of(frame)); }
  void start(Delegate<void()> done) {
    SocketTable& table = *completion_->table;
    const Instant deadline = allowed_ > Duration{} ? table.node().now() + allowed_ : Instant::never();
    table.wait_on(completion_->joiners, waiter_, deadline, done);
  }
  Value await_resume() {
    if (completion_->job != nullptr) {
      return fail(ETIMEDOUT, "the job is still running");
    }
    if (completion_->error != 0) {
      return fail(completion_->error, completion_->error == ECANCELED ? "the job was stopped" : "too many jobs");
    }
    if constexpr (std::is_void_v<T>) {
      return {};
    } else {
      if (!completion_->value) {
        return fail(EINVAL, "another one has taken the job's result");
      }
      return *std::exchange(completion_->value, std::nullopt);
    }
  }

 private:
  std::shared_ptr<CompletionOf<T>> completion_;
  Duration allowed_;
  Waiter waiter_;
};

template <typename T>
class JoinHandle {
 public:
  JoinHandle() = default;
  explicit JoinHandle(std::shared_ptr<CompletionOf<T>> completion) : completion_(std::move(completion)) {}
  [[nodiscard]] bool is_running() const { return completion_ != nullptr && completion_->job != nullptr; }
  /// co_await handle.join(), or block_on(host, handle.join()) on a fibre. The value can be had once.
  [[nodiscard]] Join<T> join() const { return Join<T>(completion_); }
  /// Stops it after the present event; nothing if it has ended.
  void cancel() {
    if (is_running()) {
      completion_->job->stop_soon();
    }
  }

 private:
  std::shared_ptr<CompletionOf<T>> completion_;
};

}  // namespace catenet::socket
