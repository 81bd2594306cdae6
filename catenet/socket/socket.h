// SPDX-License-Identifier: Apache-2.0
// Socket, ServerSocket, DatagramSocket: blocking sockets with streams in the manner of java.net, for programs on fibres
// (fibre.h). Where Java throws, these keep an error: constructors leave it in error(), calls return it.
//
//   Socket s(host, "web", 80);
//   if (!s) return s.error();
//   s.output().write("GET / HTTP/1.0\r\n\r\n");
//   while (auto line = s.input().read_line()) { ... }
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catenet/socket/fibre.h"

namespace catenet::socket {

class Socket;

/// The bytes that come from the peer.
class InputStream {
 public:
  /// At least one byte, waiting for it; 0 at the end of the stream.
  Result<std::size_t> read(std::span<std::byte> out);
  /// Until `out` is full or the stream ends.
  Result<std::size_t> read_fully(std::span<std::byte> out);
  /// To the end of the stream. EMSGSIZE when there are more than `limit` bytes.
  Result<std::string> read_all(std::size_t limit = 64 << 20);
  /// A line without its "\n" or "\r\n". ENODATA at the end of the stream, EMSGSIZE beyond `limit` bytes.
  Result<std::string> read_line(std::size_t limit = 64 << 10);

 private:
  friend class Socket;
  explicit InputStream(Socket& socket) : socket_(&socket) {}
  [[nodiscard]] std::size_t buffered() const { return buffer_.size() - at_; }
  Result<std::size_t> fill();

  Socket* socket_;
  std::vector<std::byte> buffer_;  // bytes that read_line took too many
  std::size_t at_ = 0;
};

/// The bytes that go to the peer.
class OutputStream {
 public:
  /// All of them, waiting for room. Nothing is buffered here.
  Result<void> write(std::span<const std::byte> bytes);
  Result<void> write(std::string_view text) { return write(as_bytes(text)); }

 private:
  friend class Socket;
  explicit OutputStream(Socket& socket) : socket_(&socket) {}
  Socket* socket_;
};

class Socket {
 public:
  /// Connects to a name or an address; each address of the name is tried in turn. See error().
  Socket(SocketLayer& host, std::string_view name, std::uint16_t port, Duration connect_timeout = {});
  Socket(SocketLayer& host, const wire::Endpoint& foreign, Duration connect_timeout = {});
  /// Takes over a connected descriptor.
  Socket(SocketLayer& host, int fd) : host_(&host), fd_(fd), input_(*this), output_(*this) {}
  Socket(Socket&& o) noexcept;
  Socket& operator=(Socket&& o) noexcept;
  ~Socket() { close(); }

  /// Connected, and not closed by us.
  explicit operator bool() const { return fd_ >= 0; }
  /// Why it is not connected.
  [[nodiscard]] const Error& error() const { return error_; }
  InputStream& input() { return input_; }
  OutputStream& output() { return output_; }
  /// read() and write() fail with ETIMEDOUT after that long; 0: never.
  void set_so_timeout(Duration timeout) { timeout_ = timeout; }
  [[nodiscard]] Duration so_timeout() const { return timeout_; }
  Result<void> set_tcp_no_delay(bool on) { return host_->set_option(fd_, option::NoDelay{on}); }
  Result<void> set_keep_alive(bool on) { return host_->set_option(fd_, option::KeepAlive{on}); }
  /// The end of our stream: the peer reads 0 after the last byte.
  Result<void> shutdown_output() { return host_->shutdown(fd_, ShutdownHow::send); }
  Result<void> shutdown_input() { return host_->shutdown(fd_, ShutdownHow::receive); }
  [[nodiscard]] Result<wire::Endpoint> local() const { return host_->getsockname(fd_); }
  [[nodiscard]] Result<wire::Endpoint> peer() const { return host_->getpeername(fd_); }
  void close();
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] SocketLayer& host() const { return *host_; }

 private:
  bool connect(const wire::Endpoint& foreign, Duration timeout);
  SocketLayer* host_;
  int fd_ = -1;
  Error error_;
  Duration timeout_;
  InputStream input_;
  OutputStream output_;
};

class ServerSocket {
 public:
  /// Listens on every address of the host. See error().
  ServerSocket(SocketLayer& host, std::uint16_t port, int backlog = 50)
      : ServerSocket(host, wire::Endpoint{wire::IpAddress(), port}, backlog) {}
  ServerSocket(SocketLayer& host, const wire::Endpoint& local, int backlog = 50);
  ServerSocket(ServerSocket&& o) noexcept
      : host_(o.host_), fd_(std::exchange(o.fd_, -1)), error_(o.error_), timeout_(o.timeout_) {}
  ServerSocket& operator=(ServerSocket&&) = delete;
  ~ServerSocket() { close(); }
  explicit operator bool() const { return fd_ >= 0; }
  [[nodiscard]] const Error& error() const { return error_; }
  Result<Socket> accept();
  /// accept() fails with ETIMEDOUT after that long; 0: never.
  void set_so_timeout(Duration timeout) { timeout_ = timeout; }
  [[nodiscard]] Result<wire::Endpoint> local() const { return host_->getsockname(fd_); }
  void close();
  [[nodiscard]] int fd() const { return fd_; }

 private:
  SocketLayer* host_;
  int fd_ = -1;
  Error error_;
  Duration timeout_;
};

class DatagramSocket {
 public:
  /// Bound to `port` (0: an ephemeral one) on every address of the host. See error().
  explicit DatagramSocket(SocketLayer& host, std::uint16_t port = 0);
  DatagramSocket(DatagramSocket&& o) noexcept
      : host_(o.host_), fd_(std::exchange(o.fd_, -1)), error_(o.error_), timeout_(o.timeout_) {}
  DatagramSocket& operator=(DatagramSocket&&) = delete;
  ~DatagramSocket() { close(); }
  explicit operator bool() const { return fd_ >= 0; }
  [[nodiscard]] const Error& error() const { return error_; }
  Result<void> send(std::span<const std::byte> bytes, const wire::Endpoint& to);
  Result<Received> receive(std::span<std::byte> out);
  void set_so_timeout(Duration timeout) { timeout_ = timeout; }
  [[nodiscard]] Result<wire::Endpoint> local() const { return host_->getsockname(fd_); }
  void close();
  [[nodiscard]] int fd() const { return fd_; }

 private:
  SocketLayer* host_;
  int fd_ = -1;
  Error error_;
  Duration timeout_;
};

}  // namespace catenet::socket
