// SPDX-License-Identifier: Apache-2.0
// SEGMENT ARRIVES (RFC 9293 3.10.7), section by section. Every packet that comes in ends here: consumed when it did its
// work, kept in the receive buffer, or dropped with a reason.
#include <algorithm>

#include "catenet/transport/tcp/tcb.h"

namespace catenet::transport {
namespace {

using wire::TcpFlag;
constexpr Duration kTimestampValid = Duration::seconds(24LL * 24 * 3600);  // RFC 7323 5.5

std::uint32_t sequence_length(std::uint32_t data, const TcpSegment& segment) {
  return data + (segment.syn() ? 1 : 0) + (segment.fin() ? 1 : 0);
}

}  // namespace

void Tcb::input(Packet&& data, const TcpSegment& segment, Instant now) {
  ++traffic_.segments_received;
  if (const std::uint32_t each = data.meta().segment_size; each != 0 && data.size() > each) {
    traffic_.segments_received += (static_cast<std::uint32_t>(data.size()) - 1) / each;  // of a super-segment
  }
  last_heard_ = now;
  probes_ = 0;
  tail_held_ = false;
  if (is_armed(kKeepalive)) {
    arm(kKeepalive, now + config_->keepalive_idle);
  }
  if (is_expected(segment, data.size())) [[likely]] {
    input_expected(std::move(data), segment, now);
    return;
  }
  switch (state_) {
    case TcpState::closed:
    case TcpState::listen:
    case TcpState::time_wait:
      drop(std::move(data), DropReason::tcp_closed);
      break;
    case TcpState::syn_sent:
      input_syn_sent(std::move(data), segment, now);
      break;
    default:
      input_synchronized(std::move(data), segment, now);
  }
}

// Header prediction (V. Jacobson; RFC 7323 appendix E): what nearly every segment of an undisturbed connection is. The
// next data, an acknowledgement of what is under way, or both, and no trouble that is being or has been looked after.
// Of such a segment the steps of 3.10.7.4 have nothing to say but what input_expected() does.
bool Tcb::is_expected(const TcpSegment& segment, std::size_t length) const {
  const std::uint32_t acked = segment.ack - snd_una_;
  const bool plain = state_ == TcpState::established && (segment.flags & ~TcpFlag::kPsh) == TcpFlag::kAck &&
                     segment.seq == rcv_nxt_ && length <= rcv_adv_ - rcv_nxt_ && acked <= snd_nxt_ - snd_una_ &&
                     (length > 0 || acked > 0) && segment.options.timestamps.has_value() == timestamps_ &&
                     segment.options.sack_count == 0 && !segment.options.user_timeout.has_value();
  const bool calm = !rare_ && recovery_ == Recovery::none && !ecn_ && !probe_out_ && !fin_queued_ && !detached_ &&
                    !tlp_out_ && !undo_armed_ && !mark_cut_ && dup_acks_ == 0;
  return plain && calm && config_->header_prediction && segments_.in_order() && segments_.rates() == nullptr &&
         !received_.has_gap() && (!timestamps_ || seq_up_to(ts_recent_, segment.options.timestamps->value));
}

void Tcb::input_expected(Packet&& data, const TcpSegment& segment, Instant now) {
  acknowledge_expected(segment, now);
  if (timestamps_ && seq_up_to(segment.seq, last_ack_sent_)) {
    ts_recent_ = segment.options.timestamps->value;
    ts_recent_at_ = now;
  }
  const auto length = static_cast<std::uint32_t>(data.size());
  if (length == 0) {
    data.consume();
    return;
  }
  rcv_nxt_ += length;
  received_.append(std::move(data));
  peer_segment_ = std::max(peer_segment_, std::min(length, std::max(mss_, 536U)));
  received_data(length, false, now);
}

// 3.10.7.3 SYN-SENT STATE
void Tcb::input_syn_sent(Packet data, const TcpSegment& segment, Instant now) {
  // First, the ACK bit.
  if (segment.has_ack() && (seq_up_to(segment.ack, origin_.iss) || seq_before(snd_nxt_, segment.ack))) {
    if (!segment.rst()) {
      answer_reset(segment.ack);
    }
    drop(std::move(data), DropReason::tcp_bad_segment);
    return;
  }
  // Second, the RST bit: believed only with an acceptable ACK.
  if (segment.rst()) {
    if (!segment.has_ack()) {
      drop(std::move(data), DropReason::tcp_bad_segment);
      return;
    }
    fail(ECONNREFUSED);
    data.consume();
    return;
  }
  // Fourth, the SYN bit (third, security, is of another age).
  if (!segment.syn()) {
    drop(std::move(data), DropReason::tcp_bad_segment);
    return;
  }
  accept_options(segment);
  if (timestamps_) {
    ts_recent_at_ = now;
  }
  if (!segment.has_ack()) {
    // Both ends have sent a SYN: answer with SYN,ACK (3.5, figure 8). Text in it will come again.
    state_ = TcpState::syn_received;
    syn_out_ = false;
    syn_due_ = true;
    data.size() > 0 ? drop(std::move(data), DropReason::tcp_out_of_window) : data.consume();
    return;
  }
  establish(segment, now);
  ack_due_ = !write_expected_ || config_->delayed_ack == Duration{};
  if (!ack_due_) {
    arm(kDelayedAck, now + config_->delayed_ack);
  }
  if (data.size() > 0 || segment.fin()) {  // "continue processing at the sixth step"
    const bool fin = segment.fin() && data.size() <= rcv_wnd();
    data.trim(rcv_wnd());
    peer_fin_known_ = fin;
    if (fin) {
      rare().peer_fin = rcv_nxt_ + static_cast<std::uint32_t>(data.size());
    }
    input_text(std::move(data), rcv_nxt_, now);
    return;
  }
  data.consume();
}

// 3.10.7.4 OTHER STATES
void Tcb::input_synchronized(Packet data, const TcpSegment& segment, Instant now) {
  const auto length = static_cast<std::uint32_t>(data.size());
  // First, the sequence number; before it, PAWS (RFC 7323 5.3).
  if (timestamps_ && !segment.rst()) {
    if (!segment.options.timestamps && !config_->missing_timestamps) {
      drop(std::move(data), DropReason::tcp_bad_segment);  // RFC 7323 3.2: negotiated, so it must be there
      return;
    }
    if (segment.options.timestamps && !check_timestamp(segment, now)) {
      count(&TcpCounters::paws_established);
      if (length > 0 || segment.fin()) {
        note_duplicate(segment.seq, seq_min(segment.seq + sequence_length(length, segment), rcv_nxt_));
        ack_due_ = true;
      } else {
        answer_rationed(&TcpCounters::paws_acks_skipped, now);
      }
      drop(std::move(data), DropReason::tcp_old_timestamp);
      return;
    }
  }
  // Simultaneous open (3.5, figure 8, line 6): the SYN,ACK repeats the SYN that we have; its acknowledgement is new.
  if (state_ == TcpState::syn_received && !passive_ && segment.syn() && segment.has_ack() && !segment.rst() &&
      segment.seq == irs_) {
    if (input_ack_field(segment, false, now)) {
      ack_due_ = true;
    }
    drop(std::move(data), DropReason::tcp_duplicate);
    return;
  }
  if (!is_acceptable(segment.seq, sequence_length(length, segment))) {
    refuse_unacceptable(std::move(data), segment, now);
    return;
  }
  // Second, the RST bit.
  if (segment.rst()) {
    input_reset(std::move(data), segment, now);
    return;
  }
  if (ecn_) {
    note_marks(segment, length, data.meta().segment_size);
  }
  // Fourth, the SYN bit: in the window it is an error or an attack (RFC 5961 4.2).
  if (segment.syn()) {
    if (state_ == TcpState::syn_received && passive_ && !is_early()) {
      enter_closed();  // back to LISTEN
    } else {
      count(&TcpCounters::syn_challenges);
      challenge(now);
    }
    drop(std::move(data), DropReason::tcp_bad_segment);
    return;
  }
  // Fifth, the ACK field.
  if (!segment.has_ack() || !input_ack_field(segment, length > 0, now)) {
    drop(std::move(data), DropReason::tcp_bad_segment);
    return;
  }
  // RFC 7323 4.3 (2). Not before here: the timestamp of a segment that nobody believes would make all others old.
  if (timestamps_ && segment.options.timestamps && seq_up_to(segment.seq, last_ack_sent_) &&
      seq_up_to(ts_recent_, segment.options.timestamps->value)) {
    ts_recent_ = segment.options.timestamps->value;
    ts_recent_at_ = now;
  }
  if (state_ == TcpState::closed) {  // LAST-ACK is over
    data.consume();
    return;
  }
  input_tailored(std::move(data), segment, now);
}

// "Tailor" the segment to the window: what is old or beyond is cut off, a FIN beyond it too. Then the sixth step and
// on.
void Tcb::input_tailored(Packet data, const TcpSegment& segment, Instant now) {
  const auto length = static_cast<std::uint32_t>(data.size());
  if (segment.options.user_timeout) [[unlikely]] {
    take_user_timeout(*segment.options.user_timeout);
  }
  const std::uint32_t seq = seq_max(segment.seq, rcv_nxt_);
  bool fin = segment.fin();
  if (seq != segment.seq) {
    note_duplicate(segment.seq, seq);
    data.pull(std::min<std::uint32_t>(seq - segment.seq, length));
  }
  const std::uint32_t room = seq_before(seq, rcv_adv_) ? rcv_adv_ - seq : 0;
  if (data.size() > room) {  // the FIN itself needs no room in the buffer
    fin = false;
    ack_due_ = true;
    data.trim(room);
  }
  if (length > 0 && data.size() == 0 && !fin) {  // a probe into a closed window: its ACK counted, its byte does not
    ack_due_ = true;
    drop(std::move(data), DropReason::tcp_out_of_window);
    return;
  }
  // Sixth, the URG bit: urgent data are taken in line, which RFC 6093 recommends to all.
  // Seventh, the segment text; eighth, the FIN bit.
  if (fin && !fin_received_) {
    ack_due_ |= seq != rcv_nxt_;  // out of order, with data or without (RFC 5681 4.2)
    peer_fin_known_ = true;
    rare().peer_fin = seq + static_cast<std::uint32_t>(data.size());
  }
  input_text(std::move(data), seq, now);
}

bool Tcb::check_timestamp(const TcpSegment& segment, Instant now) const {
  return seq_up_to(ts_recent_, segment.options.timestamps->value) || now - ts_recent_at_ > kTimestampValid;
}

std::uint32_t Tcb::bare_edge() const {
  const std::uint32_t edge = seq_max(rcv_adv_, rcv_nxt_);
  if (!config_->buffer_is_window || (state_ == TcpState::syn_received && passive_)) {
    return edge;
  }
  const std::uint32_t segments = (config_->receive_buffer + mss_ - 1) / std::max(mss_, 1U);
  return seq_max(edge, rcv_nxt_ + segments * mss_);
}

// 3.10.7.4 first, the table of four cases; a bare ACK may also stand at the right edge, where a sender is that has
// filled the window, and data at the left edge of a closed window get their ACK looked at (3.10.7.4: "special
// allowance").
bool Tcb::is_acceptable(std::uint32_t seq, std::uint32_t length) const {
  if (length == 0) {
    return seq_up_to(rcv_nxt_, seq) && seq_up_to(seq, bare_edge());
  }
  const std::uint32_t edge = seq_max(rcv_adv_, rcv_nxt_);
  if (edge == rcv_nxt_) {
    return seq == rcv_nxt_;
  }
  return seq_before(seq, edge) && seq_before(rcv_nxt_, seq + length);
}

void Tcb::refuse_unacceptable(Packet data, const TcpSegment& segment, Instant now) {
  const std::uint32_t length = sequence_length(static_cast<std::uint32_t>(data.size()), segment);
  const bool old = length > 0 && seq_up_to(segment.seq + length, rcv_nxt_);
  const DropReason reason = old ? DropReason::tcp_duplicate : DropReason::tcp_out_of_window;
  if (!segment.rst()) {
    if (state_ == TcpState::syn_received && segment.syn() && !segment.has_ack() && segment.seq == irs_) {
      syn_due_ = true;           // the peer has not got our SYN,ACK
    } else if (segment.syn()) {  // RFC 5961 4.2: whatever its number
      count(&TcpCounters::syn_challenges);
      challenge(now);
      if (ack_due_ && accurate_ecn() != nullptr && !passive_ && segment.has_ack() && segment.seq == irs_) {
        accurate_ecn()->repeat_handshake_ack();
      }
    } else if (length > 0) {
      note_duplicate(segment.seq, seq_min(segment.seq + length, rcv_nxt_));
      ack_due_ = true;
      if (old && segment.seq + length == rcv_nxt_ && segment.has_ack() && state_ != TcpState::syn_received) {
        // What came last, and again, may acknowledge what it had not: a FIN in CLOSING or LAST-ACK. Linux and FreeBSD
        // look at it too. Of older ones nothing is believed: whoever guesses a number need not come near ours.
        (void)input_ack_field(segment, true, now);
      }
    } else {
      // Two ends that disagree must not answer each other's bare ACKs for ever.
      answer_rationed(&TcpCounters::sequence_acks_skipped, now);
    }
  }
  drop(std::move(data), reason);
}

// 3.10.7.4 second, with RFC 5961 3.2: only a RST at exactly the next number counts, and one at the right edge is
// outside.
void Tcb::input_reset(Packet data, const TcpSegment& segment, Instant now) {
  if (segment.seq != rcv_nxt_ && !seq_before(segment.seq, bare_edge())) {
    drop(std::move(data), DropReason::tcp_out_of_window);
    return;
  }
  if (segment.seq != rcv_nxt_) {
    challenge(now);
    drop(std::move(data), DropReason::tcp_bad_segment);
    return;
  }
  reset_ = true;
  switch (state_) {
    case TcpState::syn_received:
      passive_ && !is_early() ? enter_closed() : fail(passive_ ? ECONNRESET : ECONNREFUSED);
      break;
    case TcpState::closing:
    case TcpState::last_ack:
      soft_error_ = ECONNRESET;  // nothing is lost to who reads; but who asks is told, as by Linux and FreeBSD
      enter_closed();
      break;
    default:
      fail(ECONNRESET);
  }
  data.consume();
}

// 3.10.7.4 fifth. False: the segment is to be dropped.
bool Tcb::input_ack_field(const TcpSegment& segment, bool has_data, Instant now) {
  if (state_ == TcpState::syn_received) {
    if (accurate_ecn() != nullptr) {
      note_handshake_ace(segment, has_data);
    }
    if (is_early()) {
      return establish_early(segment, has_data, now);
    }
    if (!seq_before(snd_una_, segment.ack) || seq_before(snd_nxt_, segment.ack)) {
      answer_reset(segment.ack);
      return false;
    }
    establish(segment, now);
    return true;
  }
  // RFC 5961 5.2: an ACK far behind is as suspect as one ahead.
  if (seq_before(snd_nxt_, segment.ack) || seq_before(segment.ack, snd_una_ - max_snd_wnd_)) {
    challenge(now);
    return false;
  }
  acknowledge(segment, has_data, now);
  return true;
}

// SYN-SENT or SYN-RECEIVED -> ESTABLISHED; `segment` acknowledges our SYN.
void Tcb::establish(const TcpSegment& segment, Instant now) {
  state_ = fin_queued_ ? TcpState::fin_wait_1 : TcpState::established;
  syn_due_ = false;
  disarm(kRetransmit);
  retries_ = 0;
  if (fast_open() != nullptr) {
    note_syn_data_answer(segment);
  }
  snd_una_ = recover_ = segment.ack;
  segments_.start(snd_una_);
  rack_.start(snd_una_);
  measure(segment, now);
  if (syn_retransmitted_ && !rtt_.has_sample()) {
    rtt_.syn_was_retransmitted();
  }
  snd_wnd_ = std::uint32_t{segment.window} << (segment.syn() ? 0 : snd_wscale_);
  max_snd_wnd_ = std::max(max_snd_wnd_, snd_wnd_);
  snd_wl1_ = segment.seq;
  snd_wl2_ = segment.ack;
  event_ = true;
  send_blocked_ = false;  // whoever was told to wait for the handshake may try again
  data_at_ = to_ms(now);
  tell_watch(now);
}

void Tcb::start_congestion_control() {
  congestion_ = make_congestion_control(chosen_congestion(), mss_, first_window());
}

// 3.10.7.4 seventh, and then eighth if the FIN has become next. The data begin at `seq`, at rcv_nxt or later, within
// the window.
void Tcb::input_text(Packet data, std::uint32_t seq, Instant now) {
  const auto length = static_cast<std::uint32_t>(data.size());
  const bool receiving =
      state_ == TcpState::established || state_ == TcpState::fin_wait_1 || state_ == TcpState::fin_wait_2;
  if (length == 0) {
    data.consume();
  } else if (!receiving) {
    drop(std::move(data), DropReason::tcp_bad_segment);  // text behind the peer's FIN
    return;
  } else if (detached_) {
    count(&TcpCounters::aborts_on_data);
    answer_reset(snd_nxt_);  // RFC 9293 3.6.1 with RFC 1122 4.2.2.13: new data, and nobody to read it
    reset_ = true;
    fail(ECONNRESET);
    drop(std::move(data), DropReason::tcp_closed);
    return;
  } else if (seq != rcv_nxt_) {
    keep_out_of_order(std::move(data), seq);
  } else {
    const bool had_gap = received_.has_gap();
    rcv_nxt_ += length;
    wire::SackBlock duplicate{};
    rcv_nxt_ = seq + received_.accept(std::move(data), seq, environment_.drop, duplicate);
    if (duplicate.left != duplicate.right) {
      note_duplicate(duplicate.left, duplicate.right);
    }
    peer_segment_ = std::max(peer_segment_, std::min(length, std::max(mss_, 536U)));
    received_data(rcv_nxt_ - seq, had_gap, now);
  }
  if (peer_fin_known_ && !fin_received_ && rcv_nxt_ == rare().peer_fin) {
    input_fin();
  }
}

void Tcb::keep_out_of_order(Packet data, std::uint32_t seq) {
  ++troubles().out_of_order;
  ack_due_ = true;  // RFC 5681 4.2: a duplicate ACK at once
  wire::SackBlock duplicate{};
  const std::size_t most = ReceiveBuffer::most_out_of_order(receive_limit());
  (void)received_.insert(std::move(data), seq, most, environment_.drop, duplicate);
  if (duplicate.left != duplicate.right) {
    note_duplicate(duplicate.left, duplicate.right);
  }
}

// RFC 2883 4: what came again is the first block of the next acknowledgement, once. Data in order up to rcv_nxt are old
// duplicates; above it they are in a block that follows.
void Tcb::note_duplicate(std::uint32_t left, std::uint32_t right) {
  if (!sack_ || !config_->dsack || !seq_before(left, right)) {
    return;
  }
  if (seq_before(left, rcv_nxt_)) {
    ++troubles().dsack_old_sent;
  } else if (received_.has_gap()) {
    ++troubles().dsack_ofo_sent;
  } else {
    return;
  }
  rare().dsack = {left, right};
  dsack_due_ = true;
}

// RFC 9293 3.8.6.3, RFC 5681 4.2: at once when a gap closes, and for every second full-sized segment.
void Tcb::received_data(std::uint32_t bytes, bool filled_gap, Instant now) {
  traffic_.bytes_received += bytes;
  unacked_bytes_ += bytes;
  data_at_ = to_ms(now);
  event_ = true;
  grow_receive_limit(now);
  if (quick_acks_ > 0) {
    --quick_acks_;
    ack_due_ = true;
  } else if (filled_gap || config_->delayed_ack == Duration{} || unacked_bytes_ >= 2 * peer_segment_) {
    ack_due_ = true;
  } else if (!is_armed(kDelayedAck)) {
    arm(kDelayedAck, now + config_->delayed_ack);
  }
}

// The window must be what a sender can have under way. Once a round trip: what the user has read in it is what the path
// carries now, and by the time the news is with the sender it may be twice that, and twice that again in slow start
// (dynamic right-sizing, as in Linux). A user who does not read gets no larger buffer.
void Tcb::grow_receive_limit(Instant now) {
  const std::uint32_t at = static_cast<std::uint32_t>(now.ns() / 1000) | 1;
  if (config_->max_receive_buffer <= config_->receive_buffer || Duration::microseconds(at - read_at_) < rtt_.srtt()) {
    return;
  }
  const std::uint32_t read_up_to = rcv_nxt_ - received_.readable();
  const std::uint32_t read = read_up_to - read_seq_;
  if (read_at_ != 0) {
    const bool rising = read - read / 4 > last_read_;
    const std::uint64_t wanted = std::uint64_t{read} * (rising ? 4 : 2);
    receive_grown_ = static_cast<std::uint32_t>(
        std::max<std::uint64_t>(receive_grown_, std::min<std::uint64_t>(wanted, config_->max_receive_buffer)));
    last_read_ = read;
  }
  read_seq_ = read_up_to;
  read_at_ = at;
}

// 3.10.7.4 eighth. Everything before the FIN has arrived.
void Tcb::input_fin() {
  fin_received_ = true;
  ++rcv_nxt_;
  rcv_adv_ = seq_max(rcv_adv_, rcv_nxt_);
  ack_due_ = true;
  event_ = true;
  switch (state_) {
    case TcpState::syn_received:
    case TcpState::established:
      state_ = TcpState::close_wait;
      break;
    case TcpState::fin_wait_1:
      state_ = TcpState::closing;  // had our FIN been acknowledged, the state were FIN-WAIT-2 by now
      break;
    case TcpState::fin_wait_2:
      start_time_wait();
      break;
    default:
      break;
  }
}

void Tcb::answer_reset(std::uint32_t seq) {
  rst_due_ = true;
  rst_has_ack_ = false;
  rare().rst_seq = seq;
}

// A challenge ACK (RFC 5961). What it costs is bounded twice: for the connection, and for the host (7).
void Tcb::challenge(Instant now) {
  if (is_rationed(now) || (environment_.challenges != nullptr && !environment_.challenges->take(now))) {
    count(&TcpCounters::challenge_acks_skipped);
    return;
  }
  count(&TcpCounters::challenge_acks);
  ack_due_ = true;
}

// The ACK that answers a bare ACK which cannot be right.
void Tcb::answer_rationed(std::uint64_t TcpCounters::* skipped, Instant now) {
  if (is_rationed(now)) {
    count(skipped);
  } else {
    ack_due_ = true;
  }
}

bool Tcb::is_rationed(Instant now) {
  Rare& r = rare();
  if (r.challenges == 0 || now - r.challenge_window >= config_->challenge_window) {
    r.challenge_window = now;
    r.challenges = 0;
  }
  if (r.challenges >= config_->challenge_acks) {
    return true;
  }
  ++r.challenges;
  return false;
}

}  // namespace catenet::transport
