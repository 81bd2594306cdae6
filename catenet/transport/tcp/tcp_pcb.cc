// SPDX-License-Identifier: Apache-2.0
// The calls of a socket, and which errors they answer with.
#include <algorithm>

#include "catenet/transport/link_zone.h"
#include "catenet/transport/tcp/tcp.h"
#include "catenet/wire/mapped_address.h"

namespace catenet::transport {

TcpPcb::TcpPcb(Tcp& tcp, wire::Family family)
    : TcpPortUser(Kind::connection, {wire::Endpoint::any(family), wire::Endpoint::any(family)}),
      tcp_(tcp),
      timer_(tcp.node_.timers(), Delegate<void(Instant)>::to<&TcpPcb::on_timer>(*this)),
      family_(family),
      config_(tcp.config_) {}

TcpPcb::~TcpPcb() = default;

void TcpPcb::on_timer(Instant now) {
  tcb_->on_timeout(now);
  if (asked_for_cookie_ || sent_early_) {
    tcp_.note_early_timeout(*this);
  }
  tcp_.settle(*this, true);
}

TcpState TcpPcb::state() const {
  if (deferred_) {
    return TcpState::syn_sent;
  }
  return tcb_ != nullptr ? tcb_->state() : listener_ != nullptr ? TcpState::listen : TcpState::closed;
}

void TcpPcb::set_claim(bool TcpPortUser::* what, bool on) {
  if (bound_) {
    tcp_.ports_.remove(*this);
  }
  this->*what = on;
  if (bound_) {
    tcp_.ports_.add(*this);
  }
}

Result<void> TcpPcb::bind(const wire::Endpoint& local) { return tcp_.bind(*this, local); }

Result<wire::Endpoint> TcpPcb::end_from(const wire::Endpoint& end, int v4_refused) const {
  const wire::IpAddress address = wire::unmapped(end.address);
  if ((address.is_v6() && family_ == wire::Family::kV4) || tcp_.network(address.family()) == nullptr) {
    return fail(EAFNOSUPPORT, "an address of the other family");
  }
  if (address.family() != family_ && v6_only_) {
    return fail(v4_refused, "an address of IPv4 for a socket of IPv6 only");
  }
  const auto zoned = with_link_zone(address, device_);
  return zoned ? Result<wire::Endpoint>({*zoned, end.port}) : std::unexpected(zoned.error());
}

Result<void> Tcp::bind(TcpPcb& pcb, const wire::Endpoint& end) {
  if (pcb.bound_ || pcb.tcb_ || pcb.listener_) {
    return fail(EINVAL, "the socket is bound already");
  }
  const auto taken = pcb.end_from(end, EINVAL);
  if (!taken) {
    return std::unexpected(taken.error());
  }
  wire::Endpoint local = *taken;
  const wire::Family family = local.address.family();
  if (!local.address.is_unspecified() && !network(family)->may_send_from(local.address)) {
    return fail(EADDRNOTAVAIL, "not an address of this host");
  }
  if (local.port == 0) {
    const Result<std::uint16_t> port = choose_port(pcb, local, wire::Endpoint::any(family));
    if (!port) {
      return std::unexpected(port.error());
    }
    local.port = *port;
  } else {
    PortClaim claim = pcb.claim();
    claim.address = local.address;
    if (ports_.conflict(claim, local.port, &pcb, false)) {
      return fail(EADDRINUSE, "another socket has this port");
    }
  }
  pcb.v6_only_ |= local.address.is_v6() && !local.address.is_unspecified();  // as Linux: it could never be IPv4's
  pcb.chosen_by_user_ = true;
  occupy(pcb, listening_key(local));
  return {};
}

// RFC 6056 3.3.1: a random place to start, then the next free one. A port for a connection may be used by connections
// to other peers, but not by a socket that was bound to it.
Result<std::uint16_t> Tcp::choose_port(const TcpPcb& pcb, const wire::Endpoint& local, const wire::Endpoint& foreign) {
  const std::uint32_t count = std::uint32_t{limits_.port_high} - std::min(limits_.port_low, limits_.port_high) + 1;
  const auto first = static_cast<std::uint32_t>(rng_.below(count));
  PortClaim claim = pcb.claim();
  claim.address = local.address;
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto port = static_cast<std::uint16_t>(limits_.port_low + (first + i) % count);
    const bool free = foreign.port == 0 ? !ports_.conflict(claim, port, &pcb, true)
                                        : !ports_.is_chosen(port) && may_connect({{local.address, port}, foreign});
    if (free && port != 0) {
      return port;
    }
  }
  return fail(EADDRNOTAVAIL, "no ephemeral port is free");
}

