// SPDX-License-Identifier: Apache-2.0
// BBR's model of the path (draft-ietf-ccwg-bbr-06 5.5) and what follows from it for rate and window (5.6).
#include "catenet/transport/tcp/congestion/bbr.h"

#include <algorithm>

namespace catenet::transport {
namespace {

constexpr std::uint64_t kNanoseconds = 1'000'000'000;
constexpr std::uint64_t kMaxPacingRate = 1'000'000'000'000;  // of a peer that acknowledges in no time

// a * b / c, whatever the product.
std::uint64_t bbr_scale(std::uint64_t a, std::uint64_t b, std::uint64_t c) {
  return static_cast<std::uint64_t>(static_cast<unsigned __int128>(a) * b / c);
}

std::uint32_t bbr_percent(std::uint32_t bytes, std::uint32_t share) {
  return static_cast<std::uint32_t>(std::uint64_t{bytes} * share / 100);
}

}  // namespace

Bbr::Bbr(std::uint32_t mss, std::uint32_t initial_window) : mss_(mss), initial_window_(initial_window) {
  cwnd_ = initial_window;
}

// OnInit() (5.2.1).
void Bbr::on_start(Duration srtt, std::uint64_t seed, Instant now) {
  seed_ = seed;
  now_ = now;
  min_rtt_ = srtt > Duration{} ? srtt : Duration::max();
  min_rtt_at_ = probe_rtt_min_at_ = extra_acked_start_ = cycle_at_ = now;
  init_pacing_rate(srtt);
}

// UpdateOnACK() (5.2.3).
bool Bbr::on_rate(const RateSample& rs) {
  now_ = rs.now;
  delivered_ = rs.delivered_total;
  has_sack_ = rs.has_sack;
  tx_in_flight_ = rs.tx_in_flight;
  if (!has_seen_rtt_) {
    init_pacing_rate(rs.srtt);
  }
  if (timed_out_ && !rs.recovering) {
    on_recovery_end(rs.in_flight, rs.now);
  }
  update_latest_delivery_signals(rs);
  update_congestion_signals(rs);
  update_ack_aggregation(rs);
  check_full_bw_reached(rs);
  check_startup_done(rs);
  check_drain_done(rs);
  update_probe_bw_cycle_phase(rs);
  update_min_rtt(rs);
  check_probe_rtt(rs);
  advance_latest_delivery_signals(rs);
  bw_ = std::min(max_bw(), bw_shortterm_);  // BoundBWForModel()
  set_pacing_rate(pacing_gain());
  set_send_quantum();
  set_cwnd(rs);
  return state_ == State::probe_rtt;
}

// HandleRestartFromIdle() (5.4.1).
void Bbr::on_restart(Instant now) {
  now_ = now;
  idle_restart_ = true;
  extra_acked_start_ = now;
  if (is_in_probe_bw()) {
    set_pacing_rate(100);
  } else if (state_ == State::probe_rtt) {
    check_probe_rtt_done();
  }
}

// --- rounds, bandwidth, aggregation, round-trip time -----------------------------------------------------------------

// 5.5.1.
void Bbr::update_round(const RateSample& rs) {
  round_start_ = rs.prior_delivered >= next_round_delivered_;
  if (round_start_) {
    start_round();
    ++round_count_;
    ++rounds_since_probe_up_;
  }
}

// 5.5.10.3, the four that follow too.
void Bbr::update_latest_delivery_signals(const RateSample& rs) {
  bw_latest_ = std::max(bw_latest_, rs.delivery_rate);
  inflight_latest_ = std::max(inflight_latest_, rs.delivered);
  loss_round_start_ = rs.prior_delivered >= loss_round_delivered_;
  if (loss_round_start_) {
    loss_round_delivered_ = delivered_;
  }
}

void Bbr::advance_latest_delivery_signals(const RateSample& rs) {
  if (loss_round_start_) {
    bw_latest_ = rs.delivery_rate;
    inflight_latest_ = rs.delivered;
  }
}

void Bbr::reset_congestion_signals() {
  is_loss_in_round_ = false;
  bw_latest_ = 0;
  inflight_latest_ = 0;
}

void Bbr::update_congestion_signals(const RateSample& rs) {
  update_round(rs);
  if (rs.delivery_rate > 0 && (rs.delivery_rate >= max_bw() || !rs.is_app_limited)) {  // UpdateMaxBw() (5.5.5)
    bw_samples_[1] = std::max(bw_samples_[1], rs.delivery_rate);
  }
  if (loss_round_start_) {
    adapt_lower_bounds();
    is_loss_in_round_ = false;
  }
}

// A round trip with losses while nothing was probed: the path has become narrower, or others have come.
void Bbr::adapt_lower_bounds() {
  if (!is_loss_in_round_ || is_probing_bw()) {
    return;
  }
  if (bw_shortterm_ == kNoBandwidth) {
    bw_shortterm_ = max_bw();
  }
  if (inflight_shortterm_ == kNoBound) {
    inflight_shortterm_ = cwnd_;
  }
  bw_shortterm_ = std::max(bw_latest_, bbr_scale(bw_shortterm_, kBeta, 100));
  inflight_shortterm_ = std::max(inflight_latest_, bbr_percent(inflight_shortterm_, kBeta));
}

void Bbr::reset_short_term_model() {
  bw_shortterm_ = kNoBandwidth;
  inflight_shortterm_ = kNoBound;
}

// 5.5.9: what is acknowledged beyond the rate: paths and hosts that save up acknowledgements.
void Bbr::update_ack_aggregation(const RateSample& rs) {
  const auto elapsed = static_cast<std::uint64_t>((now_ - extra_acked_start_).ns());
  std::uint64_t expected = bbr_scale(bw_, elapsed, kNanoseconds);
  if (extra_acked_delivered_ <= expected) {
    extra_acked_delivered_ = 0;
    extra_acked_start_ = now_;
    expected = 0;
  }
  extra_acked_delivered_ += rs.newly_acked;
  const auto extra = static_cast<std::uint32_t>(std::min<std::uint64_t>(extra_acked_delivered_ - expected, cwnd_));
  (void)extra_acked_.update(full_bw_reached_ ? kExtraAckedRounds : 1, round_count_, extra);
}

// 5.3.4.3.
void Bbr::update_min_rtt(const RateSample& rs) {
  probe_rtt_expired_ = now_ > probe_rtt_min_at_ + kProbeRttInterval;
  if (rs.rtt > Duration{} && (rs.rtt < probe_rtt_min_ || probe_rtt_expired_)) {
    probe_rtt_min_ = rs.rtt;
    probe_rtt_min_at_ = now_;
  }
  if (probe_rtt_min_ < min_rtt_ || now_ > min_rtt_at_ + kMinRttFilter) {
    min_rtt_ = probe_rtt_min_;
    min_rtt_at_ = probe_rtt_min_at_;
  }
}

// --- losses and marks ------------------------------------------------------------------------------------------------

void Bbr::note_congestion() {
  if (!is_loss_in_round_) {
    loss_round_delivered_ = delivered_;
  }
  is_loss_in_round_ = true;
}

void Bbr::note_loss() {
  if (!saved_) {
    save_state();
  }
  note_congestion();
}

bool Bbr::is_inflight_too_high(std::uint32_t lost, std::uint32_t tx_in_flight) const {
  return std::uint64_t{lost} * 100 > std::uint64_t{tx_in_flight} * kLossThresh || (lost > 0 && !has_sack_);
}

// HandleLostPacket() (5.5.10.2). The bound is put where, within this record, the losses became too many.
void Bbr::on_lost(const LostSegment& segment) {
  now_ = segment.now;
  delivered_ = segment.delivered_total;
  note_loss();
  loss_events_ += segment.follows ? 0 : 1;
  if (!is_bw_probe_sample_ || !is_inflight_too_high(segment.lost, segment.tx_in_flight)) {
    return;
  }
  const std::uint32_t inflight_prev = segment.tx_in_flight - std::min(segment.bytes, segment.tx_in_flight);
  const std::uint64_t lost_prev = segment.lost - std::min(segment.bytes, segment.lost);
  const std::uint64_t budget = std::uint64_t{inflight_prev} * kLossThresh;  // in hundredths of a byte
  const std::uint64_t lost_prefix = (budget - std::min(budget, lost_prev * 100)) / (100 - kLossThresh);
  handle_inflight_too_high(inflight_prev + static_cast<std::uint32_t>(lost_prefix), segment.is_app_limited);
}

void Bbr::handle_inflight_too_high(std::uint32_t tx_in_flight, bool is_app_limited) {
  prev_probe_too_high_ = true;
  is_bw_probe_sample_ = false;  // once for each probe
  if (!is_app_limited) {
    inflight_longterm_ = std::max(tx_in_flight, bbr_percent(target_inflight(), kBeta));
  }
  if (state_ == State::up) {
    undo_state_ = State::up;
    start_down();
  }
}

void Bbr::on_ecn(std::uint32_t /*flight*/, Instant now) {
  now_ = now;
  note_congestion();
  if (state_ == State::startup) {
    if (++startup_marks_ >= 2) {
      leave_startup_early();
    }
  } else if (is_bw_probe_sample_) {
    handle_inflight_too_high(tx_in_flight_, false);
  }
}

// OnEnterFastRecovery() (5.6.4.4). A loss probe that repaired the only loss comes here too.
void Bbr::on_fast_retransmit(std::uint32_t /*flight*/, Instant now) {
  now_ = now;
  save_cwnd();
  note_loss();
  recovering_ = true;
}

// OnEnterRTO(), as if nothing were under way any more; what that leaves out comes back with the end of recovery.
void Bbr::on_timeout(std::uint32_t /*flight*/, bool /*first*/, Instant now) {
  now_ = now;
  save_cwnd();
  note_loss();
  recovering_ = timed_out_ = true;
  cwnd_ = mss_;
}

void Bbr::on_recovery_end(std::uint32_t /*flight*/, Instant now) {
  now_ = now;
  recovering_ = timed_out_ = saved_ = false;
  restore_cwnd();
}

void Bbr::save_undo() {
  if (!saved_) {
    save_state();
  }
}

// SaveStateUponLoss() (5.5.11.1).
void Bbr::save_state() {
  saved_ = true;
  save_cwnd();
  undo_state_ = State::drain;
  undo_bw_shortterm_ = bw_shortterm_;
  undo_inflight_shortterm_ = inflight_shortterm_;
  undo_inflight_longterm_ = inflight_longterm_;
}

// HandleSpuriousLossDetection() (5.5.11.2).
void Bbr::undo() {
  recovering_ = timed_out_ = saved_ = false;
  restore_cwnd();
  is_loss_in_round_ = false;
  reset_full_bw();
  bw_shortterm_ = std::max(bw_shortterm_, undo_bw_shortterm_);
  inflight_shortterm_ = std::max(inflight_shortterm_, undo_inflight_shortterm_);
  inflight_longterm_ = std::max(inflight_longterm_, undo_inflight_longterm_);
  if (undo_state_ == State::startup && state_ != State::startup) {
    full_bw_reached_ = false;
    state_ = state_ == State::probe_rtt ? state_ : State::startup;
  } else if (undo_state_ == State::up && state_ != State::up && state_ != State::probe_rtt) {
    start_refill();
  }
  undo_state_ = State::drain;
}

// --- bytes under way -------------------------------------------------------------------------------------------------

// BDPMultiple() (5.6.4.2).
std::uint32_t Bbr::bdp_multiple(std::uint64_t bw, std::uint32_t gain) const {
  if (min_rtt_ == Duration::max()) {
    return initial_window_;
  }
  const std::uint64_t bdp = bbr_scale(bw, static_cast<std::uint64_t>(min_rtt_.ns()), kNanoseconds);
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(bbr_scale(bdp, gain, 100), kMaxCwnd));
}

