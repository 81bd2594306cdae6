// SPDX-License-Identifier: Apache-2.0
// Prr: proportional rate reduction (RFC 9937). During fast recovery it lets as much go out as the target window's share
// of what is delivered, so that the pipe meets ssthresh at the end instead of falling silent for half a window. The
// names are the RFC's; all amounts are bytes.
#pragma once
#include <algorithm>
#include <cstdint>
#include <memory>

namespace catenet::transport {

/// Everything else comes after start().
class Prr {
 public:
  /// Recovery begins with `recover_fs` bytes that are not yet known to have arrived, counting those that the
  /// acknowledgement that started it delivered.
  void start(std::uint32_t ssthresh, std::uint32_t recover_fs) {
    if (!state_) {
      state_ = std::make_unique<State>();
    }
    *state_ = State{0, 0, std::max(recover_fs, 1U), ssthresh, 0};
  }
  /// An acknowledgement, the first one too. `inflight`: pipe after it. `safe_ack`: it moved SND.UNA and showed no
  /// further loss.
  void on_ack(std::uint32_t delivered, std::uint32_t inflight, bool safe_ack, std::uint32_t mss) {
    State& s = *state_;
    if (delivered == 0 && s.cwnd != 0) {
      return;
    }
    s.delivered += delivered;
    std::uint64_t sndcnt = 0;
    if (inflight > s.ssthresh) {
      const std::uint64_t out = (s.delivered * s.ssthresh + s.recover_fs - 1) / s.recover_fs;
      sndcnt = out - std::min(out, s.out);
    } else {  // PRR-CRB, and PRR-SSRB when recovery makes good progress
      sndcnt = std::max<std::uint64_t>(s.delivered - std::min(s.delivered, s.out), delivered);
      sndcnt = std::min<std::uint64_t>(sndcnt + (safe_ack ? mss : 0), s.ssthresh - inflight);
    }
    if (s.out == 0 && sndcnt == 0) {
      sndcnt = mss;  // the fast retransmit itself
    }
    s.cwnd = inflight + static_cast<std::uint32_t>(sndcnt);
  }
  /// Losses found by a timer: nothing was delivered, but the retransmission must not wait.
  void on_timer(std::uint32_t inflight, std::uint32_t mss) { state_->cwnd = inflight + mss; }
  void on_sent(std::uint32_t bytes) { state_->out += bytes; }

  [[nodiscard]] std::uint32_t cwnd() const { return state_->cwnd; }

 private:
  struct State {
    std::uint64_t delivered = 0;
    std::uint64_t out = 0;
    std::uint32_t recover_fs = 1;
    std::uint32_t ssthresh = 0;
    std::uint32_t cwnd = 0;
  };
  std::unique_ptr<State> state_;  // from the first recovery on
};

}  // namespace catenet::transport
