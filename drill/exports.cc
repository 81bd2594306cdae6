// SPDX-License-Identifier: Apache-2.0
// packetdrill_interface_init() and what its pointers lead to. (What else the library exports: preload.cc.)
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>

#include "drill/door.h"

using catenet::drill::Door;
using catenet::drill::live_door;

namespace {

Door& door(void* userdata) { return *static_cast<Door*>(userdata); }

int kernel_close(int fd) { return static_cast<int>(::syscall(SYS_close, fd)); }

void on_free(void* userdata) {
  if (live_door() == userdata) {
    live_door() = nullptr;
  }
  delete static_cast<Door*>(userdata);
}

ssize_t on_recvmsg(void* u, int fd, msghdr* m, int flags) {
  socklen_t size = m->msg_namelen;
  const ssize_t got = door(u).receive(fd, std::span(m->msg_iov, m->msg_iovlen), flags,
                                      static_cast<sockaddr*>(m->msg_name), m->msg_name != nullptr ? &size : nullptr);
  m->msg_namelen = m->msg_name != nullptr ? size : 0;
  m->msg_controllen = 0;
  m->msg_flags = 0;
  return got;
}

ssize_t on_sendmsg(void* u, int fd, const msghdr* m, int flags) {
  if (m->msg_controllen > 0) {
    errno = EOPNOTSUPP;
    return -1;
  }
  return door(u).send(fd, std::span<const iovec>(m->msg_iov, m->msg_iovlen), flags,
                      static_cast<const sockaddr*>(m->msg_name), m->msg_namelen);
}

int on_fcntl(void* u, int fd, int command, ...) {
  va_list list;
  va_start(list, command);
  const long argument = va_arg(list, long);
  va_end(list);
  return door(u).fcntl(fd, command, argument);
}

int on_ioctl(void* u, int fd, unsigned long request, ...) {
  va_list list;
  va_start(list, request);
  void* argument = va_arg(list, void*);
  va_end(list);
  return door(u).ioctl(fd, request, argument);
}

int on_close(void* u, int fd) {
  if (door(u).owns(fd)) {
    (void)door(u).close(fd);
  }
  return kernel_close(fd);  // or the end of a pipe
}

int on_gettimeofday(void* u, timeval* now, struct timezone*) {
  const long long usecs = door(u).now_usecs();
  now->tv_sec = usecs / 1'000'000;
  now->tv_usec = usecs % 1'000'000;
  return 0;
}

void fill_data_calls(packetdrill_interface& i) {
  i.read = [](void* u, int fd, void* buffer, size_t size) {
    const iovec piece{buffer, size};
    return door(u).receive(fd, std::span(&piece, 1), 0, nullptr, nullptr);
  };
  i.readv = [](void* u, int fd, const iovec* vector, int count) {
    return door(u).receive(fd, std::span(vector, static_cast<std::size_t>(count)), 0, nullptr, nullptr);
  };
  i.recv = [](void* u, int fd, void* buffer, size_t size, int flags) {
    const iovec piece{buffer, size};
    return door(u).receive(fd, std::span(&piece, 1), flags, nullptr, nullptr);
  };
  i.recvfrom = [](void* u, int fd, void* buffer, size_t size, int flags, sockaddr* address, socklen_t* length) {
    const iovec piece{buffer, size};
    return door(u).receive(fd, std::span(&piece, 1), flags, address, length);
  };
  i.recvmsg = on_recvmsg;
  i.write = [](void* u, int fd, const void* buffer, size_t size) {
    const iovec piece{const_cast<void*>(buffer), size};
    return door(u).send(fd, std::span(&piece, 1), 0, nullptr, 0);
  };
  i.writev = [](void* u, int fd, const iovec* vector, int count) {
    return door(u).send(fd, std::span(vector, static_cast<std::size_t>(count)), 0, nullptr, 0);
  };
  i.send = [](void* u, int fd, const void* buffer, size_t size, int flags) {
    const iovec piece{const_cast<void*>(buffer), size};
    return door(u).send(fd, std::span(&piece, 1), flags, nullptr, 0);
  };
  i.sendto = [](void* u, int fd, const void* buffer, size_t size, int flags, const sockaddr* address,
                socklen_t length) {
    const iovec piece{const_cast<void*>(buffer), size};
    return door(u).send(fd, std::span(&piece, 1), flags, address, length);
  };
  i.sendmsg = on_sendmsg;
}

void fill_other_calls(packetdrill_interface& i) {
  i.socket = [](void* u, int domain, int type, int protocol) { return door(u).socket(domain, type, protocol); };
  i.bind = [](void* u, int fd, const sockaddr* a, socklen_t size) { return door(u).bind(fd, a, size); };
  i.listen = [](void* u, int fd, int backlog) { return door(u).listen(fd, backlog); };
  i.accept = [](void* u, int fd, sockaddr* a, socklen_t* size) { return door(u).accept(fd, a, size); };
  i.connect = [](void* u, int fd, const sockaddr* a, socklen_t size) { return door(u).connect(fd, a, size); };
  i.fcntl = on_fcntl;
  i.ioctl = on_ioctl;
  i.close = on_close;
  i.shutdown = [](void* u, int fd, int how) { return door(u).shutdown(fd, how); };
  i.getsockopt = [](void* u, int fd, int level, int name, void* value, socklen_t* size) {
    return door(u).getsockopt(fd, level, name, value, size);
  };
  i.setsockopt = [](void* u, int fd, int level, int name, const void* value, socklen_t size) {
    return door(u).setsockopt(fd, level, name, value, size);
  };
  i.poll = [](void* u, pollfd* fds, nfds_t count, int timeout) { return door(u).poll(std::span(fds, count), timeout); };
  i.epoll_create = [](void* u, int) { return door(u).epoll_create(); };
  i.epoll_ctl = [](void* u, int epfd, int operation, int fd, epoll_event* event) {
    return door(u).epoll_ctl(epfd, operation, fd, event);
  };
  i.epoll_wait = [](void* u, int epfd, epoll_event* events, int room, int timeout) {
    return door(u).epoll_wait(epfd, std::span(events, room > 0 ? static_cast<std::size_t>(room) : 0), timeout);
  };
  i.pipe = [](void*, int ends[2]) { return ::pipe(ends); };
  i.splice = [](void* u, int in, loff_t*, int out, loff_t*, size_t size, unsigned int flags) {
    return door(u).splice(in, out, size, flags);
  };
}

}  // namespace

extern "C" {

[[gnu::visibility("default")]] void packetdrill_interface_init(const char* flags, packetdrill_interface* interface) {
  const auto settings = catenet::drill::settings_from(flags != nullptr ? flags : "");
  if (!settings) {  // there is no way to tell the caller
    std::fprintf(stderr, "libcatenet_packetdrill: --so_flags: %s\n", settings.error().c_str());
    std::exit(EXIT_FAILURE);
  }
  packetdrill_interface& i = *interface;
  live_door() = new Door(*settings);
  i.userdata = live_door();
  i.free = on_free;
  fill_data_calls(i);
  fill_other_calls(i);
  i.netdev_send = [](void* u, const void* packet, size_t size) {
    return door(u).netdev_send(std::span(static_cast<const std::byte*>(packet), size));
  };
  i.netdev_receive = [](void* u, void* packet, size_t* size, long long* usecs) {
    return door(u).netdev_receive(packet, size, usecs);
  };
  i.usleep = [](void* u, useconds_t usecs) { return door(u).usleep(usecs), 0; };
  i.gettimeofday = on_gettimeofday;
}

}  // extern "C"
