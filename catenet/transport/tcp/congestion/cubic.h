// SPDX-License-Identifier: Apache-2.0
// CUBIC (RFC 9438): in congestion avoidance the window follows a cubic function of the time since the last reduction,
// flat near the window where that happened; never slower than Reno would be. Slow start is HyStart++ at first.
//
// All in integers: windows in bytes, times in 2^-20 s. The curve is met within 0.1 %.
#pragma once
#include "catenet/transport/tcp/congestion/congestion.h"
#include "catenet/transport/tcp/congestion/hystart.h"

namespace catenet::transport {

/// The largest r with r^3 <= n.
[[nodiscard]] std::uint32_t integer_cube_root(std::uint64_t n);

class Cubic final : public CongestionControl {
 public:
  Cubic(std::uint32_t mss, std::uint32_t initial_window);

  [[nodiscard]] CongestionAlgorithm algorithm() const override { return CongestionAlgorithm::cubic; }
  void set_mss(std::uint32_t mss) override { mss_ = mss; }
  void on_ack(const AckEvent& event) override;
  void on_fast_retransmit(std::uint32_t flight, Instant now) override;
  void on_recovery_end(std::uint32_t flight, Instant now) override;
  /// ABE (RFC 8511): 0.85 instead of 0.7.
  void on_ecn(std::uint32_t flight, Instant now) override;
  void on_timeout(std::uint32_t flight, bool first, Instant now) override;
  void on_idle(Instant now) override;
  /// RFC 9438 4.9.2: with the window the curve comes back.
  void save_undo() override;
  void undo() override;

  /// W_cubic(t) in bytes, t since the epoch began (RFC 9438 4.2, figure 1); at least 0.
  [[nodiscard]] std::int64_t w_cubic(Duration t) const;
  [[nodiscard]] std::uint32_t w_max() const { return curve_.w_max; }  ///< bytes
  [[nodiscard]] HyStart::Phase slow_start_phase() const { return hystart_.phase(); }

 private:
  void slow_start(const AckEvent& event);
  void avoid_congestion(const AckEvent& event);
  void begin_epoch(Instant now);
  void reduce(std::uint32_t flight, std::uint32_t percent);

  // Windows in bytes.
  struct Curve {
    std::uint32_t w_max = 0;
    std::uint32_t w_est = 0;  // Reno's window in the same place
    std::uint32_t cwnd_prior = 0;
    std::int64_t k = 0;  // 2^-20 s
    Instant epoch_start = Instant::never();
    Instant paused_at = Instant::never();  // the window has not been in use since
    bool after_timeout = false;
  };

  std::uint32_t mss_;
  std::uint32_t initial_window_;  // bytes
  std::uint64_t credit_ = 0;      // what growth is left over from division, of cwnd
  std::uint64_t est_credit_ = 0;  // the same of W_est
  Curve curve_;
  Curve undo_;
  HyStart hystart_;
};

}  // namespace catenet::transport
