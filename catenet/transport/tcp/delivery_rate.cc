// SPDX-License-Identifier: Apache-2.0
#include "catenet/transport/tcp/delivery_rate.h"

#include <algorithm>

#include "catenet/transport/tcp/sequence.h"

namespace catenet::transport {

// OnPacketSent() (4.1.2.2). With nothing under way, the interval of what is sent now begins now.
void DeliveryRate::begin_sending(std::uint32_t pipe, Instant now) {
  now_ = now;
  if (pipe > 0) {
    return;
  }
  if (is_app_limited()) {
    control_.on_restart(now);
  }
  first_sent_at_ = delivered_at_ = now;
}

DeliveryRate::Stamp DeliveryRate::stamp(std::uint32_t pipe) const {
  return {delivered_at_, first_sent_at_, static_cast<std::uint32_t>(delivered_), lost_, pipe, is_app_limited()};
}

void DeliveryRate::append(std::uint32_t pipe) { stamps_.push_back(stamp(pipe)); }

void DeliveryRate::restamp(std::size_t i, std::uint32_t pipe) { stamps_[i] = stamp(pipe); }

void DeliveryRate::split(std::size_t i) {
  stamps_.push_back(Stamp{});
  for (std::size_t k = stamps_.size() - 1; k > i; --k) {
    stamps_[k] = stamps_[k - 1];
  }
}

void DeliveryRate::begin(Instant now) {
  now_ = now;
  rtt_ = {};
  newly_acked_ = 0;
  lost_before_ = lost_;
}

// UpdateRateSample() (4.1.2.3).
void DeliveryRate::delivered(std::size_t i, Instant sent_at, std::uint32_t end, bool again, std::uint32_t length) {
  const bool first = newly_acked_ == 0;
  delivered_ += length;
  delivered_at_ = now_;
  newly_acked_ += length;
  if (!again && (rtt_ == Duration{} || now_ - sent_at < rtt_)) {
    rtt_ = std::max(now_ - sent_at, Duration::nanoseconds(1));
  }
  if (first || sent_at > first_sent_at_ || (sent_at == first_sent_at_ && seq_before(newest_end_, end))) {
    newest_ = stamps_[i];
    send_elapsed_ = sent_at - newest_.first_sent_at;
    newest_end_ = end;
    first_sent_at_ = sent_at;
  }
}

void DeliveryRate::lost(std::size_t i, std::uint32_t begin, std::uint32_t length) {
  const Stamp& stamp = stamps_[i];
  lost_ += length;
  LostSegment segment;
  segment.now = now_;
  segment.delivered_total = delivered_;
  segment.bytes = length;
  segment.tx_in_flight = stamp.tx_in_flight;
  segment.lost = lost_ - stamp.lost;
  segment.is_app_limited = stamp.is_app_limited;
  segment.follows = lost_end_ == begin;
  lost_end_ = begin + length;
  control_.on_lost(segment);
}

// GenerateRateSample() (4.1.2.3).
RateSample DeliveryRate::finish(Duration min_rtt) {
  if (app_limited_ != 0 && delivered_ > app_limited_) {
    app_limited_ = 0;
  }
  RateSample sample;
  sample.now = now_;
  sample.newly_acked = newly_acked_;
  sample.newly_lost = lost_ - lost_before_;
  sample.delivered_total = delivered_;
  if (newly_acked_ == 0) {
    return sample;
  }
  sample.delivered = static_cast<std::uint32_t>(delivered_) - newest_.delivered;
  sample.prior_delivered = delivered_ - sample.delivered;
  sample.rtt = rtt_;
  sample.tx_in_flight = newest_.tx_in_flight;
  sample.lost = lost_ - newest_.lost;
  sample.is_app_limited = newest_.is_app_limited;
  sample.interval = std::max(send_elapsed_, now_ - newest_.delivered_at);
  if (sample.interval < min_rtt || sample.interval == Duration{}) {
    return sample;
  }
  constexpr std::uint64_t kSecond = 1'000'000'000;
  sample.delivery_rate = sample.delivered * kSecond / static_cast<std::uint64_t>(sample.interval.ns());
  if (!sample.is_app_limited || sample.delivery_rate >= latest_rate_) {
    latest_rate_ = sample.delivery_rate;
    latest_is_app_limited_ = sample.is_app_limited;
  }
  return sample;
}

// MarkConnectionAppLimited() (4.1.2.4).
void DeliveryRate::mark_app_limited(std::uint32_t pipe) {
  app_limited_ = std::max<std::uint64_t>(delivered_ + pipe, 1);
}

}  // namespace catenet::transport
