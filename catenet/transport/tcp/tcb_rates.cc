// SPDX-License-Identifier: Apache-2.0
// The Tcb's half of delivery rates and pacing (draft-ietf-ccwg-bbr-06 4.1, 5.6.2), for a congestion control that asks
// for them: when the application limits, one sample for each acknowledgement, and when the next data may go.
#include "catenet/transport/tcp/tcb.h"

namespace catenet::transport {

// The first data are about to be sent; until now there was nothing to send. The initial sequence number comes from the
// host's random stream, and so does what must be random here.
void Tcb::start_rates(Instant now) {
  start_congestion_control();
  RateControl& control = *congestion_->rate_control();
  segments_.measure_rates(control);
  control.on_start(rtt_.srtt(), origin_.iss, now);
  segments_.rates()->mark_app_limited(0);
}

// CheckIfApplicationLimited() (4.1.2.4). As in Linux, less than a segment is not "data to send": it may have to wait.
void Tcb::note_app_limited() {
  DeliveryRate* rates = segments_.rates();
  if (rates == nullptr || !congestion_) {
    return;
  }
  const std::uint32_t unsent = seq_before(snd_nxt_, data_end()) ? data_end() - snd_nxt_ : 0;
  if (unsent < mss_ && pipe() + mss_ <= congestion_->cwnd() &&
      segments_.lost_bytes() <= segments_.retransmitted_bytes()) {
    rates->mark_app_limited(pipe());
  }
}

// Before anything is done about an acknowledgement or a timer.
void Tcb::begin_rates(Instant now) {
  if (DeliveryRate* rates = segments_.rates()) [[unlikely]] {
    note_app_limited();
    rates->begin(now);
  }
}

// When all is done about an acknowledgement. `cwnd_limited`: as it was before.
void Tcb::tell_rate(bool cwnd_limited) {
  DeliveryRate* rates = segments_.rates();
  if (rates == nullptr) [[likely]] {
    return;
  }
  RateSample sample = rates->finish(rack_.min_rtt());
  if (sample.newly_acked == 0) {
    return;
  }
  sample.srtt = rtt_.srtt();
  sample.in_flight = pipe();
  sample.is_cwnd_limited = cwnd_limited;
  sample.recovering = recovery_ != Recovery::none;
  sample.has_sack = sack_;
  if (rates->control().on_rate(sample)) {
    rates->mark_app_limited(pipe());
  }
}

// Data wait for their time, those that go again too; what probes a closed window does not.
bool Tcb::waits_for_pacing(Instant now) {
  if (!congestion_ && CongestionControl::goes_by_rates(config_->congestion) && seq_before(snd_nxt_, data_end()))
      [[unlikely]] {
    start_rates(now);
  }
  DeliveryRate* rates = segments_.rates();
  if (rates == nullptr) [[likely]] {
    return false;
  }
  const Instant at = rates->pacer().next_send_at();
  if (at <= now || probe_due_) {
    disarm(kPacing);
    return false;
  }
  const bool has_to = retransmit_due_ || loss_probe_due_ || pipe() == 0 || room_in_cwnd() > 0;
  const bool has_something = recovery_ != Recovery::none || loss_probe_due_ || seq_before(snd_nxt_, send_end());
  if (has_to && has_something) {
    arm(kPacing, at);
  } else {
    disarm(kPacing);
  }
  return true;
}

void Tcb::pace(std::uint32_t length, Instant now) {
  if (DeliveryRate* rates = segments_.rates()) [[unlikely]] {
    rates->pacer().on_sent(length, rates->control().pacing_rate(), now);
  }
}

std::uint32_t Tcb::send_quantum() const {
  const DeliveryRate* rates = segments_.rates();
  return rates != nullptr ? rates->control().send_quantum() : RateControl::kNoQuantum;
}

}  // namespace catenet::transport
