// SPDX-License-Identifier: Apache-2.0
// RttEstimator: smoothed round-trip time and retransmission timeout (RFC 6298), integers only.
#pragma once
#include <algorithm>
#include <cstdint>

#include "catenet/base/time.h"

namespace catenet::transport {

class RttEstimator {
 public:
  /// The clock's granularity G of RFC 6298 2.2: the timers are exact to the nanosecond, the timestamps to this.
  static constexpr Duration kGranularity = Duration::milliseconds(1);
  static constexpr Duration kAfterLostSyn = Duration::seconds(3);  ///< RFC 6298 5.7

  /// A measurement of a segment that was sent once (Karn), or by timestamp. Ends the back-off (RFC 6298 5).
  void sample(Duration r) {
    backoff_ = 0;
    r = std::max(r, Duration::nanoseconds(1));
    if (srtt_ == Duration{}) {  // 2.2
      srtt_ = r;
      rttvar_ = r / 2;
      return;
    }
    const Duration difference = r > srtt_ ? r - srtt_ : srtt_ - r;  // 2.3: RTTVAR first, with the old SRTT
    rttvar_ += (difference - rttvar_) / 4;
    srtt_ += (r - srtt_) / 8;
  }
  void back_off() { backoff_ = static_cast<std::uint8_t>(std::min(backoff_ + 1, 30)); }  // 5.5
  /// 5.7: the timer expired while the SYN was under way; data start at 3 s when nothing was measured.
  void syn_was_retransmitted() {
    backoff_ = 0;
    after_lost_syn_ = true;
  }

  [[nodiscard]] bool has_sample() const { return srtt_ != Duration{}; }
  [[nodiscard]] Duration srtt() const { return srtt_; }
  [[nodiscard]] Duration rttvar() const { return rttvar_; }
  /// SRTT + max(G, 4 RTTVAR), not clamped; zero without a sample.
  [[nodiscard]] Duration unclamped_rto() const { return srtt_ + std::max(kGranularity, rttvar_ * 4); }
  /// The timeout to arm, back-off included. `initial` counts until there is a sample.
  [[nodiscard]] Duration rto(Duration initial, Duration floor, Duration ceiling) const {
    return backed_off(backoff_, initial, floor, ceiling);
  }
  /// The timeout doubled `times` times, for timers with a back-off of their own (persist).
  [[nodiscard]] Duration backed_off(unsigned times, Duration initial, Duration floor, Duration ceiling) const {
    Duration timeout = has_sample() ? std::max(unclamped_rto(), floor)
                                    : std::max(initial, after_lost_syn_ ? kAfterLostSyn : Duration{});
    for (; times > 0 && timeout < ceiling; --times) {
      timeout += timeout;
    }
    return std::min(timeout, ceiling);
  }

 private:
  Duration srtt_;
  Duration rttvar_;
  std::uint8_t backoff_ = 0;
  bool after_lost_syn_ = false;
};

}  // namespace catenet::transport
