// SPDX-License-Identifier: Apache-2.0
// Explicit congestion notification (RFC 3168 6.1): who asks and who answers, which segments may be marked, how marks
// travel back to the sender, and its one cut per window. With DCTCP (RFC 8257 3.2) the acknowledgements tell exactly
// which bytes were marked; without, "congestion was experienced" is repeated until the sender says that it knows.
#include "catenet/transport/tcp/tcb.h"

namespace catenet::transport {
namespace {

using wire::TcpFlag;
constexpr std::uint8_t kCe = 3;  // RFC 3168 5
constexpr std::uint8_t kAsk = TcpFlag::kEce | TcpFlag::kCwr;

}  // namespace

// 6.1.1: a SYN asks with both flags, a SYN-ACK answers with one. A SYN that got no answer asks no more (6.1.1.1): there
// are boxes that drop such SYNs.
std::uint8_t Tcb::ecn_syn_flags() {
  if (state_ == TcpState::syn_received) {  // accurate feedback has flags of its own: set_ecn_flags()
    return ecn_ && accurate_ecn() == nullptr ? std::uint8_t{TcpFlag::kEce} : std::uint8_t{0};
  }
  const bool wanted = config_->ecn == EcnMode::ask || config_->ecn == EcnMode::ask_accurate ||
                      config_->ecn == EcnMode::ask_answer_accurate ||
                      (config_->ecn != EcnMode::never && CongestionControl::needs_ecn(config_->congestion));
  ecn_asked_ = asks_for_accurate_ecn() || (wanted && !syn_retransmitted_);
  return ecn_asked_ ? kAsk : std::uint8_t{0};
}

void Tcb::negotiate_ecn(const TcpSegment& syn) {
  const std::uint8_t said = syn.flags & kAsk;
  ecn_ = true;  // as negotiate_accurate_ecn() may find it
  if (negotiate_accurate_ecn(syn)) {
    return;
  }
  ecn_ = syn.has_ack() ? ecn_asked_ && said == TcpFlag::kEce : config_->ecn != EcnMode::never && said == kAsk;
}

// RFC 8257 3.5: without ECN there is nothing for DCTCP to go by.
CongestionAlgorithm Tcb::chosen_congestion() const {
  return CongestionControl::needs_ecn(config_->congestion) && !ecn_ ? CongestionAlgorithm::new_reno
                                                                    : config_->congestion;
}

// The receiver: an acceptable segment came. Only data count: nothing else may be marked (6.1.4, 6.1.5).
void Tcb::note_marks(const TcpSegment& segment, std::uint32_t length, std::uint32_t each) {
  if (accurate_ecn() != nullptr) {
    note_accurate_marks(segment, length, each);
    return;
  }
  if (length == 0) {
    return;
  }
  const bool marked = segment.ecn == kCe;
  if (marked) {
    ++troubles().marks;
  }
  if (speaks_dctcp()) {  // RFC 8257 3.2: what came before the change is acknowledged at once, and by itself
    if (marked != ece_ && unacked_bytes_ > 0) {
      early_ack_due_ = true;
      rare().early_ack = rcv_nxt_;
    }
    ece_ = marked;
    return;
  }
  if (segment.has(TcpFlag::kCwr)) {  // 6.1.3: the sender knows; a new mark begins anew
    ece_ = false;
  }
  ece_ = ece_ || marked;
}

Packet Tcb::build_early_ack(Instant now) {
  early_ack_due_ = false;
  const bool ack_due = ack_due_;
  const std::uint32_t unacked = unacked_bytes_;
  const Instant delayed = timer(kDelayedAck);
  const std::uint32_t ahead = rcv_nxt_ - rare().early_ack;
  ece_ = !ece_;  // as it was then
  Packet packet = build_control(snd_nxt_, TcpFlag::kAck, now);
  ece_ = !ece_;
  ack_due_ = ack_due;
  unacked_bytes_ = unacked;
  arm(kDelayedAck, delayed);
  if (packet) {
    auto& header = packet.header<wire::TcpHeader>();
    header.ack = rare().early_ack;
    const std::uint32_t window = header.window + (ahead >> rcv_wscale_);  // the right edge stays where it is
    header.window = static_cast<std::uint16_t>(window < 0xffff ? window : 0xffff);
  }
  return packet;
}

// The sender: new data may be marked; what is sent again, probes and bare acknowledgements may not (6.1.4 to 6.1.6).
// Answers the flags to add.
std::uint8_t Tcb::prepare_ecn(const Plan& plan) {
  if (plan.length == 0 || plan.probe || seq_before(plan.seq, snd_nxt_)) {
    return 0;
  }
  const AccurateEcn* accurate = accurate_ecn();
  ect_ = accurate == nullptr || accurate->may_send_ect();
  if (!cwr_due_ || accurate != nullptr) {
    return 0;
  }
  cwr_due_ = false;
  return TcpFlag::kCwr;
}

// 6.1.2: as if a segment had been lost, but nothing has to be sent again, and at most once per window of data.
void Tcb::react_to_marks(const TcpSegment& segment, std::uint32_t flight, Instant now) {
  if (recovery_ != Recovery::none || flight == 0 || !seq_before(cwr_end_, segment.ack)) {
    return;
  }
  ++troubles().mark_cuts;
  const bool gently = config_->gentle_mark_cuts && !speaks_dctcp() && segments_.rates() == nullptr;
  if (gently) {
    const std::uint32_t window = congestion().cwnd();
    congestion().on_fast_retransmit(config_->cuts_window ? window : flight_for_cut(flight, now), now);
    mark_cut_ = config_->prr;
    prr_.start(congestion().ssthresh(), window);
  } else {
    congestion().on_ecn(flight_for_cut(flight, now), now);
  }
  forget_validation();
  note_window_cut();
}

// Whatever the reason was: the receiver is told, and marks on what is under way now say nothing new.
void Tcb::note_window_cut() {
  if (ecn_) {
    cwr_due_ = true;
    cwr_end_ = snd_nxt_;
  }
}

}  // namespace catenet::transport
