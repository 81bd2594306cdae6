// SPDX-License-Identifier: Apache-2.0
#include "catenet/transport/tcp/congestion/hystart.h"

#include <algorithm>

namespace catenet::transport {

void HyStart::on_ack(std::uint32_t ack, std::uint32_t snd_nxt, Duration rtt) {
  if (phase_ == Phase::over) {
    return;
  }
  if (rounds_.on_ack(ack, snd_nxt)) {
    end_round();
  }
  if (rtt > Duration{}) {
    current_min_ = std::min(current_min_, rtt);
    ++samples_;
  }
  if (samples_ < kRttSamples) {
    return;
  }
  if (phase_ == Phase::slow_start && last_min_ != Duration::max()) {
    const Duration threshold = std::clamp(last_min_ / kMinRttDivisor, kMinRttThresh, kMaxRttThresh);
    if (current_min_ >= last_min_ + threshold) {
      baseline_ = current_min_;
      css_rounds_ = 0;
      phase_ = Phase::css;
    }
  } else if (phase_ == Phase::css && current_min_ < baseline_) {  // it was jitter, not a queue
    baseline_ = Duration::max();
    phase_ = Phase::slow_start;
  }
}

// The round in which CSS began counts, though it was only a part of one.
void HyStart::end_round() {
  last_min_ = current_min_;
  current_min_ = Duration::max();
  samples_ = 0;
  if (phase_ == Phase::css && ++css_rounds_ >= kCssRounds) {
    phase_ = Phase::over;
  }
}

}  // namespace catenet::transport
