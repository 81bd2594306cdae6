// SPDX-License-Identifier: Apache-2.0
// Stopwatch: real time that has passed, for progress and for the `wall` part of reports. Nothing that a network does
// may depend on it.
#pragma once
#include <chrono>

namespace catenet {

class Stopwatch {
 public:
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace catenet
