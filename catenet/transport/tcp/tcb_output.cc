// SPDX-License-Identifier: Apache-2.0
// What to send, and when: the order of duties, the windows, silly window avoidance and Nagle (RFC 9293 3.7.4, 3.8.6),
// what to send again (RFC 8985, RFC 6675 4), and the making of segments.
//
// New data go as super-segments where the environment allows them: one Packet of several mss, which says so in
// PacketMeta::segment_size and is cut where it meets a medium of frames (net/segmentation.h). On the wire nothing
// changes but PSH, which then also ends a burst (free by RFC 9293 3.9.1.2; Linux does the same). What goes again goes
// one by one.
#include <algorithm>

#include "catenet/packet/checksum.h"
#include "catenet/transport/tcp/tcb.h"
#include "catenet/transport/udp/pseudo_sum.h"

namespace catenet::transport {
namespace {

using wire::TcpFlag;
constexpr std::uint8_t kProtocolTcp = 6;
constexpr std::uint32_t kMaxWindowField = 0xffff;

}  // namespace

Packet Tcb::transmit(Instant now) {
  ect_ = false;
  if (rst_due_) {
    rst_due_ = false;
    count(&TcpCounters::out_rsts);
    return build_control(rare().rst_seq, rst_has_ack_ ? TcpFlag::kRst | TcpFlag::kAck : TcpFlag::kRst, now);
  }
  if (state_ == TcpState::closed) {
    return {};
  }
  if (syn_due_) {
    return build_syn(now);
  }
  if (early_ack_due_) {
    return build_early_ack(now);
  }
  // News about a gap goes in a segment of its own: one with data would not count as a duplicate ACK (RFC 5681 2), and
  // its data would have to make room for the SACK blocks.
  if (ack_due_ && (received_.has_gap() || dsack_due_ || (ecn_ && owes_handshake_ack()))) {
    return build_control(snd_nxt_, TcpFlag::kAck, now);
  }
  if (probe_due_ && config_->empty_probes && usable_window(snd_una_) == 0) {
    probe_due_ = false;
    return build_control(snd_una_ - 1, TcpFlag::kAck, now);
  }
  Plan next;
  if (may_send_data() && !waits_for_pacing(now) && plan(next, now)) {
    Packet packet = build_data(next, now);
    if (packet) {
      return packet;
    }
  }
  if (keepalive_due_) {  // RFC 9293 3.8.4: a number just below the window provokes an ACK
    keepalive_due_ = false;
    return build_control(snd_una_ - 1, TcpFlag::kAck, now);
  }
  if (ack_due_) {
    return build_control(snd_nxt_, TcpFlag::kAck, now);
  }
  update_send_timers(now);
  return {};
}

bool Tcb::plan(Plan& out, Instant now) {
  if (probe_due_) {
    probe_due_ = false;
    if (plan_probe(out)) {
      return true;
    }
  }
  if (retransmit_due_) {
    retransmit_due_ = false;
    if (plan_again(out, segments_.next_lost())) {
      return true;
    }
  }
  if (loss_probe_due_) {
    loss_probe_due_ = false;
    if (plan_loss_probe(out)) {
      return true;
    }
  }
  if (recovery_ == Recovery::none) {
    return plan_new(out, now);
  }
  if (recovery_ == Recovery::fast && sack_ && !config_->rack) {
    return plan_by_count(out, now);
  }
  return plan_lost(out, now);
}

// In recovery: what is lost, then what was never sent.
bool Tcb::plan_lost(Plan& out, Instant now) {
  if (frto_ == Frto::new_data) {  // RFC 5682 3.1 (2b): two new segments first, and wait for what they bring to light
    if (plan_new(out, now)) {
      return true;
    }
    if (frto_sent_) {
      return false;
    }
    frto_ = Frto::off;
  }
  if (recovery_ == Recovery::timeout || sack_) {
    if (plan_again(out, segments_.next_lost())) {
      return cwnd_allows(out.length);  // if not: a window in use, see note_sent()
    }
  }
  return plan_new(out, now);
}

// RFC 6675 4, NextSeg(), rules 1 to 4; 5 (3) to (C.5): one segment for each SMSS that the pipe leaves of cwnd.
bool Tcb::plan_by_count(Plan& out, Instant now) {
  if (!cwnd_allows(mss_)) {
    return false;
  }
  if (plan_again(out, segments_.next_lost())) {  // 1: lost
    return true;
  }
  if (plan_new(out, now)) {  // 2: never sent
    return true;
  }
  std::uint32_t sacked = segments_.sacked_bytes();
  std::size_t tail = segments_.size();
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    const SentSegment& segment = segments_[i];
    if (segment.is(SentSegment::kSacked)) {
      sacked -= segments_.length_of(i);
    } else if (!segment.is(SentSegment::kRetransmitted)) {
      if (sacked > 0) {  // 3: perhaps lost
        return plan_again(out, i);
      }
      tail = seq_up_to(segment.end, recover_) ? i : tail;
    }
  }
  // 4: a rescue: the end of what is under way, once, when nothing else can keep the ACK clock running
  if (!rescued_ && plan_again(out, tail)) {
    rescued_ = true;
    return true;
  }
  return false;
}

