// SPDX-License-Identifier: Apache-2.0
// BBR, third version (draft-ietf-ccwg-bbr-06): keeps a model of the path, its bandwidth and its shortest round trip,
// and sends at that rate with about that much under way. Losses tell where the model is too large, not by themselves
// what to do: random loss of a percent costs little.
//
//   Startup -> Drain -> ProbeBW: Down -> Cruise -> Refill -> Up -> Down ...      and ProbeRTT from any, each 5 s if no
//                                                                                shorter round trip has been seen
// bbr.cc has the model and what follows from it for rate and window, bbr_states.cc the machine. The names are the
// draft's, in our spelling: `_longterm_` bounds come from probing, `_shortterm_` ones from losses between probes.
//
// Where the draft leaves room: a mark (RFC 3168) counts as a loss in its round trip, and as too much under way while
// probing; two windows with marks end Startup. The state for an undo is saved once in each episode of loss.
#pragma once
#include <array>
#include <cstdint>

#include "catenet/transport/tcp/congestion/congestion.h"
#include "catenet/transport/tcp/congestion/rate_control.h"
#include "catenet/transport/tcp/congestion/windowed_max.h"

namespace catenet::transport {

class Bbr final : public CongestionControl, public RateControl {
 public:
  enum class State : std::uint8_t { startup, drain, down, cruise, refill, up, probe_rtt };

  static constexpr std::uint64_t kNoBandwidth = UINT64_MAX;  ///< the draft's Infinity
  static constexpr std::uint32_t kNoBound = UINT32_MAX;

  // Gains and shares in hundredths (2.5 to 2.8, 5.6.1).
  static constexpr std::uint32_t kStartupPacingGain = 277;
  static constexpr std::uint32_t kDrainPacingGain = 50;
  static constexpr std::uint32_t kDownPacingGain = 90;
  static constexpr std::uint32_t kUpPacingGain = 125;
  static constexpr std::uint32_t kCwndGain = 200;
  static constexpr std::uint32_t kUpCwndGain = 225;
  static constexpr std::uint32_t kProbeRttCwndGain = 50;
  static constexpr std::uint32_t kLossThresh = 2;
  static constexpr std::uint32_t kBeta = 70;
  static constexpr std::uint32_t kHeadroom = 15;
  static constexpr std::uint32_t kPacingMargin = 1;

  static constexpr std::uint32_t kMinPipeSegments = 4;
  static constexpr std::uint32_t kExtraAckedRounds = 10;
  static constexpr std::uint32_t kStartupFullLosses = 6;
  static constexpr std::uint32_t kMaxSendQuantum = 64 * 1024;
  static constexpr Duration kMinRttFilter = Duration::seconds(10);
  static constexpr Duration kProbeRttInterval = Duration::seconds(5);
  static constexpr Duration kProbeRttDuration = Duration::milliseconds(200);

  Bbr(std::uint32_t mss, std::uint32_t initial_window);

  [[nodiscard]] CongestionAlgorithm algorithm() const override { return CongestionAlgorithm::bbr; }
  [[nodiscard]] RateControl* rate_control() override { return this; }
  void set_mss(std::uint32_t mss) override { mss_ = mss; }
  void on_ack(const AckEvent& /*event*/) override {}  // on_rate() says more
  void on_fast_retransmit(std::uint32_t flight, Instant now) override;
  void on_recovery_end(std::uint32_t flight, Instant now) override;
  void on_ecn(std::uint32_t flight, Instant now) override;
  void on_timeout(std::uint32_t flight, bool first, Instant now) override;
  void on_idle(Instant /*now*/) override {}  // 5.4: the model keeps, and pacing prevents a burst
  void save_undo() override;
  void undo() override;

