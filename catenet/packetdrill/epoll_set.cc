// SPDX-License-Identifier: Apache-2.0
#include "catenet/packetdrill/epoll_set.h"

#include <poll.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>

#include "catenet/posix/poll_bits.h"
#include "catenet/socket/descriptor.h"

namespace catenet::packetdrill {

static_assert(EPOLLIN == POLLIN && EPOLLOUT == POLLOUT && EPOLLERR == POLLERR && EPOLLHUP == POLLHUP &&
              EPOLLRDNORM == POLLRDNORM && EPOLLWRNORM == POLLWRNORM);

namespace {

constexpr std::int64_t kExclusive = EPOLLEXCLUSIVE;    // there is one instance only that could be woken
constexpr std::int64_t kEdge = std::int64_t{1} << 31;  // EPOLLET, whose value in the header is a negative int

}  // namespace

int EpollSet::control(int operation, std::int64_t name, int fd, std::int64_t events, std::uint64_t data) {
  constexpr std::int64_t kKnown = EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLERR | EPOLLHUP | EPOLLRDHUP | EPOLLRDNORM |
                                  EPOLLWRNORM | kEdge | EPOLLONESHOT | kExclusive;
  const auto found = std::ranges::find(entries_, name, &Entry::name);
  if (operation != EPOLL_CTL_ADD && operation != EPOLL_CTL_MOD && operation != EPOLL_CTL_DEL) {
    return EINVAL;
  }
  if (operation != EPOLL_CTL_DEL && (events & ~kKnown) != 0) {
    return EINVAL;
  }
  if (operation == EPOLL_CTL_MOD && (events & kExclusive) != 0) {
    return EINVAL;
  }
  if ((operation == EPOLL_CTL_ADD) == (found != entries_.end())) {
    return operation == EPOLL_CTL_ADD ? EEXIST : ENOENT;
  }
  if (operation == EPOLL_CTL_DEL) {
    entries_.erase(found);
    return 0;
  }
  const Entry entry{.name = name, .fd = fd, .events = events, .data = data};
  (operation == EPOLL_CTL_ADD ? entries_.emplace_back() : *found) = entry;
  return 0;
}

void EpollSet::forget(std::int64_t name) {
  std::erase_if(entries_, [&](const Entry& e) { return e.name == name; });
}

void EpollSet::look(const socket::SocketTable& table) {
  for (Entry& entry : entries_) {
    const auto ready = table.poll(entry.fd);
    const socket::Descriptor* d = table.find(entry.fd);
    const std::int64_t mask = ready ? posix::poll_bits(*ready) : 0;
    const std::uint64_t waiting = d != nullptr ? d->row().receive_queue : 0;
    const auto figures = table.get_option<socket::option::Figures>(entry.fd);
    const std::size_t notices = figures ? figures->notices : 0;
    entry.news = entry.news || (mask & ~entry.mask) != 0 || waiting > entry.waiting || notices > entry.notices;
    entry.notices = notices;
    entry.mask = mask;
    entry.waiting = waiting;
  }
}

std::vector<EpollSet::Report> EpollSet::collect(std::size_t room) {
  std::vector<Report> out;
  for (Entry& entry : entries_) {
    const bool edge = (entry.events & kEdge) != 0;
    const std::int64_t got = entry.mask & (entry.events | EPOLLERR | EPOLLHUP);
    if (out.size() == room || entry.disabled || got == 0 || (edge && !entry.news)) {
      continue;
    }
    entry.news = false;
    entry.disabled = (entry.events & EPOLLONESHOT) != 0;
    out.push_back({got, entry.data});
  }
  return out;
}

}  // namespace catenet::packetdrill
