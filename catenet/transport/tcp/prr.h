// SPDX-License-Identifier: Apache-2.0
// Prr: proportional rate reduction (RFC 9937). During fast recovery it lets as much go out as the target window's share
// of what is delivered, so that the pipe meets ssthresh at the end instead of falling silent for half a window. The
// names are the RFC's; all amounts are bytes.
#pragma once
#include <algorithm>
#include <cstdint>

namespace catenet::transport {

class Prr {
 public:
  /// Recovery begins with `recover_fs` bytes that are not yet known to have arrived, counting those that the
  /// acknowledgement that started it delivered.
  void start(std::uint32_t ssthresh, std::uint32_t recover_fs) {
    ssthresh_ = ssthresh;
    recover_fs_ = std::max(recover_fs, 1U);
    prr_delivered_ = prr_out_ = 0;
    cwnd_ = 0;
  }
  /// An acknowledgement, the first one too. `inflight`: pipe after it. `safe_ack`: it moved SND.UNA and showed no
  /// further loss.
  void on_ack(std::uint32_t delivered, std::uint32_t inflight, bool safe_ack, std::uint32_t mss) {
    if (delivered == 0 && cwnd_ != 0) {
      return;
    }
    prr_delivered_ += delivered;
    std::uint64_t sndcnt = 0;
    if (inflight > ssthresh_) {
      const std::uint64_t out = (prr_delivered_ * ssthresh_ + recover_fs_ - 1) / recover_fs_;
      sndcnt = out - std::min(out, prr_out_);
    } else {  // PRR-CRB, and PRR-SSRB when recovery makes good progress
      sndcnt = std::max<std::uint64_t>(prr_delivered_ - std::min(prr_delivered_, prr_out_), delivered);
      sndcnt = std::min<std::uint64_t>(sndcnt + (safe_ack ? mss : 0), ssthresh_ - inflight);
    }
    if (prr_out_ == 0 && sndcnt == 0) {
      sndcnt = mss;  // the fast retransmit itself
    }
    cwnd_ = inflight + static_cast<std::uint32_t>(sndcnt);
  }
  /// Losses found by a timer: nothing was delivered, but the retransmission must not wait.
  void on_timer(std::uint32_t inflight, std::uint32_t mss) { cwnd_ = inflight + mss; }
  void on_sent(std::uint32_t bytes) { prr_out_ += bytes; }

  [[nodiscard]] std::uint32_t cwnd() const { return cwnd_; }

 private:
  std::uint64_t prr_delivered_ = 0;
  std::uint64_t prr_out_ = 0;
  std::uint32_t recover_fs_ = 1;
  std::uint32_t ssthresh_ = 0;
  std::uint32_t cwnd_ = 0;
};

}  // namespace catenet::transport
