// SPDX-License-Identifier: Apache-2.0
#include "catenet/socket/socket_table.h"

#include "catenet/ip/ipv6.h"
#include "catenet/socket/datagram_descriptor.h"
#include "catenet/socket/descriptor.h"
#include "catenet/socket/packet_descriptor.h"
#include "catenet/socket/ping_descriptor.h"
#include "catenet/socket/raw_descriptor.h"
#include "catenet/socket/stream_descriptor.h"

namespace catenet::socket {

SocketTable::SocketTable(const Protocols& protocols) : protocols_(protocols) {}

SocketTable::~SocketTable() {
  let_go();
  if (posted_) {
    node().scheduler().unpost(Delegate<void()>::to<&SocketTable::run_wakeups>(*this));
  }
}

void SocketTable::let_go() {
  for (auto& slot : slots_) {
    if (slot != nullptr) {
      slot->let_go();
      slot.reset();
    }
  }
  slots_.clear();
  open_ = 0;
}

// ---- descriptors ------------------------------------------------------------------------------------------------

const Descriptor* SocketTable::find(int fd) const {
  const int index = fd - kFirstDescriptor;
  return index < 0 || index >= static_cast<int>(slots_.size()) ? nullptr
                                                               : slots_[static_cast<std::size_t>(index)].get();
}

Result<Descriptor*> SocketTable::at(int fd) const {
  const Descriptor* descriptor = find(fd);
  if (descriptor == nullptr) {
    return fail(EBADF, "not an open descriptor");
  }
  return const_cast<Descriptor*>(descriptor);  // the table owns it and may change it
}

Result<int> SocketTable::place(std::unique_ptr<Descriptor> descriptor) {
  if (open_ >= limit_) {
    return fail(EMFILE, "too many descriptors");
  }
  std::size_t index = 0;
  while (index < slots_.size() && slots_[index] != nullptr) {  // POSIX: the lowest number that is free
    ++index;
  }
  if (index == slots_.size()) {
    slots_.emplace_back();
  }
  const int fd = kFirstDescriptor + static_cast<int>(index);
  descriptor->fd_ = fd;
  slots_[index] = std::move(descriptor);
  ++open_;
  return fd;
}

Result<int> SocketTable::socket(SocketType type, wire::Family family, std::uint16_t protocol) {
  if (open_ >= limit_) {
    return fail(EMFILE, "too many descriptors");
  }
  ip::Ipv6* ipv6 = nullptr;
  if (family == wire::Family::kV6) {
    if (!protocols_.ipv6) {
      return fail(EAFNOSUPPORT, "this host has no IPv6");
    }
    ipv6 = &protocols_.ipv6();
  }
  switch (type) {
    case SocketType::stream: {
      const auto pcb = protocols_.tcp.open(family);
      if (!pcb) {
        return std::unexpected(pcb.error());
      }
      return place(std::make_unique<StreamDescriptor>(*this, **pcb, family));
    }
    case SocketType::datagram:
      return place(std::make_unique<DatagramDescriptor>(*this, protocols_.udp, family));
    case SocketType::datagram_lite:
      if (protocols_.udp_lite == nullptr) {
        return fail(EPROTONOSUPPORT, "this host has no UDP-Lite");
      }
      return place(std::make_unique<DatagramDescriptor>(*this, *protocols_.udp_lite, family));
    case SocketType::ping:
      if (ipv6 != nullptr) {
        return place(std::make_unique<PingDescriptor>(*this, *ipv6, ipv6->icmp(), family));
      }
      if (protocols_.icmp == nullptr) {
        return fail(EPROTONOSUPPORT, "this host has no ICMP");
      }
      return place(std::make_unique<PingDescriptor>(*this, protocols_.network, *protocols_.icmp, family));
    case SocketType::raw:
      return raw_socket(family, protocol);
    case SocketType::packet:
    case SocketType::packet_payload:
      return packet_socket(type == SocketType::packet, protocol);
  }
  return fail(EPROTONOSUPPORT, "no such type of socket");
}

Result<int> SocketTable::raw_socket(wire::Family family, std::uint16_t protocol) {
  constexpr std::uint16_t kMost = 255;
  if (protocols_.raw == nullptr || protocol == 0 || protocol > kMost) {
    return fail(EPROTONOSUPPORT, "no raw sockets of this protocol");
  }
  if (const auto may = protocols_.raw->may_open(family); !may) {
    return std::unexpected(may.error());
  }
  return place(std::make_unique<RawDescriptor>(*this, *protocols_.raw, family, static_cast<std::uint8_t>(protocol)));
}

Result<int> SocketTable::packet_socket(bool with_header, std::uint16_t protocol) {
  if (protocols_.frames == nullptr) {
    return fail(EPROTONOSUPPORT, "this host has no packet sockets");
  }
  if (const auto may = protocols_.frames->may_open(); !may) {
    return std::unexpected(may.error());
  }
  return place(std::make_unique<PacketDescriptor>(*this, *protocols_.frames, with_header, protocol));
}

Result<int> SocketTable::accept(int fd, wire::Endpoint* peer) {
  const auto d = at(fd);
  if (!d) {
    return std::unexpected(d.error());
  }
  if (open_ >= limit_) {
    return fail(EMFILE, "too many descriptors");
  }
  auto connection = (*d)->accept();
  if (!connection) {
    return std::unexpected(connection.error());
  }
  if (peer != nullptr) {
    *peer = (*connection)->row().foreign;
    peer->address = (*d)->local().address.is_v6() ? wire::mapped(peer->address) : peer->address;
  }
  return place(std::move(*connection));
}

Result<void> SocketTable::close(int fd) {
  const auto d = at(fd);
  if (!d) {
    return std::unexpected(d.error());
  }
  auto& slot = slots_[static_cast<std::size_t>(fd - kFirstDescriptor)];
  while (!slot->waiters_.empty()) {
    make_ready(slot->waiters_.front(), Waiter::Outcome::closed);
  }
  slot->close();
  slot.reset();
  --open_;
  return {};
}

// ---- operations that only pass on ---------------------------------------------------------------------------------

Result<void> SocketTable::bind(int fd, const wire::Endpoint& local) {
  const auto d = at(fd);
  return d ? (*d)->bind(local) : std::unexpected(d.error());
}
Result<void> SocketTable::listen(int fd, int backlog) {
  const auto d = at(fd);
  return d ? (*d)->listen(backlog) : std::unexpected(d.error());
}
Result<void> SocketTable::connect(int fd, const wire::Endpoint& foreign) {
  const auto d = at(fd);
  return d ? (*d)->connect(foreign) : std::unexpected(d.error());
}
Result<void> SocketTable::disconnect(int fd) {
  const auto d = at(fd);
  if (!d) {
    return std::unexpected(d.error());
  }
  auto done = (*d)->disconnect();
  mark(**d);  // nobody will be told anything of the old connection any more
  return done;
}
Result<std::size_t> SocketTable::send(int fd, std::span<const std::byte> bytes) {
  const auto d = at(fd);
  return d ? (*d)->send(bytes, nullptr) : std::unexpected(d.error());
}
Result<std::size_t> SocketTable::send(int fd, std::span<const std::byte> bytes, const SendFlags& flags) {
  const auto d = at(fd);
  return d ? (*d)->send_with(bytes, flags) : std::unexpected(d.error());
}
Result<void> SocketTable::end_send(int fd, bool zero_copy) {
  const auto d = at(fd);
  if (!d) {
    return std::unexpected(d.error());
  }
  (*d)->end_send(zero_copy);
  return {};
}
Result<void> SocketTable::expect_send(int fd) {
  const auto d = at(fd);
  if (!d) {
    return std::unexpected(d.error());
  }
  (*d)->expect_send();
  return {};
}
Result<SendNotice> SocketTable::recv_notice(int fd) {
  const auto d = at(fd);
  return d ? (*d)->recv_notice() : std::unexpected(d.error());
}
Result<std::size_t> SocketTable::send_to(int fd, std::span<const std::byte> bytes, const wire::Endpoint& to) {
  const auto d = at(fd);
  return d ? (*d)->send(bytes, &to) : std::unexpected(d.error());
}
Result<std::size_t> SocketTable::connect_with(int fd, const wire::Endpoint& foreign, std::span<const std::byte> bytes) {
  const auto d = at(fd);
  return d ? (*d)->connect_with(foreign, bytes) : std::unexpected(d.error());
}
Result<void> SocketTable::send_packet(int fd, Packet payload, const wire::Endpoint* to) {
  const auto d = at(fd);
  if (!d) {
    node().drop(std::move(payload), DropReason::socket_closed);
    return std::unexpected(d.error());
  }
  return (*d)->send_packet(std::move(payload), to);
}
Result<std::size_t> SocketTable::send_segments(int fd, std::span<const std::byte> bytes, std::uint16_t segment_size,
                                               const wire::Endpoint* to) {
  const auto d = at(fd);
  return d ? (*d)->send_segments(bytes, segment_size, to) : std::unexpected(d.error());
}
Result<std::size_t> SocketTable::send_batch(int fd, std::span<const Outgoing> messages) {
  const auto d = at(fd);
  return d ? (*d)->send_batch(messages) : std::unexpected(d.error());
}
Result<std::size_t> SocketTable::recv_batch(int fd, std::span<Incoming> messages) {
  const auto d = at(fd);
  return d ? (*d)->recv_batch(messages) : std::unexpected(d.error());
}
Result<std::size_t> SocketTable::recv(int fd, std::span<std::byte> out) {
  const auto got = recv_from(fd, out);
  return got ? Result<std::size_t>(got->size) : std::unexpected(got.error());
}
Result<Received> SocketTable::recv_from(int fd, std::span<std::byte> out) {
  const auto d = at(fd);
  return d ? (*d)->recv(out, false) : std::unexpected(d.error());
}
Result<Received> SocketTable::peek_from(int fd, std::span<std::byte> out) {
  const auto d = at(fd);
  return d ? (*d)->recv(out, true) : std::unexpected(d.error());
}
Result<std::size_t> SocketTable::peek(int fd, std::span<std::byte> out) {
  const auto got = peek_from(fd, out);
  return got ? Result<std::size_t>(got->size) : std::unexpected(got.error());
}
Result<ErrorRecord> SocketTable::recv_error(int fd) {
  const auto d = at(fd);
  return d ? (*d)->recv_error() : std::unexpected(d.error());
}
Result<void> SocketTable::shutdown(int fd, ShutdownHow how) {
  const auto d = at(fd);
  if (!d) {
    return std::unexpected(d.error());
  }
  auto done = (*d)->shutdown(how);
  mark(**d);  // who waits to receive now sees the end
  return done;
}
Result<wire::Endpoint> SocketTable::getsockname(int fd) const {
  const auto d = at(fd);
  return d ? Result<wire::Endpoint>((*d)->local()) : std::unexpected(d.error());
}
Result<wire::Endpoint> SocketTable::getpeername(int fd) const {
  const auto d = at(fd);
  return d ? (*d)->peer() : std::unexpected(d.error());
}
Result<void> SocketTable::set_option(int fd, const Option& option) {
  const auto d = at(fd);
  return d ? (*d)->set_option(option) : std::unexpected(d.error());
}
Result<void> SocketTable::read_option(int fd, Option& option) const {
  const auto d = at(fd);
  return d ? (*d)->read_option(option) : std::unexpected(d.error());
}
Result<int> SocketTable::take_error(int fd) {
  const auto d = at(fd);
  return d ? Result<int>((*d)->take_error()) : std::unexpected(d.error());
}
Result<void> SocketTable::bind_link(int fd, const link::LinkEndpoint& local) {
  const auto d = at(fd);
  return d ? (*d)->bind_link(local) : std::unexpected(d.error());
}
Result<std::size_t> SocketTable::send_link(int fd, std::span<const std::byte> bytes, const link::LinkEndpoint& to) {
  const auto d = at(fd);
  return d ? (*d)->send_link(bytes, to) : std::unexpected(d.error());
}
Result<link::LinkEndpoint> SocketTable::link_name(int fd) const {
  const auto d = at(fd);
  return d ? (*d)->local_link() : std::unexpected(d.error());
}
Result<link::FramePcb::Statistics> SocketTable::take_statistics(int fd) {
  const auto d = at(fd);
  return d ? (*d)->take_statistics() : std::unexpected(d.error());
}
Result<unsigned> SocketTable::poll(int fd) const {
  const auto d = at(fd);
  return d ? Result<unsigned>((*d)->readiness()) : std::unexpected(d.error());
}

Result<void> Descriptor::send_packet(Packet payload, const wire::Endpoint*) {
  table_.node().drop(std::move(payload), DropReason::socket_closed);
  return fail(EOPNOTSUPP, "packets can only be sent on datagram sockets");
}

}  // namespace catenet::socket