// Record `i` again, and what follows it in the same plight, up to a full segment; the FIN counts as a number.
bool Tcb::plan_again(Plan& out, std::size_t i) const {
  if (i >= segments_.size()) {
    return false;
  }
  const std::uint32_t begin = segments_.begin_of(i);
  std::uint32_t end = segments_[i].end;
  const std::uint8_t fate = segments_[i].flags & ~SentSegment::kEverRetransmitted;
  for (++i; i < segments_.size(); ++i) {
    const SentSegment& next = segments_[i];
    if ((next.flags & ~SentSegment::kEverRetransmitted) != fate || next.end - begin > mss_ ||
        left_of_record(end - 1) == 1) {
      break;
    }
    end = next.end;
  }
  const std::uint32_t data = seq_before(begin, data_end()) ? data_end() - begin : 0;
  out = Plan{};
  out.seq = begin;
  end = seq_min(end, begin + std::min(left_of_record(begin), end - begin));  // one record may have grown over several
  out.length = std::min({data, end - begin, mss_});
  out.fin = fin_queued_ && begin + out.length == data_end() && seq_before(data_end(), end);
  const bool burst = config_->burst_segments != 0 && config_->mtu_probing == MtuProbing::never;
  if (burst && end - begin > mss_ && !out.fin && end - begin <= data) {
    out.length = burst_again(end - begin);
  }
  return out.length > 0 || out.fin;
}

// Of `length` bytes that went as one packet, how many go again as one (Linux).
std::uint32_t Tcb::burst_again(std::uint32_t length) const {
  const std::uint32_t most_at_once =
      config_->super_segments && may_send_super_segments() ? origin_.max_super_segment : 0;
  const std::uint32_t most = std::min({room_in_cwnd(), most_at_once, burst_limit()});
  return length <= most ? length : std::max(most - most % mss_, mss_);
}

// RFC 8985 7.3: new data if there are any that the peer takes, whatever cwnd and Nagle say; else the last segment.
bool Tcb::plan_loss_probe(Plan& out) const {
  out = Plan{};
  out.loss_probe = true;
  const std::uint32_t available = seq_before(snd_nxt_, data_end()) ? data_end() - snd_nxt_ : 0;
  const std::uint32_t usable = usable_window(snd_nxt_);
  out.length = std::min({available, usable, mss_, left_of_record(snd_nxt_)});
  if (out.length > 0) {
    out.seq = snd_nxt_;
    out.fin = fin_queued_ && out.length == available && usable > out.length;
    return true;
  }
  if (segments_.empty()) {
    return false;
  }
  const std::size_t last = segments_.size() - 1;
  const std::uint32_t end = segments_[last].end;
  out.fin = fin_queued_ && end == data_end() + 1;
  out.length = std::min(segments_.length_of(last) - (out.fin ? 1 : 0), mss_);
  out.seq = end - (out.fin ? 1 : 0) - out.length;
  return out.length > 0 || out.fin;
}