  void on_start(Duration srtt, std::uint64_t seed, Instant now) override;
  [[nodiscard]] bool on_rate(const RateSample& rs) override;
  void on_lost(const LostSegment& segment) override;
  void on_restart(Instant now) override;
  [[nodiscard]] std::uint64_t pacing_rate() const override { return pacing_rate_; }
  [[nodiscard]] std::uint32_t send_quantum() const override { return send_quantum_; }

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] std::uint64_t max_bw() const { return std::max(bw_samples_[0], bw_samples_[1]); }
  [[nodiscard]] std::uint64_t bw() const { return bw_; }
  [[nodiscard]] std::uint64_t bw_shortterm() const { return bw_shortterm_; }
  [[nodiscard]] std::uint32_t inflight_shortterm() const { return inflight_shortterm_; }
  [[nodiscard]] std::uint32_t inflight_longterm() const { return inflight_longterm_; }
  [[nodiscard]] Duration min_rtt() const { return min_rtt_; }
  [[nodiscard]] bool full_bw_reached() const { return full_bw_reached_; }
  [[nodiscard]] std::uint32_t round_count() const { return round_count_; }

 private:
  enum class AckPhase : std::uint8_t { init, refilling, probe_starting, probe_feedback, probe_stopping };

  // bbr.cc: the model (5.5)
  void update_latest_delivery_signals(const RateSample& rs);
  void advance_latest_delivery_signals(const RateSample& rs);
  void reset_congestion_signals();
  void update_congestion_signals(const RateSample& rs);
  void update_round(const RateSample& rs);
  void start_round() { next_round_delivered_ = delivered_; }
  void adapt_lower_bounds();
  void reset_short_term_model();
  void update_ack_aggregation(const RateSample& rs);
  void update_min_rtt(const RateSample& rs);
  void note_congestion();
  void note_loss();
  void save_state();
  [[nodiscard]] bool is_inflight_too_high(std::uint32_t lost, std::uint32_t tx_in_flight) const;
  void handle_inflight_too_high(std::uint32_t tx_in_flight, bool is_app_limited);

  // bbr.cc: what follows from it (5.6)
  [[nodiscard]] std::uint32_t bdp_multiple(std::uint64_t bw, std::uint32_t gain) const;
  [[nodiscard]] std::uint32_t quantization_budget(std::uint32_t inflight_cap) const;
  [[nodiscard]] std::uint32_t inflight(std::uint64_t bw, std::uint32_t gain) const;
  [[nodiscard]] std::uint32_t target_inflight() const;
  [[nodiscard]] std::uint32_t inflight_with_headroom() const;
  [[nodiscard]] std::uint32_t min_pipe_cwnd() const { return kMinPipeSegments * mss_; }
  [[nodiscard]] std::uint32_t probe_rtt_cwnd() const;
  void init_pacing_rate(Duration srtt);
  void set_pacing_rate(std::uint32_t gain);
  void set_send_quantum();
  void set_cwnd(const RateSample& rs);
  void bound_cwnd_for_model();
  void save_cwnd();
  void restore_cwnd() { cwnd_ = std::max(cwnd_, prior_cwnd_); }

  // bbr_states.cc (5.3)
  [[nodiscard]] std::uint32_t pacing_gain() const;
  [[nodiscard]] std::uint32_t cwnd_gain() const;
  [[nodiscard]] bool is_in_probe_bw() const;
  [[nodiscard]] bool is_probing_bw() const;
  void reset_full_bw();
  void check_full_bw_reached(const RateSample& rs);
  void check_startup_done(const RateSample& rs);
  void leave_startup_early();
  void enter_drain();
  void check_drain_done(const RateSample& rs);
  void update_probe_bw_cycle_phase(const RateSample& rs);
  [[nodiscard]] bool adapt_long_term_model(const RateSample& rs);
  void advance_max_bw_filter();
  void raise_inflight_longterm_slope();
  void probe_inflight_longterm_upward(const RateSample& rs);
  [[nodiscard]] bool is_time_to_probe_bw() const;
  [[nodiscard]] bool is_time_to_cruise(const RateSample& rs) const;
  [[nodiscard]] bool is_time_to_go_down(const RateSample& rs);
  void start_down();
  void start_refill();
  void start_up(const RateSample& rs);
  void check_probe_rtt(const RateSample& rs);
  void handle_probe_rtt(const RateSample& rs);
  void check_probe_rtt_done();

