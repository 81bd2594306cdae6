// SPDX-License-Identifier: Apache-2.0
// Operation: one call that may have to wait, the same for coroutines (co_await it) and fibres (block_on, fibre.h). It
// tries the non-blocking call; where that would block it waits for readiness and tries again, until the call gives a
// value, an error other than "would block", or the time allowed by within() is over (ETIMEDOUT). It lives in the frame
// of whoever waits and allocates nothing.
//
//   auto got = co_await async_recv(host, fd, buffer).within(5_s);
#pragma once
#include <coroutine>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

#include "catenet/socket/socket_layer.h"

namespace catenet::socket {

/// Would the same call block on a blocking socket?
[[nodiscard]] constexpr bool would_block(int code) { return code == EAGAIN || code == EINPROGRESS || code == EALREADY; }

/// What a waiting coroutine does when it is woken.
inline Delegate<void()> resume_of(std::coroutine_handle<> frame) {
  return {[](void* address) { std::coroutine_handle<>::from_address(address).resume(); }, frame.address()};
}

/// Refers to an awaitable that lives elsewhere. (GCC 12 copies what a call that returns a reference gives to co_await.)
template <typename Op>
class [[nodiscard]] Awaiting {
 public:
  using Value = typename Op::Value;
  explicit Awaiting(Op& operation) : operation_(&operation) {}
  bool await_ready() { return operation_->await_ready(); }
  void await_suspend(std::coroutine_handle<> frame) { operation_->await_suspend(frame); }
  Value await_resume() { return operation_->await_resume(); }
  void start(Delegate<void()> done) { operation_->start(done); }

 private:
  Op* operation_;
};

template <typename Try>
class [[nodiscard]] Operation {
 public:
  using Value = std::invoke_result_t<Try&>;

  Operation(SocketLayer& host, const Call& call, unsigned interest, Try attempt)
      : host_(host), call_(call), interest_(interest), try_(std::move(attempt)) {}
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  /// Gives up with ETIMEDOUT after `allowed`; zero or less: no limit.
  Awaiting<Operation> within(Duration allowed) {
    allowed_ = allowed;
    return Awaiting<Operation>(*this);
  }

  /// True if it is over without waiting.
  bool await_ready() { return attempt(); }
  void await_suspend(std::coroutine_handle<> frame) { start(resume_of(frame)); }
  Value await_resume() { return std::move(*result_); }
  /// After await_ready() was false: `done` is called, posted, when await_resume() may be.
  void start(Delegate<void()> done) {
    done_ = done;
    deadline_ = allowed_ > Duration{} ? host_.now() + allowed_ : Instant::never();
    host_.tell_waits(call_);
    wait();
  }

 private:
  bool attempt() {
    result_.emplace(try_());
    if (!*result_ && would_block(result_->error().code)) {
      // Ready, and still it would block: no wake-up would ever help (no ephemeral port is left, say).
      const auto mask = host_.poll(call_.fd);
      if (mask && (*mask & (interest_ | ready::kError | ready::kHangup)) == 0) {
        return false;
      }
    }
    host_.tell(call_, *result_);
    return true;
  }
  void wait() {
    auto waits = host_.table().wait(waiter_, call_.fd, interest_, deadline_,
                                    Delegate<void()>::template to<&Operation::on_wake>(*this));
    check(waits.has_value(), "waits on a descriptor that is not there");
  }
  void on_wake() {
    if (waiter_.outcome() == Waiter::Outcome::ready) {
      if (!attempt()) {
        return wait();
      }
    } else {
      result_.emplace(waiter_.outcome() == Waiter::Outcome::timed_out
                          ? fail(ETIMEDOUT, "the time allowed for the call is over")
                          : fail(EBADF, "the socket was closed while somebody waited for it"));
      host_.tell(call_, *result_);
    }
    done_();  // the last thing: it may end the frame that we live in
  }

  SocketLayer& host_;
  Call call_;
  unsigned interest_;
  Try try_;
  Duration allowed_;
  Instant deadline_ = Instant::never();
  std::optional<Value> result_;
  Delegate<void()> done_;
  Waiter waiter_;
};

/// Nothing but time: `co_await sleep_for(host, 5_ms)`.
class [[nodiscard]] Sleep {
 public:
  using Value = void;
  Sleep(SocketLayer& host, Instant until) : host_(host), until_(until) {}
  Sleep(const Sleep&) = delete;
  Sleep& operator=(const Sleep&) = delete;
  [[nodiscard]] bool await_ready() const { return until_ <= host_.now(); }
  void await_suspend(std::coroutine_handle<> frame) { start(resume_of(frame)); }
  void await_resume() const {}
  void start(Delegate<void()> done) { host_.table().wait_until(waiter_, until_, done); }

