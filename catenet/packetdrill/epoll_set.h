// SPDX-License-Identifier: Apache-2.0
// An epoll instance over the sockets of one table, for those who play Linux's calls. As in Linux it reports what is
// true now, and an edge-triggered entry only after something has happened to its socket since it was reported: look()
// notices that, and must be called after everything that happens.
#pragma once
#include <cstdint>
#include <vector>

#include "catenet/socket/socket_table.h"

namespace catenet::packetdrill {

class EpollSet {
 public:
  struct Report {
    std::int64_t events = 0;
    std::uint64_t data = 0;
  };
  /// `name` is the caller's number for the socket, `fd` the table's. 0 or EEXIST, ENOENT, EINVAL (an operation or an
  /// event that is not there: EPOLLWAKEUP; EPOLLEXCLUSIVE later than in the beginning).
  int control(int operation, std::int64_t name, int fd, std::int64_t events, std::uint64_t data);
  void forget(std::int64_t name);
  void look(const socket::SocketTable& table);
  /// What there is to report, at most `room`; edges are taken away by it.
  std::vector<Report> collect(std::size_t room);

 private:
  struct Entry {
    std::int64_t name = -1;
    int fd = -1;
    std::int64_t events = 0;
    std::uint64_t data = 0;
    std::int64_t mask = 0;  // when last looked at
    std::uint64_t waiting = 0;
    std::size_t notices = 0;
    bool news = true;
    bool disabled = false;  // by EPOLLONESHOT
  };
  std::vector<Entry> entries_;
};

}  // namespace catenet::packetdrill