// Nothing is between these ends, or a TIME-WAIT that the policy lets us end.
bool Tcp::may_connect(const wire::FourTuple& tuple) const {
  const TcpEntry* entry = table_.find(tuple);
  if (entry == nullptr) {
    return true;
  }
  if (entry->entry_kind() != TcpEntry::Kind::time_wait || policy_.time_wait_reuse == TimeWaitReuse::never) {
    return false;
  }
  const TimeWaitFacts& former = static_cast<const TcpTimeWait*>(entry)->facts();
  const bool here = network(tuple.foreign.address.family())->is_local(tuple.foreign.address);
  return former.timestamps && node_.now() - former.ts_recent_at >= Duration::seconds(1) &&
         (here || policy_.time_wait_reuse == TimeWaitReuse::always);
}

Result<void> TcpPcb::listen(std::uint32_t backlog) {
  if (tcb_) {
    return fail(EINVAL, "the socket is connected");
  }
  if (!bound_) {
    if (const Result<void> bound = tcp_.bind(*this, wire::Endpoint::any(family_)); !bound) {
      return bound;
    }
  }
  if (listener_ == nullptr) {
    if (const Result<void> started = tcp_.start_listening(*this); !started) {
      return started;
    }
    tcp_.node_.note(NoteKind::listening, [&] { return "tcp " + tuple_.local.to_string(); });
  }
  listener_->backlog = std::min(backlog, tcp_.limits_.backlog);
  return {};
}

Result<void> TcpPcb::listen_any(std::uint32_t backlog) {
  if (tcb_ || bound_ || listening_) {
    return fail(EINVAL, "the socket is bound");
  }
  if (listener_ == nullptr) {
    if (const Result<void> started = tcp_.start_listening_to_all(*this); !started) {
      return started;
    }
    tcp_.node_.note(NoteKind::listening, [&] { return std::string("tcp, every address and port"); });
  }
  listener_->backlog = std::min(backlog, tcp_.limits_.backlog);
  return {};
}

Result<TcpPcb*> TcpPcb::accept() {
  if (!listener_) {
    return fail(EINVAL, "not listening");
  }
  if (listener_->accept_queue.empty()) {
    return fail(EAGAIN, "no connection is waiting");
  }
  TcpPcb& pcb = listener_->accept_queue.pop_front();
  --listener_->ready;
  pcb.parent_ = nullptr;
  pcb.owned_by_user_ = true;
  return &pcb;
}

Result<void> TcpPcb::connect(const wire::Endpoint& foreign) { return tcp_.connect(*this, foreign); }

Result<void> Tcp::connect(TcpPcb& pcb, const wire::Endpoint& foreign) {
  const Result<void> prepared = prepare(pcb, foreign);
  if (prepared) {
    pcb.tcb_->open_active(node_.now());
    settle(pcb, false);
  }
  return prepared;
}

