// SPDX-License-Identifier: Apache-2.0
// The system calls of a Door.
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "catenet/packetdrill/options.h"
#include "catenet/posix/poll_bits.h"
#include "catenet/socket/descriptor.h"
#include "drill/door.h"

namespace catenet::drill {
namespace {

int refuse(int code) {
  errno = code;
  return -1;
}

template <typename T>
int answer(const Result<T>& result) {
  if (!result) {
    return refuse(result.error().code);
  }
  if constexpr (std::is_void_v<T>) {
    return 0;
  } else {
    return static_cast<int>(*result);
  }
}

void give_address(const wire::Endpoint& end, sockaddr* address, socklen_t* size) {
  if (address == nullptr || size == nullptr) {
    return;
  }
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  const bool is_v4 = end.address.is_v4();
  if (is_v4) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(end.port);
    v4.sin_addr.s_addr = htonl(end.address.v4().value());
  } else {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(end.port);
    std::memcpy(&v6.sin6_addr, end.address.v6().bytes().data(), sizeof v6.sin6_addr);
  }
  const socklen_t whole = is_v4 ? sizeof v4 : sizeof v6;
  std::memcpy(address, is_v4 ? static_cast<const void*>(&v4) : &v6, std::min(*size, whole));
  *size = whole;
}

std::size_t total(std::span<const iovec> vector) {
  std::size_t bytes = 0;
  for (const iovec& piece : vector) {
    bytes += piece.iov_len;
  }
  return bytes;
}

Instant deadline_of(Instant now, int timeout_ms) {
  return timeout_ms < 0 ? Instant::never() : now + Duration::milliseconds(timeout_ms);
}

}  // namespace

Result<wire::Endpoint> Door::endpoint(const sockaddr* address, socklen_t size, int domain) const {
  if (address == nullptr) {
    return fail(EFAULT, "no address");
  }
  if (size < sizeof address->sa_family) {
    return fail(EINVAL, "an address that is cut");
  }
  if (address->sa_family == AF_INET && size >= sizeof(sockaddr_in)) {
    sockaddr_in v4{};
    std::memcpy(&v4, address, sizeof v4);
    const wire::IpAddress plain = wire::Ipv4Address(ntohl(v4.sin_addr.s_addr));
    return wire::Endpoint{domain == AF_INET6 ? wire::mapped(plain) : plain, ntohs(v4.sin_port)};
  }
  if (address->sa_family == AF_INET6 && size >= sizeof(sockaddr_in6)) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, address, sizeof v6);
    std::array<std::byte, 16> bytes{};
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return wire::Endpoint{wire::Ipv6Address::from_bytes(bytes), ntohs(v6.sin6_port)};
  }
  return fail(address->sa_family == AF_INET || address->sa_family == AF_INET6 ? EINVAL : EAFNOSUPPORT, "an address");
}

int Door::socket(int domain, int type, int protocol) {
  const Lock lock(mutex_);
  const int kind = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
  const bool stream = kind == SOCK_STREAM && (protocol == 0 || protocol == IPPROTO_TCP);
  const bool datagram = kind == SOCK_DGRAM && (protocol == 0 || protocol == IPPROTO_UDP);
  const bool lite = kind == SOCK_DGRAM && protocol == IPPROTO_UDPLITE;
  if (domain != AF_INET && domain != AF_INET6) {
    return refuse(EAFNOSUPPORT);
  }
  if (!stream && !datagram && !lite) {
    return refuse(EPROTONOSUPPORT);
  }
  using socket::SocketType;
  const auto fd = table().socket(stream ? SocketType::stream
                                 : lite ? SocketType::datagram_lite
                                        : SocketType::datagram,
                                 domain == AF_INET ? wire::Family::kV4 : wire::Family::kV6);
  return fd ? place(*fd, stream, (type & SOCK_NONBLOCK) != 0) : refuse(fd.error().code);
}

int Door::bind(int fd, const sockaddr* address, socklen_t size) {
  const Lock lock(mutex_);
  const Open* open = find(fd);
  if (open == nullptr) {
    return -1;
  }
  const auto local = endpoint(address, size, AF_UNSPEC);
  return local ? answer(table().bind(open->fd, *local)) : refuse(local.error().code);
}

