// SPDX-License-Identifier: Apache-2.0
#include "catenet/transport/tcp/congestion/new_reno.h"

#include <algorithm>

namespace catenet::transport {

NewReno::NewReno(std::uint32_t mss, std::uint32_t initial_window) : mss_(mss), initial_window_(initial_window) {
  cwnd_ = initial_window;
}

void NewReno::on_ack(const AckEvent& event) {
  if (event.cwnd_limited && !event.recovering) {
    grow(event);
  }
}

void NewReno::grow(const AckEvent& event) {
  if (cwnd_ < ssthresh_) {  // RFC 5681 3.1 (2)
    cwnd_ = std::min(cwnd_ + std::min(event.acked, mss_), kMaxCwnd);
    return;
  }
  // RFC 5681 3.1, counting bytes: one segment for each window of data acknowledged.
  acked_ += event.acked;
  if (acked_ >= cwnd_) {
    acked_ -= cwnd_;
    cwnd_ = std::min(cwnd_ + mss_, kMaxCwnd);
  }
}

std::uint32_t NewReno::share(std::uint32_t flight, std::uint32_t numerator, std::uint32_t denominator) const {
  const std::uint64_t part = std::uint64_t{flight} * numerator / denominator;
  return std::max(static_cast<std::uint32_t>(part), 2 * mss_);
}

void NewReno::on_fast_retransmit(std::uint32_t flight, Instant /*now*/) {
  ssthresh_ = share(flight, 1, 2);  // (4)
  cwnd_ = ssthresh_;
  acked_ = 0;
}

void NewReno::on_recovery_end(std::uint32_t flight, Instant /*now*/) {
  cwnd_ = std::min(ssthresh_, std::max(flight, mss_) + mss_);  // RFC 6582 3.2 step 3, option 1: no burst
  acked_ = 0;
}

void NewReno::on_ecn(std::uint32_t flight, Instant /*now*/) {
  ssthresh_ = share(flight, 4, 5);
  cwnd_ = std::min(cwnd_, ssthresh_);
  acked_ = 0;
}

void NewReno::on_timeout(std::uint32_t flight, bool first, Instant /*now*/) {
  if (first) {
    ssthresh_ = share(flight, 1, 2);
  }
  cwnd_ = mss_;  // the loss window
  acked_ = 0;
}

// RFC 5681 4.1, with what RFC 7661 4.4.3 lets us keep in mind: the path did bear three quarters of this window.
void NewReno::on_idle(Instant /*now*/) {
  ssthresh_ = std::max(ssthresh_, cwnd_ / 4 * 3);
  cwnd_ = std::min(cwnd_, initial_window_);
}

}  // namespace catenet::transport
