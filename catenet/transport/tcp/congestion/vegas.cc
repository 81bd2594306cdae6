// SPDX-License-Identifier: Apache-2.0
#include "catenet/transport/tcp/congestion/vegas.h"

#include <algorithm>

namespace catenet::transport {

void Vegas::on_ack(const AckEvent& event) {
  if (event.rtt > Duration{}) {
    base_rtt_ = std::min(base_rtt_, event.rtt);
    round_rtt_ = std::min(round_rtt_, event.rtt);
  }
  if (rounds_.on_ack(event.ack, event.snd_nxt)) {
    if (!event.recovering && round_rtt_ != Duration::max()) {
      end_round(event.cwnd_limited);
    }
    round_rtt_ = Duration::max();
  }
  if (cwnd_ < ssthresh_ && !hold_) {
    NewReno::on_ack(event);
  }
}

void Vegas::end_round(bool cwnd_limited) {
  // Diff = (Expected - Actual) BaseRTT, in bytes: what of the window waits in queues.
  const auto rtt = static_cast<std::uint64_t>(round_rtt_.us()) + 1;
  const auto extra = static_cast<std::uint64_t>((round_rtt_ - base_rtt_).us());
  const auto waiting = static_cast<std::uint32_t>(cwnd_ * extra / rtt);
  if (cwnd_ < ssthresh_) {
    if (waiting > kGamma * mss_) {  // what waits is too much; the rest is what the path holds
      cwnd_ = std::max(cwnd_ - waiting + mss_, 2 * mss_);
      ssthresh_ = cwnd_;
      hold_ = false;
    } else {
      hold_ = !hold_;
    }
  } else if (waiting > kBeta * mss_) {
    cwnd_ = std::max(cwnd_ - mss_, 2 * mss_);
    ssthresh_ = std::min(ssthresh_, cwnd_);
  } else if (waiting < kAlpha * mss_ && cwnd_limited) {
    cwnd_ = std::min(cwnd_ + mss_, kMaxCwnd);
  }
}

// Whatever the window was, round trips are measured anew.
void Vegas::on_timeout(std::uint32_t flight, bool first, Instant now) {
  NewReno::on_timeout(flight, first, now);
  rounds_.restart();
  round_rtt_ = Duration::max();
  hold_ = false;
}

}  // namespace catenet::transport
