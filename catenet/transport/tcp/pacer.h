// SPDX-License-Identifier: Apache-2.0
// Pacer: when the next segment may go (C.next_send_time, draft-ietf-ccwg-bbr-06 5.6.2). What is left of a nanosecond
// counts for the next one, so that no rate drifts.
#pragma once
#include <algorithm>
#include <cstdint>

#include "catenet/base/rate.h"
#include "catenet/base/time.h"

namespace catenet::transport {

class Pacer {
 public:
  [[nodiscard]] Instant next_send_at() const { return next_send_at_; }
  /// `bytes` go now; `rate` is in bytes per second, 0: no limit.
  void on_sent(std::uint32_t bytes, std::uint64_t rate, Instant now) {
    next_send_at_ = std::max(now, next_send_at_) + BitRate::bps(rate * 8).transmission_time(bytes, remainder_);
  }

 private:
  Instant next_send_at_;
  std::uint64_t remainder_ = 0;
};

}  // namespace catenet::transport
