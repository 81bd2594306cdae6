// SPDX-License-Identifier: Apache-2.0
// poll, select and epoll. A descriptor of the machine is always ready, as Linux says of files; waiting is for sockets.
#include <sys/epoll.h>
#include <sys/select.h>

#include <vector>

#include "catenet/posix/abi.h"
#include "catenet/posix/epoll.h"

namespace catenet::posix {
namespace {

namespace ready = socket::ready;

Instant deadline_in(int milliseconds) {
  return milliseconds < 0 ? Instant::never() : self().now() + Duration::milliseconds(milliseconds);
}

unsigned interest_of(int events) {
  unsigned mask = 0;
  mask |= (events & (POLLIN | POLLRDNORM)) != 0 ? ready::kRead : 0;
  mask |= (events & (POLLOUT | POLLWRNORM)) != 0 ? ready::kWrite : 0;
  mask |= (events & POLLRDHUP) != 0 ? ready::kPeerShut : 0;
  return mask | ready::kErrorQueue;  // POLLERR always counts
}

int look(std::span<pollfd> set) {
  int count = 0;
  for (pollfd& p : set) {
    p.revents = 0;
    if (p.fd >= 0) {
      const auto file = self().file(p.fd);
      p.revents =
          file ? static_cast<short>((*file)->events() & (p.events | POLLERR | POLLHUP)) : static_cast<short>(POLLNVAL);
    }
    count += p.revents != 0 ? 1 : 0;
  }
  return count;
}

Result<int> poll_until(std::span<pollfd> set, Instant deadline) {
  std::vector<Interest> interests;
  for (const pollfd& p : set) {
    if (const auto file = self().file(p.fd)) {
      if ((*file)->epoll() != nullptr) {
        return fail(EINVAL, "an epoll instance cannot be polled");
      }
      if (SocketFile* socket = (*file)->socket(); socket != nullptr) {
        interests.push_back({socket->number(), interest_of(p.events)});
      }
    }
  }
  for (;;) {
    if (const int count = look(set); count > 0 || deadline <= self().now()) {
      return count;
    }
    if (!wait_for(interests, deadline)) {
      return look(set);
    }
  }
}

Result<Instant> deadline_of(const timespec* limit) {
  if (limit == nullptr) {
    return Instant::never();
  }
  if (limit->tv_sec < 0 || limit->tv_nsec < 0 || limit->tv_nsec >= 1'000'000'000) {
    return fail(EINVAL, "not a time");
  }
  constexpr std::int64_t kLongest = 1'000'000'000;  // seconds; longer is for ever
  return limit->tv_sec > kLongest
             ? Instant::never()
             : self().now() + Duration::seconds(limit->tv_sec) + Duration::nanoseconds(limit->tv_nsec);
}

constexpr int kReadable = POLLIN | POLLRDNORM | POLLHUP | POLLERR;  // Linux's POLLIN_SET, POLLOUT_SET
constexpr int kWritable = POLLOUT | POLLWRNORM | POLLERR;

Result<int> select_until(int count, fd_set* read, fd_set* write, fd_set* except, Instant deadline) {
  if (count < 0) {
    return fail(EINVAL, "a negative number of descriptors");
  }
  std::vector<pollfd> set;
  for (int fd = 0; fd < std::min(count, FD_SETSIZE); ++fd) {
    short events = 0;
    events |= read != nullptr && FD_ISSET(fd, read) ? POLLIN : 0;
    events |= write != nullptr && FD_ISSET(fd, write) ? POLLOUT : 0;
    events |= except != nullptr && FD_ISSET(fd, except) ? POLLPRI : 0;
    if (events != 0) {
      if (!self().file(fd)) {
        return fail(EBADF, "a set has a number that is no descriptor");
      }
      set.push_back({fd, events, 0});
    }
  }
  // A hang-up makes readable, and is no event for who only wants to write: poll() would spin on it.
  for (;;) {
    const auto polled = poll_until(set, deadline);
    if (!polled) {
      return polled;
    }
    int found = 0;
    const bool over = *polled == 0 || deadline <= self().now();
    for (const pollfd& p : set) {
      found += (p.events & POLLIN) != 0 && (p.revents & kReadable) != 0 ? 1 : 0;
      found += (p.events & POLLOUT) != 0 && (p.revents & kWritable) != 0 ? 1 : 0;
    }
    if (found == 0 && !over) {
      constexpr Duration kStep = Duration::milliseconds(10);
      wait_until(std::min(deadline, self().now() + kStep));
      continue;
    }
    for (fd_set* one : {read, write, except}) {
      for (int fd = 0; one != nullptr && fd < std::min(count, FD_SETSIZE); ++fd) {
        FD_CLR(fd, one);
      }
    }
    for (const pollfd& p : set) {
      if ((p.events & POLLIN) != 0 && (p.revents & kReadable) != 0) {
        FD_SET(p.fd, read);
      }
      if ((p.events & POLLOUT) != 0 && (p.revents & kWritable) != 0) {
        FD_SET(p.fd, write);
      }
    }
    return found;
  }
}

Result<std::shared_ptr<OpenFile>> epoll_at(int fd) {
  auto file = self().file(fd);
  if (file && (*file)->epoll() == nullptr) {
    return fail(EINVAL, "not an epoll instance");
  }
  return file;
}

Result<void> control(int epoll, int operation, int fd, const epoll_event* event) {
  const auto instance = self().file(epoll);
  const auto file = self().file(fd);
  if (!instance || !file) {
    return fail(EBADF, "not an open descriptor");
  }
  if (operation != EPOLL_CTL_DEL && event == nullptr) {
    return fail(EFAULT, "no event");
  }
  if ((*file)->socket() == nullptr && (*file)->epoll() == nullptr) {
    return fail(EPERM, "only sockets can be watched");
  }
  if ((*instance)->epoll() == nullptr || (*file)->epoll() != nullptr) {
    return fail(EINVAL, "not an epoll instance, or one inside another");
  }
  return (*instance)->epoll()->control(operation, fd, *(*file)->socket(), event);
}

}  // namespace
}  // namespace catenet::posix

