// SPDX-License-Identifier: Apache-2.0
#include "catenet/socket/socket.h"

#include <algorithm>

namespace catenet::socket {

// ---- InputStream --------------------------------------------------------------------------------------------------

Result<std::size_t> InputStream::read(std::span<std::byte> out) {
  if (buffered() == 0) {
    return blocking::recv(socket_->host(), socket_->fd(), out, socket_->so_timeout());
  }
  const std::size_t n = std::min(out.size(), buffered());
  std::copy_n(buffer_.begin() + static_cast<std::ptrdiff_t>(at_), n, out.begin());
  at_ += n;
  return n;
}

Result<std::size_t> InputStream::read_fully(std::span<std::byte> out) {
  std::size_t done = 0;
  while (done < out.size()) {
    const auto n = read(out.subspan(done));
    if (!n) {
      return n;
    }
    if (*n == 0) {
      break;
    }
    done += *n;
  }
  return done;
}

Result<std::string> InputStream::read_all(std::size_t limit) {
  std::string all;
  std::byte piece[4096];
  for (;;) {
    const auto n = read(piece);
    if (!n) {
      return std::unexpected(n.error());
    }
    if (*n == 0) {
      return all;
    }
    if (all.size() + *n > limit) {
      return fail(EMSGSIZE, "the stream is longer than the limit given");
    }
    all += as_text(std::span(piece).first(*n));
  }
}

// More bytes into the buffer, which is empty; 0 at the end.
Result<std::size_t> InputStream::fill() {
  constexpr std::size_t kBuffer = 4096;
  buffer_.resize(kBuffer);
  at_ = kBuffer;
  const auto n = blocking::recv(socket_->host(), socket_->fd(), buffer_, socket_->so_timeout());
  buffer_.resize(n ? *n : 0);
  at_ = 0;
  return n;
}

Result<std::string> InputStream::read_line(std::size_t limit) {
  std::string line;
  for (;;) {
    if (buffered() == 0) {
      const auto n = fill();
      if (!n) {
        return std::unexpected(n.error());
      }
      if (*n == 0) {
        return line.empty() ? Result<std::string>(fail(ENODATA, "the end of the stream")) : line;
      }
    }
    const auto from = buffer_.begin() + static_cast<std::ptrdiff_t>(at_);
    const auto end = std::find(from, buffer_.end(), std::byte{'\n'});
    line += as_text(std::span(from, end));
    at_ += static_cast<std::size_t>(end - from);
    if (line.size() > limit) {
      return fail(EMSGSIZE, "the line is longer than the limit given");
    }
    if (end != buffer_.end()) {
      ++at_;
      if (line.ends_with('\r')) {
        line.pop_back();
      }
      return line;
    }
  }
}

Result<void> OutputStream::write(std::span<const std::byte> bytes) {
  const auto sent = blocking::send(socket_->host(), socket_->fd(), bytes, socket_->so_timeout());
  return sent ? Result<void>() : std::unexpected(sent.error());
}

// ---- Socket -------------------------------------------------------------------------------------------------------

Socket::Socket(SocketLayer& host, const wire::Endpoint& foreign, Duration connect_timeout)
    : host_(&host), input_(*this), output_(*this) {
  connect(foreign, connect_timeout);
}

Socket::Socket(SocketLayer& host, std::string_view name, std::uint16_t port, Duration connect_timeout)
    : host_(&host), input_(*this), output_(*this) {
  const auto addresses = host.resolve_all(name);
  if (!addresses) {
    error_ = addresses.error();
    return;
  }
  for (const wire::IpAddress& address : *addresses) {
    if (connect({address, port}, connect_timeout)) {
      return;
    }
  }
}

bool Socket::connect(const wire::Endpoint& foreign, Duration timeout) {
  const auto fd = host_->socket(SocketType::stream, foreign.address.family());
  if (!fd) {
    error_ = fd.error();
    return false;
  }
  fd_ = *fd;  // from here on closed by us, also when the fibre is unwound
  if (const auto done = blocking::connect(*host_, fd_, foreign, timeout); !done) {
    error_ = done.error();
    close();
    return false;
  }
  error_ = {};
  return true;
}

Socket::Socket(Socket&& o) noexcept
    : host_(o.host_),
      fd_(std::exchange(o.fd_, -1)),
      error_(o.error_),
      timeout_(o.timeout_),
      input_(std::move(o.input_)),
      output_(*this) {
  input_.socket_ = this;
}

Socket& Socket::operator=(Socket&& o) noexcept {
  std::swap(host_, o.host_);
  std::swap(fd_, o.fd_);
  std::swap(error_, o.error_);
  std::swap(timeout_, o.timeout_);
  std::swap(input_, o.input_);
  input_.socket_ = this;
  o.input_.socket_ = &o;
  return *this;
}

void Socket::close() {
  if (fd_ >= 0) {
    (void)host_->close(std::exchange(fd_, -1));
  }
}

// ---- ServerSocket, DatagramSocket -----------------------------------------------------------------------------------

ServerSocket::ServerSocket(SocketLayer& host, const wire::Endpoint& local, int backlog) : host_(&host) {
  const auto fd = host.socket(SocketType::stream, local.address.family());
  if (!fd) {
    error_ = fd.error();
    return;
  }
  fd_ = *fd;
  auto done = host.bind(fd_, local);
  if (done) {
    done = host.listen(fd_, backlog);
  }
  if (!done) {
    error_ = done.error();
    close();
  }
}

Result<Socket> ServerSocket::accept() {
  const auto fd = blocking::accept(*host_, fd_, nullptr, timeout_);
  if (!fd) {
    return std::unexpected(fd.error());
  }
  return Socket(*host_, *fd);
}

void ServerSocket::close() {
  if (fd_ >= 0) {
    (void)host_->close(std::exchange(fd_, -1));
  }
}

DatagramSocket::DatagramSocket(SocketLayer& host, std::uint16_t port) : host_(&host) {
  const auto fd = host.socket(SocketType::datagram);
  if (!fd) {
    error_ = fd.error();
    return;
  }
  fd_ = *fd;
  if (const auto done = host.bind(fd_, {wire::IpAddress(), port}); !done) {
    error_ = done.error();
    close();
  }
}

Result<void> DatagramSocket::send(std::span<const std::byte> bytes, const wire::Endpoint& to) {
  const auto sent = blocking::send_to(*host_, fd_, bytes, to, timeout_);
  return sent ? Result<void>() : std::unexpected(sent.error());
}

Result<Received> DatagramSocket::receive(std::span<std::byte> out) {
  return blocking::recv_from(*host_, fd_, out, timeout_);
}

void DatagramSocket::close() {
  if (fd_ >= 0) {
    (void)host_->close(std::exchange(fd_, -1));
  }
}

}  // namespace catenet::socket
