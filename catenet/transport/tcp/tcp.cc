// SPDX-License-Identifier: Apache-2.0
// Segments in, segments out, and what follows for a connection. Listeners, requests and TIME-WAIT are in tcp_listen.cc,
// the calls of the user in tcp_pcb.cc.
#include "catenet/transport/tcp/tcp.h"

#include <algorithm>
#include <string>
#include <utility>

#include "catenet/packet/checksum.h"
#include "catenet/transport/tcp/isn.h"
#include "catenet/transport/udp/pseudo_sum.h"

namespace catenet::transport {
namespace {

using wire::TcpFlag;

// RFC 1122 4.2.3.10 and 3.2.1.3: neither end of a connection is a group, and nobody sends from nowhere.
bool is_possible_peer(const wire::IpAddress& address) {
  return !address.is_unspecified() && !address.is_multicast() && !address.is_broadcast();
}

bool checksum_is_right(const Packet& packet, const ip::Delivery& delivery) {
  const std::uint64_t pseudo = pseudo_header_native(delivery.source, delivery.destination, Tcp::kProtocolNumber,
                                                    static_cast<std::uint32_t>(packet.size()));
  return checksum_fold_native(checksum_native(packet, pseudo)) == 0xffff;
}

SynCookie make_cookie(Rng rng) {
  const std::uint64_t first = rng.next();
  return {first, rng.next()};
}

// Most hosts have never been told otherwise: one copy for all of them.
const SharedValue<TcpConfig>& default_config() {
  static const SharedValue<TcpConfig> kDefault{TcpConfig()};
  return kDefault;
}

}  // namespace

Tcp::Tcp(Node& node, ip::Network& network, wire::Family family)
    : node_(node),
      config_(default_config()),
      rng_(node.random_stream("tcp")),
      secret_{rng_.next(), rng_.next()},
      cookie_(make_cookie(node.random_stream("tcp-cookie"))),
      table_(rng_.next()),
      time_wait_timer_(node.timers(), Delegate<void(Instant)>::to<&Tcp::on_time_wait_timer>(*this)) {
  environment_.pool = &node.pool();
  environment_.counters = &counters_;
  environment_.drop = DropSink::to<&Tcp::drop_packet>(*this);
  add_network(network, family);
}

Tcp::~Tcp() {
  for (TcpPcb& pcb : pcbs_) {
    while (pcb.listener_ && !pcb.listener_->syn_queue.empty()) {
      delete &pcb.listener_->syn_queue.pop_front();
    }
    if (pcb.listening_) {
      stop_listening(pcb);
    }
  }
  while (!pcbs_.empty()) {
    delete &pcbs_.pop_front();
  }
  while (!time_wait_.empty()) {
    delete &time_wait_.pop_front();
  }
}

void Tcp::add_network(ip::Network& network, wire::Family family) {
  networks_[family == wire::Family::kV4 ? 0 : 1] = &network;
}

void Tcp::set_policy(const TcpPolicy& policy) {
  policy_ = policy;
  challenges_ = policy.challenge_ack_limit == 0 ? nullptr
                                                : std::make_unique<ChallengeBudget>(
                                                      policy.challenge_ack_limit, node_.random_stream("tcp-challenge"));
  environment_.challenges = challenges_.get();
}

void Tcp::drop_packet(Packet packet, DropReason reason) { node_.drop(std::move(packet), reason, arrival_); }

// A segment that is no connection's.
void Tcp::refuse(Packet packet, DropReason reason) {
  ++others_.segments_received;
  drop_packet(std::move(packet), reason);
}

// --- in ------------------------------------------------------------------------------------------------------------

void Tcp::receive(Packet packet, const ip::Delivery& delivery) {
  arrival_ = delivery.interface;
  if (delivery.to_group || !is_possible_peer(delivery.source)) {
    refuse(std::move(packet), DropReason::tcp_bad_segment);
    return;
  }
  if (!packet.pullup(wire::kTcpHeaderSize)) {
    refuse(std::move(packet), DropReason::bad_tcp_header);
    return;
  }
  const std::size_t header_size = packet.header<wire::TcpHeader>().header_size();
  if (header_size < wire::kTcpHeaderSize || !packet.pullup(header_size)) {
    refuse(std::move(packet), DropReason::bad_tcp_header);
    return;
  }
  if (packet.meta().checksum == ChecksumState::unverified && !checksum_is_right(packet, delivery)) {
    refuse(std::move(packet), DropReason::bad_tcp_checksum);
    return;
  }
  const auto& header = packet.header<wire::TcpHeader>();
  TcpSegment segment{.seq = header.seq,
                     .ack = header.ack,
                     .window = header.window,
                     .flags = header.flags,
                     .ecn = static_cast<std::uint8_t>(delivery.traffic_class & 3),
                     .ae = (header.offset_reserved & wire::kTcpAeFlag) != 0};
  if (!segment.options.parse_here(header.options_in(packet.head()))) {
    refuse(std::move(packet), DropReason::bad_tcp_option);
    return;
  }
  const wire::FourTuple tuple{{delivery.destination, header.destination_port}, {delivery.source, header.source_port}};
  TcpEntry* entry = table_.find(tuple);
  TcpPcb* listener = entry == nullptr ? find_listener(tuple) : nullptr;
  const bool keys = authentication_ != nullptr && authentication_->is_in_use();
  if ((keys || segment.options.signature.is_there()) && !authenticate(packet, segment, tuple, entry, listener))
      [[unlikely]] {
    return;
  }
  packet.pull(header_size);

  if (entry != nullptr) {
    input(*entry, std::move(packet), segment);
  } else if (listener != nullptr) {
    ++others_.segments_received;
    input_to_listener(*listener, std::move(packet), segment, tuple);
  } else {  // RFC 9293 3.10.7.1
    answer_reset(static_cast<std::uint32_t>(packet.size()), segment, tuple);
    refuse(std::move(packet), DropReason::tcp_no_connection);
  }
}

void Tcp::input(TcpEntry& entry, Packet&& packet, const TcpSegment& segment) {
  switch (entry.entry_kind()) {
    case TcpEntry::Kind::connection: {
      auto& pcb = static_cast<TcpPcb&>(entry);
      if (pcb.device_ != nullptr && pcb.device_ != arrival_) {
        answer_reset(static_cast<std::uint32_t>(packet.size()), segment, pcb.tuple_);
        refuse(std::move(packet), DropReason::tcp_no_connection);
        return;
      }
      const bool opening = pcb.tcb_->state() == TcpState::syn_sent;
      pcb.tcb_->input(std::move(packet), segment, node_.now());
      if (opening && (pcb.asked_for_cookie_ || pcb.sent_early_) && pcb.tcb_->is_synchronized()) {
        learn_fast_open(pcb, segment);
      }
      settle(pcb, true);
      return;
    }
    case TcpEntry::Kind::request:
      ++others_.segments_received;
      input_to_request(static_cast<TcpRequest&>(entry), std::move(packet), segment);
      return;
    case TcpEntry::Kind::time_wait:
      ++others_.segments_received;
      input_to_time_wait(static_cast<TcpTimeWait&>(entry), std::move(packet), segment);
      return;
    case TcpEntry::Kind::listeners:
      break;  // has no peer: no segment's four-tuple leads there
  }
  refuse(std::move(packet), DropReason::tcp_bad_segment);
}

// RFC 9293 3.10.7.1: a reset for what belongs to nobody, never for a reset.
void Tcp::answer_reset(std::uint32_t length, const TcpSegment& segment, const wire::FourTuple& tuple) {
  if (segment.rst()) {
    return;
  }
  ++counters_.out_rsts;
  Packet packet = node_.pool().make();
  if (!packet) {
    return;
  }
  ++others_.segments_sent;
  wire::TcpOptions options;
  if (authentication_ != nullptr) {
    options.signature = authentication_->answer_format();
    (void)options.emit({packet.push(options.size()), options.size()});
  }
  auto& header = packet.push_header<wire::TcpHeader>();
  header.set_header_size(wire::kTcpHeaderSize + options.size());
  header.source_port = tuple.local.port;
  header.destination_port = tuple.foreign.port;
  header.flags = TcpFlag::kRst;
  if (segment.has_ack()) {
    header.seq = segment.ack;
  } else {
    header.flags |= TcpFlag::kAck;
    header.ack = segment.seq + length + (segment.syn() ? 1 : 0) + (segment.fin() ? 1 : 0);
  }
  header.checksum = checksum_fold(pseudo_header_sum(tuple.local.address, tuple.foreign.address, kProtocolNumber,
                                                    static_cast<std::uint32_t>(packet.size())));
  mark_partial_checksum(packet, 0, offsetof(wire::TcpHeader, checksum));
  if (options.signature.is_there()) {
    authentication_->sign_answer(packet, tuple);
  }
  (void)output(std::move(packet), tuple, 0, nullptr);  // without a route the asker has bad luck
}

namespace {

// The errno, and whether an attempt to connect ends with it.
std::pair<int, bool> weigh(const ip::ErrorReport& report, EndsOpening ends) {
  using Kind = ip::ErrorReport::Kind;
  const bool refusal = report.kind == Kind::protocol_unreachable || report.kind == Kind::administratively_prohibited;
  const bool hard = report.kind == Kind::port_unreachable || report.kind == Kind::protocol_unreachable;
  switch (ends) {
    case EndsOpening::hard_errors:
      break;
    case EndsOpening::refusals:
      return {refusal ? ECONNREFUSED : report.to_errno(), hard || refusal || report.kind == Kind::time_exceeded};
    case EndsOpening::every_error:
      return {report.to_errno(), true};
  }
  return {report.to_errno(), hard};
}

}  // namespace

// RFC 9293 3.9.2.2, RFC 1122 4.2.3.9.
void Tcp::on_error(const ip::ErrorReport& report) {
  const auto bytes = report.transport_header;
  if (bytes.size() < 8) {
    return;
  }
  const wire::FourTuple tuple{{report.source, wire::load16(bytes, 0)}, {report.destination, wire::load16(bytes, 2)}};
  TcpEntry* entry = table_.find(tuple);
  if (entry == nullptr || entry->entry_kind() != TcpEntry::Kind::connection) {
    return;  // a request or a TIME-WAIT does nothing else for being told
  }
  auto* pcb = static_cast<TcpPcb*>(entry);
  ip::Network* from = network(report.source.family());
  // RFC 5927 4.1: somebody who guesses ports must also guess a number that is under way.
  if (from == nullptr || !pcb->tcb_->is_outstanding(wire::load32(bytes, 4))) {
    ++counters_.stale_icmps;
    return;
  }
  using Kind = ip::ErrorReport::Kind;
  arrival_ = nullptr;
  switch (report.kind) {
    case Kind::source_quench:  // RFC 6633
      return;
    case Kind::packet_too_big: {
      const std::uint32_t headers = static_cast<std::uint32_t>(from->header_size() + wire::kTcpHeaderSize);
      // An old router does not say its MTU: 576 is what everybody must take (RFC 1191 5).
      const std::uint32_t mtu = report.mtu == 0 ? 576 : std::max(report.mtu, 68U);
      pcb->tcb_->set_max_segment(mtu - std::min(mtu - 8, headers));
      break;
    }
    default: {
      const auto [code, hard] = weigh(report, pcb->config_->ends_opening);
      pcb->tcb_->on_network_error(code, hard && !distrusts_errors(*pcb));
    }
  }
  settle(*pcb, true);
}

// --- out -----------------------------------------------------------------------------------------------------------

void Tcp::settle(TcpPcb& pcb, bool notify) {
  Tcb& tcb = *pcb.tcb_;
  while (!tcb.has_nothing_to_send()) {
    Packet packet = tcb.transmit(node_.now());
    if (!packet) {
      break;
    }
    if (pcb.has_keys_) [[unlikely]] {
      sign(pcb, packet);
    }
    const Result<void> sent = output(std::move(packet), pcb.tuple_, tcb.ecn_field(), pcb.device_, pcb.marking_);
    if (sent) {
      continue;
    }
    if (sent.error().code == EMSGSIZE) {
      tcb.set_max_segment(origin(pcb.tuple_).max_segment);
    } else {
      tcb.on_network_error(sent.error().code, false);
    }
  }
  arrival_ = nullptr;
  if (watch_ != nullptr) [[unlikely]] {
    watch_->on_settled(pcb, tcb, node_.now());
  }
  if (tcb.state() != TcpState::established || !pcb.opened_) {
    tell_story(pcb);
  }
  if (tcb.state() == TcpState::time_wait) {
    enter_time_wait(pcb);
  }
  pcb.timer_.arm(tcb.deadline());
  if (pcb.received_early_ && tcb.state() != TcpState::syn_received) {
    end_early(pcb);
  }
  if (pcb.parent_ != nullptr && !pcb.opened_ && tcb.is_synchronized()) {
    established(pcb);  // and the listener's user is told
    return;
  }
  // What a call of the user brings about is told at the next occasion: somebody else may be waiting.
  const bool wake = notify && tcb.take_event() && pcb.owned_by_user_ && pcb.on_ready_;
  const Delegate<void()> on_ready = pcb.on_ready_;
  if (tcb.state() == TcpState::closed) {
    closed(pcb);
  }
  if (wake) {
    on_ready();  // last: it may end the pcb
  }
}

Result<void> Tcp::output(Packet&& packet, const wire::FourTuple& tuple, std::uint8_t ecn, Interface* device,
                         const TcpMarking& marking) {
  ip::Network* out = network(tuple.local.address.family());
  if (out == nullptr) {
    drop_packet(std::move(packet), DropReason::no_route);
    return fail(EAFNOSUPPORT, "no network layer of this family");
  }
  ip::SendOptions options;
  options.source = tuple.local.address;
  options.destination = tuple.foreign.address;
  options.protocol = kProtocolNumber;
  options.traffic_class = static_cast<std::uint8_t>(marking.traffic_class | ecn);
  options.ttl = marking.hops;
  options.dont_fragment = !marking.may_fragment;  // RFC 1191
  options.interface = device;
  return out->output(std::move(packet), options);
}

TcbOrigin Tcp::origin(const wire::FourTuple& tuple) const {
  const ip::Network& out = *network(tuple.local.address.family());
  const std::uint64_t hash = tuple_hash(tuple, secret_);
  const auto headers = static_cast<std::uint32_t>(out.header_size() + wire::kTcpHeaderSize);
  const std::uint32_t mtu = std::max(out.path_mtu(tuple.foreign.address), headers + 8);
  const std::size_t most = out.max_super_segment();
  const auto super_segment = static_cast<std::uint32_t>(most - std::min(most, headers + wire::kTcpMaxOptions));
  return {initial_sequence(node_.now(), hash), timestamp_offset(hash), mtu - headers, super_segment};
}

// Makes the Tcb of a pcb whose tuple is complete.
void Tcp::start(TcpPcb& pcb, const TcbOrigin& origin) {
  pcb.started_ = node_.now();
  pcb.tcb_ = std::make_unique<Tcb>(environment_, *pcb.config_, pcb.tuple_, origin);
  if (pcb.has_keys_) {
    keys_changed(pcb);
  }
}

void Tcp::tell_story(TcpPcb& pcb) {
  const Tcb& tcb = *pcb.tcb_;
  if (!pcb.opened_ && pcb.parent_ == nullptr && tcb.is_synchronized()) {
    pcb.opened_ = true;
    node_.note(NoteKind::connection_opened, [&] { return pcb.tuple_.to_string(); });
  }
  if (pcb.ended_ || (tcb.state() != TcpState::closed && tcb.state() != TcpState::time_wait)) {
    return;
  }
  pcb.ended_ = true;
  pcb.ended_at_ = node_.now();
  const int error = tcb.error();
  const auto text = [&] {
    return pcb.tuple_.to_string() + (error != 0 ? std::string(": ") + std::strerror(error) : std::string());
  };
  if (!pcb.opened_) {
    if (pcb.parent_ == nullptr) {
      node_.note(NoteKind::connection_failed, text);
    }
  } else if (tcb.was_reset()) {
    node_.note(NoteKind::connection_reset, text);
  } else {
    node_.note(error != 0 ? NoteKind::connection_failed : NoteKind::connection_closed, text);
  }
}

// The Tcb has reached CLOSED: nothing comes in for it any more. The row stays for its user, if it has one.
void Tcp::closed(TcpPcb& pcb) {
  if (pcb.in_table_) {
    leave_table(pcb);
    keep_flow(pcb);
  }
  // One that waits for accept() goes on doing so: its user may read what came, and learns the rest.
  const bool waits = pcb.parent_ != nullptr && pcb.opened_;
  if (!waits && !pcb.owned_by_user_) {
    destroy(pcb);
  }
}

void Tcp::keep_flow(const TcpPcb& pcb) {
  if (limits_.finished_flows == 0 || !pcb.opened_) {
    return;
  }
  if (finished_.size() < limits_.finished_flows) {
    finished_.push_back(flow_of(pcb));
  } else {
    finished_[finished_next_ % finished_.size()] = flow_of(pcb);
    finished_next_ = static_cast<std::uint32_t>((finished_next_ + 1) % finished_.size());
  }
}

// --- the table -----------------------------------------------------------------------------------------------------

Result<TcpPcb*> Tcp::make_pcb(wire::Family family) {
  if (network(family) == nullptr) {
    return fail(EAFNOSUPPORT, "no network layer of this family");
  }
  if (pcb_count_ >= limits_.pcbs) {
    return fail(ENOBUFS, "the table of connections is full");
  }
  auto* pcb = new TcpPcb(*this, family);
  pcbs_.push_back(*pcb);
  ++pcb_count_;
  return pcb;
}

void Tcp::destroy(TcpPcb& pcb) {
  leave_table(pcb);
  if (pcb.tcb_) {
    retire(*pcb.tcb_);
  }
  if (pcb.has_keys_) {
    authentication_->forget(pcb);
  }
  --pcb_count_;
  delete &pcb;  // leaves its lists
}

// Takes a local port, with or without a peer. Segments do not find it thereby.
void Tcp::occupy(TcpPcb& pcb, const wire::FourTuple& tuple) {
  if (pcb.bound_) {
    ports_.remove(pcb);
  }
  pcb.tuple_ = tuple;
  pcb.bound_ = true;
  ports_.add(pcb);
}

void Tcp::enter_table(TcpPcb& pcb, const wire::FourTuple& tuple) {
  occupy(pcb, tuple);
  pcb.in_table_ = true;
  table_.insert(pcb);
}

void Tcp::leave_table(TcpPcb& pcb) {
  if (std::exchange(pcb.in_table_, false)) {
    table_.erase(pcb);
  }
  if (std::exchange(pcb.bound_, false)) {
    ports_.remove(pcb);
  }
}

std::vector<TcpFlow> Tcp::flows() const {
  std::vector<TcpFlow> flows;
  for (std::size_t i = 0; i < finished_.size(); ++i) {
    flows.push_back(finished_[(finished_next_ + i) % finished_.size()]);
    TcpFlow& flow = flows.back();
    const TcpEntry* entry = flow.state == TcpState::time_wait ? table_.find(flow.tuple) : nullptr;
    if (flow.state == TcpState::time_wait && (entry == nullptr || entry->entry_kind() != TcpEntry::Kind::time_wait)) {
      flow.state = TcpState::closed;
    }
  }
  for (const TcpPcb& pcb : const_cast<IntrusiveList<TcpPcb, TcpAllPcbs>&>(pcbs_)) {
    if (pcb.tcb_ && pcb.opened_ && pcb.in_table_) {
      flows.push_back(flow_of(pcb));
    }
  }
  return flows;
}

TcpFlow Tcp::flow_of(const TcpPcb& pcb) const {
  const Tcb& tcb = *pcb.tcb_;
  TcpFlow flow;
  flow.tuple = pcb.tuple_;
  flow.state = tcb.state();
  flow.started = pcb.started_;
  flow.ended = pcb.ended_at_;
  flow.last_ack = tcb.last_ack_at();
  flow.srtt = tcb.rtt().srtt();
  flow.error = tcb.error();
  flow.statistics = tcb.statistics();
  return flow;
}

}  // namespace catenet::transport
