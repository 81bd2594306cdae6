// SPDX-License-Identifier: Apache-2.0
// The calls on sockets that carry no data: socket() to close(). Errors as in Linux, where POSIX leaves room.
#include <netinet/in.h>
#include <sys/socket.h>

#include "catenet/posix/abi.h"
#include "catenet/posix/link_address.h"

namespace catenet::posix {
namespace {

/// A socket as the host has it, and the protocol that it tells.
struct SocketKind {
  socket::SocketType type;
  int protocol;
};

Result<SocketKind> kind_of(int domain, int kind, int protocol) {
  constexpr int kProtocols = 263;  // IPPROTO_MAX of Linux
  constexpr int kMostRaw = 255;
  if (kind != SOCK_STREAM && kind != SOCK_DGRAM && kind != SOCK_RAW) {
    return fail(kind < 0 || kind > SOCK_PACKET ? EINVAL : ESOCKTNOSUPPORT,
                "sockets are SOCK_STREAM, SOCK_DGRAM or SOCK_RAW");
  }
  if (protocol < 0 || protocol >= kProtocols) {
    return fail(EINVAL, "not a protocol");
  }
  if (kind == SOCK_RAW) {
    return protocol != 0 && protocol <= kMostRaw ? Result<SocketKind>(SocketKind{socket::SocketType::raw, protocol})
                                                 : fail(EPROTONOSUPPORT, "a raw socket has one protocol of IP");
  }
  const int natural = kind == SOCK_STREAM ? static_cast<int>(IPPROTO_TCP) : static_cast<int>(IPPROTO_UDP);
  if (protocol == 0 || protocol == natural) {
    return SocketKind{kind == SOCK_STREAM ? socket::SocketType::stream : socket::SocketType::datagram, natural};
  }
  if (kind == SOCK_DGRAM && protocol == (domain == AF_INET ? static_cast<int>(IPPROTO_ICMP) : IPPROTO_ICMPV6)) {
    return SocketKind{socket::SocketType::ping, protocol};
  }
  if (kind == SOCK_DGRAM && protocol == IPPROTO_UDPLITE) {
    return SocketKind{socket::SocketType::datagram_lite, protocol};
  }
  return fail(EPROTONOSUPPORT, "not a protocol of this type");
}

/// The protocol is an EtherType in network order: "weird, but documented", says Linux.
Result<SocketKind> packet_kind_of(int kind, int protocol) {
  if (kind != SOCK_RAW && kind != SOCK_DGRAM) {
    return fail(kind < 0 || kind > SOCK_PACKET ? EINVAL : ESOCKTNOSUPPORT, "packet sockets are SOCK_RAW or SOCK_DGRAM");
  }
  return SocketKind{kind == SOCK_RAW ? socket::SocketType::packet : socket::SocketType::packet_payload,
                    ntohs(static_cast<std::uint16_t>(protocol))};
}

Result<int> make_socket(int domain, int type, int protocol) {
  const int flags = type & (SOCK_NONBLOCK | SOCK_CLOEXEC);
  const int kind = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (domain != AF_INET && domain != AF_INET6 && domain != AF_PACKET) {
    return fail(EAFNOSUPPORT, "sockets are AF_INET, AF_INET6 or AF_PACKET");
  }
  const auto what = domain == AF_PACKET ? packet_kind_of(kind, protocol) : kind_of(domain, kind, protocol);
  if (!what) {
    return std::unexpected(what.error());
  }
  Process& process = self();
  const auto family = domain == AF_INET6 ? wire::Family::kV6 : wire::Family::kV4;
  const auto number = process.host().socket(what->type, family, static_cast<std::uint16_t>(what->protocol));
  if (!number) {
    return std::unexpected(number.error());
  }
  const int told = domain == AF_PACKET ? 0 : what->protocol;
  auto file = std::make_shared<SocketFile>(process.host(), *number, domain, kind, told);
  file->nonblocking = (flags & SOCK_NONBLOCK) != 0;
  return process.open(std::move(file), (flags & SOCK_CLOEXEC) != 0);
}

Result<int> accept_on(int fd, sockaddr* address, socklen_t* size, int flags) {
  if ((flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) != 0) {
    return fail(EINVAL, "a flag of accept4 that is not there");
  }
  Process& process = self();
  const auto listener = process.socket(fd);
  if (!listener) {
    return std::unexpected(listener.error());
  }
  wire::Endpoint peer;
  const auto number = (*listener)->accept(&peer);
  if (!number) {
    return std::unexpected(number.error());
  }
  auto file = std::make_shared<SocketFile>(process.host(), *number, (*listener)->domain, (*listener)->type,
                                           (*listener)->protocol);
  file->nonblocking = (flags & SOCK_NONBLOCK) != 0;
  file->receive_limit = (*listener)->receive_limit;
  file->send_limit = (*listener)->send_limit;
  const auto made = process.open(std::move(file), (flags & SOCK_CLOEXEC) != 0);
  if (made) {
    endpoint_to(peer, address, size);
  }
  return made;
}

Result<void> connect_to(int fd, const sockaddr* address, socklen_t size) {
  const auto file = self().socket(fd);
  if (!file) {
    return std::unexpected(file.error());
  }
  if ((*file)->domain == AF_PACKET ||
      (address != nullptr && size >= sizeof(sa_family_t) && address->sa_family == AF_UNSPEC)) {
    return (*file)->host().disconnect((*file)->number());
  }
  const auto to = endpoint_from(address, size, (*file)->domain, (*file)->type == SOCK_DGRAM);
  if (!to) {
    return std::unexpected(to.error());
  }
  auto done = (*file)->connect(*to);
  (*file)->look();
  return done;
}

Result<void> bind_to(int fd, const sockaddr* address, socklen_t size) {
  const auto file = self().socket(fd);
  if (!file) {
    return std::unexpected(file.error());
  }
  if ((*file)->domain == AF_PACKET) {
    const auto link = link_from(address, size, false);
    return link ? (*file)->host().bind_link((*file)->number(), *link) : std::unexpected(link.error());
  }
  const auto to = endpoint_from(address, size, (*file)->domain);
  if (!to && to.error().code == EAFNOSUPPORT && (*file)->is_raw() && (*file)->domain == AF_INET6) {
    return fail(EINVAL, "an address of another family");  // rawv6_bind() has a word of its own for it
  }
  if (!to) {
    return std::unexpected(to.error());
  }
  return (*file)->host().bind((*file)->number(), *to);
}

}  // namespace
}  // namespace catenet::posix

