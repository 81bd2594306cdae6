// SPDX-License-Identifier: Apache-2.0
// AsyncSocket: a descriptor owned by a coroutine. Every call that may wait is awaited and may be given a time limit:
//   auto n = co_await socket.recv(buffer).within(5_s);
// Closed when it dies. Moves, does not copy. Errors as in socket_table.h.
#pragma once
#include <utility>

#include "catenet/socket/operation.h"
#include "catenet/socket/spawn.h"
#include "catenet/socket/task.h"

namespace catenet::socket {

class AsyncSocket {
 public:
  AsyncSocket() = default;  ///< no socket
  /// Takes over a descriptor (what accept() gave).
  AsyncSocket(SocketLayer& host, int fd) : host_(&host), fd_(fd) {}
  static Result<AsyncSocket> make(SocketLayer& host, SocketType type, wire::Family family = wire::Family::kV4) {
    const auto fd = host.socket(type, family);
    if (!fd) {
      return std::unexpected(fd.error());
    }
    return AsyncSocket(host, *fd);
  }
  static Result<AsyncSocket> stream(SocketLayer& host, wire::Family family = wire::Family::kV4) {
    return make(host, SocketType::stream, family);
  }
  static Result<AsyncSocket> datagram(SocketLayer& host, wire::Family family = wire::Family::kV4) {
    return make(host, SocketType::datagram, family);
  }
  static Result<AsyncSocket> ping(SocketLayer& host, wire::Family family = wire::Family::kV4) {
    return make(host, SocketType::ping, family);
  }
  /// A stream that listens; a datagram socket that is bound. Of the address's family.
  static Result<AsyncSocket> listener(SocketLayer& host, const wire::Endpoint& local, int backlog = 128) {
    auto made = stream(host, local.address.family());
    if (made) {
      auto done = made->bind(local);
      if (done) {
        done = made->listen(backlog);
      }
      if (!done) {
        return std::unexpected(done.error());
      }
    }
    return made;
  }
  static Result<AsyncSocket> bound(SocketLayer& host, const wire::Endpoint& local) {
    auto made = datagram(host, local.address.family());
    if (made) {
      if (auto done = made->bind(local); !done) {
        return std::unexpected(done.error());
      }
    }
    return made;
  }

  AsyncSocket(AsyncSocket&& o) noexcept : host_(o.host_), fd_(std::exchange(o.fd_, -1)) {}
  AsyncSocket& operator=(AsyncSocket&& o) noexcept {
    std::swap(host_, o.host_);
    std::swap(fd_, o.fd_);
    return *this;
  }
  ~AsyncSocket() { close(); }

  [[nodiscard]] auto connect(const wire::Endpoint& foreign) { return async_connect(*host_, fd_, foreign); }
  /// The new descriptor: AsyncSocket(host, *co_await listener.accept()).
  [[nodiscard]] auto accept(wire::Endpoint* peer = nullptr) { return async_accept(*host_, fd_, peer); }
  [[nodiscard]] auto recv(std::span<std::byte> out) { return async_recv(*host_, fd_, out); }
  [[nodiscard]] auto recv_exactly(std::span<std::byte> out) { return async_recv_exactly(*host_, fd_, out); }
  [[nodiscard]] auto recv_from(std::span<std::byte> out) { return async_recv_from(*host_, fd_, out); }
  [[nodiscard]] auto recv_batch(std::span<Incoming> messages) { return async_recv_batch(*host_, fd_, messages); }
  [[nodiscard]] auto recv_error() { return async_recv_error(*host_, fd_); }
  [[nodiscard]] auto send(std::span<const std::byte> bytes) { return async_send(*host_, fd_, bytes); }
  [[nodiscard]] auto send_all(std::span<const std::byte> bytes) { return async_send_all(*host_, fd_, bytes); }
  [[nodiscard]] auto send_all(std::string_view text) { return async_send_all(*host_, fd_, as_bytes(text)); }
  [[nodiscard]] auto send_to(std::span<const std::byte> bytes, const wire::Endpoint& to) {
    return async_send_to(*host_, fd_, bytes, to);
  }

  Result<std::size_t> send_batch(std::span<const Outgoing> messages) { return host_->send_batch(fd_, messages); }
  Result<void> bind(const wire::Endpoint& local) { return host_->bind(fd_, local); }
  Result<void> listen(int backlog = 128) { return host_->listen(fd_, backlog); }
  Result<void> shutdown(ShutdownHow how) { return host_->shutdown(fd_, how); }
  Result<void> set_option(const Option& option) { return host_->set_option(fd_, option); }
  [[nodiscard]] Result<wire::Endpoint> local() const { return host_->getsockname(fd_); }
  [[nodiscard]] Result<wire::Endpoint> peer() const { return host_->getpeername(fd_); }
  void close() {
    if (fd_ >= 0) {
      (void)host_->close(std::exchange(fd_, -1));
    }
  }
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] SocketLayer& host() const { return *host_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  SocketLayer* host_ = nullptr;
  int fd_ = -1;
};

}  // namespace catenet::socket
