// SPDX-License-Identifier: Apache-2.0
// Packets out: path, source address, header, and the way to the neighbour (RFC 1122 3.3.1, 3.3.4).
#include <algorithm>
#include <array>

#include "catenet/ip/ipv4.h"
#include "catenet/packet/checksum.h"

namespace catenet::ip {

using wire::Ipv4Address;
using wire::Ipv4Header;

/// Why a packet could not be sent, as a drop.
DropReason Ipv4::reason_of(int code) { return code == EACCES ? DropReason::broadcast_refused : DropReason::no_route; }

/// The path to a destination, in `own` unless it is one of those remembered. Inlined: every packet asks.
[[gnu::always_inline]] inline Result<Ipv4::Path*> Ipv4::output_path(const SendOptions& options, Path& own) {
  if (!options.destination.is_v4()) {
    return fail(EAFNOSUPPORT, "not an IPv4 address");
  }
  const Ipv4Address destination = options.destination.v4();
  if (destination.is_this_network() || (destination.is_reserved() && !destination.is_broadcast())) {
    return fail(ENETUNREACH, "nobody can have this address");
  }
  Path* path = nullptr;
  if (options.interface != nullptr) [[unlikely]] {
    own = forced_path(destination, *options.interface);
    path = &own;
  } else {
    path = &path_to(destination);
  }
  if (path->kind == PathKind::none) {
    return fail(ENETUNREACH, "no route");
  }
  if (path->kind == PathKind::broadcast && !options.allow_broadcast) {
    return fail(EACCES, "broadcast without permission");
  }
  if (path->out == nullptr && path->kind != PathKind::local) {  // a group without a route: which link?
    own = *path;
    path = &own;
    own.out = first_interface(options);
    if (own.out == nullptr) {
      return fail(ENETUNREACH, "no interface to send a broadcast from");
    }
  }
  return path;
}

Result<void> Ipv4::output(Packet packet, const SendOptions& options) {
  if (packet.size() + wire::kIpv4HeaderSize > wire::kIpv4MaxPacket) {
    return refuse(std::move(packet), DropReason::message_too_long, EMSGSIZE, "longer than an IPv4 packet");
  }
  Path own;
  const auto path = output_path(options, own);
  if (!path) {
    return refuse(std::move(packet), reason_of(path.error().code), path.error().code, path.error().context);
  }
  const auto source = source_for(options, **path);
  if (!source) {
    return refuse(std::move(packet), DropReason::no_address, source.error().code, source.error().context);
  }
  Path& way = way_for(**path, packet, *source, options.protocol);
  return send_on(std::move(packet), way, options, *source);
}

Result<void> Ipv4::output_whole(Packet packet, const SendOptions& options) {
  Path own;
  const auto path = output_path(options, own);
  if (!path) {
    return refuse(std::move(packet), reason_of(path.error().code), path.error().code, path.error().context);
  }
  const bool local = (*path)->kind == PathKind::local;
  if (packet.size() > (local ? wire::kIpv4MaxPacket : (*path)->out->mtu())) {
    return refuse(std::move(packet), DropReason::message_too_long, EMSGSIZE, "longer than the link's MTU");
  }
  const bool whole = packet.pullup(wire::kIpv4HeaderSize) && packet.header<Ipv4Header>().version() == 4 &&
                     packet.header<Ipv4Header>().header_size() >= wire::kIpv4HeaderSize &&
                     packet.pullup(packet.header<Ipv4Header>().header_size());
  if (!whole) {
    return refuse(std::move(packet), DropReason::bad_ip_header, EINVAL, "not an IPv4 header");
  }
  if (!local && packet.headroom() < (*path)->out->link_layer().header_size()) {
    return refuse(std::move(packet), DropReason::no_memory, ENOBUFS, "no headroom for the link's header");
  }
  auto& header = packet.header<Ipv4Header>();
  if (Ipv4Address(header.source).is_unspecified()) {
    const auto source = source_for(options, **path);
    if (!source) {
      return refuse(std::move(packet), DropReason::no_address, source.error().code, source.error().context);
    }
    header.source = *source;
  }
  if (header.id == 0) {
    header.id = next_id_++;
  }
  header.total_length = static_cast<std::uint16_t>(packet.size());
  header.checksum = 0;
  header.checksum = internet_checksum(packet.head().first(header.header_size()));
  mark_made_here(packet);
  Path& way = way_for(**path, packet);
  if (!local && packet.size() > way.out->mtu()) {
    return refuse(std::move(packet), DropReason::message_too_long, EMSGSIZE, "longer than the link's MTU");
  }
  return depart(std::move(packet), way, false, wire::kIpv4MaxPacket, options);
}

/// The link of the given source address, else the first one that has an address.
Interface* Ipv4::first_interface(const SendOptions& options) const {
  for (const auto& a : addresses_) {
    if (options.source.is_unspecified() || options.source == wire::IpAddress(a.address())) {
      return a.interface;
    }
  }
  return nullptr;
}

Result<Ipv4Address> Ipv4::source_for(const SendOptions& options, const Path& path) const {
  if (!options.source.is_unspecified()) {
    if (!may_send_from(options.source)) {
      return fail(EADDRNOTAVAIL, "the source address is not ours");
    }
    return options.source.v4();
  }
  const Ipv4Address source = source_on(path);
  // Without an address one may still ask everybody on a link for one (RFC 1122 3.2.1.3(a)).
  if (source.is_unspecified() && !(path.destination.is_broadcast() && options.interface != nullptr)) {
    return fail(EADDRNOTAVAIL, "the interface has no address");
  }
  if (options.interface != nullptr && path.destination.is_broadcast() && address_of(*options.interface) != source) {
    return address_of(*options.interface);
  }
  return source;
}

Result<void> Ipv4::send_on(Packet&& packet, Path& path, const SendOptions& options, Ipv4Address source) {
  const bool local = path.kind == PathKind::local;
  if (packet.headroom() < wire::kIpv4HeaderSize + (local ? 0 : path.out->link_layer().header_size())) {
    return refuse(std::move(packet), DropReason::no_memory, ENOBUFS, "no headroom for the headers");
  }
  if (source.is_loopback() && !local) {  // RFC 1122 3.2.1.3(g): 127/8 never leaves the node
    return refuse(std::move(packet), DropReason::martian_source, EADDRNOTAVAIL, "a loopback address as source");
  }
  std::size_t mtu = local ? wire::kIpv4MaxPacket : path.out->mtu();
  bool dont_fragment = options.dont_fragment;
  if (!local) {
    if (const auto* learned = learned_mtu(path.destination)) {
      mtu = std::min<std::size_t>(mtu, learned->mtu);
      dont_fragment = dont_fragment && !learned->locked;
    }
  }
  write_header(packet, source, path.destination, options, dont_fragment);
  const bool too_big = packet.size() > mtu && wire_size(packet, wire::kIpv4HeaderSize, options.protocol) > mtu;
  if (too_big && dont_fragment) {
    return refuse(std::move(packet), DropReason::fragmentation_needed, EMSGSIZE, "longer than the path's MTU");
  }
  return depart(std::move(packet), path, too_big, mtu, options);
}

void Ipv4::write_header(Packet& packet, Ipv4Address source, Ipv4Address destination, const SendOptions& options,
                        bool dont_fragment) {
  auto& header = packet.push_header<Ipv4Header>();
  header.tos = options.traffic_class;
  header.total_length = static_cast<std::uint16_t>(packet.size());
  // RFC 6864 4.1: the identification of a packet that cannot be fragmented means nothing.
  header.id = dont_fragment ? std::uint16_t{0} : next_id_;
  if (!dont_fragment) {  // of a super-segment each will have its own
    const std::size_t segment = packet.meta().segment_size;
    next_id_ = static_cast<std::uint16_t>(next_id_ + 1 + (segment == 0 ? 0 : packet.size() / segment));
  }
  header.fragment = dont_fragment ? Ipv4Header::kDontFragment : std::uint16_t{0};
  header.ttl = options.stays_here           ? std::uint8_t{0}
               : options.ttl != 0           ? options.ttl
               : destination.is_multicast() ? std::uint8_t{1}  // RFC 1112 6.1
                                            : config_.default_ttl;
  header.protocol = options.protocol;
  header.source = source;
  header.destination = destination;
  header.checksum = checksum_finish(header.sum());
  mark_made_here(packet);
}

/// A message of IGMP for those on the link, with a router alert (RFC 2113): no route is looked up, no hook sees it.
void Ipv4::send_on_link(Packet message, Ipv4Address destination, Interface& out) {
  constexpr std::array kRouterAlert{std::byte{0x94}, std::byte{4}, std::byte{0}, std::byte{0}};
  constexpr std::uint8_t kInternetworkControl = 0xc0;  // RFC 3376 4
  std::ranges::copy(kRouterAlert, message.push(kRouterAlert.size()));
  auto& header = message.push_header<Ipv4Header>();
  const std::size_t header_size = wire::kIpv4HeaderSize + kRouterAlert.size();
  header.set_header_size(header_size);
  header.tos = kInternetworkControl;
  header.total_length = static_cast<std::uint16_t>(message.size());
  header.fragment = Ipv4Header::kDontFragment;
  header.ttl = 1;
  header.protocol = static_cast<std::uint8_t>(wire::IpProtocol::kIgmp);
  header.source = address_of(out);
  header.destination = destination;
  header.checksum = internet_checksum(message.head().first(header_size));
  mark_made_here(message);
  message.meta().checksum = ChecksumState::verified;
  ++counters_.sent;
  const bool lan = out.link_layer().needs_resolution();
  out.output(std::move(message),
             lan ? wire::LinkAddress(Traits<Address>::link_group(destination)) : wire::LinkAddress(),
             Traits<Address>::kEtherType);
}

/// The neighbour did not answer: RFC 1812 4.3.3.1 for forwarded packets; the sender is in this node for the others.
void Ipv4::unresolved(Packet packet, Interface& out) {
  if (packet.meta().arrival_interface != 0) {
    icmp_.send_error(packet, wire::IcmpHeader::unreachable(wire::IcmpUnreachable::kHost));
  } else {
    report_local_error(packet, ErrorReport::Kind::host_unreachable);
  }
  out.drop(std::move(packet), DropReason::arp_failed);
}

void Ipv4::report_local_error(Packet& packet, ErrorReport::Kind kind) {
  constexpr std::size_t kEnough = 64;  // a transport header with its options, nearly always
  (void)packet.pullup(std::min(packet.size(), wire::kIpv4HeaderSize + kEnough));
  const Ipv4Header& header = packet.header<Ipv4Header>();
  const std::size_t skip = std::min(header.header_size(), packet.head().size());
  if (!header.is_first_fragment()) {
    return;
  }
  ErrorReport report;
  report.kind = kind;
  report.reporter = Ipv4Address(header.source);
  report.source = Ipv4Address(header.source);
  report.destination = Ipv4Address(header.destination);
  report.transport_header = packet.head().subspan(skip);
  (void)icmp_.deliver(report, header.protocol);
}

// Questions of the transports

Result<wire::IpAddress> Ipv4::select_source(const wire::IpAddress& destination) const {
  return select_source_on(destination, nullptr);
}

Result<wire::IpAddress> Ipv4::select_source_on(const wire::IpAddress& destination, Interface* out) const {
  if (!destination.is_v4()) {
    return fail(EAFNOSUPPORT, "not an IPv4 address");
  }
  const Path path = out != nullptr ? forced_path(destination.v4(), *out) : find_path(destination.v4());
  if (path.kind == PathKind::none) {
    return fail(ENETUNREACH, "no route");
  }
  const Ipv4Address source = source_on(path);
  if (source.is_unspecified()) {
    return fail(EADDRNOTAVAIL, "the node has no address");
  }
  return wire::IpAddress(source);
}

Interface* Ipv4::group_interface(const wire::IpAddress& group) const {
  Interface* out = group.is_v4() ? find_path(group.v4()).out : nullptr;
  out = out != nullptr ? out : first_interface({});
  return out != nullptr || node_.interfaces().empty() ? out : node_.interfaces().front().get();  // no address yet
}

std::uint32_t Ipv4::path_mtu(const wire::IpAddress& destination) const {
  if (!destination.is_v4()) {
    return wire::kIpv4MinReassembly;
  }
  const Path path = find_path(destination.v4());
  if (path.kind == PathKind::local) {
    return wire::kIpv4MaxPacket;
  }
  const std::uint32_t mtu = path.out != nullptr ? mtu_of(path) : wire::kIpv4MinReassembly;  // RFC 1122 3.3.3
  const auto* learned = learned_mtu(path.destination);
  return learned != nullptr ? std::min<std::uint32_t>(mtu, learned->mtu) : mtu;
}

bool Ipv4::is_local(const wire::IpAddress& address) const {
  return address.is_v4() && (address.v4().is_loopback() || find_local(address.v4()) != nullptr);
}

bool Ipv4::may_send_from(const wire::IpAddress& address) const {
  return is_local(address) ||
         (config_.accept_any && address.is_v4() && !address.v4().is_martian_source() && !is_broadcast(address));
}

bool Ipv4::is_broadcast(const wire::IpAddress& address) const {
  if (!address.is_v4()) {
    return false;
  }
  const Ipv4Address a = address.v4();
  return a.is_broadcast() || std::any_of(addresses_.begin(), addresses_.end(),
                                         [&](const auto& l) { return l.broadcast == a && l.address() != a; });
}

void Ipv4::send_port_unreachable(const Packet& packet, const Delivery&) {
  Packet whole = packet.clone();
  if (!whole) {
    return;
  }
  whole.rewind_to_network_header();
  icmp_.send_error(whole, wire::IcmpHeader::unreachable(wire::IcmpUnreachable::kPort));
  whole.consume();
}

}  // namespace catenet::ip