// Everything of connect() but the SYN.
Result<void> Tcp::prepare(TcpPcb& pcb, const wire::Endpoint& to) {
  if (pcb.listener_) {
    return fail(EOPNOTSUPP, "the socket listens");
  }
  if (pcb.tcb_) {
    const bool handshake = pcb.state() == TcpState::syn_sent || pcb.state() == TcpState::syn_received;
    return handshake ? fail(EALREADY, "the handshake is under way") : fail(EISCONN, "the socket has been connected");
  }
  const auto taken = pcb.end_from(to, ENETUNREACH);
  if (!taken) {
    return std::unexpected(taken.error());
  }
  const wire::Endpoint foreign = *taken;
  const wire::Family family = foreign.address.family();
  if (!pcb.tuple_.local.address.is_unspecified() && pcb.tuple_.local.address.family() != family) {
    return fail(EAFNOSUPPORT, "IPv6 from an address of IPv4");
  }
  ip::Network& out = *network(family);
  if (foreign.port == 0 || foreign.address.is_unspecified()) {
    return fail(EADDRNOTAVAIL, "no such foreign address");
  }
  if (foreign.address.is_multicast() || foreign.address.is_broadcast() || out.is_broadcast(foreign.address)) {
    return fail(EACCES, "TCP has one peer, not a group");
  }
  wire::Endpoint local = pcb.tuple_.local;
  if (local.address.is_unspecified()) {
    const Result<wire::IpAddress> source = out.select_source(foreign.address);
    if (!source) {
      return std::unexpected(source.error());
    }
    local.address = *source;
  }
  if (!pcb.bound_) {
    const Result<std::uint16_t> port = choose_port(pcb, local, foreign);
    if (!port) {
      return std::unexpected(port.error());
    }
    local.port = *port;
  } else if (!may_connect({local, foreign})) {
    return fail(EADDRNOTAVAIL, "this connection exists");
  }
  const wire::FourTuple tuple{local, foreign};
  TcbOrigin from = origin(tuple);
  if (TcpEntry* entry = table_.find(tuple)) {
    auto& former = static_cast<TcpTimeWait&>(*entry);
    from.iss = TcpTimeWait::next_iss(former.facts(), from.iss);
    ++counters_.time_waits_reused;
    end_time_wait(former);
  }
  ++counters_.active_opens;
  enter_table(pcb, tuple);
  start(pcb, from);
  return {};
}

Result<std::size_t> TcpPcb::send(std::span<const std::byte> bytes, const TcpSendFlags& flags) {
  if (!tcb_) {
    return fail(ENOTCONN, "send");
  }
  if (deferred_) {
    const std::size_t taken = tcp_.start_early(*this, bytes);
    return taken > 0 ? Result<std::size_t>(taken) : fail(EINPROGRESS, "the handshake has begun");
  }
  return tcb_->sends_by_packets() ? send_packets(bytes, flags) : send_now(bytes, flags);
}

Result<std::size_t> TcpPcb::send_now(std::span<const std::byte> bytes, const TcpSendFlags& flags) {
  Result<std::size_t> sent = tcb_->send(bytes, flags);
  if (sent) {
    tcp_.settle(*this, false);
  }
  return sent;
}

// A packet's worth at a time: what goes at once makes room for more.
Result<std::size_t> TcpPcb::send_packets(std::span<const std::byte> bytes, const TcpSendFlags& flags) {
  std::size_t done = 0;
  do {
    const Result<std::size_t> sent = tcb_->send(bytes.subspan(done), flags);
    if (!sent) {
      return done > 0 ? Result<std::size_t>(done) : sent;
    }
    done += *sent;
    tcp_.settle(*this, false);
  } while (done < bytes.size() && tcb_);
  return done;
}

void TcpPcb::watch(const TcpSendWish& wish) {
  if (tcb_) {
    tcb_->watch(wish, tcp_.node_.now());
  }
}

void TcpPcb::push() {
  if (tcb_ && !deferred_) {
    tcb_->push();
    tcp_.settle(*this, false);
  }
}

