// SPDX-License-Identifier: Apache-2.0
// What can be seen of a host's TCP: a row for each connection (what Linux's tcp_info tells), and sums over all that
// were. Nothing is counted twice: a connection counts for itself, and is added to `others_` when it goes.
#include <algorithm>

#include "catenet/transport/tcp/tcp.h"

namespace catenet::transport {

TcpStatistics& operator+=(TcpStatistics& sum, const TcpStatistics& more) {
  sum.bytes_sent += more.bytes_sent;
  sum.bytes_acked += more.bytes_acked;
  sum.bytes_received += more.bytes_received;
  sum.segments_sent += more.segments_sent;
  sum.segments_received += more.segments_received;
  sum.bytes_retransmitted += more.bytes_retransmitted;
  sum.retransmits += more.retransmits;
  sum.fast_retransmits += more.fast_retransmits;
  sum.timeouts += more.timeouts;
  sum.duplicate_acks += more.duplicate_acks;
  sum.marks += more.marks;
  sum.mark_cuts += more.mark_cuts;
  sum.out_of_order += more.out_of_order;
  sum.sack_recovery += more.sack_recovery;
  sum.reno_recovery += more.reno_recovery;
  sum.loss_probes += more.loss_probes;
  sum.loss_probe_recovery += more.loss_probe_recovery;
  sum.dsack_old_sent += more.dsack_old_sent;
  sum.dsack_ofo_sent += more.dsack_ofo_sent;
  sum.dsack_recv += more.dsack_recv;
  sum.full_undo += more.full_undo;
  sum.partial_undo += more.partial_undo;
  sum.dsack_undo += more.dsack_undo;
  sum.loss_undo += more.loss_undo;
  sum.spurious_rtos += more.spurious_rtos;
  sum.sack_reneging += more.sack_reneging;
  return sum;
}

std::string_view name(Tcb::TimerKind timer) {
  switch (timer) {
    case Tcb::kLossProbe:
      return "loss-probe";
    case Tcb::kReorder:
      return "reorder";
    case Tcb::kRetransmit:
      return "retransmit";
    case Tcb::kPersist:
      return "persist";
    case Tcb::kDelayedAck:
      return "delayed-ack";
    case Tcb::kKeepalive:
      return "keepalive";
    case Tcb::kUserTimeout:
      return "user-timeout";
    case Tcb::kFinWait2:
      return "fin-wait-2";
    case Tcb::kPacing:
      return "pacing";
    case Tcb::kTimerCount:
      break;
  }
  return "";
}

namespace {

void describe_timer(const Tcb& tcb, TcpPcbInfo& row) {
  Instant first = Instant::never();
  for (std::uint8_t i = 0; i < Tcb::kTimerCount; ++i) {
    const auto kind = static_cast<Tcb::TimerKind>(i);
    if (tcb.timer(kind) < first) {
      first = tcb.timer(kind);
      row.timer = name(kind);
      row.timer_at = first;
    }
  }
}

void describe_times(const Tcb& tcb, TcpPcbInfo& row, Instant now) {
  row.since_data = tcb.since_data(now);
  if (const Chronograph* time = tcb.chronograph()) {
    row.busy_time = time->busy_time(now);
    row.window_limited_time = time->in(Chronograph::State::window_limited, now);
    row.buffer_limited_time = time->in(Chronograph::State::buffer_limited, now);
  }
}

void describe(const Tcb& tcb, TcpPcbInfo& row) {
  row.receive_queue = tcb.receive_queue();
  row.send_queue = tcb.send_queue();
  row.cwnd = tcb.window_in_use();
  row.ssthresh = tcb.ssthresh();
  row.mss = tcb.mss();
  row.srtt = tcb.rtt().srtt();
  row.rto = tcb.rto();
  row.algorithm = tcb.algorithm();
  row.statistics = tcb.statistics();
  const SentSegments& sent = tcb.sent_segments();
  row.in_flight = tcb.is_synchronized() ? tcb.pipe() : 0;
  row.unacked = tcb.flight();
  row.sacked = sent.sacked_bytes();
  row.lost = sent.lost_bytes();
  row.retransmitted = sent.retransmitted_bytes() + tcb.syn_data_again();
  row.send_window = tcb.snd_wnd();
  row.receive_window = tcb.rcv_wnd();
  row.rttvar = tcb.rtt().rttvar();
  row.min_rtt = tcb.rack().min_rtt();
  row.recovery = tcb.recovery() == Tcb::Recovery::fast      ? "fast"
                 : tcb.recovery() == Tcb::Recovery::timeout ? "timeout"
                                                            : "";
  row.retries = static_cast<std::uint8_t>(tcb.retries());
  row.send_scale = tcb.uses_window_scaling() ? tcb.snd_wscale() : 0;
  row.receive_scale = tcb.uses_window_scaling() ? tcb.rcv_wscale() : 0;
  row.timestamps = tcb.uses_timestamps();
  row.sack = tcb.uses_sack();
  row.ecn = tcb.uses_ecn();
  row.window_scaling = tcb.uses_window_scaling();
  row.reordering_seen = tcb.rack().reordering_seen();
  row.advertised_mss = tcb.advertised_mss();
  row.duplicate_acks = tcb.sees_duplicate_acks();
  row.cutting = tcb.is_cutting();
  row.syn_data = tcb.syn_data_taken();
  row.delivered = tcb.delivered_segments();
  row.delivered_marked = tcb.delivered_marked();
  row.reordering = tcb.rack().reordering();
  row.reorderings = tcb.rack().reorderings();
  row.receive_segment = tcb.largest_received();
  row.probes = tcb.unanswered_probes();
  if (const DeliveryRate* rates = sent.rates()) {
    row.delivery_rate = rates->latest_rate();
    row.delivery_rate_app_limited = rates->latest_is_app_limited();
    row.pacing_rate = rates->control().pacing_rate();
  }
  describe_timer(tcb, row);
}

}  // namespace

TcpPcbInfo TcpPcb::info() const {
  TcpPcbInfo row;
  row.tuple = tuple_;
  row.state = state();
  if (listener_) {
    row.receive_queue = listener_->ready;
    row.send_queue = listener_->backlog;
  }
  if (tcb_) {
    describe(*tcb_, row);
    describe_times(*tcb_, row, tcp_.node_.now());
    const ip::Network& network = *tcp_.network(tuple_.local.address.family());
    row.pmtu = tcb_->max_segment() + static_cast<std::uint32_t>(network.header_size() + wire::kTcpHeaderSize);
  }
  return row;
}

std::vector<TcpPcbInfo> Tcp::snapshot() const {
  std::vector<TcpPcbInfo> rows;
  rows.reserve(pcb_count_ + request_count_ + time_wait_count_);
  for (const TcpPcb& pcb : const_cast<IntrusiveList<TcpPcb, TcpAllPcbs>&>(pcbs_)) {
    rows.push_back(pcb.info());
    if (pcb.listener_) {
      for (const TcpRequest& request : pcb.listener_->syn_queue) {
        TcpPcbInfo& row = rows.emplace_back();
        row.tuple = request.tuple();
        row.state = TcpState::syn_received;
        row.timer = name(Tcb::kRetransmit);
        row.timer_at = request.timer_.deadline();
      }
    }
  }
  for (const TcpTimeWait& row : const_cast<IntrusiveList<TcpTimeWait, TcpTimeWaitQueue>&>(time_wait_)) {
    TcpPcbInfo& info = rows.emplace_back();
    info.tuple = row.tuple();
    info.state = TcpState::time_wait;
    info.timer = "time-wait";
    info.timer_at = row.expires();
  }
  // Equal rows (unbound sockets) stay in the order of their making.
  std::stable_sort(rows.begin(), rows.end(),
                   [](const TcpPcbInfo& a, const TcpPcbInfo& b) { return a.tuple < b.tuple; });
  return rows;
}

// --- sums ----------------------------------------------------------------------------------------------------------

TcpStatistics Tcp::totals() const {
  TcpStatistics sum = others_;
  for (const TcpPcb& pcb : const_cast<IntrusiveList<TcpPcb, TcpAllPcbs>&>(pcbs_)) {
    if (pcb.tcb_) {
      sum += pcb.tcb_->statistics();
    }
  }
  return sum;
}

std::size_t Tcp::established_count() const {
  std::size_t count = 0;
  for (const TcpPcb& pcb : const_cast<IntrusiveList<TcpPcb, TcpAllPcbs>&>(pcbs_)) {
    const TcpState state = pcb.state();
    count += state == TcpState::established || state == TcpState::close_wait ? 1 : 0;
  }
  return count;
}

// What a handshake had sent and received before there was this Tcb was counted then; now it is the Tcb's.
void Tcp::adopt(const Tcb& tcb) {
  const TcpStatistics& s = tcb.statistics();
  others_.segments_sent -= s.segments_sent;
  others_.segments_received -= s.segments_received;
  others_.retransmits -= s.retransmits;
}

}  // namespace catenet::transport