int Door::listen(int fd, int backlog) {
  const Lock lock(mutex_);
  const Open* open = find(fd);
  return open == nullptr ? -1 : answer(table().listen(open->fd, backlog));
}

int Door::accept(int fd, sockaddr* address, socklen_t* size) {
  Lock lock(mutex_);
  const Open* open = find(fd);
  if (open == nullptr) {
    return -1;
  }
  const Open listener = *open;
  wire::Endpoint peer;
  Result<int> got = fail(EAGAIN, "none");
  const auto attempt = [&] {
    got = table().accept(listener.fd, &peer);
    return got || got.error().code != EAGAIN;
  };
  if (!attempt() && !listener.non_blocking) {
    wait(lock, Instant::never(), attempt);
  }
  if (!got) {
    return refuse(got.error().code);
  }
  const int number = place(*got, true, false);
  give_address(peer, address, size);
  return number;
}

int Door::connect(int fd, const sockaddr* address, socklen_t size) {
  Lock lock(mutex_);
  const Open* open = find(fd);
  if (open == nullptr) {
    return -1;
  }
  const Open ours = *open;
  if (address != nullptr && size >= sizeof address->sa_family && address->sa_family == AF_UNSPEC) {
    return answer(table().disconnect(ours.fd));
  }
  const auto to = endpoint(address, size, AF_UNSPEC);
  if (!to) {
    return refuse(to.error().code);
  }
  auto done = table().connect(ours.fd, *to);
  if (!done && done.error().code == EINPROGRESS && ours.stream && !ours.non_blocking) {
    wait(lock, Instant::never(), [&] {
      done = table().connect(ours.fd, *to);
      return done || done.error().code != EALREADY;
    });
  }
  return answer(done);
}

Result<std::size_t> Door::receive_once(Open& open, std::span<const iovec> into, int flags, wire::Endpoint& from) {
  scratch_.resize(std::max(scratch_.size(), total(into)));
  const std::span<std::byte> room = std::span(scratch_).first(total(into));
  const auto got = (flags & MSG_PEEK) != 0 ? table().peek_from(open.fd, room) : table().recv_from(open.fd, room);
  if (!got) {
    return std::unexpected(got.error());
  }
  from = got->from;
  std::size_t at = 0;
  for (const iovec& piece : into) {
    const std::size_t size = std::min(piece.iov_len, got->size - at);
    std::memcpy(piece.iov_base, room.data() + at, size);
    at += size;
  }
  return got->size;
}

ssize_t Door::receive(int fd, std::span<const iovec> into, int flags, sockaddr* address, socklen_t* size) {
  Lock lock(mutex_);
  Open* open = find(fd);
  if (open == nullptr) {
    return -1;
  }
  if ((flags & ~(MSG_PEEK | MSG_DONTWAIT | MSG_NOSIGNAL | MSG_CMSG_CLOEXEC)) != 0) {
    return refuse(EOPNOTSUPP);
  }
  if (std::ranges::any_of(into, [](const iovec& v) { return v.iov_base == nullptr && v.iov_len > 0; })) {
    return refuse(EFAULT);
  }
  Open ours = *open;
  wire::Endpoint from;
  Result<std::size_t> got = fail(EAGAIN, "nothing");
  const auto attempt = [&] {
    got = receive_once(ours, into, flags, from);
    return got || got.error().code != EAGAIN;
  };
  if (!attempt() && !ours.non_blocking && (flags & MSG_DONTWAIT) == 0) {
    wait(lock, Instant::never(), attempt);
  }
  if (!got) {
    return refuse(got.error().code);
  }
  if (size != nullptr && ours.stream) {
    *size = 0;  // recvfrom on a connection tells nobody
  } else {
    give_address(from, address, size);
  }
  return static_cast<ssize_t>(*got);
}