// RFC 9293 3.8.6.1: at least one byte of new data (or the FIN), and what fits when silly window avoidance held it.
bool Tcb::plan_probe(Plan& out) const {
  if (flight() > 0 && !probe_out_) {
    return false;  // it went in the meantime
  }
  const std::uint32_t usable = usable_window(snd_una_);
  out.seq = snd_una_;
  out.length = std::min({send_.size(), std::max(usable, 1U), mss_, left_of_record(snd_una_)});
  out.push = out.length > 0 && out.length == send_.size() && usable >= out.length;  // nothing else has made it go
  out.fin = fin_queued_ && out.length == send_.size() && (out.length == 0 || usable > out.length);
  out.probe = usable < out.length + (out.fin ? 1 : 0);
  return out.length > 0 || out.fin;
}

std::uint32_t Tcb::usable_window(std::uint32_t from) const {
  const std::uint32_t edge = snd_una_ + snd_wnd_;
  return seq_before(from, edge) ? edge - from : 0;
}

bool Tcb::plan_new(Plan& out, Instant now) {
  const std::uint32_t start = probe_out_ ? snd_una_ : snd_nxt_;  // a probe's byte may have been refused
  if (!seq_before(start, send_end())) {
    return false;
  }
  const std::uint32_t of_record = left_of_record(start);
  if (config_->mtu_probing != MtuProbing::never && of_record > data_end() - start) [[unlikely]] {
    const ProbePlan probe = plan_mtu_probe(out, start, now);
    if (probe != ProbePlan::none) {
      return probe == ProbePlan::send;
    }
  }
  const bool last = of_record >= data_end() - start;  // what follows a record does not wait for more, nor does it
  const std::uint32_t available = std::min(data_end() - start, of_record);
  const std::uint32_t usable = usable_window(start);
  std::uint32_t length = std::min({available, usable, mss_});
  const auto ends = [&] { return last && fin_queued_ && length == available && usable > length; };
  const bool idle = start == snd_una_;
  if (!worth_sending(length, available, ends(), idle) && (last || length == 0 || length < available)) {
    return false;
  }
  if (idle) {
    note_idle(now);
  }
  if (!cwnd_allows(length)) {
    return false;
  }
  if (length < available && length < usable) {
    length = burst_length(std::min(available, usable), available, last);
  }
  out = Plan{start, length, ends()};
  return true;
}

// How much of `most` bytes (more than mss) goes at once: whole segments, as many as cwnd has room for, and what is
// behind them if it is worth a segment of its own and the end of the data (`available`).
std::uint32_t Tcb::burst_length(std::uint32_t most, std::uint32_t available, bool last) const {
  const std::uint32_t most_at_once =
      std::min(send_quantum(), config_->super_segments && may_send_super_segments() ? origin_.max_super_segment : 0);
  std::uint32_t room = std::min(room_in_cwnd(), most_at_once);
  if (config_->burst_segments != 0) {
    room = std::min(room, burst_limit());
  }
  const std::uint32_t length = std::min(most, room);
  const std::uint32_t tail = length % mss_;
  const bool whole = length == available && (!last || worth_sending(tail, tail, fin_queued_, false));
  return std::max(whole ? length : length - tail, mss_);
}

// As Linux: what a millisecond of twice the path's rate carries, and a share of 64 KiB that halves with every 512 us of
// the round trip; but so many segments at least, and half the window at most.
std::uint32_t Tcb::burst_limit() const {
  constexpr std::uint64_t kMost = 65'536;
  const auto srtt_us = static_cast<std::uint64_t>(rtt_.srtt().us());
  const Duration least = rack_.min_rtt() > Duration{} ? rack_.min_rtt() : rtt_.srtt();
  const auto shift = static_cast<std::uint64_t>(least.us()) >> 9;
  const std::uint64_t by_rate = srtt_us == 0 ? kMost : std::uint64_t{2} * cwnd() * 1'000'000 / srtt_us >> 10;
  const std::uint64_t bytes = std::min(kMost, by_rate + (shift < 17 ? kMost >> shift : 0));
  const std::uint32_t segments =
      std::max<std::uint32_t>(static_cast<std::uint32_t>(bytes) / mss_, config_->burst_segments);
  return std::max(std::min(segments * mss_, cwnd() / 2), mss_);
}

