// SPDX-License-Identifier: Apache-2.0
#include "catenet/socket/stream_descriptor.h"

#include <algorithm>
#include <limits>

#include "catenet/transport/link_zone.h"

namespace catenet::socket {

using transport::TcpPcb;
using transport::TcpState;

namespace {

void fetch_marking(option::TrafficClass& o, const transport::TcpMarking& marking) { o.bits = marking.traffic_class; }
void fetch_marking(option::TimeToLive& o, const transport::TcpMarking& marking) { o.hops = marking.hops; }
void fetch_marking(option::DontFragment& o, const transport::TcpMarking& marking) { o.on = !marking.may_fragment; }

/// Has the peer's FIN arrived?
bool peer_has_finished(TcpState state) {
  return state == TcpState::close_wait || state == TcpState::closing || state == TcpState::last_ack ||
         state == TcpState::time_wait;
}

}  // namespace

StreamDescriptor::StreamDescriptor(SocketTable& table, TcpPcb& pcb, wire::Family family)
    : Descriptor(table), pcb_(&pcb), family_(family), bound_(wire::Endpoint::any(family)) {
  attach(pcb);
}

void StreamDescriptor::attach(TcpPcb& pcb) {
  pcb_ = &pcb;
  pcb.set_on_ready(Delegate<void()>::to<&StreamDescriptor::changed>(*this));
}

// A new control block in the place of one that has failed or that stops listening; a bound address stays bound.
bool StreamDescriptor::start_over() {
  const auto fresh = protocols().tcp.open(family_);
  if (!fresh) {
    return false;  // at the limit of the table: the old one stays, and answers as a dead connection does
  }
  (*fresh)->set_config(pcb_->config());
  const transport::PortClaim claim = pcb_->claim();
  (*fresh)->set_reuse_address(claim.reuse_address);
  (*fresh)->set_reuse_port(claim.reuse_port);
  (*fresh)->set_v6_only(claim.v6_only);
  (*fresh)->set_device(pcb_->bound_device());
  (*fresh)->set_marking(pcb_->marking());
  (*fresh)->take_keys(*pcb_);
  pcb_->set_on_ready({});
  pcb_->abort();
  attach(**fresh);
  life_ = Life::idle;
  send_shut_ = receive_shut_ = false;
  if (bound_.port != 0) {
    (void)pcb_->bind(bound_);  // free a moment ago
  }
  return true;
}

// ---- ends -------------------------------------------------------------------------------------------------------

Result<void> StreamDescriptor::bind(const wire::Endpoint& local) {
  if (local.address.is_v6() && family_ == wire::Family::kV4) {
    return fail(EAFNOSUPPORT, "bind to an address of another family");
  }
  const auto zoned = transport::with_link_zone(wire::unmapped(local.address), pcb_->bound_device());
  if (!zoned) {
    return std::unexpected(zoned.error());
  }
  if (!zoned->is_unspecified() && !protocols().tcp.network(zoned->family())->is_local(*zoned)) {
    return fail(EADDRNOTAVAIL, "bind to an address of another host");
  }
  if (life_ != Life::idle || pcb_->local().port != 0) {
    return fail(EINVAL, "bound already");
  }
  auto done = pcb_->bind(local);
  if (done) {
    bound_ = pcb_->local();
  }
  return done;
}

Result<void> StreamDescriptor::listen(int backlog) {
  if (life_ != Life::idle && life_ != Life::listening) {
    return fail(EINVAL, "listen on a connection");
  }
  const std::uint32_t wanted =
      backlog < 0 ? std::numeric_limits<std::int32_t>::max() : static_cast<std::uint32_t>(backlog);
  auto done = pcb_->listen(wanted);
  if (done) {
    life_ = Life::listening;
  }
  return done;
}

Result<std::unique_ptr<Descriptor>> StreamDescriptor::accept() {
  if (life_ != Life::listening) {
    return fail(EINVAL, "accept without listen");
  }
  const auto pcb = pcb_->accept();
  if (!pcb) {
    return std::unexpected(pcb.error());
  }
  auto connection = std::make_unique<StreamDescriptor>(table_, **pcb, family_);
  connection->life_ = Life::connected;
  connection->linger_ = linger_;
  if (notices_ && notices_->zero_copy) {
    connection->notices_ = std::make_unique<Notices>();
    connection->notices_->zero_copy = true;
  }
  return connection;
}

Result<void> StreamDescriptor::connect(const wire::Endpoint& foreign) {
  if (life_ == Life::connecting) {
    return pcb_->is_deferred() ? fail(EISCONN, "the connection waits for data") : finish_connect();
  }
  if (life_ != Life::idle) {
    return fail(EISCONN, "connected already, or listening");
  }
  const auto to = destination_of(foreign);
  if (!to) {
    return std::unexpected(to.error());
  }
  if (connects_later_ && protocols().tcp.policy().fast_open.client) {
    const auto waits = pcb_->connect_later(*to);
    if (!waits) {
      return std::unexpected(waits.error());
    }
    life_ = Life::connecting;
    return *waits ? Result<void>() : fail(EINPROGRESS, "the handshake is under way");
  }
  if (auto started = pcb_->connect(*to); !started) {
    return started;
  }
  life_ = Life::connecting;
  return fail(EINPROGRESS, "the handshake is under way");
}

Result<std::size_t> StreamDescriptor::connect_with(const wire::Endpoint& foreign, std::span<const std::byte> bytes) {
  if (!protocols().tcp.policy().fast_open.client) {
    return fail(EOPNOTSUPP, "Fast Open is off");
  }
  if (life_ == Life::listening) {
    return fail(EISCONN, "connect on a listener");
  }
  if (life_ != Life::idle) {
    const bool handshake = pcb_->state() == TcpState::syn_sent || pcb_->state() == TcpState::syn_received;
    return handshake && !pcb_->is_deferred() ? fail(EALREADY, "the handshake is under way") : send(bytes, nullptr);
  }
  const auto to = destination_of(foreign);
  if (!to) {
    return std::unexpected(to.error());
  }
  const auto sent = pcb_->connect_with(*to, bytes);
  if (!sent) {
    return sent;
  }
  life_ = Life::connecting;
  return *sent > 0 ? sent : fail(EINPROGRESS, "the handshake is under way");
}

Result<wire::Endpoint> StreamDescriptor::destination_of(const wire::Endpoint& foreign) const {
  wire::Endpoint to{wire::unmapped(foreign.address), foreign.port};
  if (to.address.is_v6() && family_ == wire::Family::kV4) {
    return fail(EAFNOSUPPORT, "connect to an address of another family");
  }
  if (to.address.is_unspecified()) {  // "this host", as on Linux
    to.address = wire::loopback(to.address.family());
  }
  if (to.address.is_multicast() || protocols().tcp.network(to.address.family())->is_broadcast(to.address)) {
    return fail(ENETUNREACH, "a connection needs a unicast address");
  }
  return to;
}

Result<void> StreamDescriptor::finish_connect() {
  if (pcb_->is_connected()) {
    life_ = Life::connected;
    return {};
  }
  const int code = pcb_->take_error();
  if (code == 0 && (pcb_->state() == TcpState::syn_sent || pcb_->state() == TcpState::syn_received)) {
    return fail(EALREADY, "the handshake is under way");
  }
  (void)start_over();
  return fail(code != 0 ? code : ECONNABORTED, "the connection could not be made");
}

Result<wire::Endpoint> StreamDescriptor::peer() const {
  if (!pcb_->is_connected() || pcb_->foreign().port == 0) {
    return fail(ENOTCONN, "not connected");
  }
  return as_seen(pcb_->foreign());
}

// ---- data -------------------------------------------------------------------------------------------------------

Result<std::size_t> StreamDescriptor::send(std::span<const std::byte> bytes, const wire::Endpoint*) {
  return send_with(bytes, {});
}

Result<std::size_t> StreamDescriptor::send_with(std::span<const std::byte> bytes, const SendFlags& flags) {
  if (life_ == Life::idle || life_ == Life::listening) {
    return fail(EPIPE, "not connected");
  }
  auto sent = pcb_->send(bytes, flags);
  if (!sent && sent.error().code == ENOTCONN) {
    return fail(EPIPE, "the connection is gone");
  }
  return sent;
}

void StreamDescriptor::end_send(bool zero_copy) {
  const transport::Tcb* tcb = pcb_->tcb();
  if (!notices_ || tcb == nullptr) {
    return;
  }
  const option::SendStamps& stamps = notices_->stamps;
  if (zero_copy && notices_->zero_copy) {
    pcb_->watch({.id = notices_->sends++, .released = true});
  }
  if (stamps.scheduled || stamps.sent || stamps.acknowledged) {
    pcb_->watch({.id = tcb->given_end() - 1 - notices_->stamped_from,
                 .scheduled = stamps.scheduled,
                 .sent = stamps.sent,
                 .acknowledged = stamps.acknowledged});
  }
}

Result<SendNotice> StreamDescriptor::recv_notice() {
  if (pcb_->next_notice() == nullptr) {
    return fail(EAGAIN, "no notice");
  }
  const transport::TcpSendNotice notice = pcb_->take_notice();
  return SendNotice{notice.what, notice.id, notice.last, notice.at};
}

Result<Received> StreamDescriptor::recv(std::span<std::byte> out, bool peek) {
  const auto of = [this](std::size_t size) {
    return Received{.size = size, .full_size = size, .from = as_seen(pcb_->foreign()), .to = as_seen(pcb_->local())};
  };
  if (life_ == Life::idle && receive_shut_) {
    return of(0);
  }
  if (life_ == Life::idle || life_ == Life::listening) {
    return fail(ENOTCONN, "not connected");
  }
  const auto got = peek ? pcb_->peek(out) : pcb_->receive(out);
  if (got) {
    return of(*got);
  }
  // A connection that ended by an error, which somebody has been told: the end of the stream.
  if (got.error().code == ENOTCONN) {
    return of(0);
  }
  return std::unexpected(got.error());
}

Result<void> StreamDescriptor::shutdown(ShutdownHow how) {
  const bool receiving = how != ShutdownHow::send;
  const bool sending = how != ShutdownHow::receive;
  if (life_ == Life::listening) {
    if (receiving) {
      (void)start_over();
    }
    return {};
  }
  if (life_ == Life::connecting && !pcb_->is_connected() && pcb_->error() == 0) {  // Linux gives the attempt up
    (void)start_over();
    return {};
  }
  // Linux keeps TIME-WAIT apart from the socket, which is closed then.
  const bool connected = life_ != Life::idle && pcb_->is_connected() && pcb_->state() != TcpState::time_wait;
  receive_shut_ |= receiving;
  if (connected && receiving) {
    pcb_->shutdown_receive();
  }
  if (connected && sending && !send_shut_) {
    (void)pcb_->shutdown_send();
  }
  send_shut_ |= sending;
  return connected ? Result<void>() : fail(ENOTCONN, "not connected");
}

// As in Linux: the connection is reset, and the socket can be used for another one.
Result<void> StreamDescriptor::disconnect() {
  if (life_ != Life::idle) {
    if (!start_over()) {
      return fail(ENOBUFS, "the table of connections is full");
    }
    notices_.reset();
  }
  return {};
}

void StreamDescriptor::close() {
  pcb_->set_on_ready({});
  if (linger_.on && linger_.after <= Duration{}) {
    pcb_->abort();
  } else {
    pcb_->close();
  }
}

// ---- readiness ----------------------------------------------------------------------------------------------------

unsigned StreamDescriptor::readiness() const {
  const unsigned error =
      (pcb_->error() != 0 ? ready::kError : 0) | (pcb_->next_notice() != nullptr ? ready::kErrorQueue : 0);
  const TcpState state = pcb_->state();
  if (life_ == Life::listening) {
    return pcb_->readable() ? ready::kRead : 0;
  }
  if (life_ == Life::idle) {
    return ready::kWrite | ready::kHangup | (receive_shut_ ? ready::kRead | ready::kPeerShut : 0);
  }
  if (pcb_->is_deferred()) {
    return ready::kWrite;  // Linux: a write is what it waits for
  }
  if (state == TcpState::syn_sent || (state == TcpState::syn_received && !pcb_->writable())) {
    return error;
  }
  const bool dead = state == TcpState::closed;
  const bool no_more = receive_shut_ || dead || peer_has_finished(state);
  unsigned mask = error;
  if (no_more || pcb_->readable()) {
    mask |= ready::kRead;
  }
  if (send_shut_ || dead || pcb_->writable()) {
    mask |= ready::kWrite;
  }
  if (no_more) {
    mask |= ready::kPeerShut;
  }
  if (dead || (no_more && send_shut_)) {
    mask |= ready::kHangup;
  }
  return mask;
}

PcbRow StreamDescriptor::row() const {
  const transport::TcpPcbInfo info = pcb_->info();
  PcbRow row;
  row.protocol = "tcp";
  row.local = pcb_->local();
  row.foreign = pcb_->foreign();
  row.listening = life_ == Life::listening;
  row.state = name(pcb_->state());
  row.receive_queue = info.receive_queue;
  row.send_queue = info.send_queue;
  return row;
}

// ---- options ------------------------------------------------------------------------------------------------------

template <typename F>
Result<void> StreamDescriptor::configure(F&& change) {
  transport::TcpConfig config = pcb_->config();
  change(config);
  pcb_->set_config(config);
  return {};
}

Result<void> StreamDescriptor::apply(const option::ReuseAddress& o) {
  pcb_->set_reuse_address(o.on);
  return {};
}
Result<void> StreamDescriptor::apply(const option::ReusePort& o) {
  pcb_->set_reuse_port(o.on);
  return {};
}
Result<void> StreamDescriptor::apply(const option::BindToDevice& o) {
  pcb_->set_device(o.interface);
  return {};
}
Result<void> StreamDescriptor::apply(const option::V6Only& o) {
  if (family_ == wire::Family::kV4) {
    return no_such_option();
  }
  if (pcb_->local().port != 0 || life_ != Life::idle) {  // RFC 3493 5.3 leaves it open; Linux says no
    return fail(EINVAL, "bound already");
  }
  pcb_->set_v6_only(o.on);
  return {};
}
Result<void> StreamDescriptor::apply(const option::ReceiveBuffer& o) {
  if (o.bytes == 0 || o.bytes > std::numeric_limits<std::int32_t>::max()) {
    return fail(EINVAL, "not a size for a receive buffer");
  }
  if (is_connection() && pcb_->tcb() != nullptr && o.bytes < pcb_->tcb()->receive_limit()) {
    return fail(EINVAL, "the window of a connection cannot be taken back");
  }
  return configure([&](auto& c) { c.fix_receive_buffer(static_cast<std::uint32_t>(o.bytes)); });
}
Result<void> StreamDescriptor::apply(const option::SendBuffer& o) {
  if (o.bytes == 0 || o.bytes > std::numeric_limits<std::int32_t>::max()) {
    return fail(EINVAL, "not a size for a send buffer");
  }
  // What is queued stays queued.
  const std::size_t queued = is_connection() ? pcb_->info().send_queue : 0;
  return configure([&](auto& c) { c.fix_send_buffer(static_cast<std::uint32_t>(std::max(o.bytes, queued))); });
}
Result<void> StreamDescriptor::apply(const option::NoDelay& o) {
  if (o.on) {
    pcb_->push();
  }
  // As in Linux (tcp(7), TCP_CORK): what waits goes now, and only then the cork is back in.
  const bool corked = o.on && pcb_->config().cork;
  if (corked) {
    if (auto done = configure([](auto& c) { c.cork = false; }); !done) {
      return done;
    }
  }
  return configure([&](auto& c) {
    c.nagle = !o.on;
    c.cork = c.cork || corked;
  });
}
Result<void> StreamDescriptor::apply(const option::Cork& o) {
  return configure([&](auto& c) { c.cork = o.on; });
}
Result<void> StreamDescriptor::apply(const option::UnsentLowMark& o) {
  return configure([&](auto& c) { c.unsent_low_mark = o.bytes; });
}
Result<void> StreamDescriptor::apply(const option::TrafficClass& o) {
  constexpr std::uint8_t kEcnField = 3;  // TCP's own
  transport::TcpMarking marking = pcb_->marking();
  marking.traffic_class = o.bits & static_cast<std::uint8_t>(~kEcnField);
  pcb_->set_marking(marking);
  return {};
}
Result<void> StreamDescriptor::apply(const option::TimeToLive& o) {
  transport::TcpMarking marking = pcb_->marking();
  marking.hops = o.hops;
  pcb_->set_marking(marking);
  return {};
}
Result<void> StreamDescriptor::apply(const option::DontFragment& o) {
  transport::TcpMarking marking = pcb_->marking();
  marking.may_fragment = !o.on;
  pcb_->set_marking(marking);
  return {};
}
Result<void> StreamDescriptor::apply(const option::SynRetries& o) {
  if (o.times == 0) {
    return fail(EINVAL, "a SYN goes again at least once");
  }
  return configure([&](auto& c) { c.syn_retries = o.times; });
}
Result<void> StreamDescriptor::apply(const option::ZeroCopy& o) {
  if (!notices_) {
    notices_ = std::make_unique<Notices>();
  }
  notices_->zero_copy = o.on;
  return {};
}
Result<void> StreamDescriptor::apply(const option::SendStamps& o) {
  const transport::Tcb* tcb = pcb_->tcb();
  if (tcb == nullptr) {
    return fail(EINVAL, "stamps of what is no connection");
  }
  if (!notices_) {
    notices_ = std::make_unique<Notices>();
  }
  notices_->stamps = o;
  notices_->stamped_from = tcb->snd_una();
  return {};
}
Result<void> StreamDescriptor::apply(const option::KeepAlive& o) {
  return configure([&](auto& c) { c.keepalive = o.on; });
}
Result<void> StreamDescriptor::apply(const option::KeepAliveTiming& o) {
  if (o.idle <= Duration{} || o.interval <= Duration{} || o.probes == 0) {
    return fail(EINVAL, "keepalive times and probes are above zero");
  }
  return configure([&](auto& c) {
    c.keepalive_idle = o.idle;
    c.keepalive_interval = o.interval;
    c.keepalive_probes = o.probes;
  });
}
Result<void> StreamDescriptor::apply(const option::MaxSegment& o) {
  constexpr std::uint16_t kSmallest = 88;  // Linux's TCP_MIN_MSS
  if (o.bytes < kSmallest || o.bytes > 32'767 || is_connection()) {
    return fail(EINVAL, "not a segment size, or the segment size of a connection");
  }
  return configure([&](auto& c) { c.max_mss = o.bytes; });
}
Result<void> StreamDescriptor::apply(const option::FastOpen& o) {
  if (is_connection()) {
    return fail(EINVAL, "Fast Open's queue is a listener's");
  }
  pcb_->set_fast_open_queue(o.queue);
  return {};
}
Result<void> StreamDescriptor::apply(const option::FastOpenConnect& o) {
  if (!protocols().tcp.policy().fast_open.client) {
    return fail(EOPNOTSUPP, "Fast Open is off");
  }
  if (life_ != Life::idle) {
    return fail(EINVAL, "too late for a connection that waits for data");
  }
  connects_later_ = o.on;
  return {};
}
Result<void> StreamDescriptor::apply(const option::FastOpenWithoutCookie& o) {
  if (life_ != Life::idle && life_ != Life::listening) {
    return fail(EINVAL, "the handshake has been");
  }
  pcb_->set_fast_open_without_cookie(o.on);
  return {};
}
Result<void> StreamDescriptor::apply(const option::FastOpenKeys& o) {
  pcb_->set_fast_open_keys(o.keys);
  return {};
}
Result<void> StreamDescriptor::apply(const option::UserTimeout& o) {
  if (o.after < Duration{}) {
    return fail(EINVAL, "a time-out below zero");
  }
  return configure([&](auto& c) { c.user_timeout = o.after; });
}
Result<void> StreamDescriptor::apply(const option::AdvertisedUserTimeout& o) {
  if (o.after < Duration{}) {
    return fail(EINVAL, "a time-out below zero");
  }
  return configure([&](auto& c) { c.advertised_user_timeout = o.after; });
}
Result<void> StreamDescriptor::apply(const option::Md5Key& o) {
  return is_of_family(o.peer) ? pcb_->set_md5_key(o.peer, o.secret.bytes())
                              : fail(EINVAL, "a key for peers of the other family");
}
Result<void> StreamDescriptor::apply(const option::AoKey& o) {
  if (!is_of_family(o.key.peer)) {
    return fail(EINVAL, "a key for peers of the other family");
  }
  if (life_ == Life::listening && (o.current || o.next)) {
    return fail(EINVAL, "a listener has no current key");
  }
  const auto added = pcb_->add_ao_key(o.key);
  if (!added || (!o.current && !o.next)) {
    return added;
  }
  const auto given = [](bool wanted, std::uint8_t id) { return wanted ? std::optional(id) : std::nullopt; };
  return pcb_->choose_ao_keys(given(o.current, o.key.send_id), given(o.next, o.key.receive_id), {});
}
Result<void> StreamDescriptor::apply(const option::AoKeyRemoval& o) {
  return pcb_->remove_ao_key(o.peer, o.send_id, o.receive_id);
}
Result<void> StreamDescriptor::apply(const option::AoChoice& o) {
  if (life_ == Life::listening && (o.current || o.next)) {
    return fail(EINVAL, "a listener has no current key");
  }
  return pcb_->choose_ao_keys(o.current, o.next, o.required);
}
Result<void> StreamDescriptor::apply(const option::Congestion& o) {
  if (is_connection()) {
    return fail(EINVAL, "the congestion control of a connection cannot change");
  }
  return configure([&](auto& c) { c.congestion = o.algorithm; });
}
Result<void> StreamDescriptor::apply(const option::Linger& o) {
  linger_ = o;
  return {};
}

Result<void> StreamDescriptor::set_option(const Option& option) {
  return std::visit([this](const auto& o) { return apply(o); }, option);
}

template <typename T>
Result<void> StreamDescriptor::fetch(T& o) const {
  const transport::TcpConfig& config = pcb_->config();
  if constexpr (std::is_same_v<T, option::ReuseAddress>) {
    o.on = pcb_->claim().reuse_address;
  } else if constexpr (std::is_same_v<T, option::ReusePort>) {
    o.on = pcb_->claim().reuse_port;
  } else if constexpr (std::is_same_v<T, option::BindToDevice>) {
    o.interface = pcb_->bound_device();
  } else if constexpr (std::is_same_v<T, option::V6Only>) {
    if (family_ == wire::Family::kV4) {
      return no_such_option();
    }
    o.on = pcb_->claim().v6_only;
  } else if constexpr (std::is_same_v<T, option::ReceiveBuffer>) {
    o.bytes = pcb_->tcb() != nullptr ? pcb_->tcb()->receive_limit() : config.receive_buffer;
  } else if constexpr (std::is_same_v<T, option::SendBuffer>) {
    o.bytes = pcb_->tcb() != nullptr ? pcb_->tcb()->send_limit() : config.send_buffer;
  } else if constexpr (std::is_same_v<T, option::NoDelay>) {
    o.on = !config.nagle;
  } else if constexpr (std::is_same_v<T, option::Cork>) {
    o.on = config.cork;
  } else if constexpr (std::is_same_v<T, option::UnsentLowMark>) {
    o.bytes = config.unsent_low_mark;
  } else if constexpr (requires { fetch_marking(o, pcb_->marking()); }) {
    fetch_marking(o, pcb_->marking());
  } else if constexpr (std::is_same_v<T, option::SynRetries>) {
    o.times = config.syn_retries;
  } else if constexpr (std::is_same_v<T, option::ZeroCopy>) {
    o.on = notices_ && notices_->zero_copy;
  } else if constexpr (std::is_same_v<T, option::SendStamps>) {
    o = notices_ ? notices_->stamps : option::SendStamps{};
  } else if constexpr (std::is_same_v<T, option::KeepAlive>) {
    o.on = config.keepalive;
  } else if constexpr (std::is_same_v<T, option::KeepAliveTiming>) {
    o = {config.keepalive_idle, config.keepalive_interval, config.keepalive_probes};
  } else if constexpr (std::is_same_v<T, option::MaxSegment>) {
    constexpr std::uint16_t kBeforeAnyPeer = 536;  // RFC 9293 3.7.1
    constexpr std::uint16_t kNotSaid = 0xffff;
    const std::uint32_t mss = is_connection() ? pcb_->info().mss : 0;
    o.bytes = mss != 0 ? static_cast<std::uint16_t>(mss) : config.max_mss == kNotSaid ? kBeforeAnyPeer : config.max_mss;
  } else if constexpr (std::is_same_v<T, option::Figures>) {
    o.tcp = pcb_->info();
    o.notices = pcb_->tcb() != nullptr && pcb_->tcb()->watched() != nullptr ? pcb_->tcb()->watched()->size() : 0;
  } else if constexpr (std::is_same_v<T, option::FastOpen>) {
    o.queue = pcb_->fast_open().queue;
  } else if constexpr (std::is_same_v<T, option::FastOpenConnect>) {
    o = {connects_later_, pcb_->is_deferred()};
  } else if constexpr (std::is_same_v<T, option::FastOpenWithoutCookie>) {
    o.on = pcb_->fast_open().without_cookie;
  } else if constexpr (std::is_same_v<T, option::FastOpenKeys>) {
    o.keys = pcb_->fast_open().keys.empty() ? protocols().tcp.fast_open_keys() : pcb_->fast_open().keys;
  } else if constexpr (std::is_same_v<T, option::Keys>) {
    if (pcb_->keys() == nullptr) {
      return fail(ENOENT, "no keys");
    }
    o.keys = *pcb_->keys();
  } else if constexpr (std::is_same_v<T, option::AdvertisedUserTimeout>) {
    o.after = config.advertised_user_timeout;
  } else if constexpr (std::is_same_v<T, option::UserTimeout>) {
    o.after = config.user_timeout;
  } else if constexpr (std::is_same_v<T, option::Congestion>) {
    o.algorithm = config.congestion;
  } else if constexpr (std::is_same_v<T, option::Linger>) {
    o = linger_;
  } else {
    return no_such_option();
  }
  return {};
}

Result<void> StreamDescriptor::read_option(Option& option) const {
  return std::visit([this](auto& o) { return fetch(o); }, option);
}

}  // namespace catenet::socket
