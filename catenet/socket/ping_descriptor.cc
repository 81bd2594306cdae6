// SPDX-License-Identifier: Apache-2.0
#include "catenet/socket/ping_descriptor.h"

#include <optional>
#include <type_traits>

#include "catenet/transport/link_zone.h"
#include "catenet/transport/udp/udp_pcb.h"
#include "catenet/wire/bytes.h"
#include "catenet/wire/icmp.h"
#include "catenet/wire/icmpv6.h"

namespace catenet::socket {
namespace {

/// Null unless the message is an echo request. The headers of both families agree where it matters.
std::optional<std::uint16_t> sequence_of_request(std::span<const std::byte> message, wire::Family family) {
  static_assert(wire::kIcmpHeaderSize == wire::kIcmpv6HeaderSize);
  if (family == wire::Family::kV4) {
    const auto* header = wire::view<wire::IcmpHeader>(message);
    const bool good = header != nullptr && header->is(wire::IcmpType::kEcho) && header->code == 0;
    return good ? std::optional(header->sequence()) : std::nullopt;
  }
  const auto* header = wire::view<wire::Icmpv6Header>(message);
  const bool good = header != nullptr && header->is(wire::Icmpv6Type::kEcho) && header->code == 0;
  return good ? std::optional(header->sequence()) : std::nullopt;
}

}  // namespace

PingDescriptor::~PingDescriptor() {
  if (identifier_ != 0) {
    echo_.close(identifier_);
  }
  while (!replies_.empty()) {
    Reply reply = replies_.pop_front();
    table_.node().drop(std::move(reply.message), DropReason::socket_closed);
  }
}

// ---- ends -------------------------------------------------------------------------------------------------------

Result<void> PingDescriptor::open(std::uint16_t wanted) {
  const auto identifier = echo_.open(*this, wanted);
  if (!identifier) {
    return std::unexpected(identifier.error());
  }
  identifier_ = *identifier;
  return {};
}

Result<void> PingDescriptor::bind(const wire::Endpoint& local) {
  if (local.address.family() != family()) {
    return fail(EAFNOSUPPORT, "bind to an address of another family");
  }
  if (!local.address.is_unspecified() && !network_.is_local(local.address)) {
    return fail(EADDRNOTAVAIL, "bind to an address of another host");
  }
  if (identifier_ != 0) {
    return fail(EINVAL, "bound already");
  }
  if (auto done = open(local.port); !done) {
    return done;
  }
  local_ = local.address;
  return {};
}

Result<void> PingDescriptor::connect(const wire::Endpoint& foreign) {
  if (foreign.address.family() != family()) {
    return fail(EAFNOSUPPORT, "connect to an address of another family");
  }
  if (network_.is_broadcast(foreign.address) && !broadcast_) {
    return fail(EACCES, "connect to a broadcast address without the broadcast option");
  }
  if (identifier_ == 0) {
    if (auto done = open(0); !done) {
      return done;
    }
  }
  const auto to = transport::with_link_zone(foreign.address, nullptr);
  if (!to) {
    return std::unexpected(to.error());
  }
  const auto source = network_.select_source(*to);
  if (!source) {
    return std::unexpected(source.error());
  }
  if (local_.is_unspecified()) {
    local_ = *source;
  }
  foreign_ = *to;
  connected_ = true;
  return {};
}

Result<void> PingDescriptor::disconnect() {
  connected_ = false;
  foreign_ = wire::IpAddress::any(family());
  return {};
}

Result<wire::Endpoint> PingDescriptor::peer() const {
  if (!connected_) {
    return fail(ENOTCONN, "not connected");
  }
  return wire::Endpoint{foreign_, 0};
}

// ---- out --------------------------------------------------------------------------------------------------------

Result<std::size_t> PingDescriptor::send(std::span<const std::byte> bytes, const wire::Endpoint* to) {
  if (bytes.size() > 65'535) {
    return fail(EMSGSIZE, "larger than an ICMP message can be");
  }
  const auto sequence = sequence_of_request(bytes, family());
  if (!sequence) {
    return fail(EINVAL, "not an echo request");
  }
  if (to != nullptr && to->address.family() != family()) {
    return fail(EAFNOSUPPORT, "send to an address of another family");
  }
  if (to == nullptr && !connected_) {
    return fail(EDESTADDRREQ, "no destination given, and none connected to");
  }
  if (pending_error_ != 0) {
    return fail(take_error(), "an ICMP error about an earlier message");
  }
  if (send_shut_) {
    return fail(EPIPE, "sending was shut down");
  }
  if (identifier_ == 0) {
    if (auto done = open(0); !done) {
      return std::unexpected(done.error());
    }
  }
  Packet packet = table_.node().pool().make();
  if (!packet) {
    return fail(ENOBUFS, "the packet pool is at its limit");
  }
  if (!packet.append(bytes.subspan(wire::kIcmpHeaderSize))) {
    table_.node().drop(std::move(packet), DropReason::no_memory);
    return fail(ENOBUFS, "the packet pool is at its limit");
  }
  ip::SendOptions options;
  options.source = local_;
  options.destination = to != nullptr ? to->address : foreign_;
  options.ttl = ttl_;
  options.traffic_class = traffic_class_;
  options.dont_fragment = dont_fragment_;
  options.allow_broadcast = broadcast_;
  const auto sent = echo_.send_echo(std::move(packet), identifier_, *sequence, options);
  return sent ? Result<std::size_t>(bytes.size()) : std::unexpected(sent.error());
}

// ---- in ---------------------------------------------------------------------------------------------------------

void PingDescriptor::on_echo_reply(Packet packet, const ip::Delivery& d, std::uint16_t) {
  const std::size_t cost = packet.size() + kReplyCost;
  const bool wanted = !connected_ || d.source == foreign_ || network_.is_broadcast(foreign_);
  if (!wanted || queued_bytes_ + cost > receive_limit_) {
    table_.node().drop(std::move(packet), DropReason::icmp_no_socket, d.interface);
    return;
  }
  queued_bytes_ += cost;
  replies_.push_back({std::move(packet), d.source, d.destination,
                      d.interface != nullptr ? d.interface->index() + 1U : 0U, d.ttl, d.traffic_class});
  changed();
}

void PingDescriptor::on_echo_error(const ip::ErrorReport& report, std::uint16_t sequence) {
  const int code = report.to_errno();
  if (receive_errors_) {
    if (errors_.size() < kMaxErrors) {
      errors_.push_back(
          {code, report.kind, report.reporter, {report.destination, 0}, identifier_, sequence, report.mtu});
    }
  } else if (!connected_ || !transport::is_hard_error(report.kind, dont_fragment_)) {
    return;
  }
  pending_error_ = code;
  changed();
}

Result<Received> PingDescriptor::recv(std::span<std::byte> out, bool peek) {
  if (pending_error_ != 0) {
    return fail(take_error(), "an ICMP error about an earlier message");
  }
  if (replies_.empty()) {
    return fail(EAGAIN, "no reply is waiting");
  }
  const auto tell = [&](const Reply& r) {
    const std::size_t n = r.message.copy_out(0, out);
    return Received{n, r.message.size(), {r.from, 0}, {r.to, identifier_}, r.interface, r.ttl, r.traffic_class};
  };
  if (peek) {
    return tell(replies_.front());
  }
  Reply reply = replies_.pop_front();
  queued_bytes_ -= reply.message.size() + kReplyCost;
  const Received got = tell(reply);
  reply.message.consume();
  return got;
}

Result<ErrorRecord> PingDescriptor::recv_error() {
  if (errors_.empty()) {
    return fail(EAGAIN, "the error queue is empty");
  }
  const ErrorRecord record = errors_.pop_front();
  pending_error_ = errors_.empty() ? 0 : errors_.front().code;
  return record;
}

Result<void> PingDescriptor::shutdown(ShutdownHow how) {
  receive_shut_ |= how != ShutdownHow::send;
  send_shut_ |= how != ShutdownHow::receive;
  return connected_ ? Result<void>() : fail(ENOTCONN, "not connected");
}

unsigned PingDescriptor::readiness() const {
  unsigned mask = ready::kWrite;
  mask |= !replies_.empty() || receive_shut_ ? ready::kRead : 0;
  mask |= receive_shut_ ? ready::kPeerShut : 0;
  mask |= receive_shut_ && send_shut_ ? ready::kHangup : 0;
  mask |= pending_error_ != 0 ? ready::kError : 0;
  mask |= !errors_.empty() ? ready::kErrorQueue : 0;
  return mask;
}

PcbRow PingDescriptor::row() const {
  PcbRow row;
  row.protocol = "icmp";
  row.local = local();
  row.foreign = {foreign_, 0};
  row.receive_queue = queued_bytes_;
  return row;
}

// ---- options ------------------------------------------------------------------------------------------------------

template <typename T>
Result<void> PingDescriptor::apply(const T& o) {
  if constexpr (std::is_same_v<T, option::Broadcast>) {
    broadcast_ = o.on;
  } else if constexpr (std::is_same_v<T, option::ReceiveBuffer>) {
    receive_limit_ = o.bytes;
  } else if constexpr (std::is_same_v<T, option::TimeToLive>) {
    ttl_ = o.hops;
  } else if constexpr (std::is_same_v<T, option::TrafficClass>) {
    traffic_class_ = o.bits;
  } else if constexpr (std::is_same_v<T, option::DontFragment>) {
    dont_fragment_ = o.on;
  } else if constexpr (std::is_same_v<T, option::ReceiveErrors>) {
    receive_errors_ = o.on;
  } else {
    return no_such_option();
  }
  return {};
}

Result<void> PingDescriptor::set_option(const Option& option) {
  return std::visit([this](const auto& o) { return apply(o); }, option);
}

template <typename T>
Result<void> PingDescriptor::fetch(T& o) const {
  if constexpr (std::is_same_v<T, option::Broadcast>) {
    o.on = broadcast_;
  } else if constexpr (std::is_same_v<T, option::ReceiveBuffer>) {
    o.bytes = receive_limit_;
  } else if constexpr (std::is_same_v<T, option::TimeToLive>) {
    o.hops = ttl_;
  } else if constexpr (std::is_same_v<T, option::TrafficClass>) {
    o.bits = traffic_class_;
  } else if constexpr (std::is_same_v<T, option::DontFragment>) {
    o.on = dont_fragment_;
  } else if constexpr (std::is_same_v<T, option::ReceiveErrors>) {
    o.on = receive_errors_;
  } else {
    return no_such_option();
  }
  return {};
}

Result<void> PingDescriptor::read_option(Option& option) const {
  return std::visit([this](auto& o) { return fetch(o); }, option);
}

}  // namespace catenet::socket
