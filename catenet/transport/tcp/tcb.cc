// SPDX-License-Identifier: Apache-2.0
// A connection's life and its user's calls (RFC 9293 3.10.1 to 3.10.6).
#include "catenet/transport/tcp/tcb.h"

#include <algorithm>
#include <limits>

namespace catenet::transport {
namespace {

constexpr std::uint32_t kMinPeerMss = 64;  // a smaller offer is an attack on our packet rate
constexpr std::uint32_t kMinMss = 8;       // what the smallest path (68 bytes, RFC 791) leaves beside options
constexpr std::uint32_t kMaxUnscaled = 0xffff;
constexpr std::uint32_t kMinPeerWindow = 536;  // a smaller one is filled whole
constexpr std::uint32_t kMaxPacket = 0xffff;

// The first of these numbers, which rise, that is behind `seq`.
std::size_t first_behind(const Ring<std::uint32_t>& ends, std::uint32_t seq) {
  std::size_t low = 0;
  std::size_t high = ends.size();
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    seq_before(seq, ends[middle]) ? high = middle : low = middle + 1;
  }
  return low;
}

}  // namespace

std::string_view name(TcpState state) {
  switch (state) {
    case TcpState::closed:
      return "CLOSED";
    case TcpState::listen:
      return "LISTEN";
    case TcpState::syn_sent:
      return "SYN-SENT";
    case TcpState::syn_received:
      return "SYN-RECEIVED";
    case TcpState::established:
      return "ESTABLISHED";
    case TcpState::fin_wait_1:
      return "FIN-WAIT-1";
    case TcpState::fin_wait_2:
      return "FIN-WAIT-2";
    case TcpState::close_wait:
      return "CLOSE-WAIT";
    case TcpState::closing:
      return "CLOSING";
    case TcpState::last_ack:
      return "LAST-ACK";
    case TcpState::time_wait:
      return "TIME-WAIT";
  }
  return "unknown";
}

Tcb::Tcb(const TcbEnvironment& environment, const TcpConfig& config, const wire::FourTuple& tuple,
         const TcbOrigin& origin)
    : environment_(environment), config_(&config), tuple_(tuple), origin_(origin) {
  disarm_all();
  snd_una_ = snd_nxt_ = recover_ = cwr_end_ = small_end_ = origin.iss;
  send_seq_ = origin.iss + 1;
  // The smallest shift that lets the window say the largest buffer there may be (RFC 7323 2.2).
  const std::uint32_t largest = std::max(config.receive_buffer, config.max_receive_buffer);
  while (rcv_wscale_ < wire::kTcpMaxWindowScale && (largest >> rcv_wscale_) > kMaxUnscaled) {
    ++rcv_wscale_;
  }
  quick_acks_ = config.quick_acks;
}

Tcb::~Tcb() { received_.clear(environment_.drop, DropReason::socket_closed); }

void Tcb::open_active(Instant now) {
  state_ = TcpState::syn_sent;
  syn_due_ = true;
  last_heard_ = now;
}

void Tcb::open_passive(const TcpSegment& syn, Instant now) {
  state_ = TcpState::syn_received;
  passive_ = true;
  last_heard_ = now;
  accept_options(syn);
  if (timestamps_) {
    ts_recent_at_ = now;
  }
  syn_due_ = true;
}

// The handshake as far as it had come, from what is left of it (tcp_request.h, syn_cookie.h).
void Tcb::resume_passive(const TcpSegment& syn, const HalfOpen& past, Instant now) {
  open_passive(syn, now);
  syn_due_ = false;
  syn_out_ = true;
  snd_nxt_ = origin_.iss + 1;
  (void)window_field(true);  // the window that the SYN,ACK offered
  last_ack_sent_ = rcv_nxt_;
  traffic_.segments_sent = past.retransmits + 1U;
  traffic_.segments_received = 1;
  if (past.retransmits > 0) {
    troubles().retransmits = past.retransmits;
  }
  syn_retransmitted_ = past.timeouts > 0;
  if (past.answered.is_never()) {  // a cookie's timestamp is up to 63 ms older than the cookie
    stale_echoes_ = true;
    retransmit_stamp_ = timestamp(now);
  } else if (past.retransmits > 0) {
    stale_echoes_ = true;
    retransmit_stamp_ = timestamp(past.answered);
  } else {
    timing_ = true;
    timed_end_ = snd_nxt_;
    timed_at_ = past.answered;
  }
}

