// SPDX-License-Identifier: Apache-2.0
// Fibres: programs written with ordinary blocking calls, each on a stack of its own (Boost.Context). A blocking call
// switches back to the scheduler and the fibre goes on when what it waits for has come; virtual time passes meanwhile.
//
//   spawn_fibre(host, [&host] {
//     const int fd = *host.socket(SocketType::stream);
//     if (blocking::connect(host, fd, server)) { ... }
//   });
//
// When the host ends, or the handle says cancel(), a waiting fibre is unwound: its call does not return, destructors
// run. That is the one exception of this house (FibreStopped); do not swallow it with catch (...). A fibre must not
// wait inside a catch block or a destructor.
#pragma once
#include <boost/context/fiber.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "catenet/socket/job.h"

namespace catenet::socket {

/// What unwinds a fibre that is stopped.
struct FibreStopped {};

/// Stacks of one size, below each of which lies a page that faults, kept for reuse.
class StackPool {
 public:
  explicit StackPool(std::size_t bytes);
  ~StackPool();
  StackPool(const StackPool&) = delete;
  StackPool& operator=(const StackPool&) = delete;
  /// `sp` is null when the system has no more.
  boost::context::stack_context allocate();
  void deallocate(const boost::context::stack_context& stack);
  [[nodiscard]] std::size_t free_stacks() const { return free_.size(); }

 private:
  std::size_t bytes_;  // without the guard page
  std::size_t guard_;
  std::vector<void*> free_;  // their highest addresses
};

class Fibre;

/// The fibres of one host.
class FibreRunner {
 public:
  explicit FibreRunner(SocketLayer& host);
  ~FibreRunner();
  /// `body` starts after the present event. At the host's limit the handle's join() answers EAGAIN.
  JoinHandle<void> spawn(std::move_only_function<void()> body);
  /// The fibre that runs now; null outside of fibres.
  [[nodiscard]] Fibre* current() const { return current_; }
  [[nodiscard]] std::size_t running() const { return running_; }
  /// Leaves the current fibre until resume_of_current(), taken before, is called.
  void suspend();
  [[nodiscard]] Delegate<void()> resume_of_current() const;
  [[nodiscard]] const StackPool& stacks() const { return stacks_; }

 private:
  friend class Fibre;
  SocketLayer& host_;
  StackPool stacks_;
  Fibre* current_ = nullptr;
  std::size_t running_ = 0;
};

inline JoinHandle<void> spawn_fibre(SocketLayer& host, std::move_only_function<void()> body) {
  return host.fibres().spawn(std::move(body));
}

/// What an awaitable gives to a fibre.
template <typename Op>
using BlockedValue = std::conditional_t<std::is_void_v<typename std::remove_cvref_t<Op>::Value>, Result<void>,
                                        typename std::remove_cvref_t<Op>::Value>;

/// Waits in the current fibre for an Operation, a Sleep or a Join. EDEADLK outside of a fibre: nobody could wake us.
template <typename Op>
BlockedValue<Op> block_on(SocketLayer& host, Op&& operation) {
  if (!operation.await_ready()) {
    FibreRunner& fibres = host.fibres();
    if (fibres.current() == nullptr) {
      return fail(EDEADLK, "a blocking call outside of a fibre");
    }
    operation.start(fibres.resume_of_current());
    fibres.suspend();
  }
  if constexpr (std::is_void_v<typename std::remove_cvref_t<Op>::Value>) {
    return {};
  } else {
    return operation.await_resume();
  }
}

/// The calls on descriptors, blocking. `allowed`: ETIMEDOUT after that; zero: no limit.
namespace blocking {

inline Result<void> connect(SocketLayer& host, int fd, const wire::Endpoint& foreign, Duration allowed = {}) {
  return block_on(host, async_connect(host, fd, foreign).within(allowed));
}
inline Result<int> accept(SocketLayer& host, int fd, wire::Endpoint* peer = nullptr, Duration allowed = {}) {
  return block_on(host, async_accept(host, fd, peer).within(allowed));
}
inline Result<std::size_t> recv(SocketLayer& host, int fd, std::span<std::byte> out, Duration allowed = {}) {
  return block_on(host, async_recv(host, fd, out).within(allowed));
}
inline Result<std::size_t> recv_exactly(SocketLayer& host, int fd, std::span<std::byte> out, Duration allowed = {}) {
  return block_on(host, async_recv_exactly(host, fd, out).within(allowed));
}
inline Result<Received> recv_from(SocketLayer& host, int fd, std::span<std::byte> out, Duration allowed = {}) {
  return block_on(host, async_recv_from(host, fd, out).within(allowed));
}
inline Result<std::size_t> recv_batch(SocketLayer& host, int fd, std::span<Incoming> messages, Duration allowed = {}) {
  return block_on(host, async_recv_batch(host, fd, messages).within(allowed));
}
inline Result<ErrorRecord> recv_error(SocketLayer& host, int fd, Duration allowed = {}) {
  return block_on(host, async_recv_error(host, fd).within(allowed));
}
/// All the bytes, as a blocking socket sends them.
inline Result<std::size_t> send(SocketLayer& host, int fd, std::span<const std::byte> bytes, Duration allowed = {}) {
  return block_on(host, async_send_all(host, fd, bytes).within(allowed));
}
inline Result<std::size_t> send_to(SocketLayer& host, int fd, std::span<const std::byte> bytes,
                                   const wire::Endpoint& to, Duration allowed = {}) {
  return block_on(host, async_send_to(host, fd, bytes, to).within(allowed));
}
inline Result<void> sleep(SocketLayer& host, Duration duration) { return block_on(host, sleep_for(host, duration)); }

}  // namespace blocking

}  // namespace catenet::socket