ssize_t Door::send(int fd, std::span<const iovec> from, int flags, const sockaddr* address, socklen_t size) {
  Lock lock(mutex_);
  Open* open = find(fd);
  if (open == nullptr) {
    return -1;
  }
  if ((flags & ~(MSG_DONTWAIT | MSG_NOSIGNAL | MSG_FASTOPEN)) != 0) {
    return refuse(EOPNOTSUPP);
  }
  if (std::ranges::any_of(from, [](const iovec& v) { return v.iov_base == nullptr && v.iov_len > 0; })) {
    return refuse(EFAULT);
  }
  std::optional<wire::Endpoint> to;
  if (address != nullptr) {
    const auto named = endpoint(address, size, AF_UNSPEC);
    if (!named) {
      return refuse(named.error().code);
    }
    to = *named;
  }
  std::vector<std::byte> bytes;
  for (const iovec& piece : from) {
    const auto* begin = static_cast<const std::byte*>(piece.iov_base);
    bytes.insert(bytes.end(), begin, begin + piece.iov_len);
  }
  const Open ours = *open;
  const bool waits = !ours.non_blocking && (flags & MSG_DONTWAIT) == 0;
  std::size_t done = 0;
  int error = 0;
  bool opening = (flags & MSG_FASTOPEN) != 0 && ours.stream && to;
  const auto attempt = [&] {
    while (true) {
      const auto rest = std::span<const std::byte>(bytes).subspan(done);
      const auto sent = opening              ? table().connect_with(ours.fd, *to, rest)
                        : to && !ours.stream ? table().send_to(ours.fd, rest, *to)
                                             : table().send(ours.fd, rest);
      const bool handshake = opening && (sent || sent.error().code == EINPROGRESS);
      opening = false;
      done += sent.value_or(0);
      error = sent ? 0 : sent.error().code;
      if (sent ? done >= bytes.size() || *sent == 0 || !ours.stream || (handshake && !waits) : error != EAGAIN) {
        return !(handshake && waits && error == EINPROGRESS);
      }
      if (error == EAGAIN) {
        return false;
      }
    }
  };
  if (!attempt() && waits) {
    wait(lock, Instant::never(), attempt);
  }
  return done > 0 || error == 0 ? static_cast<ssize_t>(done) : refuse(error);
}

int Door::fcntl(int fd, int command, long argument) {
  const Lock lock(mutex_);
  Open* open = find(fd);
  if (open == nullptr) {
    return -1;
  }
  if (command == F_GETFL) {
    return O_RDWR | (open->non_blocking ? O_NONBLOCK : 0);
  }
  if (command != F_SETFL) {
    return refuse(EINVAL);
  }
  open->non_blocking = (argument & O_NONBLOCK) != 0;
  return 0;
}

int Door::ioctl(int fd, unsigned long request, void* argument) {
  const Lock lock(mutex_);
  const Open* open = find(fd);
  if (open == nullptr) {
    return -1;
  }
  const socket::Descriptor* d = table().find(open->fd);
  if (d == nullptr || argument == nullptr || (request != SIOCINQ && request != SIOCOUTQ)) {
    return refuse(argument == nullptr ? EFAULT : ENOTTY);
  }
  const socket::PcbRow row = d->row();
  const int value = static_cast<int>(request == SIOCINQ ? row.receive_queue : row.send_queue);
  std::memcpy(argument, &value, sizeof value);
  return 0;
}

// Our side of the descriptor. The number itself is the caller's to close, as interface.h says.
int Door::close(int fd) {
  const Lock lock(mutex_);
  if (epolls_.erase(fd) > 0) {
    return 0;
  }
  const Open* open = find(fd);
  if (open == nullptr) {
    return -1;
  }
  for (auto& [number, set] : epolls_) {
    set.forget(fd);
  }
  const int result = answer(table().close(open->fd));
  open_.erase(fd);
  world_.scheduler.run_posted();
  look_at_waiters();
  return result;
}

int Door::shutdown(int fd, int how) {
  const Lock lock(mutex_);
  const Open* open = find(fd);
  if (open == nullptr) {
    return -1;
  }
  using enum socket::ShutdownHow;
  if (how < SHUT_RD || how > SHUT_RDWR) {
    return refuse(EINVAL);
  }
  const int result = answer(table().shutdown(open->fd, how == SHUT_RD ? receive : how == SHUT_WR ? send : both));
  look_at_waiters();
  return result;
}

