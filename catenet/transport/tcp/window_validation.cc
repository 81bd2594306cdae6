// SPDX-License-Identifier: Apache-2.0
#include "catenet/transport/tcp/window_validation.h"

#include <algorithm>
#include <utility>

namespace catenet::transport {

Duration WindowValidation::sampling_period(Duration srtt) { return std::max(srtt * 3, Duration::seconds(1)); }

// 4.2. A round ends with the first acknowledgement that comes a round trip or more after it began; what that brings
// belongs to the next one. So a pause is not a round in which little was acknowledged slowly.
void WindowValidation::on_ack(std::uint32_t una, std::uint32_t ack, std::uint32_t cwnd, Duration srtt, Instant now) {
  if (round_began_.is_never()) {
    round_began_ = now;
  } else if (now - round_began_ >= srtt) {
    push(round_bytes_, srtt, round_began_ + srtt);
    round_bytes_ = 0;
    round_began_ = now;
  }
  round_bytes_ += ack - una;
  if (is_validated(cwnd, srtt, now)) {
    unused_since_ = Instant::never();
  } else if (unused_since_.is_never()) {
    unused_since_ = now;
  }
}

void WindowValidation::push(std::uint32_t bytes, Duration srtt, Instant at) {
  Sample& latest = samples_[0];
  if (!period_began_.is_never() && at - period_began_ < sampling_period(srtt) / kPeriods) {
    latest = {at, std::max(latest.bytes, bytes)};
    return;
  }
  period_began_ = at;
  std::move_backward(samples_.begin(), samples_.end() - 1, samples_.end());
  latest = {at, bytes};
}

std::optional<std::uint32_t> WindowValidation::pipe_ack(Duration srtt, Instant now) const {
  if (samples_[0].at.is_never()) {
    return std::nullopt;
  }
  std::uint32_t most = now - round_began_ <= sampling_period(srtt) ? round_bytes_ : 0;
  for (const Sample& sample : samples_) {
    if (!sample.at.is_never() && now - sample.at <= sampling_period(srtt)) {
      most = std::max(most, sample.bytes);
    }
  }
  return most;
}

bool WindowValidation::is_validated(std::uint32_t cwnd, Duration srtt, Instant now) const {
  const auto acknowledged = pipe_ack(srtt, now);
  return !acknowledged || *acknowledged >= cwnd / 2;
}

// The phase begins with the pause, not with what ends it: the first data afterwards still find it validated if nobody
// has looked in between.
bool WindowValidation::expires(std::uint32_t cwnd, Duration srtt, Instant now) {
  if (is_validated(cwnd, srtt, now)) {
    return false;
  }
  if (unused_since_.is_never()) {
    unused_since_ = std::min(now, round_began_ + sampling_period(srtt));
  }
  if (now - unused_since_ < kPatience) {
    return false;
  }
  unused_since_ = now;  // another five minutes, for what is left
  return true;
}

std::uint32_t WindowValidation::on_congestion(std::uint32_t flight, std::uint32_t cwnd, Duration srtt, Instant now) {
  if (is_validated(cwnd, srtt, now)) {
    loss_flight_ = 0;
    return flight;
  }
  loss_flight_ = flight;
  return std::max(flight, *pipe_ack(srtt, now));
}

std::optional<std::uint32_t> WindowValidation::window_after_loss(std::uint32_t retransmitted) {
  const std::uint32_t flight = loss_flight_;
  *this = WindowValidation();
  return flight == 0 ? std::nullopt : std::optional((flight - std::min(flight, retransmitted)) / 2);
}

}  // namespace catenet::transport
