// SPDX-License-Identifier: Apache-2.0
// Time: the host's virtual time. The wall's clock starts at a fixed moment, so that a run does not depend on the day.
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "catenet/posix/abi.h"

namespace catenet::posix {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kEpoch = 1'767'225'600;  // 2026-01-01 00:00:00 UTC: when every simulation starts

bool is_wall(clockid_t clock) { return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE; }
bool is_steady(clockid_t clock) {
  return clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE || clock == CLOCK_MONOTONIC_RAW ||
         clock == CLOCK_BOOTTIME;
}

/// Nanoseconds since the epoch.
std::int64_t wall() { return kEpoch * kSecond + self().now().ns(); }

bool is_time(const timespec* t) { return t != nullptr && t->tv_sec >= 0 && t->tv_nsec >= 0 && t->tv_nsec < kSecond; }
Duration duration_of(const timespec& t) {
  constexpr time_t kLongest = 1'000'000'000;  // seconds: thirty years are for ever
  return Duration::seconds(t.tv_sec < kLongest ? t.tv_sec : kLongest) + Duration::nanoseconds(t.tv_nsec);
}
void sleep_for(Duration d) { wait_until(self().now() + d); }

}  // namespace
}  // namespace catenet::posix

using namespace catenet::posix;
using catenet::Duration;
using catenet::Instant;

extern "C" {

int catenet_posix_clock_gettime(clockid_t clock, timespec* out) {
  if (!is_wall(clock) && !is_steady(clock)) {
    return refuse(EINVAL);  // a simulated program uses no processor time
  }
  const std::int64_t ns = is_wall(clock) ? wall() : self().now().ns();
  *out = {ns / kSecond, ns % kSecond};
  return 0;
}

int catenet_posix_clock_getres(clockid_t clock, timespec* out) {
  if (!is_wall(clock) && !is_steady(clock)) {
    return refuse(EINVAL);
  }
  if (out != nullptr) {
    *out = {0, 1};
  }
  return 0;
}

int catenet_posix_gettimeofday(timeval* out, void*) {
  *out = {wall() / kSecond, wall() % kSecond / 1'000};
  return 0;
}

time_t catenet_posix_time(time_t* out) {
  const time_t now = wall() / kSecond;
  if (out != nullptr) {
    *out = now;
  }
  return now;
}

int catenet_posix_nanosleep(const timespec* wanted, timespec*) {
  if (!is_time(wanted)) {
    return refuse(wanted == nullptr ? EFAULT : EINVAL);
  }
  sleep_for(duration_of(*wanted));
  return 0;
}

// Answers the error instead of setting errno (POSIX).
int catenet_posix_clock_nanosleep(clockid_t clock, int flags, const timespec* wanted, timespec*) {
  if ((!is_wall(clock) && !is_steady(clock)) || !is_time(wanted)) {
    return EINVAL;
  }
  if ((flags & TIMER_ABSTIME) == 0) {
    sleep_for(duration_of(*wanted));
  } else {
    wait_until(Instant::from_ns((wanted->tv_sec - (is_wall(clock) ? kEpoch : 0)) * kSecond + wanted->tv_nsec));
  }
  return 0;
}

int catenet_posix_usleep(unsigned microseconds) {
  sleep_for(Duration::microseconds(microseconds));
  return 0;
}

unsigned catenet_posix_sleep(unsigned seconds) {
  sleep_for(Duration::seconds(seconds));
  return 0;
}

// std::chrono's clocks live in the C++ library, which reads the machine's. Their names here are those of the library.
std::int64_t catenet_posix_system_clock_now() { return wall(); }
std::int64_t catenet_posix_steady_clock_now() { return self().now().ns(); }

}  // extern "C"
