// SPDX-License-Identifier: Apache-2.0
// What an acknowledgement tells: progress, what SACK reports (RFC 2018, RFC 2883), round-trip time, and the send window
// (RFC 9293 3.10.7.4 fifth). What follows from it for loss is in tcb_recovery.cc.
#include <algorithm>

#include "catenet/transport/tcp/tcb.h"

namespace catenet::transport {

void Tcb::acknowledge(const TcpSegment& segment, bool has_data, Instant now) {
  AckNews news;
  news.now = now;
  news.ack = segment.ack;
  news.advances = seq_before(snd_una_, segment.ack);
  news.sack_count = sack_ ? segment.options.sack_count : 0;
  if (timestamps_ && segment.options.timestamps) {
    news.has_echo = true;
    news.echo = segment.options.timestamps->echo;
  }
  const std::uint32_t window = std::uint32_t{segment.window} << snd_wscale_;
  // RFC 5681 2, the definition; without SACK only a segment that says nothing else is a sign of loss.
  news.duplicate = !news.advances && segment.ack == snd_una_ && flight() > 0 && !probe_out_ && !has_data &&
                   !segment.fin() && window == snd_wnd_;
  const std::uint32_t before = flight();
  const bool cwnd_limited = is_cwnd_limited();
  begin_rates(now);
  if (ecn_ && accurate_ecn() == nullptr) {
    news.ece = segment.has(wire::TcpFlag::kEce);
    news.marked = news.ece && news.advances ? segment.ack - snd_una_ : 0;
  } else if (ecn_ && news.advances) {
    // What SACK has reported was read with it.
    const std::uint32_t bytes = segment.ack - snd_una_;
    read_accurate_marks(segment, bytes - std::min(bytes - 1, segments_.sacked_bytes()), news);
    news.marked = accurate_ecn()->with_carried(news.marked);
  }
  if (news.advances) {
    acknowledge_new(segment, news);
  }
  if (news.sack_count > 0) {  // RFC 6675: with SACK, news about what arrived is
    take_sack(segment, news);
    news.duplicate = !news.advances && news.sacked > 0;
    if (accurate_ecn() != nullptr && news.duplicate && segment.ack == snd_una_) {
      read_accurate_marks(segment, news.sacked, news);
      accurate_ecn()->carry(news.marked);  // until an acknowledgement tells the congestion control
    }
  }
  if (state_ == TcpState::closed || state_ == TcpState::time_wait) {
    return;
  }
  if (news.ece) {
    react_to_marks(segment, before, now);
  }
  update_send_window(segment);
  if (snd_wnd_ == 0 || probe_out_) {
    retries_ = 0;  // RFC 9293 3.8.6.1: a peer that answers probes may keep its window closed for ever
  }
  if (news.duplicate) {
    ++troubles().duplicate_acks;
  }
  if (news.advances || news.duplicate || news.has_dsack || recovery_ != Recovery::none || mark_cut_) {
    recover(news);
  }
  tell_rate(cwnd_limited);
  if (news.reordered) {
    rack_.measure_reordering((rack_.fack() - news.low + mss_ - 1) / mss_);
  }
  if (sending_) {
    const std::uint32_t segments = (news.delivered + mss_ - 1) / mss_;
    sending_->delivered += segments;
    sending_->marked += news.ece ? segments : 0;
    keep_time(now);
  }
  tell_watch(now);
  wake_writer();  // last
}

// Whoever waits for room is woken for more than a little of it.
bool Tcb::has_room_again() const {
  if (!sends_by_packets()) {
    return send_.size() <= send_limit() - send_limit() / 4;
  }
  const std::uint32_t goal = packet_goal();
  const std::uint32_t packets = config_->counts_packets ? (send_.size() + goal - 1) / goal : 0;
  const std::uint32_t held = send_.size() + packets * TcpConfig::kPacketOverhead;
  const std::uint32_t unsent = seq_before(snd_nxt_, data_end()) ? data_end() - snd_nxt_ : 0;
  const bool low = config_->unsent_low_mark == 0 || unsent <= config_->unsent_low_mark / 2;
  return low && held <= send_limit() - send_limit() / 3;
}

// What the congestion control hears of an acknowledgement that advances, as far as it is known before.
AckEvent Tcb::begin_event(const TcpSegment& segment, Instant now) const {
  AckEvent event;
  event.now = now;
  event.acked = segment.ack - snd_una_;
  event.flight = flight();
  event.cwnd_limited = is_cwnd_limited();
  event.boundless = config_->boundless_growth;
  return event;
}

void Tcb::acknowledge_new(const TcpSegment& segment, AckNews& news) {
  AckEvent event = begin_event(segment, news.now);
  const bool fin_acked = fin_queued_ && segment.ack == data_end() + 1;
  const std::uint32_t bytes = segment.ack - send_seq_ - (fin_acked ? 1 : 0);
  send_.release(bytes);
  send_seq_ += bytes;
  traffic_.bytes_acked += bytes;
  if (bytes > 0) {
    last_ack_at_ = news.now;
  }
  std::uint32_t begin = snd_una_;
  news.delivered += segments_.acknowledge(segment.ack, [&](const SentSegment& s) {
    delivered(s, begin, news);
    begin = s.end;
  });
  if (config_->growth_by_delivery) {
    const std::uint32_t told = sack_ ? 0 : std::min(dup_acks_ * mss_, event.acked);
    event.acked = sack_ ? news.delivered : std::max(event.acked - told, std::min(event.acked, mss_));
  }
  event.rtt = news.rtt;
  event.marked = news.marked;
  event.recovering = recovery_ == Recovery::fast || (ecn_ && seq_before(segment.ack, cwr_end_));
  advance(segment, event);
  if (fin_acked) {
    tell_watch(news.now);  // the end of the connection would take it for lost
    fin_acknowledged(news.now);
  }
}

// snd_una moves on: what follows whatever the acknowledgement was.
void Tcb::advance(const TcpSegment& segment, AckEvent& event) {
  const std::uint32_t una = std::exchange(snd_una_, segment.ack);
  if (mtu_probe() != nullptr) [[unlikely]] {
    note_mtu_probe_answer();
  }
  measure(segment, event.now);
  event.srtt = rtt_.srtt();
  event.ack = snd_una_;
  event.snd_nxt = snd_nxt_;
  retries_ = 0;
  persist_shift_ = 0;
  probe_out_ = false;
  retransmit_due_ = loss_probe_due_ = false;
  disarm(kUserTimeout);
  disarm(kPersist);
  limited_ = 0;
  if (congestion_) {
    congestion_->on_ack(event);
    if (validates_window()) [[unlikely]] {
      validate_window(una, event.now);
    }
  }
  if (recovery_ != Recovery::fast) {
    dup_acks_ = 0;
  }
  if (cwnd_limited_ && !config_->half_window_counts && seq_up_to(cwnd_limited_end_, snd_una_)) {
    cwnd_limited_ = false;
  }
  forget_ends();
  flight() > 0 ? arm_retransmit(event.now) : disarm(kRetransmit);  // RFC 6298 5.2, 5.3
}

// acknowledge() for a segment that is_expected(): nothing of it is about loss, marks, or the end of the connection.
void Tcb::acknowledge_expected(const TcpSegment& segment, Instant now) {
  std::uint32_t delivered = 0;
  if (segment.ack != snd_una_) {
    AckEvent event = begin_event(segment, now);
    const std::uint32_t bytes = segment.ack - send_seq_;
    send_.release(bytes);
    send_seq_ += bytes;
    traffic_.bytes_acked += bytes;
    last_ack_at_ = now;
    delivered = segments_.acknowledge(segment.ack, [&](const SentSegment& s) {
      event.rtt = now - s.sent_at;
      rack_.on_delivered(s, false, now);
    });
    advance(segment, event);
  }
  update_send_window(segment);
  if (snd_wnd_ == 0) [[unlikely]] {
    retries_ = 0;
  }
  if (delivered > 0) {
    schedule_loss_probe(now);
  }
  if (sending_) {
    sending_->delivered += (delivered + mss_ - 1) / mss_;
    keep_time(now);
  }
  wake_writer();
}

// Whatever cut the window has cut the limit too, and the user must find room, or would not ask again.
void Tcb::wake_writer() {
  if (send_blocked_ && has_room_again()) {
    send_blocked_ = false;
    event_ = true;
  }
}

void Tcb::take_sack(const TcpSegment& segment, AckNews& news) {
  const auto blocks = std::span(segment.options.sack).first(segment.options.sack_count);
  // RFC 2883 4: the first block reports a duplicate when it is below the acknowledgement or within the second block.
  const wire::SackBlock& first = blocks[0];
  if (seq_before(first.left, first.right) && seq_up_to(first.right, snd_nxt_)) {
    const bool old = seq_up_to(first.right, segment.ack);
    news.has_dsack =
        old || (blocks.size() > 1 && seq_up_to(blocks[1].left, first.left) && seq_up_to(first.right, blocks[1].right));
    news.dsack = first;
  }
  for (const wire::SackBlock& block : blocks.subspan(news.has_dsack ? 1 : 0)) {
    news.sacked += segments_.sack(block, mss_, [&](const SentSegment& s) { delivered(s, s.end - mss_, news); });
  }
  news.delivered += news.sacked;
}

// For each segment that is news, as it was.
void Tcb::delivered(const SentSegment& segment, std::uint32_t begin, AckNews& news) {
  const bool again = segment.is(SentSegment::kEverRetransmitted);
  if (!again && seq_before(segment.end, rack_.fack()) && (!news.reordered || seq_before(begin, news.low))) {
    news.reordered = true;
    news.low = begin;
  }
  const bool ambiguous = again && news.has_echo && seq_before(news.echo, timestamp(segment.sent_at));
  if (!again) {
    news.rtt = news.now - segment.sent_at;
  }
  rack_.on_delivered(segment, ambiguous, news.now);
  news.original = news.original || (!again && seq_up_to(segment.end, recover_));
}

// RFC 6298 3 (Karn) by the one segment that is timed, exact to the nanosecond; where a retransmission has spoilt that,
// by the echoed timestamp (RFC 7323 4.1), unless that is older than the latest retransmission: when only the ACK was
// lost, the retransmission arrives as an old duplicate, and its ACK echoes the stamp of the first arrival. Such a
// sample would be as long as the timeout, and keep it so.
void Tcb::measure(const TcpSegment& segment, Instant now) {
  if (timing_ && seq_up_to(timed_end_, segment.ack)) {
    timing_ = false;
    rtt_.sample(now - timed_at_);
  } else if (!timing_ && timestamps_ && segment.options.timestamps && segment.options.timestamps->echo != 0) {
    if (stale_echoes_ && seq_before(segment.options.timestamps->echo, retransmit_stamp_)) {
      return;
    }
    const std::uint32_t elapsed = timestamp(now) - segment.options.timestamps->echo;
    if (elapsed < 0x7fffffff / 1000) {  // not from a peer that makes up echoes
      rtt_.sample(std::max(Duration::milliseconds(elapsed), RttEstimator::kGranularity));
    }
  }
}

// RFC 9293 3.10.7.4 fifth: only news may change the window.
void Tcb::update_send_window(const TcpSegment& segment) {
  if (seq_before(segment.ack, snd_una_)) {
    return;
  }
  if (seq_before(snd_wl1_, segment.seq) || (snd_wl1_ == segment.seq && seq_up_to(snd_wl2_, segment.ack))) {
    snd_wnd_ = std::uint32_t{segment.window} << snd_wscale_;
    max_snd_wnd_ = std::max(max_snd_wnd_, snd_wnd_);
    snd_wl1_ = segment.seq;
    snd_wl2_ = segment.ack;
  }
}

void Tcb::fin_acknowledged(Instant now) {
  switch (state_) {
    case TcpState::fin_wait_1:
      state_ = TcpState::fin_wait_2;
      if (detached_) {
        arm(kFinWait2, now + config_->fin_wait_2);
      }
      break;
    case TcpState::closing:
      start_time_wait();
      break;
    case TcpState::last_ack:
      enter_closed();
      break;
    default:
      break;
  }
}

}  // namespace catenet::transport
