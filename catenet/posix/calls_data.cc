// SPDX-License-Identifier: Apache-2.0
// The calls that move bytes. A write to a stream that takes no more raises SIGPIPE, unless MSG_NOSIGNAL says not to.
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <optional>
#include <vector>

#include "catenet/posix/abi.h"
#include "catenet/posix/link_address.h"

namespace catenet::posix {
namespace {

std::span<const std::byte> bytes_of(const void* data, std::size_t size) {
  return {static_cast<const std::byte*>(data), size};
}
std::span<std::byte> room_of(void* data, std::size_t size) { return {static_cast<std::byte*>(data), size}; }

bool is_stream(int fd) {
  const auto file = self().socket(fd);
  return file && (*file)->is_stream();
}

// The answer of a call that writes. A datagram socket that is shut gives EPIPE, and no signal.
template <typename T>
ssize_t answer_write(int fd, const Result<T>& sent, int flags = 0) {
  if (!sent && sent.error().code == EPIPE && (flags & MSG_NOSIGNAL) == 0 && is_stream(fd)) {
    self().raise(SIGPIPE);
  }
  return answer(sent);
}

// By itself: SIGPIPE may end the process in answer_write(), and nothing may be held on the stack by then.
Result<std::size_t> write(int fd, std::span<const std::byte> bytes) {
  const auto file = self().file(fd);
  return file ? (*file)->write(bytes) : std::unexpected(file.error());
}

Result<std::size_t> send(int fd, std::span<const std::byte> bytes, int flags, const sockaddr* address, socklen_t size,
                         std::optional<std::uint16_t> segment_size = std::nullopt) {
  const auto file = self().socket(fd);
  if (!file) {
    return std::unexpected(file.error());
  }
  if (address == nullptr || ((*file)->is_stream() && (flags & MSG_FASTOPEN) == 0)) {  // a stream ignores the address
    return (*file)->send(bytes, nullptr, flags, segment_size);
  }
  if ((*file)->domain == AF_PACKET) {
    const auto link = link_from(address, size, true);
    return link ? (*file)->send_frame(bytes, *link, flags) : std::unexpected(link.error());
  }
  const auto to = endpoint_from(address, size, (*file)->domain, (*file)->type == SOCK_DGRAM);
  if (!to) {
    return std::unexpected(to.error());
  }
  return (*file)->send(bytes, &*to, flags, segment_size);
}

Result<std::size_t> length_of(const iovec* parts, int count) {
  if (count < 0 || count > IOV_MAX) {
    return fail(EINVAL, "a number of buffers out of range");
  }
  std::size_t total = 0;
  for (int i = 0; i < count; ++i) {
    if (parts[i].iov_len > static_cast<std::size_t>(SSIZE_MAX) - total) {
      return fail(EINVAL, "buffers longer than a count can say");
    }
    total += parts[i].iov_len;
  }
  return total;
}

/// One buffer of many: a copy, so that a datagram is one datagram.
Result<std::vector<std::byte>> gather(const iovec* parts, int count) {
  const auto total = length_of(parts, count);
  if (!total) {
    return std::unexpected(total.error());
  }
  std::vector<std::byte> whole;
  whole.reserve(*total);
  for (int i = 0; i < count; ++i) {
    const auto part = bytes_of(parts[i].iov_base, parts[i].iov_len);
    whole.insert(whole.end(), part.begin(), part.end());
  }
  return whole;
}

void scatter(std::span<const std::byte> bytes, const iovec* parts, int count) {
  for (int i = 0; i < count && !bytes.empty(); ++i) {
    const std::size_t n = std::min(bytes.size(), parts[i].iov_len);
    std::memcpy(parts[i].iov_base, bytes.data(), n);
    bytes = bytes.subspan(n);
  }
}

/// Writes ancillary data into what the caller has room for; what does not fit is cut, and MSG_CTRUNC says so.
class Ancillary {
 public:
  explicit Ancillary(msghdr& message)
      : message_(message), room_(message.msg_control != nullptr ? message.msg_controllen : 0) {
    message.msg_controllen = 0;
  }
  template <typename T>
  void add(int level, int type, const T& value) {
    const std::size_t at = message_.msg_controllen;
    const std::size_t length = std::min(room_ - at, CMSG_LEN(sizeof value));
    message_.msg_flags |= length < CMSG_LEN(sizeof value) ? static_cast<int>(MSG_CTRUNC) : 0;
    if (length < sizeof(cmsghdr)) {
      return;
    }
    cmsghdr head{};
    head.cmsg_len = length;
    head.cmsg_level = level;
    head.cmsg_type = type;
    auto* to = static_cast<std::byte*>(message_.msg_control) + at;
    std::memcpy(to, &head, sizeof head);
    std::memcpy(to + CMSG_LEN(0), &value, length - CMSG_LEN(0));
    message_.msg_controllen = std::min(room_, at + CMSG_SPACE(sizeof value));
  }

