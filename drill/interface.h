// SPDX-License-Identifier: Apache-2.0
// What the original packetdrill asks of a network stack that it loads as a shared library (--so_filename): 33 pointers,
// which packetdrill_interface_init() fills in. Every call takes `userdata` first; otherwise the signatures are the
// kernel's, and so are errno and the structures. Written down from the order and the types of the slots alone.
#pragma once
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>

extern "C" {

struct packetdrill_interface {
  void* userdata;
  void (*free)(void* userdata);
  int (*socket)(void* userdata, int domain, int type, int protocol);
  int (*bind)(void* userdata, int fd, const struct sockaddr* address, socklen_t size);
  int (*listen)(void* userdata, int fd, int backlog);
  int (*accept)(void* userdata, int fd, struct sockaddr* address, socklen_t* size);
  int (*connect)(void* userdata, int fd, const struct sockaddr* address, socklen_t size);
  ssize_t (*read)(void* userdata, int fd, void* buffer, size_t size);
  ssize_t (*readv)(void* userdata, int fd, const struct iovec* vector, int count);
  ssize_t (*recv)(void* userdata, int fd, void* buffer, size_t size, int flags);
  ssize_t (*recvfrom)(void* userdata, int fd, void* buffer, size_t size, int flags, struct sockaddr* address,
                      socklen_t* address_size);
  ssize_t (*recvmsg)(void* userdata, int fd, struct msghdr* message, int flags);
  ssize_t (*write)(void* userdata, int fd, const void* buffer, size_t size);
  ssize_t (*writev)(void* userdata, int fd, const struct iovec* vector, int count);
  ssize_t (*send)(void* userdata, int fd, const void* buffer, size_t size, int flags);
  ssize_t (*sendto)(void* userdata, int fd, const void* buffer, size_t size, int flags, const struct sockaddr* address,
                    socklen_t address_size);
  ssize_t (*sendmsg)(void* userdata, int fd, const struct msghdr* message, int flags);
  int (*fcntl)(void* userdata, int fd, int command, ...);
  int (*ioctl)(void* userdata, int fd, unsigned long request, ...);
  int (*close)(void* userdata, int fd);
  int (*shutdown)(void* userdata, int fd, int how);
  int (*getsockopt)(void* userdata, int fd, int level, int name, void* value, socklen_t* size);
  int (*setsockopt)(void* userdata, int fd, int level, int name, const void* value, socklen_t size);
  int (*poll)(void* userdata, struct pollfd* fds, nfds_t count, int timeout_ms);
  /// A bare IP packet arrives at the stack.
  int (*netdev_send)(void* userdata, const void* packet, size_t size);
  /// The next one that the stack sends, and when it did; `*size` is the room at first. Nothing in two seconds: `*size`
  /// is 0.
  int (*netdev_receive)(void* userdata, void* packet, size_t* size, long long* time_usecs);
  int (*usleep)(void* userdata, useconds_t usecs);
  int (*gettimeofday)(void* userdata, struct timeval* now, struct timezone* zone);
  int (*epoll_create)(void* userdata, int size);
  int (*epoll_ctl)(void* userdata, int epfd, int operation, int fd, struct epoll_event* event);
  int (*epoll_wait)(void* userdata, int epfd, struct epoll_event* events, int room, int timeout_ms);
  int (*pipe)(void* userdata, int ends[2]);
  int (*splice)(void* userdata, int fd_in, loff_t* offset_in, int fd_out, loff_t* offset_out, size_t size,
                unsigned int flags);
};
static_assert(sizeof(packetdrill_interface) == 33 * sizeof(void*));

void packetdrill_interface_init(const char* flags, struct packetdrill_interface* interface);

}  // extern "C"