// RFC 9293 3.8.6.2.1, the sender's half of silly window avoidance. Of Nagle (2) and (3) ask that nothing is under way;
// that nothing small is will do (draft-minshall-nagle, and Linux): the tail of a long write does not wait.
bool Tcb::worth_sending(std::uint32_t length, std::uint32_t available, bool fin, bool idle) const {
  if (length == 0) {
    return fin;
  }
  if (length >= mss_ || fin) {  // (1), and a FIN must not wait for an ACK
    return true;
  }
  if (config_->cork || tail_held_) {  // after an RTO the persist timer has its way, see plan_probe()
    return false;
  }
  const bool may = idle || !config_->nagle || !small_under_way();
  return may && (length == available || length >= max_snd_wnd_ / 2);
}

bool Tcb::cwnd_allows(std::uint32_t length) const { return pipe() == 0 || length <= room_in_cwnd(); }

std::uint32_t Tcb::room_in_cwnd() const {
  const std::uint32_t cwnd = window_in_use();
  return cwnd - std::min(pipe(), cwnd);
}

std::uint32_t Tcb::pipe() const {
  const std::uint32_t under_way = segments_.pipe();
  if (sack_) {
    return under_way;
  }
  std::uint32_t left = 0;
  if (recovery_ == Recovery::fast) {
    left = dup_acked_;
  } else if (recovery_ == Recovery::none && config_->limited_transmit) {
    left = std::min(dup_acks_, 2U) * mss_;  // RFC 3042: each of the first two duplicate ACKs says that one has left
  }
  return under_way - std::min(left, under_way);
}

void Tcb::note_sent(const Plan& plan, Instant now) {
  const std::uint32_t end = plan.seq + plan.length + (plan.fin ? 1 : 0);
  sending().last_sent_at = now;
  const bool again = seq_before(plan.seq, snd_nxt_);
  if (again) {
    note_retransmission(plan, now);
  } else {
    traffic_.bytes_sent += plan.length;
    if (plan.length > 0) {
      (void)congestion();  // hears of the acknowledgement
    }
    if (!timing_ && !plan.probe) {
      timing_ = true;
      timed_end_ =
          plan.mtu_probe
              ? end
              : seq_min(end, plan.seq + mss_);  // the first of a burst: what waits behind it on the wire is no delay
      timed_at_ = now;
    }
    if (recovery_ == Recovery::none && (dup_acks_ > 0 || segments_.sacked_count() > 0)) {
      limited_ += plan.length;
    }
    frto_sent_ = frto_sent_ || frto_ == Frto::new_data;
    // What went with a SYN and goes again is not new to Nagle.
    const bool of_syn = traffic_.bytes_acked < syn_data() && seq_up_to(end, origin_.iss + 1 + syn_data());
    small_end_ = plan.length % mss_ != 0 && !plan.mtu_probe && !of_syn ? end : small_end_;
  }
  segments_.sent(plan.seq, end, now);
  pace(plan.length, now);
  if (uses_prr()) {
    prr_.on_sent(plan.length);
  }
  if (again && seq_before(snd_nxt_, end)) {
    traffic_.bytes_sent += std::min(end - snd_nxt_, plan.length);  // a probe's byte again, with more behind it
  }
  snd_nxt_ = seq_max(snd_nxt_, end);
  note_window_use();
  if (plan.loss_probe) {
    ++troubles().loss_probes;
    tlp_out_ = true;
    tlp_is_retrans_ = again;
    tlp_end_seq_ = snd_nxt_;
  }
  probe_out_ = plan.probe;
  if (!again && seq_up_to(send_end(), snd_nxt_)) {
    note_all_sent(now);
  }
  if (probe_out_) {
    disarm(kRetransmit);
    disarm(kLossProbe);
  } else {
    disarm(kPersist);
    // RFC 6298 5.1; and the first segment, sent again, has the whole timeout to be answered.
    if (!is_armed(kRetransmit) || plan.seq == snd_una_) {
      arm_retransmit(now);
    }
    if (!again) {
      schedule_loss_probe(now);
    }
  }
}