// What a SYN from the peer fixes for good.
void Tcb::accept_options(const TcpSegment& syn) {
  irs_ = syn.seq;
  rcv_nxt_ = last_ack_sent_ = syn.seq + 1;
  rcv_adv_ = rcv_nxt_ + std::min(config_->receive_buffer, kMaxUnscaled);
  peer_mss_ = std::max<std::uint32_t>(syn.options.mss.value_or(default_mss(tuple_.foreign.address)), kMinPeerMss);
  scaling_ = config_->window_scaling && syn.options.window_scale.has_value();
  snd_wscale_ = scaling_ ? std::min(*syn.options.window_scale, wire::kTcpMaxWindowScale) : 0;
  if (!scaling_) {
    rcv_wscale_ = 0;
  }
  timestamps_ = config_->timestamps && syn.options.timestamps.has_value();
  if (timestamps_) {
    ts_recent_ = syn.options.timestamps->value;
  }
  if (syn.options.user_timeout) {
    take_user_timeout(*syn.options.user_timeout);
  }
  negotiate_ecn(syn);
  sack_ = config_->sack && syn.options.sack_permitted;
  snd_wnd_ = max_snd_wnd_ = syn.window;  // never scaled in a SYN (RFC 7323 2.2)
  snd_wl1_ = syn.seq;
  snd_wl2_ = syn.ack;
  set_mss();
}

void Tcb::set_mss() {
  // RFC 6691: the option speaks of segments without options; what they take comes off the data.
  const std::uint32_t whole = std::min(largest_segment(), probed_segment());
  const std::uint32_t options = option_bytes();
  mss_ = std::max(whole, kMinMss + options) - options;
  if (congestion_) {
    congestion_->set_mss(mss_);
  }
}

void Tcb::set_signature(const wire::TcpSignature& signature) {
  if (!rare_ && !signature.is_there()) {
    return;
  }
  const std::size_t before = rare().signature.size();
  rare().signature = signature;
  origin_.max_super_segment = signature.is_there() ? 0 : origin_.max_super_segment;
  if (signature.size() != before) {
    set_mss();
  }
}

std::uint32_t Tcb::largest_segment() const {
  return std::min({peer_mss_, origin_.max_segment, std::uint32_t{config_->max_mss}});
}

void Tcb::set_max_segment(std::uint32_t bytes) {
  if (bytes >= origin_.max_segment) {
    return;  // a path is not believed to have grown: that only probing can tell (RFC 8899)
  }
  origin_.max_segment = bytes;
  const std::uint32_t before = mss_;
  if (mtu_probe() != nullptr) {
    limit_mtu_probe(bytes);
  }
  set_mss();
  if (state_ == TcpState::syn_sent && syn_data() > 0 && syn_out_) {
    syn_due_ = true;  // it was too big with its data; it goes again without
  }
  if (mss_ < before && may_send_data() && flight() > 0) {
    disarm(kLossProbe);
    presume_all_lost();  // RFC 1191 6.4: send it again, in smaller pieces; not a sign of congestion
  }
}

void Tcb::on_network_error(int code, bool hard) {
  // RFC 9293 3.9.2.2 with RFC 5461 2.1: no ICMP error ends a connection that has been synchronised.
  if (hard && (state_ == TcpState::syn_sent || (state_ == TcpState::syn_received && !passive_))) {
    fail(code);
    return;
  }
  soft_error_ = static_cast<std::int16_t>(code);
}

void Tcb::fail(int error) {
  error_ = static_cast<std::int16_t>(error);
  soft_error_ = 0;
  enter_closed();
}

// Nobody answers: what an ICMP error said of it is the better reason.
void Tcb::give_up() {
  count(&TcpCounters::aborts_on_timeout);
  fail(soft_error_ != 0 ? soft_error_ : ETIMEDOUT);
}

