// SPDX-License-Identifier: Apache-2.0
#include "catenet/posix/epoll.h"

#include <utility>

#include "catenet/posix/socket_file.h"

namespace catenet::posix {

EpollEntry::EpollEntry(Epoll& on, SocketFile& of, int number, const epoll_event& wanted)
    : epoll(on), file(of), fd(number), event(wanted) {
  file.add(*this);
}

EpollEntry::~EpollEntry() {
  file.remove(*this);
  if (queued) {
    epoll.ready_.remove(this);
  }
}

void EpollEntry::forget() { epoll.entries_.erase({fd, &file}); }

std::uint32_t EpollEntry::reportable() const {
  return disabled ? 0 : static_cast<std::uint32_t>(file.events()) & (event.events | EPOLLERR | EPOLLHUP);
}

void EpollEntry::look(bool news) {
  if (((event.events & EPOLLET) == 0 || news) && reportable() != 0) {
    epoll.queue(*this);
  }
}

void EpollEntry::change(const epoll_event& wanted) {
  event = wanted;
  disabled = false;
  look(true);
}

int Epoll::events() const {
  for (const EpollEntry* entry : ready_) {
    if (entry->reportable() != 0) {
      return POLLIN | POLLRDNORM;
    }
  }
  return 0;
}

void Epoll::queue(EpollEntry& entry) {
  if (!entry.queued) {
    entry.queued = true;
    ready_.push_back(&entry);
  }
  host_.table().wake_all(waiters_);
}

Result<void> Epoll::control(int operation, int fd, SocketFile& file, const epoll_event* event) {
  constexpr std::uint32_t kKnown = EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLERR | EPOLLHUP | EPOLLRDHUP | EPOLLRDNORM |
                                   EPOLLRDBAND | EPOLLWRNORM | EPOLLWRBAND | EPOLLMSG | EPOLLET | EPOLLONESHOT;
  if (operation != EPOLL_CTL_ADD && operation != EPOLL_CTL_MOD && operation != EPOLL_CTL_DEL) {
    return fail(EINVAL, "not an operation of epoll_ctl");
  }
  if (operation != EPOLL_CTL_DEL && (event->events & ~kKnown) != 0) {
    return fail(EINVAL, "an event of epoll that is not there");
  }
  const auto found = entries_.find({fd, &file});
  if (operation == EPOLL_CTL_ADD) {
    if (found != entries_.end()) {
      return fail(EEXIST, "in the epoll instance already");
    }
    auto entry = std::make_unique<EpollEntry>(*this, file, fd, *event);
    EpollEntry& added = *entry;
    entries_.emplace(Key{fd, &file}, std::move(entry));
    added.look(true);
    return {};
  }
  if (found == entries_.end()) {
    return fail(ENOENT, "not in the epoll instance");
  }
  if (operation == EPOLL_CTL_MOD) {
    found->second->change(*event);
  } else {
    entries_.erase(found);
  }
  return {};
}

int Epoll::collect(std::span<epoll_event> out) {
  std::size_t n = 0;
  std::list<EpollEntry*> again;
  while (!ready_.empty() && n < out.size()) {
    EpollEntry& entry = *ready_.front();
    const std::uint32_t events = entry.reportable();
    if (events == 0) {
      ready_.pop_front();
      entry.queued = false;
      continue;
    }
    out[n].events = events;
    out[n].data = entry.event.data;
    ++n;
    if ((entry.event.events & EPOLLONESHOT) != 0) {
      entry.disabled = true;
    }
    if ((entry.event.events & (EPOLLET | EPOLLONESHOT)) != 0) {
      ready_.pop_front();
      entry.queued = false;
    } else {
      again.splice(again.end(), ready_, ready_.begin());
    }
  }
  ready_.splice(ready_.end(), again);
  return static_cast<int>(n);
}

int Epoll::wait(std::span<epoll_event> out, Instant deadline) {
  for (;;) {
    if (const int n = collect(out); n > 0 || deadline <= host_.now()) {
      return n;
    }
    if (!wait_for(waiters_, deadline)) {
      return collect(out);
    }
  }
}

}  // namespace catenet::posix
