// SPDX-License-Identifier: Apache-2.0
// Loss: how it is noticed, how recovery begins and ends, and how a recovery that was spurious is taken back.
//
// Two kinds of recovery, both over when `recover_` is acknowledged:
//   fast      with SACK, losses are found by time (rack.h) or by count (RFC 6675), and Prr says how much goes out;
//             without SACK, by three duplicate ACKs and then by partial ACKs (RFC 6582).
//   timeout   what was under way is presumed lost and goes again in slow start, passing over what SACK reports. F-RTO
//             (RFC 5682) first sends two new segments, to see whether anything was lost at all.
// In both, records are marked (sent_segments.h), and the marks say what to send and what pipe is.
//
// A recovery is spurious when the first acknowledgement that moves on echoes a timestamp from before its first
// retransmission (Eifel, RFC 3522), when DSACK has reported every retransmission as a duplicate (RFC 2883), or by
// F-RTO. Then the congestion control goes back to where it was (RFC 4015). The round-trip time is not measured by it:
// when only ACKs were lost, that would be our own timeout.
//
// A loss probe (RFC 8985 7) goes out when no acknowledgement has come for two round trips, so that a lost tail shows as
// a gap in SACK instead of as a timeout.
#include <algorithm>

#include "catenet/transport/tcp/tcb.h"

