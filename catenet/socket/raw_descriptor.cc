// SPDX-License-Identifier: Apache-2.0
#include "catenet/socket/raw_descriptor.h"

#include <type_traits>

#include "catenet/socket/datagram_options.h"

namespace catenet::socket {

RawDescriptor::RawDescriptor(SocketTable& table, transport::Raw& raw, wire::Family family, std::uint8_t protocol)
    : Descriptor(table), pcb_(raw, family, protocol) {
  pcb_.set_on_change(Delegate<void()>::to<&RawDescriptor::changed>(*this));
}

Result<void> RawDescriptor::disconnect() {
  pcb_.disconnect();
  return {};
}

Result<std::size_t> RawDescriptor::send(std::span<const std::byte> bytes, const wire::Endpoint* to) {
  const auto done = pcb_.send(bytes, to);
  return done ? Result<std::size_t>(bytes.size()) : std::unexpected(done.error());
}

Result<Received> RawDescriptor::recv(std::span<std::byte> out, bool peek) {
  const auto tell = [&](const transport::RawPacket& p) {
    const unsigned interface = p.interface != nullptr ? p.interface->index() + 1U : 0U;
    const std::size_t size = p.bytes.size();
    return Received{p.bytes.copy_out(0, out), size, {p.from, 0}, {p.to, 0}, interface, p.ttl, p.traffic_class};
  };
  if (peek && !pcb_.has_error() && pcb_.has_packet()) {
    return tell(*pcb_.peek());
  }
  auto packet = pcb_.receive();
  if (!packet) {
    return std::unexpected(packet.error());
  }
  const Received got = tell(*packet);
  packet->bytes.consume();
  return got;
}

Result<ErrorRecord> RawDescriptor::recv_error() {
  const auto e = pcb_.receive_error();
  return e ? Result<ErrorRecord>(ErrorRecord{e->code, e->kind, e->reporter, e->destination, 0, 0, e->mtu})
           : std::unexpected(e.error());
}

// Linux shuts an unconnected socket as well, and still says ENOTCONN.
Result<void> RawDescriptor::shutdown(ShutdownHow how) {
  if (how != ShutdownHow::send) {
    pcb_.shutdown_receive();
  }
  if (how != ShutdownHow::receive) {
    pcb_.shutdown_send();
  }
  return pcb_.is_connected() ? Result<void>() : fail(ENOTCONN, "not connected");
}

Result<wire::Endpoint> RawDescriptor::peer() const {
  if (!pcb_.is_connected() || pcb_.foreign().port == 0) {
    return fail(ENOTCONN, "not connected");
  }
  return pcb_.foreign();
}

unsigned RawDescriptor::readiness() const {
  unsigned mask = ready::kWrite;
  mask |= pcb_.has_packet() || pcb_.is_receive_shut() ? ready::kRead : 0;
  mask |= pcb_.is_receive_shut() ? ready::kPeerShut : 0;
  mask |= pcb_.is_receive_shut() && pcb_.is_send_shut() ? ready::kHangup : 0;
  mask |= pcb_.has_error() ? ready::kError : 0;
  mask |= pcb_.has_queued_errors() ? ready::kErrorQueue : 0;
  return mask;
}

PcbRow RawDescriptor::row() const {
  PcbRow row;
  row.protocol = "raw";
  row.local = pcb_.local();
  row.foreign = {pcb_.foreign().address, 0};
  row.receive_queue = pcb_.queued_bytes();
  row.queued = pcb_.queued();
  row.receive_limit = pcb_.options().receive_limit;
  row.dropped = pcb_.dropped();
  return row;
}

// ---- options ------------------------------------------------------------------------------------------------------

template <typename T>
Result<void> RawDescriptor::apply(const T& o) {
  auto& options = pcb_.options();
  if constexpr (std::is_same_v<T, option::JoinGroup>) {
    return pcb_.join(o.group, o.interface);
  } else if constexpr (std::is_same_v<T, option::LeaveGroup>) {
    return pcb_.leave(o.group, o.interface);
  } else if constexpr (kIsFilter<T>) {
    return change_filter(options.packet_filter, o);
  } else if constexpr (std::is_same_v<T, option::HeaderIncluded>) {
    options.header_included = o.on;
  } else if constexpr (std::is_same_v<T, option::UnwantedTypes>) {
    if (!pcb_.is_icmp()) {
      return fail(EOPNOTSUPP, "a filter of ICMP on another socket");
    }
    options.filter = o.types;
  } else if constexpr (std::is_same_v<T, option::ChecksumOffset>) {
    if (pcb_.family() == wire::Family::kV4) {
      return no_such_option();
    }
    if (o.bytes && *o.bytes % 2 != 0) {  // RFC 3542 3.1
      return fail(EINVAL, "a checksum at an odd place");
    }
    options.checksum_offset = o.bytes;
  } else if (!move_datagram_option(o, options, kSetField)) {
    return no_such_option();
  }
  return {};
}

Result<void> RawDescriptor::set_option(const Option& option) {
  return std::visit([this](const auto& o) { return apply(o); }, option);
}

template <typename T>
Result<void> RawDescriptor::fetch(T& o) const {
  const auto& options = pcb_.options();
  if constexpr (std::is_same_v<T, option::HeaderIncluded>) {
    o.on = options.header_included;
  } else if constexpr (std::is_same_v<T, option::UnwantedTypes>) {
    if (!pcb_.is_icmp()) {
      return fail(EOPNOTSUPP, "a filter of ICMP on another socket");
    }
    o.types = options.filter;
  } else if constexpr (std::is_same_v<T, option::ChecksumOffset>) {
    if (pcb_.family() == wire::Family::kV4) {
      return no_such_option();
    }
    o.bytes = options.checksum_offset;
  } else if (!move_datagram_option(o, options, kReadField) && !read_filter_option(o, options.packet_filter)) {
    return no_such_option();
  }
  return {};
}

Result<void> RawDescriptor::read_option(Option& option) const {
  return std::visit([this](auto& o) { return fetch(o); }, option);
}

}  // namespace catenet::socket
