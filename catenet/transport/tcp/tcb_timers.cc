// SPDX-License-Identifier: Apache-2.0
// The timers of a connection: one array of deadlines, of which the owner arms the earliest. Loss probe and reordering
// (RFC 8985, both in tcb_recovery.cc), retransmission (RFC 6298 5), persist (RFC 9293 3.8.6.1), delayed ACK, keep-alive
// (3.8.4), user timeout (3.9.1), FIN-WAIT-2 and pacing. The one of TIME-WAIT is its owner's (time_wait.h).
#include <algorithm>

#include "catenet/transport/tcp/tcb.h"

namespace catenet::transport {

// Asked after every segment: no branches.
Instant Tcb::deadline() const {
  Instant earliest = *std::ranges::min_element(timers_);
  if (rare_) {
    earliest = std::min(earliest, *std::ranges::min_element(rare_->timers));
  }
  return earliest;
}

void Tcb::disarm_all() {
  timers_.fill(Instant::never());
  if (rare_) {
    rare_->timers.fill(Instant::never());
  }
}

void Tcb::on_timeout(Instant now) {
  begin_rates(now);
  for (std::uint8_t kind = 0; kind < kTimerCount; ++kind) {
    if (timer(static_cast<TimerKind>(kind)) > now) {
      continue;
    }
    disarm(static_cast<TimerKind>(kind));
    switch (static_cast<TimerKind>(kind)) {
      case kLossProbe:
        on_loss_probe_timeout(now);
        break;
      case kReorder:
        on_reorder_timeout(now);
        break;
      case kRetransmit:
        on_retransmit_timeout(now);
        break;
      case kPersist:
        on_persist_timeout(now);
        break;
      case kDelayedAck:
        count(&TcpCounters::delayed_acks);
        ack_due_ = true;
        break;
      case kKeepalive:
        on_keepalive_timeout(now);
        break;
      case kUserTimeout:
        give_up();
        break;
      case kFinWait2:
        enter_closed();
        break;
      case kPacing:  // transmit() does the rest
      case kTimerCount:
        break;
    }
  }
}

void Tcb::on_retransmit_timeout(Instant now) {
  const bool handshake = !is_synchronized();
  if (!handshake && flight() == 0) {
    return;
  }
  // R2 (RFC 9293 3.8.3); a timeout that the ends have agreed on has the last word (RFC 5482 3.1)
  const bool agreed = !handshake && config_->announces_user_timeout();
  if (!agreed && retries_ >= (handshake ? config_->syn_retries : config_->retries)) {
    give_up();
    return;
  }
  ++troubles().timeouts;
  if (handshake) {
    syn_due_ = true;
    syn_retransmitted_ = true;
  } else {
    suspect_black_hole(now);
    recover_from_timeout(now);
  }
  retries_ += retries_ < 0xff ? 1 : 0;
  rtt_.back_off();  // RFC 6298 5.5
  arm_retransmit(now);
}

void Tcb::on_persist_timeout(Instant now) {
  // No answer at all: a peer that answers puts this back to 0. Unless there is a time that both ends know (RFC 5482).
  if (!config_->announces_user_timeout() && retries_ >= config_->retries) {
    give_up();
    return;
  }
  retries_ += retries_ < 0xff ? 1 : 0;
  persist_shift_ = static_cast<std::uint8_t>(std::min(persist_shift_ + 1, 30));
  probe_due_ = true;
  count(&TcpCounters::window_probes);
  // With no memory for the probe nothing would arm the timer again.
  arm(kPersist, now + persist_timeout());
}

void Tcb::on_keepalive_timeout(Instant now) {
  if (!config_->keepalive || !is_synchronized() || state_ == TcpState::time_wait) {
    return;
  }
  if (flight() > 0) {  // the retransmission timer watches the peer
    arm(kKeepalive, now + config_->keepalive_idle);
    return;
  }
  if (probes_ >=
      config_->keepalive_probes) {  // RFC 1122 4.2.3.6; the reset is for a peer that only our side cannot hear
    rst_due_ = rst_has_ack_ = true;
    rare().rst_seq = snd_nxt_;
    give_up();
    return;
  }
  ++probes_;
  keepalive_due_ = true;
  count(&TcpCounters::keepalives);
  arm(kKeepalive, now + config_->keepalive_interval);
}

// After everything that can be sent was sent: which timers does what is left need?
void Tcb::update_send_timers(Instant now) {
  if (!is_synchronized() || state_ == TcpState::time_wait) {
    return;
  }
  note_all_sent(now);
  const bool waiting = may_send_data() && seq_before(snd_nxt_, send_end());
  if (probe_out_ || (flight() == 0 && waiting && !is_armed(kPacing))) {
    if (!is_armed(kPersist)) {
      arm(kPersist, now + persist_timeout());
    }
  } else {
    disarm(kPersist);
  }
  if (const Duration patience = user_timeout(); patience > Duration{} && (waiting || flight() > 0)) {
    if (!is_armed(kUserTimeout)) {
      arm(kUserTimeout, now + patience);
    }
  } else {
    disarm(kUserTimeout);
  }
  if (config_->keepalive && !is_armed(kKeepalive)) {
    arm(kKeepalive, std::max(now, last_heard_ + config_->keepalive_idle));
  }
}

// What holds up the sender now? Asked when all that can go has gone.
void Tcb::keep_time(Instant now) {
  if (!sending_ && send_.size() == 0) {
    return;
  }
  using enum Chronograph::State;
  const bool unsent = seq_before(snd_nxt_, data_end()) || probe_out_;
  Chronograph::State state = busy;
  if (send_.size() == 0) {
    state = idle;
  } else if (unsent && cwnd_allows(std::min(data_end() - snd_nxt_, mss_)) &&
             usable_window(probe_out_ ? snd_una_ : snd_nxt_) < std::min(data_end() - snd_nxt_, mss_)) {
    state = window_limited;
  } else if (!unsent && send_blocked_) {
    state = buffer_limited;
  }
  sending().time.set(state, now);
}

// Nothing more will be sent. The last that was heard is the last that is known of the time.
void Tcb::stop_time() {
  if (sending_) {
    sending_->time.set(Chronograph::State::idle, last_heard_);
  }
}

// All has gone that can go for now.
void Tcb::note_all_sent(Instant now) {
  tell_watch(now);
  if (send_blocked_ && sends_by_packets() && has_room_again()) {  // what has gone makes room too
    send_blocked_ = false;
    event_ = true;
  }
  keep_time(now);
}

// The end of a Tcb's work (RFC 9293 3.6.1): everything but the numbers is given back, and what was received stays.
void Tcb::start_time_wait() {
  state_ = TcpState::time_wait;
  recovery_ = Recovery::none;
  stop_time();
  disarm_all();
  send_.clear();
  segments_ = SentSegments();
  congestion_.reset();
  event_ = true;
}

}  // namespace catenet::transport