 private:
  SocketLayer& host_;
  Instant until_;
  Waiter waiter_;
};
inline Sleep sleep_until(SocketLayer& host, Instant until) { return {host, until}; }
inline Sleep sleep_for(SocketLayer& host, Duration duration) { return {host, host.now() + duration}; }

// The calls, on descriptors. Buffers and addresses must live until the call is over.

inline auto async_connect(SocketLayer& host, int fd, const wire::Endpoint& foreign) {
  return Operation(host, {"connect", fd, foreign}, ready::kWrite,
                   [t = &host.table(), fd, foreign] { return t->connect(fd, foreign); });
}
/// The new descriptor; `peer`, if given, gets its foreign end.
inline auto async_accept(SocketLayer& host, int fd, wire::Endpoint* peer = nullptr) {
  return Operation(host, {"accept", fd}, ready::kRead, [t = &host.table(), fd, peer] { return t->accept(fd, peer); });
}
inline auto async_recv(SocketLayer& host, int fd, std::span<std::byte> out) {
  return Operation(host, {"recv", fd, {}, static_cast<std::int64_t>(out.size())}, ready::kRead,
                   [t = &host.table(), fd, out] { return t->recv(fd, out); });
}
/// Until `out` is full or the stream ends: fewer bytes than asked for is the end.
inline auto async_recv_exactly(SocketLayer& host, int fd, std::span<std::byte> out) {
  return Operation(host, {"recv", fd, {}, static_cast<std::int64_t>(out.size())}, ready::kRead,
                   [t = &host.table(), fd, out, done = std::size_t{0}]() mutable -> Result<std::size_t> {
                     while (done < out.size()) {
                       const auto n = t->recv(fd, out.subspan(done));
                       if (!n) {
                         return n;
                       }
                       if (*n == 0) {
                         break;
                       }
                       done += *n;
                     }
                     return done;
                   });
}
inline auto async_recv_from(SocketLayer& host, int fd, std::span<std::byte> out) {
  return Operation(host, {"recvfrom", fd, {}, static_cast<std::int64_t>(out.size())}, ready::kRead,
                   [t = &host.table(), fd, out] { return t->recv_from(fd, out); });
}
/// At least one datagram, and as many more as wait.
inline auto async_recv_batch(SocketLayer& host, int fd, std::span<Incoming> messages) {
  return Operation(host, {"recvmmsg", fd, {}, static_cast<std::int64_t>(messages.size())}, ready::kRead,
                   [t = &host.table(), fd, messages] { return t->recv_batch(fd, messages); });
}
inline auto async_recv_error(SocketLayer& host, int fd) {
  return Operation(host, {"recverr", fd}, ready::kErrorQueue, [t = &host.table(), fd] { return t->recv_error(fd); });
}
/// Some of the bytes, at least one.
inline auto async_send(SocketLayer& host, int fd, std::span<const std::byte> bytes) {
  return Operation(host, {"send", fd, {}, static_cast<std::int64_t>(bytes.size())}, ready::kWrite,
                   [t = &host.table(), fd, bytes] { return t->send(fd, bytes); });
}
/// All of them; the value is their number.
inline auto async_send_all(SocketLayer& host, int fd, std::span<const std::byte> bytes) {
  return Operation(host, {"send", fd, {}, static_cast<std::int64_t>(bytes.size())}, ready::kWrite,
                   [t = &host.table(), fd, bytes, done = std::size_t{0}]() mutable -> Result<std::size_t> {
                     while (done < bytes.size()) {
                       const auto n = t->send(fd, bytes.subspan(done));
                       if (!n) {
                         return n;
                       }
                       done += *n;
                     }
                     return done;
                   });
}
inline auto async_send_to(SocketLayer& host, int fd, std::span<const std::byte> bytes, const wire::Endpoint& to) {
  return Operation(host, {"sendto", fd, to, static_cast<std::int64_t>(bytes.size())}, ready::kWrite,
                   [t = &host.table(), fd, bytes, to] { return t->send_to(fd, bytes, to); });
}

/// Text as bytes to send, and received bytes as text.
inline std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}
inline std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace catenet::socket