int Door::poll(std::span<pollfd> fds, int timeout_ms) {
  Lock lock(mutex_);
  int count = 0;
  const auto attempt = [&] {
    count = 0;
    for (pollfd& entry : fds) {
      const auto found = open_.find(entry.fd);
      const auto ready = found == open_.end() ? Result<unsigned>(fail(EBADF, "")) : table().poll(found->second.fd);
      const std::int64_t bits = ready ? posix::poll_bits(*ready) : POLLNVAL;
      entry.revents = static_cast<short>(bits & (entry.events | POLLERR | POLLHUP | POLLNVAL));
      count += entry.revents != 0 ? 1 : 0;
    }
    return count > 0;
  };
  if (!attempt() && timeout_ms != 0) {
    wait(lock, deadline_of(world_.now(), timeout_ms), attempt);
  }
  return count;
}

int Door::epoll_create() {
  const Lock lock(mutex_);
  const int number = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (number >= 0) {
    epolls_[number];
  }
  return number;
}

int Door::epoll_ctl(int epfd, int operation, int fd, const epoll_event* event) {
  const Lock lock(mutex_);
  const auto instance = epolls_.find(epfd);
  const Open* open = find(fd);
  if (instance == epolls_.end() || open == nullptr) {
    return refuse(EBADF);
  }
  if (event == nullptr && operation != EPOLL_CTL_DEL) {
    return refuse(EFAULT);
  }
  const int error = instance->second.control(operation, fd, open->fd, event != nullptr ? event->events : 0,
                                             event != nullptr ? event->data.u64 : 0);
  instance->second.look(table());
  return error == 0 ? 0 : refuse(error);
}

int Door::epoll_wait(int epfd, std::span<epoll_event> events, int timeout_ms) {
  Lock lock(mutex_);
  if (!epolls_.contains(epfd)) {
    return refuse(EBADF);
  }
  if (events.empty()) {
    return refuse(EINVAL);
  }
  int count = 0;
  bool closed = false;
  const auto attempt = [&] {
    const auto instance = epolls_.find(epfd);
    closed = instance == epolls_.end();  // by the other thread, while this one waited
    if (closed) {
      return true;
    }
    instance->second.look(table());
    for (const auto& report : instance->second.collect(events.size())) {
      epoll_event& out = events[static_cast<std::size_t>(count++)];
      out.events = static_cast<std::uint32_t>(report.events);
      out.data.u64 = report.data;
    }
    return count > 0;
  };
  if (!attempt() && timeout_ms != 0) {
    wait(lock, deadline_of(world_.now(), timeout_ms), attempt);
  }
  return closed ? refuse(EBADF) : count;
}

// One end is a socket of ours, the other a pipe of the kernel's.
int Door::splice(int fd_in, int fd_out, std::size_t size, unsigned flags) {
  constexpr unsigned kNonBlock = 2;  // SPLICE_F_NONBLOCK
  std::vector<std::byte> bytes(std::min<std::size_t>(size, 1 << 16));
  const iovec room{bytes.data(), bytes.size()};
  const int wait_flag = (flags & kNonBlock) != 0 ? MSG_DONTWAIT : 0;
  if (owns(fd_in)) {
    const ssize_t got = receive(fd_in, std::span(&room, 1), wait_flag, nullptr, nullptr);
    return got <= 0 ? static_cast<int>(got)
                    : static_cast<int>(::write(fd_out, bytes.data(), static_cast<std::size_t>(got)));
  }
  const ssize_t got = ::read(fd_in, bytes.data(), bytes.size());
  if (got <= 0) {
    return static_cast<int>(got);
  }
  const iovec piece{bytes.data(), static_cast<std::size_t>(got)};
  return static_cast<int>(send(fd_out, std::span(&piece, 1), wait_flag, nullptr, 0));
}

}  // namespace catenet::drill