namespace catenet::transport {
namespace {

constexpr Duration kMaxAckDelay = Duration::milliseconds(200);  // TLP.max_ack_delay (RFC 8985 7.2)

}  // namespace

void Tcb::recover(const AckNews& news) {
  mark_cut_ = mark_cut_ && seq_before(snd_una_, cwr_end_);
  if (news.has_dsack) {
    note_dsack(news);
  }
  loss_probe_answered(news);
  if (is_spurious(news)) {
    undo();
  } else if (frto_ != Frto::off) {
    forward_rto(news);
  }
  if (recovery_ != Recovery::none && seq_up_to(recover_, snd_una_)) {
    leave_recovery(news);
  } else if (recovery_ == Recovery::fast && !sack_) {
    news.advances ? partial_ack(news) : duplicate_ack(news);
  }
  const std::uint32_t lost_before = segments_.lost_bytes();
  const bool lost = detect_losses(news.now);
  if (recovery_ == Recovery::none) {
    if (lost) {
      enter_fast_recovery(news.delivered, news.now);
    } else if (news.duplicate && !(sack_ && config_->rack)) {
      duplicate_ack(news);
    }
  }
  if (uses_prr()) {
    const bool safe = news.advances && segments_.lost_bytes() <= lost_before;
    prr_.on_ack(news.delivered, pipe(), safe, mss_);
  }
  if (news.advances) {
    schedule_loss_probe(news.now);
  }
}

// A record may stand for several segments.
std::uint32_t Tcb::sacked_segments() const {
  return std::max(segments_.sacked_count(), segments_.sacked_bytes() / mss_);
}

// Marks losses; true if there is one that nobody has reacted to. RFC 8985 6.2, or RFC 6675 5 by count.
bool Tcb::detect_losses(Instant now) {
  if (!sack_) {
    return false;
  }
  if (!config_->rack) {
    return segments_.mark_lost_by_count(mss_) && seq_up_to(recover_, snd_una_);
  }
  if (segments_.in_order()) {
    disarm(kReorder);
    return false;
  }
  const Duration window = rack_.reo_wnd(recovery_ != Recovery::none, sacked_segments(), rtt_.srtt());
  const Duration wait = rack_.detect(segments_, window, now);
  wait > Duration{} ? arm(kReorder, now + wait) : disarm(kReorder);
  return segments_.next_lost() < segments_.size();
}

void Tcb::on_reorder_timeout(Instant now) {
  if (!may_send_data() || flight() == 0) {
    return;
  }
  const bool lost = detect_losses(now);
  if (lost && recovery_ == Recovery::none) {
    enter_fast_recovery(0, now);
  }
  if (uses_prr()) {
    prr_.on_timer(pipe(), mss_);
  }
}

// Without SACK, or where SACK counts as RFC 6675 does.
void Tcb::duplicate_ack(const AckNews& news) {
  if (!news.duplicate) {
    return;
  }
  if (recovery_ == Recovery::fast) {
    dup_acked_ = std::min(dup_acked_ + mss_, flight());
    return;
  }
  ++dup_acks_;
  // RFC 6582 3.2 step 2, RFC 6675 5 (2): not for segments of an earlier recovery.
  if (dup_acks_ >= SentSegments::kDupThresh && seq_up_to(recover_, snd_una_)) {
    const std::size_t first = segments_.next_unsacked(0);
    if (first < segments_.size()) {
      segments_.mark_first_lost(first, mss_);
    }
    enter_fast_recovery(news.delivered, news.now);
  }
}

// A partial ACK without SACK (RFC 6582 3.2 step 3): the next hole begins here. What it acknowledges had been counted as
// gone by duplicate ACKs, all but the segment that was sent again.
void Tcb::partial_ack(const AckNews& news) {
  segments_.mark_first_lost(0, mss_);
  retransmit_due_ = true;
  dup_acked_ = dup_acked_ + mss_ > news.delivered ? dup_acked_ + mss_ - news.delivered : 0;
}

void Tcb::enter_fast_recovery(std::uint32_t delivered, Instant now) {
  if (mtu_probe_lost()) {
    return;
  }
  ++troubles().fast_retransmits;
  ++(sack_ ? troubles().sack_recovery : troubles().reno_recovery);
  start_undo();
  mark_cut_ = false;
  recovery_ = Recovery::fast;
  recover_ = snd_nxt_;
  rescued_ = false;
  retransmit_due_ = true;
  timing_ = tlp_out_ = false;
  disarm(kLossProbe);
  dup_acked_ = std::min(dup_acks_ * mss_, flight());
  // RFC 5681 3.2 step 2. Where SACK let new data go during disorder, FlightSize may be more than the window ever was.
  std::uint32_t under_way = flight() - std::min(limited_, flight());
  if (sack_) {
    under_way = std::min(under_way, congestion().cwnd());
  }
  under_way = config_->cuts_window ? congestion().cwnd() : flight_for_cut(under_way, now);
  congestion().on_fast_retransmit(under_way, now);
  note_window_cut();
  limited_ = 0;
  prr_.start(congestion().ssthresh(), flight() - segments_.sacked_bytes() + delivered);
  arm_retransmit(now);
}

void Tcb::leave_recovery(const AckNews& news) {
  if (recovery_ == Recovery::fast) {
    // PRR has brought the pipe to ssthresh; without it a window that opens again at once would be a burst.
    congestion().on_recovery_end(uses_prr() ? std::max(flight(), congestion().ssthresh()) : flight(), news.now);
  }
  note_validated_recovery_end();
  rack_.on_recovery_end();
  recovery_ = Recovery::none;
  frto_ = Frto::off;
  dup_acks_ = dup_acked_ = 0;
}

// The retransmission timer has expired, with something under way.
void Tcb::recover_from_timeout(Instant now) {
  const bool first = recovery_ == Recovery::none;
  mark_cut_ = false;
  if (first) {
    start_undo();
  }
  undo_timeout_ = true;
  forget_validation();
  // RFC 5681 3.1: ssthresh is set at the first timeout of a segment, from what was really under way.
  const std::uint32_t under_way = recovery_ == Recovery::timeout ? pipe() : flight();
  congestion().on_timeout(config_->cuts_window ? congestion().cwnd() : under_way, retries_ == 0, now);
  note_window_cut();
  if (segments_[0].is(SentSegment::kSacked)) {  // RFC 2018 8: the peer has thrown away what it had reported
    ++troubles().sack_reneging;
    segments_.forget_sacks();
    segments_.mark_all_lost();
  }
  tlp_out_ = loss_probe_due_ = false;
  disarm(kLossProbe);
  disarm(kReorder);
  frto_ = first && sack_ && config_->frto ? Frto::retransmitted : Frto::off;
  frto_sent_ = false;
  if (sack_ && config_->rack) {
    rack_.mark_losses_on_rto(segments_, rack_.reo_wnd(true, sacked_segments(), rtt_.srtt()), now);
  } else {
    segments_.mark_all_lost();
  }
  recovery_ = Recovery::timeout;
  recover_ = snd_nxt_;
  retransmit_due_ = true;
  timing_ = false;
  dup_acks_ = dup_acked_ = limited_ = 0;
}

// Send again all that is under way: the path has become smaller. Not a sign of congestion.
void Tcb::presume_all_lost() {
  segments_.mark_all_lost(false);
  send_lost_again();
}

// What is marked lost goes again, and nobody is to blame for it.
void Tcb::send_lost_again() {
  undo_armed_ = tlp_out_ = loss_probe_due_ = false;
  frto_ = Frto::off;
  recovery_ = Recovery::timeout;
  recover_ = snd_nxt_;
  retransmit_due_ = true;
  timing_ = false;
  dup_acks_ = dup_acked_ = limited_ = 0;
}

// --- spurious recoveries
// -----------------------------------------------------------------------------------------------

void Tcb::start_undo() {
  congestion().save_undo();
  undo_armed_ = config_->undo;
  undo_counting_ = undo_timeout_ = false;
  rare().undo_una = snd_una_;
  rare().recovery_retransmitted = rare().troubles.bytes_retransmitted;
  rare().undo_retransmits = 0;
}

void Tcb::note_dsack(const AckNews& news) {
  ++troubles().dsack_recv;
  const bool of_probe = tlp_out_ && tlp_is_retrans_ && news.dsack.right == tlp_end_seq_;
  if (!of_probe) {
    rack_.on_dsack(snd_una_, snd_nxt_);
  }
  if (undo_armed_ && undo_counting_ && seq_up_to(rare().undo_una, news.dsack.left)) {
    const std::uint32_t segments = (news.dsack.right - news.dsack.left + mss_ - 1) / mss_;
    rare().undo_retransmits -= std::min(segments, rare().undo_retransmits);
  }
}

bool Tcb::is_spurious(const AckNews& news) const {
  if (!undo_armed_ || !undo_counting_) {
    return false;
  }
  if (news.has_dsack && rare_->undo_retransmits == 0) {
    return true;
  }
  if (recovery_ == Recovery::none || !news.advances || !news.has_echo || !seq_before(news.echo, rare_->undo_stamp)) {
    return false;
  }
  // In the middle of fast recovery, other holes that were filled may have been real: their answers decide.
  return recovery_ == Recovery::timeout || seq_up_to(recover_, snd_una_) || segments_.retransmitted_bytes() == 0;
}

void Tcb::undo() {
  const bool by_dsack = rare().undo_retransmits == 0;
  undo_armed_ = false;
  congestion().undo();
  forget_validation();  // nothing was lost: no LossFlightSize
  rack_.saw_reordering();
  if (undo_timeout_) {
    ++troubles().loss_undo;
  } else if (by_dsack) {
    ++troubles().dsack_undo;
  } else {
    ++(seq_up_to(recover_, snd_una_) ? troubles().full_undo : troubles().partial_undo);
  }
  if (recovery_ == Recovery::none) {
    return;
  }
  // `recover_` stays: without SACK, the duplicate ACKs that the retransmissions cause must not start another one.
  recovery_ = Recovery::none;
  frto_ = Frto::off;
  retransmit_due_ = false;
  dup_acks_ = dup_acked_ = 0;
  segments_.unmark_lost();
}

// RFC 5682 3.1. Step 1 was the retransmission.
void Tcb::forward_rto(const AckNews& news) {
  if (frto_ == Frto::retransmitted) {
    if (news.advances) {  // 2: all at once may be due to the retransmission (a); in part, look further (b)
      frto_ = seq_up_to(recover_, snd_una_) ? Frto::off : Frto::new_data;
      frto_sent_ = false;
    } else if (news.duplicate) {
      frto_ = Frto::off;
    }
    return;
  }
  if (news.original) {  // 3b: what was not sent again has arrived all the same
    ++troubles().spurious_rtos;
    if (undo_armed_) {
      undo();
    }
  } else if (news.advances || news.duplicate) {
    frto_ = Frto::off;  // 3a
  }
}

// --- tail loss probe
// ---------------------------------------------------------------------------------------------------

// TLP_calc_PTO() and its conditions (RFC 8985 7.2).
void Tcb::schedule_loss_probe(Instant now) {
  if (!sack_ || !config_->tlp || recovery_ != Recovery::none || tlp_out_ || segments_.empty() ||
      segments_.sacked_count() > 0 || !is_armed(kRetransmit) || !is_synchronized()) {
    disarm(kLossProbe);
    return;
  }
  Duration timeout = rtt_.has_sample() ? rtt_.srtt() * 2 : Duration::seconds(1);
  if (flight() < 2 * mss_) {  // less than RFC 5681 4.2 has a receiver acknowledge at once
    timeout += kMaxAckDelay;
  }
  arm(kLossProbe, std::min(now + timeout, timer(kRetransmit)));
}

void Tcb::on_loss_probe_timeout(Instant now) {
  if (!may_send_data() || recovery_ != Recovery::none || tlp_out_ || flight() == 0) {
    return;
  }
  loss_probe_due_ = true;
  arm_retransmit(now);
}

// TLP_process_ack() (7.4.2): the end of the probe's episode. If the probe repaired a loss that nothing else showed, the
// congestion control must still hear of it.
void Tcb::loss_probe_answered(const AckNews& news) {
  if (!tlp_out_ || seq_before(news.ack, tlp_end_seq_)) {
    return;
  }
  if (!tlp_is_retrans_ || (news.has_dsack && news.dsack.right == tlp_end_seq_)) {
    tlp_out_ = false;
  } else if (seq_before(tlp_end_seq_, news.ack)) {
    tlp_out_ = false;
    ++troubles().loss_probe_recovery;
    congestion().on_fast_retransmit(std::min(flight() + news.delivered, congestion().cwnd()), news.now);
    note_window_cut();
    congestion().on_recovery_end(std::max(flight(), congestion().ssthresh()), news.now);
  } else if (!news.advances && news.sack_count == 0 && news.duplicate) {
    tlp_out_ = false;
  }
}

}  // namespace catenet::transport
