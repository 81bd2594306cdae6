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
  /// A path that was down for minutes may leave a rate of bytes an hour, and only an answer to something sent mends it.
  static constexpr Duration kLongestWait = Duration::seconds(1);
  /// `bytes` go now; `rate` is in bytes per second, 0: no limit.
  void on_sent(std::uint32_t bytes, std::uint64_t rate, Instant now) {
    const Instant next = std::max(now, next_send_at_) + BitRate::bps(rate * 8).transmission_time(bytes, remainder_);
    next_send_at_ = std::min(next, now + kLongestWait);
  }

 private:
  Instant next_send_at_;
  std::uint64_t remainder_ = 0;
};

}  // namespace catenet::transport
