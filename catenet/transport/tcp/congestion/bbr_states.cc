// SPDX-License-Identifier: Apache-2.0
// BBR's state machine (draft-ietf-ccwg-bbr-06 5.3).
#include <algorithm>

#include "catenet/base/rng.h"
#include "catenet/transport/tcp/congestion/bbr.h"

namespace catenet::transport {

// 5.6.1.
std::uint32_t Bbr::pacing_gain() const {
  switch (state_) {
    case State::startup:
      return kStartupPacingGain;
    case State::drain:
      return kDrainPacingGain;
    case State::down:
      return kDownPacingGain;
    case State::up:
      return kUpPacingGain;
    case State::cruise:
    case State::refill:
    case State::probe_rtt:
      break;
  }
  return 100;
}

std::uint32_t Bbr::cwnd_gain() const {
  return state_ == State::up ? kUpCwndGain : state_ == State::probe_rtt ? kProbeRttCwndGain : kCwndGain;
}

bool Bbr::is_in_probe_bw() const {
  return state_ == State::down || state_ == State::cruise || state_ == State::refill || state_ == State::up;
}

bool Bbr::is_probing_bw() const { return state_ == State::startup || state_ == State::refill || state_ == State::up; }

// --- Startup and Drain -----------------------------------------------------------------------------------------------

void Bbr::reset_full_bw() {
  full_bw_ = 0;
  full_bw_count_ = 0;
  full_bw_now_ = false;
}

// 5.3.1.2: three rounds without a quarter more. A sample that gave no rate is none.
void Bbr::check_full_bw_reached(const RateSample& rs) {
  if (full_bw_now_ || !round_start_ || rs.is_app_limited || rs.delivery_rate == 0) {
    return;
  }
  if (rs.delivery_rate >= full_bw_ + full_bw_ / 4) {
    reset_full_bw();
    full_bw_ = rs.delivery_rate;
    return;
  }
  full_bw_now_ = ++full_bw_count_ >= 3;
  full_bw_reached_ = full_bw_reached_ || full_bw_now_;
}

// CheckStartupDone(), with CheckStartupHighLoss() (5.3.1.3) first.
void Bbr::check_startup_done(const RateSample& rs) {
  if (state_ != State::startup) {
    return;
  }
  const bool one_is_enough = !rs.has_sack && rs.newly_lost > 0;
  const bool too_many =
      loss_round_start_ && loss_events_ >= kStartupFullLosses && is_inflight_too_high(rs.lost, rs.tx_in_flight);
  if (loss_round_start_) {
    loss_events_ = 0;
  }
  if (rs.recovering && (one_is_enough || too_many)) {
    undo_state_ = State::startup;
    leave_startup_early();
  } else if (full_bw_reached_) {
    enter_drain();
  }
}

void Bbr::leave_startup_early() {
  full_bw_reached_ = true;
  inflight_longterm_ = std::max(bdp_multiple(bw_, 100), inflight_latest_);
  enter_drain();
}

void Bbr::enter_drain() {
  state_ = State::drain;
  drain_start_round_ = round_count_;
}

// 5.3.2.
void Bbr::check_drain_done(const RateSample& rs) {
  if (state_ == State::drain && (rs.in_flight <= inflight(bw_, 100) || round_count_ > drain_start_round_ + 3)) {
    start_down();
  }
}

// --- ProbeBW (5.3.3.9) -----------------------------------------------------------------------------------------------

// With PickProbeWait(): 2 to 3 s, or so many round trips as Reno would need.
void Bbr::start_down() {
  reset_congestion_signals();
  probe_up_acked_per_inc_ = kNoBound;
  Rng random(seed_++);
  rounds_since_probe_up_ = static_cast<std::uint32_t>(random.below(2));
  bw_probe_wait_ = random.between(Duration::seconds(2), Duration::seconds(3));
  cycle_at_ = now_;
  ack_phase_ = AckPhase::probe_stopping;
  start_round();
  state_ = State::down;
}

void Bbr::start_refill() {
  reset_short_term_model();
  bw_probe_up_rounds_ = 0;
  bw_probe_up_acked_ = 0;
  prev_probe_precautionary_ = false;
  ack_phase_ = AckPhase::refilling;
  start_round();
  state_ = State::refill;
}

void Bbr::start_up(const RateSample& rs) {
  is_bw_probe_sample_ = true;
  ack_phase_ = AckPhase::probe_starting;
  start_round();
  reset_full_bw();
  full_bw_ = rs.delivery_rate;
  state_ = State::up;
  raise_inflight_longterm_slope();
}

void Bbr::update_probe_bw_cycle_phase(const RateSample& rs) {
  if (!full_bw_reached_ || adapt_long_term_model(rs)) {
    return;
  }
  switch (state_) {
    case State::down:
    case State::cruise:
      if (is_time_to_probe_bw()) {
        start_refill();
      } else if (state_ == State::down && is_time_to_cruise(rs)) {
        state_ = State::cruise;
      }
      break;
    case State::refill:
      if (round_start_) {  // after one round trip: the first answers to what may be too much are coming
        start_up(rs);
      }
      break;
    case State::up:
      if (is_time_to_go_down(rs)) {
        prev_probe_too_high_ = false;
        start_down();
      }
      break;
    default:
      break;
  }
}

bool Bbr::is_time_to_probe_bw() const {
  const std::uint32_t reno_rounds = std::min(target_inflight() / mss_, 63U);
  return now_ > cycle_at_ + bw_probe_wait_ || rounds_since_probe_up_ >= reno_rounds;
}

bool Bbr::is_time_to_cruise(const RateSample& rs) const {
  return rs.in_flight <= inflight_with_headroom() && rs.in_flight <= inflight(max_bw(), 100);
}

bool Bbr::is_time_to_go_down(const RateSample& rs) {
  if (prev_probe_too_high_ && rs.in_flight >= inflight_longterm_) {  // 5.3.3.6: that was too much the last time
    prev_probe_precautionary_ = true;
    return true;
  }
  if (rs.is_cwnd_limited && cwnd_ >= inflight_longterm_) {  // the bound is what limits, not the path
    reset_full_bw();
    full_bw_ = rs.delivery_rate;
    return false;
  }
  return full_bw_now_;
}

// AdaptLongTermModel(): true if it has changed the state.
bool Bbr::adapt_long_term_model(const RateSample& rs) {
  if (ack_phase_ == AckPhase::probe_starting && round_start_) {
    ack_phase_ = AckPhase::probe_feedback;
  }
  if (ack_phase_ == AckPhase::probe_stopping && round_start_) {  // all that was sent while probing is answered
    is_bw_probe_sample_ = false;
    ack_phase_ = AckPhase::init;
    if (is_in_probe_bw() && !rs.is_app_limited) {
      advance_max_bw_filter();
    }
    if (is_in_probe_bw() && prev_probe_precautionary_ && !prev_probe_too_high_) {
      start_refill();
      return true;
    }
  }
  if (is_inflight_too_high(rs.lost, rs.tx_in_flight) || inflight_longterm_ == kNoBound) {
    return false;
  }
  inflight_longterm_ = std::max(inflight_longterm_, rs.tx_in_flight);
  if (state_ == State::up) {
    probe_inflight_longterm_upward(rs);
  }
  return false;
}

// 5.5.6: a cycle has ended. One without a sample teaches nothing that could replace what is known.
void Bbr::advance_max_bw_filter() {
  if (bw_samples_[1] != 0) {
    bw_samples_ = {bw_samples_[1], 0};
  }
}

void Bbr::raise_inflight_longterm_slope() {
  const std::uint32_t growth_this_round = 1U << bw_probe_up_rounds_;
  bw_probe_up_rounds_ = static_cast<std::uint8_t>(std::min(bw_probe_up_rounds_ + 1, 30));
  probe_up_acked_per_inc_ = std::max(cwnd_ / growth_this_round, mss_);
}

// One segment more in the first round trip, two in the second, four ...
void Bbr::probe_inflight_longterm_upward(const RateSample& rs) {
  if (!rs.is_cwnd_limited || cwnd_ < inflight_longterm_) {
    return;
  }
  bw_probe_up_acked_ += rs.newly_acked;
  if (bw_probe_up_acked_ >= probe_up_acked_per_inc_) {
    const std::uint32_t delta = bw_probe_up_acked_ / probe_up_acked_per_inc_;
    bw_probe_up_acked_ -= delta * probe_up_acked_per_inc_;
    inflight_longterm_ = std::min(inflight_longterm_ + delta * mss_, kMaxCwnd);
  }
  if (round_start_) {
    raise_inflight_longterm_slope();
  }
}

// --- ProbeRTT (5.3.4.3) ----------------------------------------------------------------------------------------------

void Bbr::check_probe_rtt(const RateSample& rs) {
  if (state_ != State::probe_rtt && probe_rtt_expired_ && !idle_restart_) {
    save_cwnd();
    state_ = State::probe_rtt;
    probe_rtt_done_at_ = Instant::never();
    ack_phase_ = AckPhase::probe_stopping;
    start_round();
  }
  if (state_ == State::probe_rtt) {
    handle_probe_rtt(rs);
  }
  idle_restart_ = idle_restart_ && rs.delivered == 0;
}

void Bbr::handle_probe_rtt(const RateSample& rs) {
  if (probe_rtt_done_at_.is_never()) {
    if (rs.in_flight <= probe_rtt_cwnd()) {
      probe_rtt_done_at_ = now_ + kProbeRttDuration;
      probe_rtt_round_done_ = false;
      start_round();
    }
    return;
  }
  probe_rtt_round_done_ = probe_rtt_round_done_ || round_start_;
  if (probe_rtt_round_done_) {
    check_probe_rtt_done();
  }
}

// And ExitProbeRTT() (5.3.4.4).
void Bbr::check_probe_rtt_done() {
  if (probe_rtt_done_at_.is_never() || now_ <= probe_rtt_done_at_) {
    return;
  }
  probe_rtt_min_at_ = now_;  // the next one is due from now
  restore_cwnd();
  reset_short_term_model();
  if (full_bw_reached_) {
    start_down();
    state_ = State::cruise;
  } else {
    state_ = State::startup;
  }
}

}  // namespace catenet::transport