using namespace catenet::posix;

extern "C" {

int catenet_posix_socket(int domain, int type, int protocol) {
  return static_cast<int>(answer(make_socket(domain, type, protocol)));
}

int catenet_posix_bind(int fd, const sockaddr* address, socklen_t size) {
  return static_cast<int>(answer(bind_to(fd, address, size)));
}

int catenet_posix_listen(int fd, int backlog) {
  const auto file = self().socket(fd);
  return file ? static_cast<int>(answer((*file)->host().listen((*file)->number(), backlog)))
              : refuse(file.error().code);
}

int catenet_posix_accept(int fd, sockaddr* address, socklen_t* size) {
  return static_cast<int>(answer(accept_on(fd, address, size, 0)));
}

int catenet_posix_accept4(int fd, sockaddr* address, socklen_t* size, int flags) {
  return static_cast<int>(answer(accept_on(fd, address, size, flags)));
}

int catenet_posix_connect(int fd, const sockaddr* address, socklen_t size) {
  return static_cast<int>(answer(connect_to(fd, address, size)));
}

int catenet_posix_shutdown(int fd, int how) {
  const auto file = self().socket(fd);
  if (!file) {
    return refuse(file.error().code);
  }
  if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR) {
    return refuse(EINVAL);
  }
  const auto which = how == SHUT_RD   ? catenet::socket::ShutdownHow::receive
                     : how == SHUT_WR ? catenet::socket::ShutdownHow::send
                                      : catenet::socket::ShutdownHow::both;
  const auto done = (*file)->host().shutdown((*file)->number(), which);
  (*file)->look();
  return static_cast<int>(answer(done));
}

int catenet_posix_getsockname(int fd, sockaddr* address, socklen_t* size) {
  const auto file = self().socket(fd);
  if (!file) {
    return refuse(file.error().code);
  }
  if ((*file)->domain == AF_PACKET) {
    const auto link = (*file)->host().link_name((*file)->number());
    if (link) {
      link_to(*link, address, size, false);
    }
    return link ? 0 : refuse(link.error().code);
  }
  const auto end = (*file)->host().getsockname((*file)->number());
  if (!end) {
    return refuse(end.error().code);
  }
  endpoint_to(*end, address, size);
  return 0;
}

int catenet_posix_getpeername(int fd, sockaddr* address, socklen_t* size) {
  const auto file = self().socket(fd);
  if (!file) {
    return refuse(file.error().code);
  }
  const auto end = (*file)->host().getpeername((*file)->number());
  if (!end) {
    return refuse(end.error().code);
  }
  endpoint_to(*end, address, size);
  return 0;
}

}  // extern "C"
