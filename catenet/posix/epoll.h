// SPDX-License-Identifier: Apache-2.0
// Epoll: epoll(7) on sockets of a process. As in Linux a list holds the entries that may be ready, in the order in
// which they became so; epoll_wait() looks at each, reports it, and puts a level-triggered one back at the end.
#pragma once
#include <sys/epoll.h>

#include <cstdint>
#include <list>
#include <map>
#include <memory>

#include "catenet/posix/open_file.h"
#include "catenet/posix/wait.h"
#include "catenet/socket/waiter.h"

namespace catenet::posix {

class Epoll;

/// A pair of a descriptor and what it referred to when it was added.
class EpollEntry {
 public:
  EpollEntry(Epoll& epoll, SocketFile& file, int fd, const epoll_event& event);
  ~EpollEntry();
  EpollEntry(const EpollEntry&) = delete;
  EpollEntry& operator=(const EpollEntry&) = delete;
  /// The socket is gone: ends the entry.
  void forget();
  /// Something happened to the socket; `news`: it is worth telling somebody who hears of edges only.
  void look(bool news);
  void change(const epoll_event& event);
  /// What may be reported now.
  [[nodiscard]] std::uint32_t reportable() const;

  Epoll& epoll;
  SocketFile& file;
  const int fd;
  epoll_event event;
  bool queued = false;
  bool disabled = false;  // by EPOLLONESHOT
};

class Epoll final : public OpenFile {
 public:
  explicit Epoll(socket::SocketLayer& host) : host_(host) {}
  Result<std::size_t> read(std::span<std::byte>) override { return fail(EINVAL, "read from an epoll instance"); }
  Result<std::size_t> write(std::span<const std::byte>) override { return fail(EINVAL, "write to an epoll instance"); }
  [[nodiscard]] int events() const override;
  Epoll* epoll() override { return this; }

  /// EEXIST, ENOENT, EINVAL for events that are not there (EPOLLEXCLUSIVE, EPOLLWAKEUP).
  Result<void> control(int operation, int fd, SocketFile& file, const epoll_event* event);
  /// How many of `out` were filled; 0 at the deadline.
  int wait(std::span<epoll_event> out, Instant deadline);

 private:
  friend class EpollEntry;
  using Key = std::pair<int, const SocketFile*>;  // looked up only
  void queue(EpollEntry& entry);
  int collect(std::span<epoll_event> out);

  socket::SocketLayer& host_;
  std::map<Key, std::unique_ptr<EpollEntry>> entries_;
  std::list<EpollEntry*> ready_;
  socket::WaitList waiters_;
};

}  // namespace catenet::posix
