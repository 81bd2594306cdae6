// SPDX-License-Identifier: Apache-2.0
// NewReno: slow start, congestion avoidance, and the window of fast recovery (RFC 5681, RFC 6582). The inflation of
// cwnd by duplicate ACKs is not here: the Tcb counts those bytes as gone from the pipe, which comes to the same.
#pragma once
#include "catenet/transport/tcp/congestion/congestion.h"

namespace catenet::transport {

class NewReno : public CongestionControl {
 public:
  NewReno(std::uint32_t mss, std::uint32_t initial_window);

  [[nodiscard]] CongestionAlgorithm algorithm() const override { return CongestionAlgorithm::new_reno; }
  void set_mss(std::uint32_t mss) override { mss_ = mss; }
  void on_ack(const AckEvent& event) override;
  void on_fast_retransmit(std::uint32_t flight, Instant now) override;
  void on_recovery_end(std::uint32_t flight, Instant now) override;
  /// ABE (RFC 8511): marks come from short queues, so 0.8 of the window is enough to leave.
  void on_ecn(std::uint32_t flight, Instant now) override;
  void on_timeout(std::uint32_t flight, bool first, Instant now) override;
  void on_idle(Instant now) override;

 protected:
  /// `flight` times numerator/denominator, at least two segments.
  [[nodiscard]] std::uint32_t share(std::uint32_t flight, std::uint32_t numerator, std::uint32_t denominator) const;
  void grow(const AckEvent& event);

  std::uint32_t mss_;
  std::uint32_t initial_window_;  // bytes
  std::uint32_t acked_ = 0;       // bytes acknowledged since cwnd last grew, in congestion avoidance
};

}  // namespace catenet::transport