 private:
  msghdr& message_;
  std::size_t room_;
};

void tell_origin(const SocketFile& file, const socket::Received& got, sockaddr* address, socklen_t* size) {
  if (file.domain == AF_PACKET) {
    link_to(got.link, address, size, true);
  } else {
    endpoint_to(got.from, address, size);
  }
}

/// Whom of this host a packet is for: of one to a group or to everybody, the address of the link that it came on, or
/// the first of another link.
wire::Ipv4Address own_address(const SocketFile& file, const socket::Received& got) {
  const ip::Network& network = file.host().table().protocols().network;
  if (!got.to.address.is_multicast() && !network.is_broadcast(got.to.address)) {
    return got.to.address.v4();
  }
  wire::Ipv4Address own;
  for (const auto& interface : file.host().node().interfaces()) {
    const wire::Ipv4Address address = network.first_address_of(*interface).v4();
    const bool here = interface->index() + 1U == got.interface;
    own = !address.is_unspecified() && (here || own.is_unspecified()) ? address : own;
  }
  return own.is_unspecified() ? got.to.address.v4() : own;
}

/// The interface that a packet came on; of one that this host sent to itself, the one that has the address.
int arrival_of(const SocketFile& file, const socket::Received& got) {
  constexpr int kLoopback = 1;  // that of Linux's, which has the other addresses
  if (got.interface != 0) {
    return static_cast<int>(got.interface);
  }
  const ip::Network* network = file.host().table().protocols().udp.network(got.to.address.family());
  const Interface* own = network != nullptr ? network->interface_with(got.to.address) : nullptr;
  return own != nullptr ? own->index() + 1 : kLoopback;
}

void tell_more(const SocketFile& file, const socket::Received& got, msghdr& message) {
  Ancillary more(message);
  if (got.segment_size != 0) {
    more.add(IPPROTO_UDP, UDP_GRO, static_cast<int>(got.segment_size));
  }
  if (file.domain == AF_INET6) {  // what it tells of an IPv4 packet is where it went, no more (Linux)
    if (file.tell_destination) {
      in6_pktinfo info{};
      const auto bytes = got.to.address.v6().to_bytes();
      std::memcpy(&info.ipi6_addr, bytes.data(), bytes.size());
      info.ipi6_ifindex = static_cast<unsigned>(arrival_of(file, got));
      more.add(IPPROTO_IPV6, IPV6_PKTINFO, info);
    }
    const bool mapped = got.to.address.v6().is_v4_mapped();
    if (file.tell_ttl && !mapped) {
      more.add(IPPROTO_IPV6, IPV6_HOPLIMIT, static_cast<int>(got.ttl));
    }
    if (file.tell_tos && !mapped) {
      more.add(IPPROTO_IPV6, IPV6_TCLASS, static_cast<int>(got.traffic_class));
    }
    return;
  }
  if (file.tell_destination && got.to.address.is_v4()) {
    in_pktinfo info{};
    info.ipi_ifindex = arrival_of(file, got);
    info.ipi_addr.s_addr = htonl(got.to.address.v4().value());
    info.ipi_spec_dst.s_addr = htonl(own_address(file, got).value());
    more.add(IPPROTO_IP, IP_PKTINFO, info);
  }
  if (file.tell_ttl) {
    more.add(IPPROTO_IP, IP_TTL, static_cast<int>(got.ttl));
  }
  if (file.tell_tos) {
    more.add(IPPROTO_IP, IP_TOS, got.traffic_class);
  }
}

Result<std::size_t> receive_message(int fd, msghdr& message, int flags) {
  const auto file = self().socket(fd);
  if (!file) {
    return std::unexpected(file.error());
  }
  const auto total = length_of(message.msg_iov, static_cast<int>(message.msg_iovlen));
  if (!total) {
    return std::unexpected(total.error());
  }
  std::vector<std::byte> whole(*total);
  const auto got = (*file)->receive_from(whole, flags & ~MSG_TRUNC);
  if (!got) {
    return std::unexpected(got.error());
  }
  scatter(std::span(whole).first(got->size), message.msg_iov, static_cast<int>(message.msg_iovlen));
  message.msg_flags = got->truncated() ? static_cast<int>(MSG_TRUNC) : 0;
  if ((*file)->is_stream()) {
    message.msg_namelen = 0;
    message.msg_controllen = 0;
  } else {
    tell_origin(**file, *got, static_cast<sockaddr*>(message.msg_name), &message.msg_namelen);
    tell_more(**file, *got, message);
  }
  return (flags & MSG_TRUNC) != 0 ? got->full_size : got->size;
}

/// The segment size in the ancillary data of a message to be sent, if there is one. What Linux passes over is passed
/// over: levels that are nobody's.
Result<std::optional<std::uint16_t>> segment_size_in(const SocketFile& file, const msghdr& message) {
  std::optional<std::uint16_t> size;
  if (message.msg_controllen != 0 && !file.is_udp()) {
    return fail(EOPNOTSUPP, "ancillary data cannot be sent");
  }
  auto* bytes = static_cast<std::byte*>(message.msg_control);
  for (std::size_t at = 0; at + sizeof(cmsghdr) <= message.msg_controllen;) {
    cmsghdr head;
    std::memcpy(&head, bytes + at, sizeof head);
    if (head.cmsg_len < sizeof head || head.cmsg_len > message.msg_controllen - at) {
      return fail(EINVAL, "ancillary data of an impossible length");
    }
    if (head.cmsg_level == IPPROTO_UDP) {
      std::uint16_t value = 0;
      if (head.cmsg_type != UDP_SEGMENT || head.cmsg_len != CMSG_LEN(sizeof value)) {
        return fail(EINVAL, "ancillary data that UDP does not know");
      }
      std::memcpy(&value, bytes + at + CMSG_LEN(0), sizeof value);
      size = value;
    } else if (head.cmsg_level == SOL_SOCKET || head.cmsg_level == IPPROTO_IP || head.cmsg_level == IPPROTO_IPV6) {
      return fail(EOPNOTSUPP, "ancillary data that cannot be sent");
    }
    at += CMSG_ALIGN(head.cmsg_len);
  }
  return size;
}

Result<std::size_t> send_message(int fd, const msghdr& message, int flags) {
  const auto file = self().socket(fd);
  if (!file) {
    return std::unexpected(file.error());
  }
  const auto segment_size = segment_size_in(**file, message);
  if (!segment_size) {
    return std::unexpected(segment_size.error());
  }
  const auto whole = gather(message.msg_iov, static_cast<int>(message.msg_iovlen));
  if (!whole) {
    return std::unexpected(whole.error());
  }
  return send(fd, *whole, flags, static_cast<const sockaddr*>(message.msg_name), message.msg_namelen, *segment_size);
}

// The first message that cannot be sent ends it, and so does one that is not taken whole.
Result<std::size_t> send_messages(int fd, mmsghdr* messages, std::size_t count, int flags) {
  const auto file = self().socket(fd);
  if (!file) {
    return std::unexpected(file.error());
  }
  count = std::min<std::size_t>(count, IOV_MAX);
  for (std::size_t done = 0; done < count; ++done) {
    const msghdr& message = messages[done].msg_hdr;
    const auto sent = send_message(fd, message, flags);
    if (!sent) {
      return done > 0 ? Result<std::size_t>(done) : std::unexpected(sent.error());
    }
    messages[done].msg_len = static_cast<unsigned>(*sent);
    if (*sent < length_of(message.msg_iov, static_cast<int>(message.msg_iovlen)).value_or(0)) {
      return done + 1;
    }
  }
  return count;
}

/// What is left of the time that a caller of recvmmsg() allows, where it allows some; false: it is over.
bool spend(timespec* limit, Instant deadline) {
  if (limit == nullptr) {
    return true;
  }
  const Duration left = std::max(deadline - self().now(), Duration{});
  *limit = {left.ns() / 1'000'000'000, left.ns() % 1'000'000'000};
  return left > Duration{};
}

// As Linux has it: the time is looked at after a message has come, and then only. An error after the first message is
// for the next call.
Result<std::size_t> receive_messages(int fd, mmsghdr* messages, std::size_t count, int flags, timespec* limit) {
  constexpr long kSecond = 1'000'000'000;
  if (limit != nullptr && (limit->tv_sec < 0 || limit->tv_nsec < 0 || limit->tv_nsec >= kSecond)) {
    return fail(EINVAL, "not a time");
  }
  const auto file = self().socket(fd);
  if (!file) {
    return std::unexpected(file.error());
  }
  if (const int code = (*file)->host().take_error((*file)->number()).value_or(0); code != 0) {
    return fail(code, "an earlier error");
  }
  const Instant deadline =
      limit == nullptr ? Instant::never()
                       : self().now() + Duration::seconds(limit->tv_sec) + Duration::nanoseconds(limit->tv_nsec);
  for (std::size_t done = 0; done < count; ++done) {
    if (done > 0 && !(*file)->await_more(flags)) {
      return done;
    }
    const auto got = receive_message(fd, messages[done].msg_hdr, flags & ~MSG_WAITFORONE);
    if (!got) {
      return done > 0 ? Result<std::size_t>(done) : std::unexpected(got.error());
    }
    messages[done].msg_len = static_cast<unsigned>(*got);
    flags |= (flags & MSG_WAITFORONE) != 0 ? MSG_DONTWAIT : 0;
    if (!spend(limit, deadline)) {
      return done + 1;
    }
  }
  return count;
}

Result<std::size_t> read_parts(int fd, const iovec* parts, int count) {
  const auto file = self().file(fd);
  if (!file) {
    return std::unexpected(file.error());
  }
  const auto total = length_of(parts, count);
  if (!total) {
    return std::unexpected(total.error());
  }
  std::vector<std::byte> whole(*total);
  auto got = (*file)->read(whole);
  if (got) {
    scatter(std::span(whole).first(*got), parts, count);
  }
  return got;
}

Result<std::size_t> write_parts(int fd, const iovec* parts, int count) {
  const auto file = self().file(fd);
  if (!file) {
    return std::unexpected(file.error());
  }
  const auto whole = gather(parts, count);
  return whole ? (*file)->write(*whole) : std::unexpected(whole.error());
}

}  // namespace
}  // namespace catenet::posix