void Tcb::enter_closed() {
  if (state_ == TcpState::established || state_ == TcpState::close_wait) {
    count(&TcpCounters::established_resets);
  } else if (state_ == TcpState::syn_sent || state_ == TcpState::syn_received) {
    count(&TcpCounters::attempt_fails);
  }
  state_ = TcpState::closed;
  recovery_ = Recovery::none;
  stop_time();
  disarm_all();
  syn_due_ = ack_due_ = retransmit_due_ = loss_probe_due_ = probe_due_ = keepalive_due_ = false;
  if (SendWatch* watch = watched()) {
    watch->end(last_heard_);
  }
  send_.clear();
  segments_ = SentSegments();
  event_ = true;
  if (detached_) {
    received_.clear(environment_.drop, DropReason::socket_closed);
  }
}

bool Tcb::may_send_data() const {
  switch (state_) {
    case TcpState::established:
    case TcpState::close_wait:
    case TcpState::fin_wait_1:
    case TcpState::closing:
    case TcpState::last_ack:
      return true;
    case TcpState::syn_received:
      return is_early();
    default:
      return false;
  }
}

Result<std::size_t> Tcb::send(std::span<const std::byte> bytes, const TcpSendFlags& flags) {
  if (error_ != 0) {
    return fail_with_error("send");
  }
  if (state_ == TcpState::syn_sent || (state_ == TcpState::syn_received && !is_early())) {
    send_blocked_ = true;
    return catenet::fail(EAGAIN, "the handshake is under way");
  }
  if (fin_queued_ || state_ == TcpState::closed) {
    return catenet::fail(EPIPE, "the sending side is closed");
  }
  if (bytes.empty()) {
    return std::size_t{0};
  }
  note_app_limited();
  if (sends_by_packets() && packet_filled() == 0) {
    sending().packet_begin = data_end();
  }
  const std::uint32_t limit = send_limit();
  const std::uint32_t room = sends_by_packets() ? room_for_packet() : limit - std::min(limit, send_.size());
  const std::uint32_t taken = send_.write(bytes, room, *environment_.pool);
  if (taken == 0) {
    // With nothing queued no acknowledgement would take this back: the pool is at its limit, and the user asks again.
    send_blocked_ = !sends_by_packets() || send_.size() > 0;
    note_push(true);
    return catenet::fail(EAGAIN, "the send buffer is full");
  }
  send_blocked_ = taken < bytes.size();
  tail_held_ = flags.more;
  const bool whole = !sends_by_packets() || taken == bytes.size();
  note_push(!flags.more && whole);
  if (taken == bytes.size() && flags.end_of_record) {
    rare().records.push_back(data_end());
  }
  return std::size_t{taken};
}

// `due`: what was given last ends what the user has to say for now. Half a window of data does not wait for that.
void Tcb::note_push(bool due) {
  if (!sends_by_packets()) {
    unpushed_ = !due;
    return;
  }
  const bool one_by_one = packet_goal() == mss_;  // larger packets have PSH as bursts
  due = due || (one_by_one && data_end() - sending().pushed > std::max(max_snd_wnd_ / 2, mss_));
  unpushed_ = !due;
  if (due && config_->counts_packets && sending().pushed != data_end()) {
    sending().pushes.push_back(data_end());
  }
  sending().pushed = due ? data_end() : sending().pushed;
}

void Tcb::watch(const TcpSendWish& wish, Instant now) {
  if (!rare().watch) {
    rare().watch = std::make_unique<SendWatch>();
  }
  rare().watch->add(data_end(), wish);
  tell_watch(now);
}

// As Linux: half the largest window that the peer has offered, if that is not very small, and no more than IP takes.
std::uint32_t Tcb::packet_goal() const {
  constexpr std::uint32_t kMost = 65'000;
  const std::uint32_t most = std::min(kMost, max_snd_wnd_ > kMinPeerWindow ? max_snd_wnd_ / 2 : max_snd_wnd_);
  return std::max(most - most % mss_, mss_);
}