using namespace catenet::posix;
using catenet::Duration;
using catenet::Instant;

extern "C" {

int catenet_posix_poll(pollfd* set, nfds_t count, int timeout) {
  return static_cast<int>(answer(poll_until({set, count}, deadline_in(timeout))));
}

int catenet_posix_ppoll(pollfd* set, nfds_t count, const timespec* timeout, const sigset_t*) {
  const auto deadline = deadline_of(timeout);
  return static_cast<int>(answer(deadline ? poll_until({set, count}, *deadline) : std::unexpected(deadline.error())));
}

int catenet_posix_pselect(int count, fd_set* read, fd_set* write, fd_set* except, const timespec* timeout,
                          const sigset_t*) {
  const auto deadline = deadline_of(timeout);
  return static_cast<int>(
      answer(deadline ? select_until(count, read, write, except, *deadline) : std::unexpected(deadline.error())));
}

// Linux writes back how much of the time is left.
int catenet_posix_select(int count, fd_set* read, fd_set* write, fd_set* except, timeval* timeout) {
  timespec limit{};
  if (timeout != nullptr) {
    if (timeout->tv_sec < 0 || timeout->tv_usec < 0) {
      return refuse(EINVAL);
    }
    limit.tv_sec = timeout->tv_sec + timeout->tv_usec / 1'000'000;
    limit.tv_nsec = timeout->tv_usec % 1'000'000 * 1'000;
  }
  const Instant deadline = deadline_of(timeout != nullptr ? &limit : nullptr).value_or(Instant::never());
  const auto found = select_until(count, read, write, except, deadline);
  if (timeout != nullptr && !deadline.is_never()) {
    const Duration left = std::max(Duration{}, deadline - self().now());
    timeout->tv_sec = left.ns() / 1'000'000'000;
    timeout->tv_usec = left.us() % 1'000'000;
  }
  return static_cast<int>(answer(found));
}

int catenet_posix_epoll_create1(int flags) {
  if ((flags & ~EPOLL_CLOEXEC) != 0) {
    return refuse(EINVAL);
  }
  return static_cast<int>(answer(self().open(std::make_shared<Epoll>(self().host()), (flags & EPOLL_CLOEXEC) != 0)));
}

int catenet_posix_epoll_create(int size) { return size <= 0 ? refuse(EINVAL) : catenet_posix_epoll_create1(0); }

int catenet_posix_epoll_ctl(int epoll, int operation, int fd, epoll_event* event) {
  return static_cast<int>(answer(control(epoll, operation, fd, event)));
}

int catenet_posix_epoll_wait(int epoll, epoll_event* events, int count, int timeout) {
  const auto instance = epoll_at(epoll);
  if (!instance) {
    return refuse(instance.error().code);
  }
  if (count <= 0) {
    return refuse(EINVAL);
  }
  return (*instance)->epoll()->wait({events, static_cast<std::size_t>(count)}, deadline_in(timeout));
}

int catenet_posix_epoll_pwait(int epoll, epoll_event* events, int count, int timeout, const sigset_t*) {
  return catenet_posix_epoll_wait(epoll, events, count, timeout);
}

}  // extern "C"
