// SPDX-License-Identifier: Apache-2.0
#include "catenet/transport/tcp/rack.h"

#include <algorithm>

namespace catenet::transport {

void Rack::on_delivered(const SentSegment& segment, bool ambiguous, Instant now) {
  const bool again = segment.is(SentSegment::kEverRetransmitted);
  const Duration rtt = now - segment.sent_at;
  // Step 1. An ambiguous sample could only be too short: it is left out.
  if (!again && (min_rtt_ == Duration{} || rtt <= min_rtt_ || now - min_rtt_at_ > kMinRttWindow)) {
    min_rtt_ = std::max(rtt, Duration::nanoseconds(1));
    min_rtt_at_ = now;
  }
  // Step 3: reordering. Before step 2 returns, for it asks nothing of the time.
  if (seq_before(fack_, segment.end)) {
    fack_ = segment.end;
  } else if (seq_before(segment.end, fack_) && !again) {
    reordering_seen_ = true;
  }
  // Step 2: RACK_update(). An answer sooner than any round trip is to an earlier transmission.
  if (again && (ambiguous || rtt < min_rtt_)) {
    return;
  }
  if (!has_sample_ || segment.sent_at > xmit_ts_ ||
      (segment.sent_at == xmit_ts_ && seq_before(end_seq_, segment.end))) {
    has_sample_ = true;
    rtt_ = rtt;
    xmit_ts_ = segment.sent_at;
    end_seq_ = segment.end;
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
  return std::min(min_rtt_ * reo_wnd_mult_ / 4, srtt);
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
    const Duration remaining = segment.sent_at + rtt_ + reo_wnd - now;
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
    if (i == 0 || segments[i].sent_at + rtt_ + reo_wnd <= now) {
      segments.mark_lost(i);
    }
  }
}

}  // namespace catenet::transport