std::uint32_t Bbr::quantization_budget(std::uint32_t inflight_cap) const {
  const std::uint32_t offload_budget = send_quantum_ == kNoQuantum ? 0 : 3 * send_quantum_;
  const std::uint32_t cap = std::max({inflight_cap, offload_budget, min_pipe_cwnd()});
  return cap + (state_ == State::up ? 2 * mss_ : 0);
}

std::uint32_t Bbr::inflight(std::uint64_t bw, std::uint32_t gain) const {
  return quantization_budget(bdp_multiple(bw, gain));
}

// 5.3.3.8.
std::uint32_t Bbr::target_inflight() const { return std::min(bdp_multiple(bw_, 100), cwnd_); }

// 5.3.3.9.
std::uint32_t Bbr::inflight_with_headroom() const {
  if (inflight_longterm_ == kNoBound) {
    return kNoBound;
  }
  const std::uint32_t headroom = std::max(mss_, bbr_percent(inflight_longterm_, kHeadroom));
  return std::max(inflight_longterm_ - std::min(headroom, inflight_longterm_), min_pipe_cwnd());
}

std::uint32_t Bbr::probe_rtt_cwnd() const { return std::max(bdp_multiple(bw_, kProbeRttCwndGain), min_pipe_cwnd()); }

// SetCwnd() (5.6.4.6).
void Bbr::set_cwnd(const RateSample& rs) {
  const std::uint32_t max_inflight =
      quantization_budget(std::min(bdp_multiple(bw_, cwnd_gain()) + extra_acked_.value(), kMaxCwnd));
  const std::uint32_t grown = std::min(cwnd_ + rs.newly_acked, kMaxCwnd);
  if (full_bw_reached_) {
    cwnd_ = std::min(grown, max_inflight);
  } else if (cwnd_ < max_inflight || delivered_ < initial_window_) {
    cwnd_ = grown;
  }
  cwnd_ = std::max(cwnd_, min_pipe_cwnd());
  if (state_ == State::probe_rtt) {
    cwnd_ = std::min(cwnd_, probe_rtt_cwnd());
  }
  bound_cwnd_for_model();
}