void TcpPcb::set_config(const TcpConfig& config) {
  const bool lets_go = (config_->nagle && !config.nagle) || (config_->cork && !config.cork);
  const bool watches = config.keepalive && (!config_->keepalive || config.keepalive_idle != config_->keepalive_idle);
  const SharedValue<TcpConfig> fresh(config);
  if (tcb_) {
    tcb_->set_config(*fresh);
  }
  config_ = fresh;
  if ((lets_go || watches) && tcb_ && tcb_->is_synchronized()) {
    tcp_.settle(*this, false);
  }
}

Result<std::size_t> TcpPcb::receive(std::span<std::byte> out) {
  if (!tcb_ || deferred_) [[unlikely]] {
    return tcb_ ? fail(EAGAIN, "the handshake has not begun") : fail(ENOTCONN, "receive");
  }
  return receive_now(out);
}

Result<std::size_t> TcpPcb::receive_now(std::span<std::byte> out) {
  Result<std::size_t> got = tcb_->receive(out);
  if (got && *got > 0 && tcb_->owes_acknowledgement()) {
    tcp_.settle(*this, false);  // the window has opened
  }
  return got;
}

Result<std::size_t> TcpPcb::peek(std::span<std::byte> out) {
  if (deferred_) {
    return fail(EAGAIN, "the handshake has not begun");
  }
  return tcb_ ? tcb_->receive(out, true) : fail(ENOTCONN, "peek");
}

Result<void> TcpPcb::shutdown_send() {
  if (!tcb_) {
    return fail(ENOTCONN, "shutdown");
  }
  const Result<void> done = tcb_->shutdown_send();
  if (done) {
    tcp_.settle(*this, false);
  }
  return done;
}

void TcpPcb::shutdown_receive() {
  if (tcb_) {
    tcb_->shutdown_receive();
  }
}

void TcpPcb::close() {
  owned_by_user_ = false;
  deferred_ = false;
  on_ready_ = {};
  if (tcb_) {
    tcb_->close(tcp_.node_.now());
    tcp_.settle(*this, false);
    return;
  }
  if (listener_) {
    tcp_.end_listener(*this);
  }
  tcp_.destroy(*this);
}

void TcpPcb::abort() {
  if (tcb_) {
    tcb_->abort();
  }
  close();
}

bool TcpPcb::readable() const {
  return listener_ ? !listener_->accept_queue.empty() : tcb_ && !deferred_ && tcb_->readable();
}

bool TcpPcb::writable() const { return tcb_ && tcb_->writable(); }

Result<TcpPcb*> Tcp::open(wire::Family family) { return make_pcb(family); }

Result<TcpPcb*> Tcp::listen(const wire::Endpoint& local, std::uint32_t backlog) {
  const Result<TcpPcb*> pcb = open(local.address.family());
  if (!pcb) {
    return pcb;
  }
  Result<void> done = (*pcb)->bind(local);
  if (done) {
    done = (*pcb)->listen(backlog);
  }
  if (!done) {
    (*pcb)->close();
    return std::unexpected(done.error());
  }
  return pcb;
}

Result<TcpPcb*> Tcp::listen_any(std::uint32_t backlog, wire::Family family) {
  const Result<TcpPcb*> pcb = open(family);
  if (!pcb) {
    return pcb;
  }
  if (const Result<void> done = (*pcb)->listen_any(backlog); !done) {
    (*pcb)->close();
    return std::unexpected(done.error());
  }
  return pcb;
}

Result<TcpPcb*> Tcp::connect(const wire::Endpoint& local, const wire::Endpoint& foreign) {
  const Result<TcpPcb*> pcb = open(foreign.address.family());
  if (!pcb) {
    return pcb;
  }
  Result<void> done;
  if (local.port != 0 || !local.address.is_unspecified()) {
    done = (*pcb)->bind(local);
  }
  if (done) {
    done = (*pcb)->connect(foreign);
  }
  if (!done) {
    (*pcb)->close();
    return std::unexpected(done.error());
  }
  return pcb;
}

}  // namespace catenet::transport
