// SPDX-License-Identifier: Apache-2.0
// Fast Open (RFC 7413): data that travel with the SYN. The client's half: the bytes that the user gave before the
// handshake go with the first SYN, once; what the SYN,ACK does not acknowledge was never sent, as far as the rest of
// this class is concerned, and goes again at once. The server's half: a SYN whose cookie is good makes a connection
// that receives and sends in SYN-RECEIVED already. Cookies are kept and judged by the owner (fast_open.h).
#include <algorithm>

#include "catenet/transport/tcp/tcb.h"

namespace catenet::transport {

void Tcb::set_fast_open(const wire::TcpFastOpen& option) {
  if (fast_open() == nullptr) {
    rare().fast_open = std::make_unique<FastOpen>();
  }
  fast_open()->option = option;
}

std::size_t Tcb::preload(std::span<const std::byte> bytes) {
  if (fast_open() == nullptr) {
    rare().fast_open = std::make_unique<FastOpen>();
  }
  fast_open()->bytes = send_.write(bytes, static_cast<std::uint32_t>(bytes.size()), *environment_.pool);
  note_push(true);
  return fast_open()->bytes;
}

// Our first SYN or SYN,ACK; one that is sent again goes without, in case somebody on the way dislikes it (4.1.3.1).
void Tcb::add_fast_open(Packet& syn, wire::TcpOptions& options) {
  if (state_ == TcpState::syn_received && !passive_) {
    return;  // both ends have opened: what this side had to say it has said
  }
  options.fast_open = fast_open()->option;
  if (state_ != TcpState::syn_sent || syn_retransmitted_ || fast_open()->bytes == 0) {
    return;
  }
  fast_open()->bytes = send_.append_to(syn, 0, fast_open()->bytes);
  traffic_.bytes_sent += fast_open()->bytes;
}

// The handshake's end, at the client: what was acknowledged of the data, and what must go again.
void Tcb::note_syn_data_answer(const TcpSegment& segment) {
  const std::uint32_t bytes = fast_open()->bytes;
  if (bytes == 0) {
    return;
  }
  const std::uint32_t acked = std::min(segment.ack - (origin_.iss + 1), bytes);
  fast_open()->taken = acked == bytes;
  send_.release(acked);
  send_seq_ += acked;
  traffic_.bytes_acked += acked;
  traffic_.bytes_sent -= bytes - acked;
  snd_nxt_ = send_seq_;
}

void Tcb::open_passive_early(const TcpSegment& syn, Packet data, Instant now) {
  open_passive(syn, now);
  if (fast_open() == nullptr) {
    rare().fast_open = std::make_unique<FastOpen>();
  }
  fast_open()->early = true;
  snd_nxt_ = snd_una_ = recover_ = origin_.iss + 1;
  segments_.start(snd_una_);
  rack_.start(snd_una_);
  data.trim(rcv_wnd());
  const auto length = static_cast<std::uint32_t>(data.size());
  if (length == 0) {
    data.consume();
    return;
  }
  fast_open()->taken = true;
  rcv_nxt_ += length;
  rcv_adv_ = rcv_nxt_ + std::min<std::uint32_t>(config_->receive_buffer - length, 0xffff);
  traffic_.bytes_received += length;
  ++traffic_.segments_received;
  received_.append(std::move(data));
  event_ = true;
}

// The acknowledgement of our SYN, and perhaps of data that we have sent since (RFC 9293 3.10.7.4 fifth, SYN-RECEIVED).
bool Tcb::establish_early(const TcpSegment& segment, bool has_data, Instant now) {
  if (seq_before(segment.ack, origin_.iss + 1) || seq_before(snd_nxt_, segment.ack)) {
    answer_reset(segment.ack);
    return false;
  }
  state_ = fin_queued_ ? TcpState::fin_wait_1 : TcpState::established;
  syn_due_ = false;
  retries_ = 0;
  flight() > 0 ? arm_retransmit(now) : disarm(kRetransmit);
  measure(segment, now);
  if (syn_retransmitted_ && !rtt_.has_sample()) {
    rtt_.syn_was_retransmitted();
  }
  snd_wnd_ = std::uint32_t{segment.window} << snd_wscale_;
  max_snd_wnd_ = std::max(max_snd_wnd_, snd_wnd_);
  snd_wl1_ = segment.seq;
  snd_wl2_ = segment.ack;
  event_ = true;
  acknowledge(segment, has_data, now);
  return true;
}

}  // namespace catenet::transport