  std::uint32_t mss_;
  std::uint32_t initial_window_;
  State state_ = State::startup;
  State undo_state_ = State::drain;  // startup or up: losses have ended it; drain: neither
  AckPhase ack_phase_ = AckPhase::init;
  bool has_seen_rtt_ : 1 = false;
  bool has_sack_ : 1 = true;
  bool idle_restart_ : 1 = false;
  bool recovering_ : 1 = false;
  bool timed_out_ : 1 = false;  // recovering, after a timeout
  bool saved_ : 1 = false;      // in this episode of loss
  bool round_start_ : 1 = false;
  bool loss_round_start_ : 1 = false;
  bool is_loss_in_round_ : 1 = false;
  bool full_bw_reached_ : 1 = false;
  bool full_bw_now_ : 1 = false;
  bool is_bw_probe_sample_ : 1 = false;
  bool prev_probe_too_high_ : 1 = false;
  bool prev_probe_precautionary_ : 1 = false;
  bool probe_rtt_expired_ : 1 = false;
  bool probe_rtt_round_done_ : 1 = false;
  std::uint8_t full_bw_count_ = 0;
  std::uint8_t startup_marks_ = 0;
  std::uint8_t bw_probe_up_rounds_ = 0;

  // what goes out
  std::uint64_t pacing_rate_ = 0;
  std::uint32_t send_quantum_ = kNoQuantum;
  std::uint32_t prior_cwnd_ = 0;

  // rounds
  std::uint64_t delivered_ = 0;  // C.delivered at the latest event
  Instant now_;                  // when it was
  std::uint64_t next_round_delivered_ = 0;
  std::uint64_t loss_round_delivered_ = 0;
  std::uint32_t round_count_ = 0;
  std::uint32_t rounds_since_probe_up_ = 0;
  std::uint32_t drain_start_round_ = 0;
  std::uint32_t loss_events_ = 0;  // separate ranges lost in this round, for Startup

  // bandwidth, bytes per second
  std::array<std::uint64_t, 2> bw_samples_{};  // the largest of the ProbeBW cycle before this, and of this
  std::uint64_t bw_ = 0;
  std::uint64_t bw_shortterm_ = kNoBandwidth;
  std::uint64_t bw_latest_ = 0;
  std::uint64_t full_bw_ = 0;

  // bytes under way
  std::uint32_t inflight_shortterm_ = kNoBound;
  std::uint32_t inflight_longterm_ = kNoBound;
  std::uint32_t inflight_latest_ = 0;
  std::uint32_t tx_in_flight_ = 0;  // of the latest sample
  std::uint32_t bw_probe_up_acked_ = 0;
  std::uint32_t probe_up_acked_per_inc_ = kNoBound;
  WindowedMax extra_acked_;
  Instant extra_acked_start_;
  std::uint64_t extra_acked_delivered_ = 0;

  // for an undo
  std::uint64_t undo_bw_shortterm_ = kNoBandwidth;
  std::uint32_t undo_inflight_shortterm_ = kNoBound;
  std::uint32_t undo_inflight_longterm_ = kNoBound;

  // time
  std::uint64_t seed_ = 0;
  Instant cycle_at_;
  Duration bw_probe_wait_;
  Duration min_rtt_ = Duration::max();
  Instant min_rtt_at_;
  Duration probe_rtt_min_ = Duration::max();
  Instant probe_rtt_min_at_;
  Instant probe_rtt_done_at_ = Instant::never();  // never: not yet down to it
};

}  // namespace catenet::transport