// No room for another: the window is in use, and may grow. Otherwise, as Linux: the most that was under way in a window
// of data says how far.
void Tcb::note_window_use() {
  const bool full = pipe() + mss_ > cwnd();
  if (!config_->half_window_counts) {
    cwnd_limited_ = cwnd_limited_ || full;
    cwnd_limited_end_ = full ? snd_nxt_ : cwnd_limited_end_;
  } else if (full || seq_up_to(cwnd_limited_end_, snd_una_) || (!cwnd_limited_ && flight() > sending().most_out)) {
    cwnd_limited_ = full;
    sending().most_out = (flight() + mss_ - 1) / mss_ * mss_;
    cwnd_limited_end_ = snd_nxt_;
  }
}

void Tcb::note_retransmission(const Plan& plan, Instant now) {
  timing_ = false;  // Karn
  if (mtu_probe() != nullptr) {
    mtu_probe()->abandon();  // RFC 4821 7.6.3: it may be what goes again
  }
  stale_echoes_ = true;
  retransmit_stamp_ = timestamp(now);
  troubles().retransmits += std::max((plan.length + mss_ - 1) / mss_, 1U);
  troubles().bytes_retransmitted += plan.length;
  if (recovery_ != Recovery::none) {
    count(recovery_ == Recovery::fast ? &TcpCounters::fast_retransmits : &TcpCounters::slow_start_retransmits);
  }
  if (undo_armed_ && recovery_ != Recovery::none) {
    if (!undo_counting_) {
      undo_counting_ = true;
      rare().undo_stamp = retransmit_stamp_;
    }
    ++rare().undo_retransmits;
  }
}

Packet Tcb::build_data(Plan& plan, Instant now) {
  Packet packet = environment_.pool->make();
  if (!packet) {
    if (flight() > 0 && !probe_out_ && !is_armed(kRetransmit)) {
      arm_retransmit(now);
    }
    return packet;
  }
  const std::uint32_t small_end = small_end_;
  const bool makes_room = make_room_for_user_timeout(plan);
  const std::uint32_t appended = send_.append_to(packet, plan.seq - send_seq_, plan.length);
  if (appended < plan.length) {  // many small pieces: the rest goes in the next segment
    const std::uint32_t whole = plan.mtu_probe ? mss_ : appended - appended % mss_;
    plan.length = appended > mss_ ? whole : appended;
    plan.fin = plan.mtu_probe = false;
    packet.trim(plan.length);
  }
  std::uint8_t flags = TcpFlag::kAck;
  if (plan.fin) {
    flags |= TcpFlag::kFin;
  }
  const std::uint32_t end = plan.seq + plan.length;
  const bool last = (end == data_end() && !unpushed_) || left_of_record(end - 1) == 1 ||
                    (seq_before(plan.seq, snd_nxt_) && ends_push(end));
  if ((plan.length > mss_ && !plan.mtu_probe) || plan.push || (plan.length > 0 && last)) {
    flags |= TcpFlag::kPsh;  // RFC 9293 3.9.1.2: the last byte there is or was, unless more is to come; and of a burst
  }
  if (plan.mtu_probe) {
    note_mtu_probe_sent(plan);
  } else if (plan.length > mss_) {
    packet.meta().segment_size = static_cast<std::uint16_t>(mss_);
    traffic_.segments_sent += (plan.length - 1) / mss_;
  }
  if (ecn_) {
    flags |= prepare_ecn(plan);
  }
  note_sent(plan, now);
  small_end_ = makes_room ? small_end : small_end_;  // Nagle need not mind
  if (!rare_ && !ecn_) [[likely]] {
    finish_plain(packet, plan.seq, flags, now);
    return packet;
  }
  return finish(std::move(packet), plan.seq, flags, running_options(now, false), now);
}

