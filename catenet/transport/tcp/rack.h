// SPDX-License-Identifier: Apache-2.0
// Rack: loss by time (RFC 8985 6). A segment is lost when one that was sent later has arrived, and a reordering window
// has passed since. Five steps for each acknowledgement; the names are the RFC's.
#pragma once
#include <algorithm>
#include <cstdint>
#include <memory>

#include "catenet/base/time.h"
#include "catenet/transport/tcp/sent_segments.h"

namespace catenet::transport {

class Rack {
 public:
  static constexpr Duration kMinRttWindow = Duration::seconds(300);  ///< how long a minimum is believed
  static constexpr std::uint8_t kReoWndPersist = 16;                 ///< recoveries without a DSACK

  /// The connection is established; `snd_una` is the first number of the data.
  void start(std::uint32_t snd_una) { fack_ = snd_una; }

  /// Steps 1 to 3, for each segment newly acknowledged or SACKed. `ambiguous`: it was retransmitted, and the echoed
  /// timestamp says that it is not the latest transmission that arrived.
  void on_delivered(const SentSegment& segment, bool ambiguous, Instant now);
  /// Step 4: a DSACK came that no loss probe explains.
  void on_dsack(std::uint32_t snd_una, std::uint32_t snd_nxt);
  /// Step 4: fast recovery or a recovery after a timeout is over.
  void on_recovery_end();
  /// A recovery turned out to be spurious: whatever was taken for a loss was out of order.
  void saw_reordering() { reordering_seen_ = true; }
  /// After a delivery: so many segments lay between what has arrived now and the newest that had arrived before.
  void measure_reordering(std::uint32_t segments) {
    constexpr std::uint32_t kMost = 300;  // as Linux's tcp_max_reordering
    ++samples_->reorderings;
    samples_->reordering = std::max(samples_->reordering, std::min(segments, kMost));
  }
  [[nodiscard]] std::uint32_t reordering() const { return samples().reordering; }
  [[nodiscard]] std::uint32_t reorderings() const { return samples().reorderings; }
  /// Step 4: RACK_update_reo_wnd().
  [[nodiscard]] Duration reo_wnd(bool in_recovery, std::uint32_t segs_sacked, Duration srtt) const;

  /// Step 5: RACK_detect_loss(). Marks what is lost; returns how long to wait before asking again, zero: no need.
  Duration detect(SentSegments& segments, Duration reo_wnd, Instant now) const;
  /// RACK_mark_losses_on_RTO() of 6.3: the first segment, and each that is old enough.
  void mark_losses_on_rto(SentSegments& segments, Duration reo_wnd, Instant now) const;

  [[nodiscard]] bool reordering_seen() const { return reordering_seen_; }
  [[nodiscard]] Duration rtt() const { return samples().rtt; }
  [[nodiscard]] Duration min_rtt() const { return samples().min_rtt; }
  [[nodiscard]] std::uint32_t fack() const { return fack_; }
  [[nodiscard]] unsigned reo_wnd_mult() const { return reo_wnd_mult_; }

 private:
  /// RACK_sent_after(RACK.xmit_ts, RACK.end_seq, segment)
  [[nodiscard]] bool is_before(const SentSegment& segment) const {
    const Samples& s = samples();
    return s.xmit_ts > segment.sent_at ||
           (s.xmit_ts == segment.sent_at && is_earlier(segment.turn, segment.end, s.turn, s.end_seq));
  }

  /// Of two that went at the same moment. The RFC goes by the numbers alone, which is wrong for one that went again.
  [[nodiscard]] static bool is_earlier(std::uint8_t turn, std::uint32_t end, std::uint8_t other_turn,
                                       std::uint32_t other_end) {
    const auto turns = static_cast<std::int8_t>(turn - other_turn);
    return turns < 0 || (turns == 0 && seq_before(end, other_end));
  }

  struct Samples {
    Instant xmit_ts;
    Duration rtt;
    Duration min_rtt;
    Instant min_rtt_at;
    std::uint32_t end_seq = 0;
    std::uint32_t reordering = SentSegments::kDupThresh;
    std::uint32_t reorderings = 0;
    bool any = false;
    std::uint8_t turn = 0;  // with end_seq, of the segment of xmit_ts
  };
  [[nodiscard]] const Samples& samples() const;

  std::unique_ptr<Samples> samples_;  // from the first delivery on
  std::uint32_t fack_ = 0;
  std::uint32_t dsack_round_ = 0;  // counts while in_dsack_round_
  bool in_dsack_round_ = false;
  bool reordering_seen_ = false;
  std::uint8_t reo_wnd_persist_ = kReoWndPersist;
  std::uint16_t reo_wnd_mult_ = 1;
};

}  // namespace catenet::transport
