// SPDX-License-Identifier: Apache-2.0
#include "catenet/transport/tcp/congestion/cubic.h"

#include <algorithm>

namespace catenet::transport {
namespace {

constexpr unsigned kTimeShift = 20;                           // times in 2^-20 s
constexpr std::int64_t kMaxDistance = std::int64_t{1} << 27;  // 128 s from K the curve is off every scale
constexpr Duration kMaxEpoch = Duration::seconds(1000);       // so that the conversion cannot overflow
constexpr std::uint32_t kBetaPercent = 70;                    // beta_cubic
constexpr std::uint32_t kBetaEcnPercent = 85;                 // RFC 8511 3.1
constexpr std::uint64_t kAlphaNumerator = 9;                  // alpha_cubic = 3 (1 - beta) / (1 + beta) = 9/17
constexpr std::uint64_t kAlphaDenominator = 17;

std::int64_t to_ticks(Duration t) { return (std::min(t, kMaxEpoch).ns() << kTimeShift) / 1'000'000'000; }

}  // namespace

std::uint32_t integer_cube_root(std::uint64_t n) {
  std::uint64_t root = 0;
  for (int shift = 63; shift >= 0; shift -= 3) {  // digit by digit, as with pencil and paper
    root <<= 1;
    const std::uint64_t step = 3 * root * (root + 1) + 1;  // (root + 1)^3 - root^3
    if (n >> shift >= step) {
      n -= step << shift;
      ++root;
    }
  }
  return static_cast<std::uint32_t>(root);
}

Cubic::Cubic(std::uint32_t mss, std::uint32_t initial_window) : mss_(mss), initial_window_(initial_window) {
  cwnd_ = initial_window;
}

void Cubic::on_ack(const AckEvent& event) {
  if (event.recovering) {
    return;
  }
  if (cwnd_ < ssthresh_) {
    slow_start(event);
    return;
  }
  if (!event.cwnd_limited) {
    if (curve_.paused_at.is_never()) {
      curve_.paused_at = event.now;
    }
    return;
  }
  if (curve_.epoch_start.is_never()) {
    begin_epoch(event.now);
  } else if (!curve_.paused_at.is_never()) {
    curve_.epoch_start +=
        event.now - curve_.paused_at;  // RFC 9438 4.2: t leaves out the time in which the window was not used
    curve_.paused_at = Instant::never();
  }
  avoid_congestion(event);
}

void Cubic::slow_start(const AckEvent& event) {
  const bool initial = ssthresh_ == 0xffffffff;
  std::uint32_t growth = 0;
  if (initial) {
    hystart_.on_ack(event.ack, event.snd_nxt, event.rtt);
    growth = event.boundless ? event.acked : std::min(event.acked, HyStart::kLimit * mss_);
    if (hystart_.phase() == HyStart::Phase::css) {
      growth /= HyStart::kCssGrowthDivisor;
    }
  } else {
    // RFC 3465 2.3: after a timeout one acknowledgement may cover much that had arrived long before.
    growth = std::min({event.acked, (curve_.after_timeout ? 1 : 2) * mss_, ssthresh_ - cwnd_});
  }
  if (event.cwnd_limited) {
    cwnd_ = std::min(cwnd_ + growth, kMaxCwnd);
  }
  if (initial && hystart_.phase() == HyStart::Phase::over) {
    ssthresh_ = cwnd_;
    curve_.cwnd_prior = cwnd_;
  }
}

void Cubic::begin_epoch(Instant now) {
  curve_.epoch_start = now;
  curve_.paused_at = Instant::never();
  credit_ = est_credit_ = 0;
  curve_.w_est = cwnd_;
  if (curve_.after_timeout || curve_.w_max <= cwnd_) {  // 4.8; and 4.10: slow start ended without a loss
    curve_.w_max = cwnd_;
    curve_.k = 0;
    curve_.after_timeout = false;
    return;
  }
  // K = cbrt((W_max - cwnd_epoch) / C) with C = 0.4 segments/s^3; the root is taken in 2^-12 s.
  const std::uint64_t cube = (std::uint64_t{curve_.w_max - cwnd_} * 5 << 36) / (2 * std::uint64_t{mss_});
  curve_.k = std::int64_t{integer_cube_root(cube)} << (kTimeShift - 12);
}

std::int64_t Cubic::w_cubic(Duration t) const {
  const std::int64_t d = std::clamp(to_ticks(t) - curve_.k, -kMaxDistance, kMaxDistance);
  const std::int64_t square = d * d >> kTimeShift;
  const std::int64_t cube = square * (d < 0 ? -d : d) >> kTimeShift;
  const std::int64_t distance = (cube * 2 * mss_ / 5) >> kTimeShift;
  return std::max<std::int64_t>(d < 0 ? curve_.w_max - distance : curve_.w_max + distance, 0);
}

void Cubic::avoid_congestion(const AckEvent& event) {
  const Duration t = event.now - curve_.epoch_start;
  // 4.3: what Reno would have. Once it is back where it was, it grows by a full segment per round trip.
  const std::uint64_t segment = std::uint64_t{event.acked} * mss_;
  est_credit_ += segment * (curve_.w_est < curve_.cwnd_prior ? kAlphaNumerator : kAlphaDenominator);
  const std::uint64_t whole = kAlphaDenominator * cwnd_;
  if (est_credit_ >= whole) {
    curve_.w_est = static_cast<std::uint32_t>(std::min<std::uint64_t>(curve_.w_est + est_credit_ / whole, kMaxCwnd));
    est_credit_ %= whole;
  }
  if (w_cubic(t) < curve_.w_est) {
    cwnd_ = std::max(cwnd_, curve_.w_est);
    return;
  }
  // 4.4 and 4.5: towards where the curve will be in a round trip, at most 1.5 times as far.
  const std::int64_t target = std::min<std::int64_t>(w_cubic(t + event.srtt), std::int64_t{cwnd_} * 3 / 2);
  if (target <= cwnd_) {
    return;
  }
  const auto distance = static_cast<std::uint64_t>(target - cwnd_);
  credit_ += distance * event.acked;
  if (credit_ >= cwnd_) {
    const std::uint64_t growth = std::min(credit_ / cwnd_, distance);
    credit_ %= cwnd_;
    cwnd_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(cwnd_ + growth, kMaxCwnd));
  }
}

// 4.6 and 4.7. Fast convergence: who has just lost share makes room for newcomers.
void Cubic::reduce(std::uint32_t flight, std::uint32_t percent) {
  curve_.cwnd_prior = cwnd_;
  curve_.w_max =
      cwnd_ < curve_.w_max ? static_cast<std::uint32_t>(std::uint64_t{cwnd_} * (100 + kBetaPercent) / 200) : cwnd_;
  const std::uint64_t share = std::uint64_t{flight} * percent / 100;
  ssthresh_ = std::max(static_cast<std::uint32_t>(share), 2 * mss_);
  curve_.epoch_start = curve_.paused_at = Instant::never();
}

void Cubic::on_fast_retransmit(std::uint32_t flight, Instant /*now*/) {
  reduce(flight, kBetaPercent);
  cwnd_ = ssthresh_;
  curve_.after_timeout = false;
}

void Cubic::on_recovery_end(std::uint32_t flight, Instant /*now*/) {
  cwnd_ = std::min(ssthresh_, std::max(flight, mss_) + mss_);  // RFC 6582 3.2 step 3, option 1: no burst
}

void Cubic::on_ecn(std::uint32_t flight, Instant /*now*/) {
  reduce(flight, kBetaEcnPercent);
  cwnd_ = std::min(cwnd_, ssthresh_);
  curve_.after_timeout = false;
}

void Cubic::on_timeout(std::uint32_t flight, bool first, Instant /*now*/) {
  if (first) {
    reduce(flight, kBetaPercent);
  }
  cwnd_ = mss_;  // the loss window
  curve_.after_timeout = true;
}

void Cubic::save_undo() {
  CongestionControl::save_undo();
  undo_ = curve_;
}

void Cubic::undo() {
  CongestionControl::undo();
  curve_ = undo_;
}

// As NewReno; the curve starts anew from where slow start ends.
void Cubic::on_idle(Instant /*now*/) {
  ssthresh_ = std::max(ssthresh_, cwnd_ / 4 * 3);
  cwnd_ = std::min(cwnd_, initial_window_);
  curve_.epoch_start = curve_.paused_at = Instant::never();
}

}  // namespace catenet::transport