Tcb::Sending& Tcb::sending() {
  if (!sending_) {
    sending_ = std::make_unique<Sending>();
    sending_->pushed = sending_->packet_begin = send_seq_;
  }
  return *sending_;
}

// How full the packet is that may be filled further: it is not full, its end has not been sent, and no record ends
// there.
std::uint32_t Tcb::packet_filled() const {
  if (!sending_ || !seq_before(snd_nxt_, data_end()) || left_of_record(data_end() - 1) == 1) {
    return 0;
  }
  const std::uint32_t filled = data_end() - seq_max(sending_->packet_begin, snd_nxt_);
  return filled < packet_goal() ? filled : 0;
}

// How much of the next packet the user may fill: the rest of one that is not sent, or a new one, if there may be one.
std::uint32_t Tcb::room_for_packet() const {
  const std::uint32_t goal = packet_goal();
  const std::uint32_t unsent = seq_before(snd_nxt_, data_end()) ? data_end() - snd_nxt_ : 0;
  if (const std::uint32_t filled = packet_filled(); filled > 0) {
    return goal - filled;
  }
  if (config_->unsent_low_mark != 0 && unsent >= config_->unsent_low_mark) {
    return 0;
  }
  if (config_->counts_packets) {
    const std::uint32_t packets = (send_.size() + goal - 1) / goal;
    return send_.size() + packets * TcpConfig::kPacketOverhead < send_limit() ? goal : 0;
  }
  return std::min(goal, send_limit() - std::min(send_limit(), send_.size()));
}

std::uint32_t Tcb::left_of_record(std::uint32_t seq) const {
  if (!rare_ || rare_->records.empty()) [[likely]] {
    return std::numeric_limits<std::uint32_t>::max();
  }
  const std::size_t i = first_behind(rare_->records, seq);
  return i < rare_->records.size() ? rare_->records[i] - seq : std::numeric_limits<std::uint32_t>::max();
}

// The user had no more to give when `end` was the end: the segment that says so says it again (Linux).
bool Tcb::ends_push(std::uint32_t end) const {
  if (!sending_ || sending_->pushes.empty()) {
    return false;
  }
  const std::size_t i = first_behind(sending_->pushes, end - 1);
  return i < sending_->pushes.size() && sending_->pushes[i] == end;
}

// What is acknowledged does not go again.
void Tcb::forget_ends() {
  while (rare_ && !rare_->records.empty() && seq_up_to(rare_->records.front(), snd_una_)) {
    (void)rare_->records.pop_front();
  }
  while (sending_ && !sending_->pushes.empty() && seq_up_to(sending_->pushes.front(), snd_una_)) {
    (void)sending_->pushes.pop_front();
  }
}

std::unexpected<Error> Tcb::fail_with_error(const char* what) { return catenet::fail(take_error(), what); }

Result<std::size_t> Tcb::receive(std::span<std::byte> out, bool peek) {
  if (received_.readable() > 0) {
    const std::size_t n = received_.read(out, peek);
    if (!peek && n > 0) {
      offer_window();
    }
    return n;
  }
  if (error_ != 0) {
    return fail_with_error("receive");
  }
  if (out.empty() || at_end() || state_ == TcpState::closed) {
    return std::size_t{0};
  }
  return catenet::fail(EAGAIN, "no data yet");
}

bool Tcb::readable() const { return received_.readable() > 0 || error_ != 0 || at_end() || state_ == TcpState::closed; }

bool Tcb::writable() const {
  if (error_ != 0 || fin_queued_ || state_ == TcpState::closed) {
    return true;  // the answer is an error, at once
  }
  if (sends_by_packets()) {  // who has been refused waits for more than the first byte
    const std::uint32_t unsent = seq_before(snd_nxt_, data_end()) ? data_end() - snd_nxt_ : 0;
    const bool low = config_->unsent_low_mark == 0 || unsent < config_->unsent_low_mark;
    return (is_synchronized() || is_early()) && !send_blocked_ && low && room_for_packet() > 0;
  }
  return (is_synchronized() || is_early()) && send_.size() < send_limit();
}

