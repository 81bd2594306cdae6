// SPDX-License-Identifier: Apache-2.0
// Door: Catenet's host behind the original packetdrill's shared-library interface. It holds a host in virtual time on a
// link of bare IP (packetdrill::World), a clock that only packetdrill's calls move, and real descriptors that stand for
// our sockets, so that whoever close()s them closes something.
//
// Two threads call. One moves the time: usleep, netdev_receive, gettimeofday. The other is in a call that blocks: it
// sleeps on a condition variable, and the one that moves the time makes the call's attempts for it, after each event,
// so that the call ends at the instant at which it could. The first question for the time that its thread asks
// afterwards is answered with that instant.
#pragma once
#include <condition_variable>
#include <expected>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "catenet/base/result.h"
#include "catenet/packetdrill/epoll_set.h"
#include "catenet/packetdrill/settings.h"
#include "catenet/packetdrill/world.h"
#include "drill/interface.h"

namespace catenet::drill {

/// "local=192.168.0.1/16,gw=192.168.0.2,profile=linux,mtu=1500,net.ipv4.tcp_ecn=1": what is not said is as
/// `catenet packetdrill` has it. The error says which part is wrong.
[[nodiscard]] std::expected<packetdrill::Settings, std::string> settings_from(std::string_view flags);

class Door {
 public:
  explicit Door(const packetdrill::Settings& settings);
  ~Door();
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;

  // Kernel signatures: -1 and errno.
  int socket(int domain, int type, int protocol);
  int bind(int fd, const sockaddr* address, socklen_t size);
  int listen(int fd, int backlog);
  int accept(int fd, sockaddr* address, socklen_t* size);
  int connect(int fd, const sockaddr* address, socklen_t size);
  ssize_t receive(int fd, std::span<const iovec> into, int flags, sockaddr* address, socklen_t* size);
  ssize_t send(int fd, std::span<const iovec> from, int flags, const sockaddr* address, socklen_t size);
  int fcntl(int fd, int command, long argument);
  int ioctl(int fd, unsigned long request, void* argument);
  int close(int fd);
  int shutdown(int fd, int how);
  int getsockopt(int fd, int level, int name, void* value, socklen_t* size);
  int setsockopt(int fd, int level, int name, const void* value, socklen_t size);
  int poll(std::span<pollfd> fds, int timeout_ms);
  int epoll_create();
  int epoll_ctl(int epfd, int operation, int fd, const epoll_event* event);
  int epoll_wait(int epfd, std::span<epoll_event> events, int timeout_ms);
  int splice(int fd_in, int fd_out, std::size_t size, unsigned flags);

  int netdev_send(std::span<const std::byte> packet);
  int netdev_receive(void* packet, std::size_t* size, long long* time_usecs);
  void usleep(long long usecs);
  /// Microseconds; each question lets one pass.
  long long now_usecs();

  /// One of the descriptors that stand for our sockets.
  [[nodiscard]] bool owns(int fd);

 private:
  struct Open {
    int fd = -1;  // in the table
    bool stream = false;
    bool non_blocking = false;
    int send_buffer = 0;  // as it was set; 0: it was not
    int receive_buffer = 0;
  };
  struct Waiter {  // a call that blocks
    std::function<bool()> attempt;
    Instant deadline = Instant::never();
    bool over = false;
    Instant at;
    std::condition_variable changed;
  };
  using Lock = std::unique_lock<std::mutex>;

  Open* find(int fd);
  socket::SocketTable& table() { return world_.host.sockets().table(); }
  int place(int table_fd, bool stream, bool non_blocking);
  /// Until `attempt` says that it is done, or the deadline.
  void wait(Lock& lock, Instant deadline, std::function<bool()> attempt);
  /// Lets everything happen that is due up to `end`; ends early when `enough` says so.
  void advance(Instant end, const std::function<bool()>& enough);
  void look_at_waiters();
  Result<std::size_t> receive_once(Open& open, std::span<const iovec> into, int flags, wire::Endpoint& from);
  Result<wire::Endpoint> endpoint(const sockaddr* address, socklen_t size, int domain) const;

  std::mutex mutex_;
  packetdrill::World world_;
  std::map<int, Open> open_;
  std::map<int, packetdrill::EpollSet> epolls_;
  std::list<Waiter*> waiters_;
  std::thread::id mover_ = std::this_thread::get_id();
  std::vector<std::byte> scratch_;
};

/// The latest that packetdrill_interface_init() made and nobody has freed; packetdrill makes one.
[[nodiscard]] Door*& live_door();

/// Linux's struct tcp_info, as far as we have what it tells; `size` bytes at most, how many is returned.
std::size_t fill_tcp_info(const transport::TcpPcbInfo& info, void* into, std::size_t size);

}  // namespace catenet::drill