Packet Tcb::build_syn(Instant now) {
  Packet packet = environment_.pool->make();
  syn_due_ = false;
  if (!is_armed(kRetransmit)) {
    arm_retransmit(now);
  }
  if (!packet) {
    return packet;  // the retransmission timer tries again
  }
  const bool answer = state_ == TcpState::syn_received;
  wire::TcpOptions options;
  options.mss = static_cast<std::uint16_t>(
      std::min<std::uint32_t>({origin_.max_segment, std::uint32_t{config_->max_mss}, 0xffff}));
  if (answer ? scaling_ : config_->window_scaling) {
    options.window_scale = rcv_wscale_;
  }
  options.sack_permitted = answer ? sack_ : config_->sack;
  if (answer ? timestamps_ : config_->timestamps && may_stamp()) {
    options.timestamps = wire::TcpTimestamps{timestamp(now), answer ? ts_recent_ : 0};
  }
  if (fast_open() != nullptr && !syn_out_ && !signs()) {
    add_fast_open(packet, options);
  }
  add_user_timeout_to_syn(options);
  if (answer && !syn_out_) {  // not again: a box may drop what it does not know (RFC 9768 3.2.3.2.2)
    add_accurate_ecn(options, now);
  }
  if (!syn_out_ && retries_ == 0) {
    timing_ = true;
    timed_end_ = origin_.iss + 1;
    timed_at_ = now;
  } else {
    timing_ = false;
    stale_echoes_ = true;
    retransmit_stamp_ = timestamp(now);
    ++troubles().retransmits;
    count(&TcpCounters::syn_retransmits);
  }
  syn_out_ = true;
  snd_nxt_ = seq_max(snd_nxt_, origin_.iss + 1 + syn_data());
  tell_watch(now);
  const std::uint8_t flags = (answer ? TcpFlag::kSyn | TcpFlag::kAck : TcpFlag::kSyn) | ecn_syn_flags();
  return finish(std::move(packet), origin_.iss, flags, options, now);
}

Packet Tcb::build_control(std::uint32_t seq, std::uint8_t flags, Instant now) {
  Packet packet = environment_.pool->make();
  if (!packet) {
    ack_due_ = false;  // the peer will ask again
    return packet;
  }
  const bool reset = (flags & TcpFlag::kRst) != 0;
  const bool bare_reset = reset && (flags & TcpFlag::kAck) == 0;
  wire::TcpOptions options = bare_reset ? wire::TcpOptions{} : running_options(now, !reset);
  if (ecn_ && !reset && !sends_ecn_always()) {
    add_accurate_ecn(options, now);
  }
  return finish(std::move(packet), seq, flags, options, now);
}

wire::TcpOptions Tcb::running_options(Instant now, bool with_sack) {
  wire::TcpOptions options;
  add_user_timeout(options);
  if (timestamps_) {
    options.timestamps = wire::TcpTimestamps{timestamp(now), ts_recent_};
  }
  if (sends_ecn_always()) [[unlikely]] {
    add_accurate_ecn(options, now);
  }
  if (!with_sack || !sack_) {
    return options;
  }
  const std::size_t room = timestamps_ ? wire::TcpOptions::kMaxSackBlocks - 1 : wire::TcpOptions::kMaxSackBlocks;
  if (dsack_due_) {
    dsack_due_ = false;
    options.sack[options.sack_count++] = rare().dsack;
  }
  if (received_.has_gap()) {
    options.sack_count += static_cast<std::uint8_t>(
        received_.sack_blocks(std::span(options.sack).first(room).subspan(options.sack_count)));
  }
  return options;
}

// Options and header in front of what the packet holds.
Packet Tcb::finish(Packet packet, std::uint32_t seq, std::uint8_t flags, wire::TcpOptions options, Instant now) {
  if (rare_) {
    options.signature = rare_->signature;
  }
  const bool syn = (flags & TcpFlag::kSyn) != 0;
  const bool pure = packet.size() == 0 && options.sack_count == 0;
  const std::size_t header_size = wire::kTcpHeaderSize + options.size();
  std::byte* bytes = packet.push(header_size);
  (void)options.emit({bytes + wire::kTcpHeaderSize, header_size - wire::kTcpHeaderSize});
  write_header(packet, header_size, seq, flags);
  if (ecn_ || syn) [[unlikely]] {
    set_ecn_flags(packet.header<wire::TcpHeader>(), pure);
    if (config_->generalized_ecn && !syn && (flags & TcpFlag::kAck) != 0 && accurate_ecn() != nullptr) {
      ect_ = accurate_ecn()->may_send_ect();
    }
  }
  note_built(packet, flags, now);
  return packet;
}