// What cwnd lets go in a round trip, and as much again to be sent while that is under way. A window that loss has cut
// leaves the limit below what is queued; then it drains.
std::uint32_t Tcb::send_limit() const {
  const std::uint32_t wanted = 2 * std::min(cwnd(), config_->max_send_buffer / 2);
  return std::max(config_->send_buffer, wanted);
}

// RFC 9293 3.10.4. In SYN-RECEIVED the FIN waits for the handshake's end, see establish().
Result<void> Tcb::shutdown_send() {
  switch (state_) {
    case TcpState::closed:
    case TcpState::listen:
    case TcpState::syn_sent:
      return catenet::fail(ENOTCONN, "shutdown");
    case TcpState::syn_received:
      fin_queued_ = true;
      return {};
    case TcpState::established:
      fin_queued_ = true;
      state_ = TcpState::fin_wait_1;
      return {};
    case TcpState::close_wait:
      fin_queued_ = true;
      state_ = TcpState::last_ack;
      return {};
    default:
      return {};  // already
  }
}

void Tcb::shutdown_receive() {
  receive_shut_ = true;  // what is there, or still comes, can be read; then it is the end (as Linux has it)
}

void Tcb::close(Instant now) {
  detached_ = true;
  if (state_ == TcpState::closed || state_ == TcpState::syn_sent) {
    enter_closed();
    return;
  }
  if (received_.readable() > 0) {
    count(&TcpCounters::aborts_on_close);
    abort();  // RFC 9293 3.10.4, RFC 2525 2.17: the peer must learn that its data were lost
    return;
  }
  (void)shutdown_send();
  if (state_ == TcpState::fin_wait_2) {
    arm(kFinWait2, now + config_->fin_wait_2);
  }
}

void Tcb::abort() {
  detached_ = true;
  switch (state_) {  // RFC 9293 3.10.5
    case TcpState::syn_received:
    case TcpState::established:
    case TcpState::fin_wait_1:
    case TcpState::fin_wait_2:
    case TcpState::close_wait:
      rst_due_ = true;
      rst_has_ack_ = true;
      rare().rst_seq = snd_nxt_;
      reset_ = true;
      break;
    default:
      break;
  }
  enter_closed();
}

TimeWaitFacts Tcb::time_wait_facts() const {
  TimeWaitFacts facts;
  facts.snd_nxt = snd_nxt_;
  facts.rcv_nxt = rcv_nxt_;
  facts.timestamp_offset = origin_.timestamp_offset;
  facts.ts_recent = ts_recent_;
  facts.ts_recent_at = ts_recent_at_;
  facts.window = static_cast<std::uint16_t>(std::min(rcv_wnd() >> rcv_wscale_, kMaxUnscaled));
  facts.timestamps = timestamps_;
  return facts;
}

void Tcb::check_invariants() const {
  check(seq_up_to(snd_una_, snd_nxt_), "snd_una <= snd_nxt");
  check(!may_send_data() || flight() <= send_.size() + 1, "flight is in the send buffer");
  check(seq_up_to(rcv_nxt_, rcv_adv_) || fin_received_, "rcv_nxt <= right edge");
  check(send_.size() <= std::max(config_->send_buffer, config_->max_send_buffer) + kMaxPacket,
        "send buffer within its limit");
  check(received_.readable() <= receive_limit() + kMaxUnscaled, "receive buffer within its limit");
  check(received_.out_of_order_bytes() <= receive_limit() + kMaxUnscaled, "assembler within its limit");
  check(state_ == TcpState::closed || !is_synchronized() || state_ == TcpState::time_wait || cwnd() > 0, "cwnd");
  check(!may_send_data() || recovery_ == Recovery::none || seq_up_to(recover_, snd_nxt_), "recover <= snd_nxt");
  segments_.verify();
  check(!may_send_data() || (segments_.begin() == snd_una_ && segments_.end() == snd_nxt_), "the records are complete");
  check(!may_send_data() || flight() == 0 || is_armed(kRetransmit) || is_armed(kPersist) || retransmit_due_,
        "something under way has a timer");
}

}  // namespace catenet::transport
