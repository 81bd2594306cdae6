// SPDX-License-Identifier: Apache-2.0
// The machine's clock that never goes back; source: clock_gettime(2).
#pragma once
#include <time.h>

#include <cstdint>

namespace catenet::live {

/// CLOCK_MONOTONIC in nanoseconds. May be called between fork and exec.
inline std::int64_t monotonic_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

}  // namespace catenet::live
