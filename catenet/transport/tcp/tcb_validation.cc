// SPDX-License-Identifier: Apache-2.0
// What becomes of a window that nobody fills (window_validation.h): the Tcb's half of RFC 7661. Only with
// IdleWindow::validate; otherwise the algorithm restarts after idleness (RFC 5681 4.1), or nothing happens at all. An
// algorithm that goes by rates knows by itself what the path has borne.
#include "catenet/transport/tcp/tcb.h"

namespace catenet::transport {

bool Tcb::validates_window() const {
  return config_->idle_window == IdleWindow::validate && !CongestionControl::goes_by_rates(config_->congestion);
}

// New data are about to be sent, and nothing is under way.
void Tcb::note_idle(Instant now) {
  const bool restarts =
      config_->idle_window == IdleWindow::restart || CongestionControl::goes_by_rates(config_->congestion);
  const bool sent = sending_ && !sending_->last_sent_at.is_never();
  if (restarts && sent && now - sending_->last_sent_at > rto()) {
    congestion().on_idle(now);
  }
  if (!validates_window() || !congestion_ || !window_validation()) {
    return;
  }
  const std::uint32_t cwnd = congestion_->cwnd();
  if (window_validation()->expires(cwnd, rtt_.srtt(), now)) {  // RFC 7661 4.4.3
    congestion_->on_idle(now);                                 // ssthresh: three quarters of what it was
    congestion_->restore(std::max(cwnd / 2, initial_window_bytes(mss_, first_window())));
  }
}

void Tcb::validate_window(std::uint32_t una, Instant now) {
  if (recovery_ != Recovery::none) {
    return;  // 4.2: no samples of a recovery
  }
  if (!window_validation()) {
    rare().validation = std::make_unique<WindowValidation>();
  }
  window_validation()->on_ack(una, snd_una_, congestion_->cwnd(), rtt_.srtt(), now);
}

// How much of `flight` counts when the window is cut.
std::uint32_t Tcb::flight_for_cut(std::uint32_t flight, Instant now) {
  return window_validation() ? window_validation()->on_congestion(flight, congestion().cwnd(), rtt_.srtt(), now)
                             : flight;
}

// RFC 7661 4.4.1: a window that was too large is cut by what had to be sent again as well.
void Tcb::note_validated_recovery_end() {
  if (!window_validation()) {
    return;
  }
  const auto retransmitted = static_cast<std::uint32_t>(troubles().bytes_retransmitted - rare().recovery_retransmitted);
  if (const auto most = window_validation()->window_after_loss(retransmitted)) {
    congestion().limit(std::max(*most, 2 * mss_));
  }
}

// The window was cut for another reason than a loss that is being repaired: pipeACK is undefined again.
void Tcb::forget_validation() {
  if (window_validation()) {
    *window_validation() = WindowValidation();
  }
}

}  // namespace catenet::transport
