// SPDX-License-Identifier: Apache-2.0
#include "catenet/socket/datagram_descriptor.h"

#include <algorithm>
#include <type_traits>

#include "catenet/socket/datagram_options.h"
#include "catenet/wire/udp_lite.h"

namespace catenet::socket {
namespace {

template <typename T>
constexpr bool kIsCoverage = std::is_same_v<T, option::SendCoverage> || std::is_same_v<T, option::ReceiveCoverage>;

/// RFC 3828 3.1: the header is covered, or everything.
constexpr std::uint16_t legal(std::uint16_t coverage) {
  return coverage == 0 ? coverage : std::max(coverage, wire::kUdpLiteMinCoverage);
}

}  // namespace

DatagramDescriptor::DatagramDescriptor(SocketTable& table, transport::Udp& udp, wire::Family family)
    : Descriptor(table), pcb_(udp, family) {
  pcb_.set_on_change(Delegate<void()>::to<&DatagramDescriptor::changed>(*this));
}

Result<void> DatagramDescriptor::disconnect() {
  pcb_.disconnect();
  return {};
}

Result<std::size_t> DatagramDescriptor::send(std::span<const std::byte> bytes, const wire::Endpoint* to) {
  const auto done = pcb_.send(bytes, to);
  return done ? Result<std::size_t>(bytes.size()) : std::unexpected(done.error());
}

Result<void> DatagramDescriptor::send_packet(Packet payload, const wire::Endpoint* to) {
  return pcb_.send(std::move(payload), to);
}

Result<std::size_t> DatagramDescriptor::send_segments(std::span<const std::byte> bytes, std::uint16_t segment_size,
                                                      const wire::Endpoint* to) {
  const auto done = pcb_.send_segments(bytes, segment_size, to);
  return done ? Result<std::size_t>(bytes.size()) : std::unexpected(done.error());
}

// The oldest datagram, or those that may be taken for one, as many as there is room for. Precondition: there is one.
Received DatagramDescriptor::copy_run(std::span<std::byte> out) const {
  const transport::UdpDatagram& d = *pcb_.peek();
  const unsigned interface = d.interface != nullptr ? d.interface->index() + 1U : 0U;
  const std::size_t size = d.payload.size();
  const std::uint16_t each = pcb_.options().receive_segments ? d.segment_size : std::uint16_t{0};
  Received got{
      d.payload.copy_out(0, out), size, as_seen(d.from), as_seen(d.to), interface, d.ttl, d.traffic_class, each};
  const std::size_t run = pcb_.run();
  for (std::size_t i = 1; i < run && got.size + pcb_.peek(i).payload.size() <= out.size(); ++i) {
    got.size += pcb_.peek(i).payload.copy_out(0, out.subspan(got.size));
    got.full_size = got.size;
    got.segment_size = static_cast<std::uint16_t>(size);
  }
  return got;
}

Result<Received> DatagramDescriptor::recv(std::span<std::byte> out, bool peek) {
  Received got;
  if (!pcb_.has_error() && pcb_.peek() != nullptr) {
    got = copy_run(out);
    if (peek) {
      return got;
    }
  }
  std::size_t left = got.full_size;
  do {
    auto d = pcb_.receive();
    if (!d) {  // EAGAIN also when receiving is shut: so Linux answers a call that does not block
      return std::unexpected(d.error());
    }
    left -= d->payload.size();
    d->payload.consume();
  } while (left > 0);
  return got;
}

Result<std::size_t> DatagramDescriptor::recv_batch(std::span<Incoming> messages) {
  std::size_t done = 0;
  for (Incoming& m : messages) {
    auto got = recv(m.room, false);
    if (!got) {
      return done > 0 ? Result<std::size_t>(done) : std::unexpected(got.error());
    }
    m.got = *got;
    ++done;
  }
  return done;
}

Result<ErrorRecord> DatagramDescriptor::recv_error() {
  const auto e = pcb_.receive_error();
  if (!e) {
    return std::unexpected(e.error());
  }
  return ErrorRecord{e->code, e->kind, as_seen({e->reporter, 0}).address, as_seen(e->destination), e->local_port,
                     0,       e->mtu};
}

// Linux shuts an unconnected socket as well, and still says ENOTCONN.
Result<void> DatagramDescriptor::shutdown(ShutdownHow how) {
  if (how != ShutdownHow::send) {
    pcb_.shutdown_receive();
  }
  if (how != ShutdownHow::receive) {
    pcb_.shutdown_send();
  }
  return pcb_.is_connected() ? Result<void>() : fail(ENOTCONN, "not connected");
}

Result<wire::Endpoint> DatagramDescriptor::peer() const {
  if (!pcb_.is_connected()) {
    return fail(ENOTCONN, "not connected");
  }
  return as_seen(pcb_.foreign());
}

unsigned DatagramDescriptor::readiness() const {
  unsigned mask = ready::kWrite;
  if (pcb_.has_datagram() || pcb_.is_receive_shut()) {
    mask |= ready::kRead;
  }
  if (pcb_.is_receive_shut()) {
    mask |= ready::kPeerShut | (pcb_.is_send_shut() ? ready::kHangup : 0);
  }
  if (pcb_.has_error()) {
    mask |= ready::kError;
  }
  if (pcb_.has_queued_errors()) {
    mask |= ready::kErrorQueue;
  }
  return mask;
}

PcbRow DatagramDescriptor::row() const { return row_of(pcb_); }

// ---- options ------------------------------------------------------------------------------------------------------

// What needs no look at the value, as move_datagram_option().
template <typename O, typename Fields, typename Move>
static bool move_udp_option(O& o, Fields& fields, const Move& move) {
  using T = std::remove_const_t<O>;
  if constexpr (std::is_same_v<T, option::ReusePort>) {
    move(o.on, fields.reuse_port);
  } else if constexpr (std::is_same_v<T, option::MulticastAll>) {
    move(o.on, fields.multicast_all);
  } else if constexpr (std::is_same_v<T, option::NoChecksum>) {
    move(o.on, fields.no_checksum);
  } else if constexpr (std::is_same_v<T, option::SegmentSize>) {
    move(o.bytes, fields.segment_size);
  } else if constexpr (std::is_same_v<T, option::ReceiveSegments>) {
    move(o.on, fields.receive_segments);
  } else {
    return move_datagram_option(o, fields, move);
  }
  return true;
}

template <typename T>
Result<void> DatagramDescriptor::apply(const T& o) {
  auto& options = pcb_.options();
  if constexpr (std::is_same_v<T, option::V6Only>) {
    if (pcb_.family() == wire::Family::kV4) {
      return no_such_option();
    }
    if (pcb_.is_bound()) {  // RFC 3493 5.3 leaves it open; Linux says no
      return fail(EINVAL, "bound already");
    }
    options.v6_only = o.on;
  } else if constexpr (kIsCoverage<T>) {
    if (pcb_.flavour() != transport::UdpFlavour::lite) {
      return no_such_option();
    }
    if constexpr (std::is_same_v<T, option::SendCoverage>) {
      options.send_coverage = legal(o.bytes);
    } else {
      options.receive_coverage = o.bytes.transform(legal);
    }
  } else if constexpr (std::is_same_v<T, option::JoinGroup>) {
    return pcb_.join(o.group, o.interface);
  } else if constexpr (std::is_same_v<T, option::LeaveGroup>) {
    return pcb_.leave(o.group, o.interface);
  } else if constexpr (kIsFilter<T>) {
    return change_filter(options.packet_filter, o);
  } else if (!move_udp_option(o, options, kSetField)) {
    return no_such_option();
  }
  return {};
}

Result<void> DatagramDescriptor::set_option(const Option& option) {
  return std::visit([this](const auto& o) { return apply(o); }, option);
}

template <typename T>
Result<void> DatagramDescriptor::fetch(T& o) const {
  const auto& options = pcb_.options();
  if constexpr (std::is_same_v<T, option::V6Only>) {
    if (pcb_.family() == wire::Family::kV4) {
      return no_such_option();
    }
    o.on = options.v6_only;
  } else if constexpr (std::is_same_v<T, option::SendCoverage>) {
    o.bytes = options.send_coverage;
  } else if constexpr (std::is_same_v<T, option::ReceiveCoverage>) {
    o.bytes = options.receive_coverage;
  } else if (!move_udp_option(o, options, kReadField) && !read_filter_option(o, options.packet_filter)) {
    return no_such_option();
  }
  return {};
}

Result<void> DatagramDescriptor::read_option(Option& option) const {
  return std::visit([this](auto& o) { return fetch(o); }, option);
}

}  // namespace catenet::socket