// 5.6.4.7.
void Bbr::bound_cwnd_for_model() {
  std::uint32_t cap = kNoBound;
  if (state_ == State::cruise || state_ == State::probe_rtt) {
    cap = inflight_with_headroom();
  } else if (is_in_probe_bw()) {
    cap = inflight_longterm_;
  }
  cap = std::max(std::min(cap, inflight_shortterm_), min_pipe_cwnd());
  cwnd_ = std::min(cwnd_, cap);
}

void Bbr::save_cwnd() {
  prior_cwnd_ = !recovering_ && state_ != State::probe_rtt ? cwnd_ : std::max(prior_cwnd_, cwnd_);
}

// --- rate ------------------------------------------------------------------------------------------------------------

// InitPacingRate() (5.6.2); again with the first round-trip time, if there was none.
void Bbr::init_pacing_rate(Duration srtt) {
  has_seen_rtt_ = srtt > Duration{};
  const auto round_trip = static_cast<std::uint64_t>((has_seen_rtt_ ? srtt : Duration::milliseconds(1)).ns());
  const std::uint64_t nominal = bbr_scale(initial_window_, kNanoseconds, round_trip);
  pacing_rate_ = std::clamp<std::uint64_t>(bbr_scale(nominal, kStartupPacingGain, 100), 1, kMaxPacingRate);
  set_send_quantum();
}

// SetPacingRateWithGain(): until the pipe is full it only grows.
void Bbr::set_pacing_rate(std::uint32_t gain) {
  const std::uint64_t rate =
      std::min(bbr_scale(bw_, std::uint64_t{gain} * (100 - kPacingMargin), 10'000), kMaxPacingRate);
  if (rate > 0 && (full_bw_reached_ || rate > pacing_rate_)) {
    pacing_rate_ = rate;
  }
}

// 5.6.3: a millisecond's worth.
void Bbr::set_send_quantum() {
  const std::uint64_t quantum = std::min<std::uint64_t>(pacing_rate_ / 1000, kMaxSendQuantum);
  send_quantum_ = std::max(static_cast<std::uint32_t>(quantum), 2 * mss_);
}

}  // namespace catenet::transport