using namespace catenet::posix;

extern "C" {

ssize_t catenet_posix_read(int fd, void* data, std::size_t size) {
  const auto file = self().file(fd);
  return answer(file ? (*file)->read(room_of(data, size)) : std::unexpected(file.error()));
}

ssize_t catenet_posix_write(int fd, const void* data, std::size_t size) {
  return answer_write(fd, write(fd, bytes_of(data, size)));
}

ssize_t catenet_posix_readv(int fd, const iovec* parts, int count) { return answer(read_parts(fd, parts, count)); }

ssize_t catenet_posix_writev(int fd, const iovec* parts, int count) {
  return answer_write(fd, write_parts(fd, parts, count));
}

ssize_t catenet_posix_send(int fd, const void* data, std::size_t size, int flags) {
  return answer_write(fd, send(fd, bytes_of(data, size), flags, nullptr, 0), flags);
}

ssize_t catenet_posix_sendto(int fd, const void* data, std::size_t size, int flags, const sockaddr* address,
                             socklen_t length) {
  return answer_write(fd, send(fd, bytes_of(data, size), flags, address, length), flags);
}

ssize_t catenet_posix_recvfrom(int fd, void* data, std::size_t size, int flags, sockaddr* address, socklen_t* length) {
  const auto file = self().socket(fd);
  if (!file) {
    return refuse(file.error().code);
  }
  const auto got = (*file)->receive_from(room_of(data, size), flags);
  if (!got) {
    return refuse(got.error().code);
  }
  if ((*file)->is_stream()) {
    if (length != nullptr) {
      *length = 0;
    }
  } else {
    tell_origin(**file, *got, address, length);
  }
  return static_cast<ssize_t>(got->size);
}

ssize_t catenet_posix_recv(int fd, void* data, std::size_t size, int flags) {
  return catenet_posix_recvfrom(fd, data, size, flags, nullptr, nullptr);
}

ssize_t catenet_posix_sendmsg(int fd, const msghdr* message, int flags) {
  return answer_write(fd, send_message(fd, *message, flags), flags);
}

ssize_t catenet_posix_recvmsg(int fd, msghdr* message, int flags) {
  return answer(receive_message(fd, *message, flags));
}

int catenet_posix_sendmmsg(int fd, mmsghdr* messages, unsigned count, int flags) {
  return static_cast<int>(answer_write(fd, send_messages(fd, messages, count, flags), flags));
}

int catenet_posix_recvmmsg(int fd, mmsghdr* messages, unsigned count, int flags, timespec* limit) {
  return static_cast<int>(answer(receive_messages(fd, messages, count, flags, limit)));
}

// Entry points of programs that were compiled with _FORTIFY_SOURCE.
ssize_t catenet_posix_read_chk(int fd, void* data, std::size_t size, std::size_t room) {
  return size > room ? refuse(EFAULT) : catenet_posix_read(fd, data, size);
}
ssize_t catenet_posix_recv_chk(int fd, void* data, std::size_t size, std::size_t room, int flags) {
  return size > room ? refuse(EFAULT) : catenet_posix_recv(fd, data, size, flags);
}
ssize_t catenet_posix_recvfrom_chk(int fd, void* data, std::size_t size, std::size_t room, int flags, sockaddr* address,
                                   socklen_t* length) {
  return size > room ? refuse(EFAULT) : catenet_posix_recvfrom(fd, data, size, flags, address, length);
}

}  // extern "C"
