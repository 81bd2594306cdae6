// SPDX-License-Identifier: Apache-2.0
#include "catenet/transport/tcp/rack.h"

#include <algorithm>

namespace catenet::transport {

const Rack::Samples& Rack::samples() const {
  static constexpr Samples kNone;
  return samples_ ? *samples_ : kNone;
}

void Rack::on_delivered(const SentSegment& segment, bool ambiguous, Instant now) {
  if (!samples_) [[unlikely]] {
    samples_ = std::make_unique<Samples>();
  }
  Samples& s = *samples_;
  const bool again = segment.is(SentSegment::kEverRetransmitted);
  const Duration rtt = now - segment.sent_at;
  // Step 1. An ambiguous sample could only be too short: it is left out.
  if (!again && (s.min_rtt == Duration{} || rtt <= s.min_rtt || now - s.min_rtt_at > kMinRttWindow)) {
    s.min_rtt = std::max(rtt, Duration::nanoseconds(1));
    s.min_rtt_at = now;
  }
  // Step 3: reordering. Before step 2 returns, for it asks nothing of the time.
  if (seq_before(fack_, segment.end)) {
    fack_ = segment.end;
  } else if (seq_before(segment.end, fack_) && !again) {
    reordering_seen_ = true;
  }
  // Step 2: RACK_update(). An answer sooner than any round trip is to an earlier transmission.
  if (again && (ambiguous || rtt < s.min_rtt)) {
    return;
  }
  s.rtt = rtt;  // of each in turn, whichever was sent last
  if (!s.any || segment.sent_at > s.xmit_ts ||
      (segment.sent_at == s.xmit_ts && is_earlier(s.turn, s.end_seq, segment.turn, segment.end))) {
    s.any = true;
    s.turn = segment.turn;
    s.xmit_ts = segment.sent_at;
    s.end_seq = segment.end;
  }
}

void Rack::on_dsack(std::uint32_t snd_una, std::uint32_t snd_nxt) {
  if (in_dsack_round_ && seq_up_to(dsack_round_, snd_una)) {
    in_dsack_round_ = false;
  }
  if (!in_dsack_round_) {  // once a round trip
    in_dsack_round_ = true;
    dsack_round_ = snd_nxt;
    reo_wnd_mult_ = static_cast<std::uint16_t>(std::min(reo_wnd_mult_ + 1, 255));
    reo_wnd_persist_ = kReoWndPersist;
  }
}

void Rack::on_recovery_end() {
  if (reo_wnd_persist_ > 0) {
    --reo_wnd_persist_;
  }
  if (reo_wnd_persist_ == 0) {
    reo_wnd_mult_ = 1;
  }
}

Duration Rack::reo_wnd(bool in_recovery, std::uint32_t segs_sacked, Duration srtt) const {
  if (!reordering_seen_ && (in_recovery || segs_sacked >= SentSegments::kDupThresh)) {
    return {};
  }
  return std::min(samples().min_rtt * reo_wnd_mult_ / 4, srtt);
}

Duration Rack::detect(SentSegments& segments, Duration reo_wnd, Instant now) const {
  Duration timeout;
  for (std::size_t i = segments.next_unsacked(0); i < segments.size(); i = segments.next_unsacked(i + 1)) {
    const SentSegment& segment = segments[i];
    if (!is_before(segment)) {
      if (!segment.is(SentSegment::kEverRetransmitted)) {
        break;  // sent once, after the newest arrival; all that follow went after it
      }
      continue;
    }
    if (segment.is(SentSegment::kLost) && !segment.is(SentSegment::kRetransmitted)) {
      continue;
    }
    const Duration remaining = segment.sent_at + samples().rtt + reo_wnd - now;
    if (remaining <= Duration{}) {
      segments.mark_lost(i);
    } else {
      timeout = std::max(timeout, remaining);
    }
  }
  return timeout;
}

void Rack::mark_losses_on_rto(SentSegments& segments, Duration reo_wnd, Instant now) const {
  for (std::size_t i = segments.next_unsacked(0); i < segments.size(); i = segments.next_unsacked(i + 1)) {
    if (i == 0 || segments[i].sent_at + samples().rtt + reo_wnd <= now) {
      segments.mark_lost(i);
    }
  }
}

}  // namespace catenet::transport
