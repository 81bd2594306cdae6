// SPDX-License-Identifier: Apache-2.0
#include "catenet/live/epoll_loop.h"

#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "catenet/live/monotonic.h"

namespace catenet::live {
namespace {

Instant monotonic() { return Instant::from_ns(monotonic_ns()); }

/// Nanosecond sleep where the kernel has it (Linux 5.11), else whole milliseconds, rounded up.
int wait_for(int epoll, std::span<epoll_event> events, std::optional<Duration> limit) {
  const std::int64_t left = limit ? std::max<std::int64_t>(limit->ns(), 0) : 0;
  const timespec timeout{static_cast<time_t>(left / 1'000'000'000), static_cast<long>(left % 1'000'000'000)};
  const int size = static_cast<int>(events.size());
  int n = ::epoll_pwait2(epoll, events.data(), size, limit ? &timeout : nullptr, nullptr);
  if (n < 0 && errno == ENOSYS) {
    const int ms = static_cast<int>(std::min<std::int64_t>((left + 999'999) / 1'000'000, 3'600'000));
    n = ::epoll_wait(epoll, events.data(), size, limit ? ms : -1);
  }
  return n;
}

}  // namespace

LiveResult<EpollLoop> EpollLoop::create() {
  UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) {
    return os_fail("epoll_create1", errno);
  }
  return EpollLoop(std::move(epoll), monotonic());
}

Instant EpollLoop::now() const { return Instant::zero() + (monotonic() - origin_); }

Result<void> EpollLoop::watch(int fd, Delegate<void()> readable) {
  auto slot = std::find_if(watches_.begin(), watches_.end(), [](const Watch& w) { return w.fd < 0; });
  if (slot == watches_.end()) {
    slot = watches_.emplace(watches_.end());
  }
  const auto index = static_cast<std::uint64_t>(slot - watches_.begin());
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = (std::uint64_t{slot->generation} << 32) | index;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    return fail(errno, "watch a descriptor");
  }
  slot->fd = fd;
  slot->readable = readable;
  return {};
}

void EpollLoop::unwatch(int fd) {
  auto slot = std::find_if(watches_.begin(), watches_.end(), [fd](const Watch& w) { return w.fd == fd; });
  if (fd < 0 || slot == watches_.end()) {
    return;
  }
  (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  *slot = Watch{-1, slot->generation + 1, {}};
}

Result<int> EpollLoop::wait_until(Instant deadline) {
  std::array<epoll_event, 64> events;
  const auto left = deadline.is_never() ? std::nullopt : std::optional(deadline - now());
  const int n = wait_for(epoll_.get(), events, left);
  if (n < 0) {
    return errno == EINTR ? Result<int>(0) : fail(errno, "epoll");
  }
  int called = 0;
  for (int i = 0; i < n; ++i) {
    const auto index = static_cast<std::size_t>(events[i].data.u64 & 0xffffffffU);
    const auto generation = static_cast<std::uint32_t>(events[i].data.u64 >> 32);
    if (watches_[index].fd >= 0 && watches_[index].generation == generation) {
      const Delegate<void()> readable = watches_[index].readable;  // the callback may move watches_
      readable();
      ++called;
    }
  }
  return called;
}

void EpollLoop::set_timer_slack(Duration slack) {
  (void)::prctl(PR_SET_TIMERSLACK, static_cast<unsigned long>(std::max<std::int64_t>(slack.ns(), 1)));
}

LiveResult<SignalWatch> SignalWatch::create(std::initializer_list<int> signals) {
  sigset_t set;
  sigset_t previous;
  sigemptyset(&set);
  for (int number : signals) {
    sigaddset(&set, number);
  }
  UniqueFd fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd) {
    return os_fail("signalfd", errno);
  }
  if (const int code = ::pthread_sigmask(SIG_BLOCK, &set, &previous); code != 0) {
    return os_fail("block signals", code);
  }
  return SignalWatch(std::move(fd), previous);
}

SignalWatch::SignalWatch(SignalWatch&& other) noexcept : fd_(std::move(other.fd_)), previous_(other.previous_) {}

SignalWatch::~SignalWatch() {
  if (fd_) {
    while (next()) {  // taken here, or it would strike when the mask opens
    }
    (void)::pthread_sigmask(SIG_SETMASK, &previous_, nullptr);
  }
}

std::optional<int> SignalWatch::next() {
  signalfd_siginfo info;
  if (::read(fd_.get(), &info, sizeof info) != sizeof info) {
    return std::nullopt;
  }
  return static_cast<int>(info.ssi_signo);
}

}  // namespace catenet::live
