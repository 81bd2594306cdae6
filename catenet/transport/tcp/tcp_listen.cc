// SPDX-License-Identifier: Apache-2.0
// What comes before a connection and after it: listeners and their two queues, handshakes that peers have begun, SYN
// cookies, TIME-WAIT. Half of it is defence: everybody can send SYNs (RFC 4987), so what a SYN may cost is bounded.
//
//   SYN -> TcpRequest (in the SYN queue) -> SYN,ACK -> ... ACK -> TcpPcb with a Tcb (in the accept queue) -> accept()
//      \-> SYN,ACK whose number is a cookie ---------> ... ACK ---^
#include <algorithm>
#include <utility>

#include "catenet/packet/checksum.h"
#include "catenet/transport/tcp/isn.h"
#include "catenet/transport/tcp/tcp.h"
#include "catenet/transport/udp/pseudo_sum.h"

namespace catenet::transport {
namespace {

using wire::TcpFlag;

// After the last cookie was given out, one can come back for as long as it is good; later, an ACK need not be looked
// at as one.
constexpr Duration kCookieLifetime = Duration::seconds(60) * SynCookie::kMinutes;

}  // namespace

// --- listeners -----------------------------------------------------------------------------------------------------

void TcpListenGroup::leave(const TcpPcb& listener) {
  members_.erase(std::find(members_.begin(), members_.end(), &listener));
}

TcpPcb* TcpListenGroup::choose(std::uint64_t hash, const Interface* arrival, wire::Family family) const {
  const bool foreign_family = family != tuple_.local.address.family();
  const auto count = [&](const Interface* device) {
    return static_cast<std::uint32_t>(std::count_if(members_.begin(), members_.end(), [&](const TcpPcb* l) {
      return l->device_ == device && !(foreign_family && l->v6_only_);
    }));
  };
  const std::uint32_t there = count(arrival);
  const Interface* device = there > 0 ? arrival : nullptr;
  std::uint64_t left = (hash >> 32) * (there > 0 ? there : count(nullptr)) >> 32;  // evenly, without a division
  for (TcpPcb* listener : members_) {
    if (listener->device_ == device && !(foreign_family && listener->v6_only_) && left-- == 0) {
      return listener;
    }
  }
  return nullptr;
}

// Who listens on just this address; on every address of the family; for IPv4, on every address of both families.
std::array<wire::FourTuple, 3> Tcp::listener_keys(const wire::FourTuple& tuple) const {
  return {listening_key(tuple.local), wildcard_key(tuple.local),
          wildcard_key({wire::IpAddress::any(wire::Family::kV6), tuple.local.port})};
}

// Who gets a segment between two ends that are not connected: the most specific of those who listen.
TcpPcb* Tcp::find_listener(const wire::FourTuple& tuple) const {
  for (const wire::FourTuple& key : listener_keys(tuple)) {
    const TcpEntry* entry = table_.find(key);
    if (entry == nullptr) {
      continue;
    }
    const auto& group = static_cast<const TcpListenGroup&>(*entry);  // nothing else has a key without a peer
    if (TcpPcb* listener = group.choose(tuple_hash(tuple, secret_, 1), arrival_, tuple.local.address.family())) {
      return listener;
    }
  }
  TcpPcb* any = any_listeners_[tuple.local.address.is_v4() ? 0 : 1];
  if (any == nullptr && tuple.local.address.is_v4() && any_listeners_[1] != nullptr && !any_listeners_[1]->v6_only_) {
    any = any_listeners_[1];
  }
  return any != nullptr && (any->device_ == nullptr || any->device_ == arrival_) ? any : nullptr;
}

Result<void> Tcp::start_listening(TcpPcb& pcb) {
  PortClaim claim = pcb.claim();
  claim.listening = true;
  if (ports_.conflict(claim, pcb.tuple_.local.port, &pcb, false)) {
    return fail(EADDRINUSE, "another socket listens on this port");
  }
  pcb.listener_ = std::make_unique<TcpListener>();
  pcb.listening_ = true;
  ports_.changed(pcb);
  const wire::FourTuple key = listening_key(pcb.tuple_.local);
  TcpEntry* entry = table_.find(key);
  if (entry == nullptr) {
    entry = new TcpListenGroup(key);
    table_.insert(*entry);
  }
  static_cast<TcpListenGroup*>(entry)->join(pcb);
  return {};
}

Result<void> Tcp::start_listening_to_all(TcpPcb& pcb) {
  TcpPcb*& any = any_listeners_[pcb.tuple_.local.address.is_v4() ? 0 : 1];
  if (any != nullptr) {
    return fail(EADDRINUSE, "another socket listens on every port");
  }
  pcb.listener_ = std::make_unique<TcpListener>();
  any = &pcb;
  return {};
}

void Tcp::stop_listening(TcpPcb& pcb) {
  if (!pcb.listening_) {  // not on a port: on all of them
    any_listeners_[pcb.tuple_.local.address.is_v4() ? 0 : 1] = nullptr;
    return;
  }
  auto* group = static_cast<TcpListenGroup*>(table_.find(listening_key(pcb.tuple_.local)));
  pcb.listening_ = false;
  group->leave(pcb);
  if (group->empty()) {
    table_.erase(*group);
    delete group;
  }
}

// RFC 9293 3.10.4, LISTEN: what waits in the queues is reset.
void Tcp::end_listener(TcpPcb& listener) {
  stop_listening(listener);
  TcpListener& queues = *listener.listener_;
  while (!queues.syn_queue.empty()) {
    end_request(queues.syn_queue.front());  // its peer's ACK will be answered with a reset
  }
  while (!queues.accept_queue.empty()) {
    TcpPcb& child = queues.accept_queue.pop_front();
    child.parent_ = nullptr;
    child.tcb_->abort();
    settle(child, false);  // ends the child
  }
}

// RFC 9293 3.10.7.2 LISTEN STATE
void Tcp::input_to_listener(TcpPcb& listener, Packet packet, const TcpSegment& segment, const wire::FourTuple& tuple) {
  if (segment.rst()) {
    drop_packet(std::move(packet), DropReason::tcp_bad_segment);
  } else if (segment.has_ack()) {
    if (segment.syn() || !input_cookie(listener, packet, segment, tuple)) {
      answer_reset(static_cast<std::uint32_t>(packet.size()), segment, tuple);
      drop_packet(std::move(packet), DropReason::tcp_bad_segment);
    }
  } else if (!segment.syn() || segment.fin()) {  // SYN,FIN: nobody means it (RFC 9293 does not forbid it)
    drop_packet(std::move(packet), DropReason::tcp_bad_segment);
  } else {
    input_syn(listener, std::move(packet), segment, tuple, nullptr);
  }
}

// `former`: the SYN ends this TIME-WAIT; then our number must be beyond the old ones, and cannot be a cookie.
void Tcp::input_syn(TcpPcb& listener, Packet packet, const TcpSegment& segment, const wire::FourTuple& tuple,
                    const TimeWaitFacts* former) {
  TcpListener& queues = *listener.listener_;
  if (queues.accept_queue_is_full()) {
    ++counters_.listen_overflows;
    ++counters_.listen_drops;
    drop_packet(std::move(packet), DropReason::tcp_backlog_full);  // no RST: the SYN comes again (RFC 9293 3.9.1)
    return;
  }
  const bool full = queues.syn_queue_is_full() || request_count_ >= limits_.requests;
  if (former == nullptr && (full || policy_.syn_cookies == SynCookies::always)) {
    if (policy_.syn_cookies == SynCookies::never) {
      ++counters_.syn_queue_drops;
      ++counters_.listen_drops;
      drop_packet(std::move(packet), DropReason::tcp_syn_queue_full);
      return;
    }
    counters_.syn_queue_cookies += full ? 1 : 0;
    packet.consume();
    answer_with_cookie(listener, segment, tuple);
    return;
  }
  TcbOrigin from = origin(tuple);
  if (former != nullptr) {
    from.iss = TcpTimeWait::next_iss(*former, from.iss);
  }
  const FastOpenAnswer fast_open = judge_fast_open(listener, segment, static_cast<std::uint32_t>(packet.size()), tuple);
  if (fast_open.accept && open_early(listener, packet, segment, tuple, from, fast_open)) {
    return;
  }
  auto* request = new TcpRequest(*this, listener, tuple, segment, from.iss, arrival_);
  table_.insert(*request);
  queues.syn_queue.push_back(*request);
  ++queues.half_open;
  ++queues.young;
  ++request_count_;
  request->timer_.arm(node_.now() + listener.config_->initial_rto);
  packet.consume();  // text in a SYN is not kept: it comes again once the handshake is done
  Tcb tcb(environment_, *listener.config_, tuple, from);
  if (fast_open.cookie) {
    tcb.set_fast_open(*fast_open.cookie);
  }
  tcb.open_passive(segment, node_.now());
  send_all(tcb, listener, TcpAoIds(segment.options.signature));
}

// Of a Tcb for the moment, in answer to a segment with these key ids.
void Tcp::send_all(Tcb& tcb, const TcpPcb& listener, const TcpAoIds& ids) {
  const TcpStatistics before = tcb.statistics();
  const wire::FourTuple& tuple = tcb.tuple();
  TcpKeys* keys = listener.has_keys_ ? authentication_->find(listener) : nullptr;
  if (keys != nullptr) {
    tcb.set_signature(authentication_->format(*keys, tuple.foreign.address, &ids));
  }
  while (Packet packet = tcb.transmit(node_.now())) {
    if (keys != nullptr) {
      authentication_->sign(*keys, packet, tuple, {tcb.iss(), tcb.irs()}, &ids);
    }
    (void)output(std::move(packet), tuple, tcb.ecn_field(), listener.device_,
                 listener.marking_);  // what does not get through is sent again
  }
  arrival_ = nullptr;
  others_.segments_sent += tcb.statistics().segments_sent - before.segments_sent;
  others_.retransmits += tcb.statistics().retransmits - before.retransmits;
}

// --- SYN cookies (RFC 4987 3.6) ------------------------------------------------------------------------------------

void Tcp::answer_with_cookie(TcpPcb& listener, const TcpSegment& segment, const wire::FourTuple& tuple) {
  const Instant now = node_.now();
  const TcpSegment syn = SynCookie::remembered(segment);
  TcbOrigin from = origin(tuple);
  from.iss = cookie_.make(tuple, syn, now);
  const auto clock = static_cast<std::uint32_t>(now.ns() / 1'000'000);
  from.timestamp_offset -= clock - SynCookie::clock_with_options(syn, clock);
  ++counters_.cookies_sent;
  last_cookie_at_ = now;
  Tcb tcb(environment_, *listener.config_, tuple, from);
  tcb.open_passive(syn, now);
  send_all(tcb, listener, TcpAoIds(segment.options.signature));
}

// True: it was a cookie, and the packet is taken.
bool Tcp::input_cookie(TcpPcb& listener, Packet& packet, const TcpSegment& segment, const wire::FourTuple& tuple) {
  const Instant now = node_.now();
  if (last_cookie_at_.is_never() || now - last_cookie_at_ > kCookieLifetime) {
    return false;
  }
  TcbOrigin from = origin(tuple);
  const auto syn = cookie_.check(tuple, segment, from.timestamp_offset, now);
  if (!syn) {
    ++counters_.cookies_failed;
    return false;
  }
  ++counters_.cookies_received;
  if (listener.listener_->accept_queue_is_full()) {
    ++counters_.listen_overflows;
    drop_packet(std::move(packet), DropReason::tcp_backlog_full);
    return true;
  }
  from.iss = segment.ack - 1;
  TcpPcb* child = make_child(listener, tuple, from);
  if (child == nullptr) {
    drop_packet(std::move(packet), DropReason::tcp_table_full);
    return true;
  }
  begin_signing(*child, listener, TcpAoIds(segment.options.signature));
  child->tcb_->resume_passive(*syn, {.answered = Instant::never()}, now);
  child->tcb_->input(std::move(packet), segment, now);
  adopt(*child->tcb_);
  settle(*child, true);
  return true;
}

// --- half-open connections -----------------------------------------------------------------------------------------

void Tcp::input_to_request(TcpRequest& request, Packet packet, const TcpSegment& segment) {
  TcpPcb& listener = request.listener_;
  const auto bytes = static_cast<std::uint32_t>(packet.size());
  const std::uint32_t window = std::min<std::uint32_t>(listener.config_->receive_buffer, 0xffff);
  if (request.is_completed_by(segment, bytes, window, *listener.config_)) {
    complete(request, std::move(packet), segment);
    return;
  }
  // Everything else changes little: a Tcb for the moment finds the answer.
  TcbOrigin from = origin(request.tuple_);
  from.iss = request.iss_;
  Tcb tcb(environment_, *listener.config_, request.tuple_, from);
  tcb.resume_passive(request.syn(), request.past(), node_.now());
  tcb.input(std::move(packet), segment, node_.now());
  send_all(tcb, listener, request.key_ids());
  if (tcb.statistics().retransmits > request.retransmits_) {
    request.note_answer(node_.now());  // the SYN came again
  }
  if (tcb.state() == TcpState::closed) {
    counters_.embryonic_resets += tcb.was_reset() ? 1 : 0;
    end_request(request);
  }
}

void Tcp::complete(TcpRequest& request, Packet packet, const TcpSegment& segment) {
  TcpPcb& listener = request.listener_;
  if (listener.listener_->accept_queue_is_full()) {
    ++counters_.listen_overflows;
    request.completed_ = true;  // the SYN,ACK goes on coming, and its answers with it
    if (policy_.abort_on_overflow) {
      answer_reset(static_cast<std::uint32_t>(packet.size()), segment, request.tuple_);
      end_request(request);
    }
    drop_packet(std::move(packet), DropReason::tcp_backlog_full);
    return;
  }
  const wire::FourTuple tuple = request.tuple_;
  TcbOrigin from = origin(tuple);
  from.iss = request.iss_;
  const TcpSegment syn = request.syn();
  const Tcb::HalfOpen past = request.past();
  const TcpAoIds ids = request.key_ids();
  if (pcb_count_ >= limits_.pcbs) {
    drop_packet(std::move(packet), DropReason::tcp_table_full);
    return;
  }
  end_request(request);
  TcpPcb* child = make_child(listener, tuple, from);
  begin_signing(*child, listener, ids);
  child->tcb_->resume_passive(syn, past, node_.now());
  child->tcb_->input(std::move(packet), segment, node_.now());
  adopt(*child->tcb_);
  settle(*child, true);
}

// A connection that its listener's user has not accepted; null at the limit of the table.
TcpPcb* Tcp::make_child(TcpPcb& listener, const wire::FourTuple& tuple, const TcbOrigin& origin) {
  const Result<TcpPcb*> made = make_pcb(tuple.local.address.family());
  if (!made) {
    return nullptr;
  }
  TcpPcb& child = **made;
  child.owned_by_user_ = false;
  child.parent_ = &listener;
  child.config_ = listener.config_;
  child.marking_ = listener.marking_;
  child.inherit(listener);
  enter_table(child, tuple);
  start(child, origin);
  return &child;
}

// How often a SYN,ACK is sent again. When more than half of the queue is in use, its old inhabitants make room for new
// ones: the more of them are old, the sooner (as Linux does; a live peer answers the first one or two).
unsigned Tcp::patience(const TcpListener& listener, unsigned most) const {
  constexpr std::uint32_t kSmallQueue = 8;
  constexpr unsigned kLeast = 2;
  if (listener.half_open * 2 <= std::max(kSmallQueue, listener.backlog)) {
    return most;
  }
  for (std::uint64_t young = listener.young * 2ULL; most > kLeast && listener.half_open >= young; young *= 2) {
    --most;
  }
  return most;
}

void Tcp::on_request_timer(TcpRequest& request, Instant now) {
  TcpPcb& listener = request.listener_;
  const TcpConfig& config = *listener.config_;
  const unsigned most = patience(*listener.listener_, config.syn_retries);
  if (request.timeouts_ >= most) {
    counters_.requests_pruned += most < config.syn_retries ? 1 : 0;
    end_request(request);
    return;
  }
  listener.listener_->young -= request.is_young() ? 1 : 0;
  TcbOrigin from = origin(request.tuple_);
  from.iss = request.iss_;
  Tcb tcb(environment_, config, request.tuple_, from);
  tcb.resume_passive(request.syn(), request.past(), now);
  tcb.repeat_syn_ack();
  ++request.timeouts_;
  request.note_answer(now);
  Duration wait = config.initial_rto;
  for (unsigned i = 0; i < request.timeouts_ && wait < config.max_rto; ++i) {
    wait += wait;
  }
  request.timer_.arm(now + std::min(wait, config.max_rto));
  send_all(tcb, listener, request.key_ids());
}

void Tcp::end_request(TcpRequest& request) {
  TcpListener& queues = *request.listener_.listener_;
  --queues.half_open;
  queues.young -= request.is_young() ? 1 : 0;
  --request_count_;
  table_.erase(request);
  delete &request;  // leaves the queue
}

// A handshake is done: the listener's user may accept the connection.
void Tcp::established(TcpPcb& pcb) {
  ++counters_.passive_opens;
  pcb.opened_ = true;
  node_.note(NoteKind::connection_opened, [&] { return pcb.tuple_.to_string(); });
  TcpPcb& listener = *pcb.parent_;
  TcpListener& queues = *listener.listener_;
  ++queues.ready;
  queues.accept_queue.push_back(pcb);
  if (listener.on_ready_) {
    listener.on_ready_();
  }
}

// --- TIME-WAIT -----------------------------------------------------------------------------------------------------

// The Tcb has done its work; what is left of it becomes a row that outlives the pcb.
void Tcp::enter_time_wait(TcpPcb& pcb) {
  const Tcb& tcb = *pcb.tcb_;
  const Duration length = pcb.config_->msl * 2;
  keep_flow(pcb);
  if (length > Duration{} && limits_.time_wait > 0) {
    if (time_wait_count_ >= limits_.time_wait) {
      ++counters_.time_wait_overflows;
      end_time_wait(time_wait_.front());
    }
    auto* row = new TcpTimeWait(pcb, tcb.time_wait_facts(), node_.now() + length, length);
    if (pcb.has_keys_) {
      authentication_->make(*row) = *authentication_->find(pcb);
      row->has_keys_ = true;
    }
    leave_table(pcb);
    table_.insert(*row);
    ports_.add(*row);
    ++time_wait_count_;
    keep_in_order(*row);
  } else {
    leave_table(pcb);
  }
  pcb.tcb_->end_time_wait();
}

// Nearly always at the end: all rows last as long as each other unless somebody has set another MSL.
void Tcp::keep_in_order(TcpTimeWait& row) {
  time_wait_.insert_sorted(row, [](const TcpTimeWait& a, const TcpTimeWait& b) { return a.expires() < b.expires(); });
  time_wait_timer_.arm(time_wait_.front().expires());
}

void Tcp::input_to_time_wait(TcpTimeWait& row, Packet packet, const TcpSegment& segment) {
  using Verdict = TcpTimeWait::Verdict;
  const auto bytes = static_cast<std::uint32_t>(packet.size());
  TcpPcb* listener = segment.syn() ? find_listener(row.tuple()) : nullptr;
  const bool wants_timestamps = listener != nullptr && listener->config_->timestamps;
  const auto judgement = row.judge(segment, bytes, policy_.time_wait_ignores_rst, wants_timestamps, node_.now());
  counters_.time_wait_acks_skipped += judgement.skipped ? 1 : 0;
  if (judgement.restart) {
    row.restart(node_.now());
    keep_in_order(row);
  }
  switch (judgement.verdict) {
    case Verdict::reopen:
      if (listener != nullptr && !listener->listener_->accept_queue_is_full()) {
        const TimeWaitFacts former = row.facts();
        const wire::FourTuple tuple = row.tuple();
        ++counters_.time_waits_reused;
        end_time_wait(row);
        input_syn(*listener, std::move(packet), segment, tuple, &former);
        return;
      }
      acknowledge_again(row);
      break;
    case Verdict::end:
      ++counters_.time_waits_killed;
      end_time_wait(row);
      packet.consume();
      return;
    case Verdict::answer:
      acknowledge_again(row);
      break;
    case Verdict::drop:
      break;
  }
  drop_packet(std::move(packet), judgement.reason);
}

void Tcp::acknowledge_again(const TcpTimeWait& row) {
  const TimeWaitFacts& facts = row.facts();
  Packet packet = node_.pool().make();
  if (!packet) {
    return;
  }
  ++others_.segments_sent;
  wire::TcpOptions options;
  if (facts.timestamps) {
    const auto clock = static_cast<std::uint32_t>(node_.now().ns() / 1'000'000);
    options.timestamps = wire::TcpTimestamps{clock + facts.timestamp_offset, facts.ts_recent};
  }
  options.signature = signature_of(row);
  const std::size_t header_size = wire::kTcpHeaderSize + options.size();
  std::byte* bytes = packet.push(header_size);
  (void)options.emit({bytes + wire::kTcpHeaderSize, options.size()});
  auto& header = packet.header<wire::TcpHeader>();
  header = wire::TcpHeader{};
  header.source_port = row.tuple().local.port;
  header.destination_port = row.tuple().foreign.port;
  header.seq = facts.snd_nxt;
  header.ack = facts.rcv_nxt;
  header.set_header_size(header_size);
  header.flags = TcpFlag::kAck;
  header.window = facts.window;
  const wire::FourTuple& tuple = row.tuple();
  header.checksum = checksum_fold(pseudo_header_sum(tuple.local.address, tuple.foreign.address, kProtocolNumber,
                                                    static_cast<std::uint32_t>(packet.size())));
  mark_partial_checksum(packet, 0, offsetof(wire::TcpHeader, checksum));
  sign(row, packet);
  (void)output(std::move(packet), tuple, 0, nullptr);
}

void Tcp::end_time_wait(TcpTimeWait& row) {
  --time_wait_count_;
  if (row.has_keys_) {
    authentication_->forget(row);
  }
  table_.erase(row);
  ports_.remove(row);
  delete &row;  // leaves the queue
}

void Tcp::on_time_wait_timer(Instant now) {
  while (!time_wait_.empty() && time_wait_.front().expires() <= now) {
    ++counters_.time_waits;
    end_time_wait(time_wait_.front());
  }
  time_wait_timer_.arm(time_wait_.empty() ? Instant::never() : time_wait_.front().expires());
}

}  // namespace catenet::transport