// finish() where there is nothing but timestamps to say beside the data: no SYN, no marks, no rare things.
void Tcb::finish_plain(Packet& packet, std::uint32_t seq, std::uint8_t flags, Instant now) {
  const std::size_t header_size = wire::kTcpHeaderSize + (timestamps_ ? wire::TcpOptions::kAlignedTimestampsSize : 0);
  std::byte* bytes = packet.push(header_size);
  if (timestamps_) {
    wire::TcpOptions::emit_timestamps({timestamp(now), ts_recent_}, bytes + wire::kTcpHeaderSize);
  }
  write_header(packet, header_size, seq, flags);
  note_built(packet, flags, now);
}

void Tcb::write_header(Packet& packet, std::size_t header_size, std::uint32_t seq, std::uint8_t flags) {
  const bool syn = (flags & TcpFlag::kSyn) != 0;
  const bool ack = (flags & TcpFlag::kAck) != 0;
  auto& header = packet.header<wire::TcpHeader>();
  header = wire::TcpHeader{};
  header.source_port = tuple_.local.port;
  header.destination_port = tuple_.foreign.port;
  header.seq = seq;
  header.ack = ack ? rcv_nxt_ : 0;
  header.set_header_size(header_size);
  header.flags = flags;
  // A reset without ACK answers what is no part of the connection (RFC 9293 3.5.2), and offers nothing: as one for a
  // closed port, and as Linux and FreeBSD do.
  header.window = !ack && !syn ? std::uint16_t{0} : window_field(syn);
  header.checksum = checksum_swap(checksum_fold_native(pseudo_header_native(
      tuple_.local.address, tuple_.foreign.address, kProtocolTcp, static_cast<std::uint32_t>(packet.size()))));
  mark_partial_checksum(packet, 0, offsetof(wire::TcpHeader, checksum));
}

void Tcb::note_built(Packet& packet, std::uint8_t flags, Instant now) {
  packet.meta().stamp = now;
  ++traffic_.segments_sent;
  if ((flags & TcpFlag::kAck) != 0) {
    ack_due_ = false;
    last_ack_sent_ = rcv_nxt_;
    unacked_bytes_ = 0;
    disarm(kDelayedAck);
  }
}

// RFC 9293 3.8.6.2.2, the receiver's half of silly window avoidance: the right edge stays until it can move by a
// segment or half the buffer, and never moves back (3.8.6). Rounding to the scale may blur it by less than one unit
// (RFC 7323 2.4); up to the exact edge everything is accepted.
std::uint16_t Tcb::window_field(bool syn) {
  if (state_ == TcpState::syn_sent) {
    return static_cast<std::uint16_t>(std::min(config_->receive_buffer, kMaxWindowField));
  }
  const std::uint8_t shift = syn ? 0 : rcv_wscale_;
  const std::uint32_t buffer = receive_limit();
  const std::uint32_t free = buffer - std::min(buffer, received_.readable());
  const std::uint32_t edge = rcv_nxt_ + std::min(free, kMaxWindowField << shift);
  if (seq_before(rcv_adv_, edge) && edge - rcv_adv_ >= std::min(buffer / 2, mss_)) {
    rcv_adv_ = edge;
  }
  const std::uint32_t window = seq_before(rcv_nxt_, rcv_adv_) ? rcv_adv_ - rcv_nxt_ : 0;
  return static_cast<std::uint16_t>(std::min(window >> shift, kMaxWindowField));
}

// The user has read: is the window's growth worth a segment of its own? Two segments when the sender may be short of
// window, or half the buffer; smaller steps wait for the next ACK.
void Tcb::offer_window() {
  if (!is_synchronized() || fin_received_) {
    return;
  }
  const std::uint32_t buffer = receive_limit();
  const std::uint32_t free = std::min(buffer - std::min(buffer, received_.readable()), kMaxWindowField << rcv_wscale_);
  const std::uint32_t offered = rcv_wnd();
  const std::uint32_t growth = free > offered ? free - offered : 0;
  const bool short_of_window = offered <= buffer / 8 || growth >= buffer / 4;
  if (growth >= buffer / 2 || (growth >= 2 * mss_ && short_of_window)) {
    ack_due_ = true;
  }
}

}  // namespace catenet::transport
