// SPDX-License-Identifier: Apache-2.0
// Packets out: path, source address (RFC 6724), header, flow label (RFC 6437), and the way to the neighbour.
#include <algorithm>
#include <array>

#include "catenet/ip/ipv6.h"
#include "catenet/packet/checksum.h"
#include "catenet/wire/pseudo_header.h"

namespace catenet::ip {

using wire::IpAddress;
using wire::IpProtocol;
using wire::Ipv6Address;
using wire::Ipv6Header;

/// The path to a destination, in `own` unless it is one of those remembered. Inlined: every packet asks.
[[gnu::always_inline]] inline Result<Ipv6::Path*> Ipv6::output_path(const SendOptions& options, Path& own) {
  if (!options.destination.is_v6()) {
    return fail(EAFNOSUPPORT, "not an IPv6 address");
  }
  const Ipv6Address destination = options.destination.v6();
  if (destination.is_unspecified() || destination.is_v4_mapped()) {
    return fail(ENETUNREACH, "nobody can have this address");
  }
  Path* path = nullptr;
  if (options.interface != nullptr || destination.is_link_scoped()) [[unlikely]] {
    const Result<Path> found = path_for(options.destination, options.interface);
    if (!found) {
      return std::unexpected(found.error());
    }
    own = *found;
    path = &own;
  } else {
    path = &path_to(destination);
  }
  if (path->kind == PathKind::none) {
    return fail(ENETUNREACH, "no route");
  }
  if (path->out == nullptr && path->kind != PathKind::local) {  // a group without a route: which link?
    own = *path;
    path = &own;
    own.out = first_interface(options);
    if (own.out == nullptr) {
      return fail(ENETUNREACH, "no interface to send to a group from");
    }
  }
  return path;
}

Result<void> Ipv6::output(Packet packet, const SendOptions& options) {
  if (packet.size() > wire::kIpv6MaxPayload) {
    return refuse(std::move(packet), DropReason::message_too_long, EMSGSIZE, "longer than an IPv6 packet");
  }
  Path own;
  const auto path = output_path(options, own);
  if (!path) {
    return refuse(std::move(packet), DropReason::no_route, path.error().code, path.error().context);
  }
  const auto source = source_for(options, **path);
  if (!source) {
    return refuse(std::move(packet), DropReason::no_address, source.error().code, source.error().context);
  }
  Path& way = way_for(**path, packet, *source, options.protocol);
  return send_on(std::move(packet), way, options, *source);
}

Result<void> Ipv6::output_whole(Packet packet, const SendOptions& options) {
  Path own;
  const auto path = output_path(options, own);
  if (!path) {
    return refuse(std::move(packet), DropReason::no_route, path.error().code, path.error().context);
  }
  const bool local = (*path)->kind == PathKind::local;
  if (packet.size() > (local ? wire::kIpv6HeaderSize + wire::kIpv6MaxPayload : (*path)->out->mtu())) {
    return refuse(std::move(packet), DropReason::message_too_long, EMSGSIZE, "longer than the link's MTU");
  }
  if (!packet.pullup(wire::kIpv6HeaderSize) || packet.header<Ipv6Header>().version() != 6 ||
      packet.header<Ipv6Header>().payload_length != packet.size() - wire::kIpv6HeaderSize) {
    return refuse(std::move(packet), DropReason::bad_ip_header, EINVAL, "not an IPv6 header");
  }
  if (!local && packet.headroom() < (*path)->out->link_layer().header_size()) {
    return refuse(std::move(packet), DropReason::no_memory, ENOBUFS, "no headroom for the link's header");
  }
  mark_made_here(packet);
  Path& way = way_for(**path, packet);
  if (!local && packet.size() > way.out->mtu()) {
    return refuse(std::move(packet), DropReason::message_too_long, EMSGSIZE, "longer than the link's MTU");
  }
  return depart(std::move(packet), way, false, wire::kIpv6HeaderSize + wire::kIpv6MaxPayload, options);
}

/// The link of the given source address, else the first one that has an address.
Interface* Ipv6::first_interface(const SendOptions& options) const {
  for (const auto& a : addresses_) {
    if (a.is_assigned() && (options.source.is_unspecified() || options.source.v6() == a.address())) {
      return a.interface;
    }
  }
  return nullptr;
}

Result<Ipv6Address> Ipv6::source_for(const SendOptions& options, const Path& path) const {
  if (!options.source.is_unspecified()) {
    if (!may_send_from(options.source)) {
      return fail(EADDRNOTAVAIL, "the source address is not ours");
    }
    return options.source.v6();
  }
  if (path.kind == PathKind::local) {
    return path.destination;
  }
  const Ipv6Address source = path.route != nullptr && !path.route->preferred_source.is_unspecified()
                                 ? path.route->preferred_source
                                 : choose_source(path.destination, path.out);
  return source.is_unspecified() ? fail(EADDRNOTAVAIL, "the interface has no address") : Result<Ipv6Address>(source);
}

Result<void> Ipv6::send_on(Packet packet, Path& path, const SendOptions& options, const Ipv6Address& source) {
  const bool local = path.kind == PathKind::local;
  if (packet.headroom() < wire::kIpv6HeaderSize + (local ? 0 : path.out->link_layer().header_size())) {
    return refuse(std::move(packet), DropReason::no_memory, ENOBUFS, "no headroom for the headers");
  }
  if (source.is_loopback() && !local) {  // RFC 4291 2.5.3
    return refuse(std::move(packet), DropReason::martian_source, EADDRNOTAVAIL, "the loopback address as source");
  }
  std::size_t mtu = local ? wire::kIpv6HeaderSize + wire::kIpv6MaxPayload : path.out->mtu();
  if (!local) {
    if (const auto* learned = learned_mtu(path.destination)) {
      mtu = std::min<std::size_t>(mtu, learned->mtu);
    }
  }
  write_header(packet, source, path.destination, options);
  const bool too_big = packet.size() > mtu && wire_size(packet, wire::kIpv6HeaderSize, options.protocol) > mtu;
  if (too_big && options.dont_fragment) {
    return refuse(std::move(packet), DropReason::fragmentation_needed, EMSGSIZE, "longer than the path's MTU");
  }
  return depart(std::move(packet), path, too_big, mtu, options);
}

void Ipv6::write_header(Packet& packet, const Ipv6Address& source, const Ipv6Address& destination,
                        const SendOptions& options) {
  const std::uint32_t label =
      options.flow_label != 0 ? options.flow_label : flow_label(packet, source, destination, options.protocol);
  const std::size_t payload = packet.size();
  auto& header = packet.push_header<Ipv6Header>();
  header.set_traffic_class(options.traffic_class);
  header.set_flow_label(label);
  header.payload_length = static_cast<std::uint16_t>(payload);
  header.next_header = options.protocol;
  header.hop_limit = options.stays_here           ? std::uint8_t{0}
                     : options.ttl != 0           ? options.ttl
                     : destination.is_multicast() ? std::uint8_t{1}  // RFC 3493 5.2
                                                  : config_.default_ttl;
  header.source = source;
  header.destination = destination;
  mark_made_here(packet);
}

/// The packets of one flow get one label, which nobody outside can foresee (RFC 6437 3). What has no ports has no
/// flows.
std::uint32_t Ipv6::flow_label(const Packet& packet, const Ipv6Address& source, const Ipv6Address& destination,
                               std::uint8_t protocol) const {
  const auto ports = packet.head();
  const bool has_ports = protocol == static_cast<std::uint8_t>(IpProtocol::kTcp) ||
                         protocol == static_cast<std::uint8_t>(IpProtocol::kUdp) ||
                         protocol == static_cast<std::uint8_t>(IpProtocol::kUdpLite);
  if (!config_.flow_labels || !has_ports || ports.size() < 4) {
    return 0;
  }
  const std::uint64_t flow = std::uint64_t{protocol} << 32 | wire::load32(ports, 0);
  const std::uint64_t hash = mix64(destination.hash(source.hash(flow_secret_)), flow);
  const auto label = static_cast<std::uint32_t>(hash >> 44);
  return label != 0 ? label : 1;  // zero says that there is none
}

/// A neighbour's message: no route is looked up, no hook sees it.
void Ipv6::send_on_link(Packet message, const Ipv6Address& source, const Ipv6Address& destination, Interface& out,
                        const wire::LinkAddress& to) {
  SendOptions options;
  options.protocol = static_cast<std::uint8_t>(IpProtocol::kIcmpv6);
  options.ttl = wire::kNdpHopLimit;
  write_header(message, source, destination, options);
  ++counters_.sent;
  if (to.empty() && out.link_layer().needs_resolution()) {
    neighbors_->send(std::move(message), out, destination);
  } else {
    out.output(std::move(message), to, Traits<Address>::kEtherType);
  }
}

/// A message of MLD for those on the link, with a router alert (RFC 2711) and, if we have one, a link-local source (RFC
/// 3810 5): no route is looked up, no hook sees it.
void Ipv6::send_alert(Packet message, const Ipv6Address& destination, Interface& out) {
  constexpr auto kIcmpv6 = static_cast<std::uint8_t>(IpProtocol::kIcmpv6);
  constexpr std::array kHopByHop{std::byte{kIcmpv6}, std::byte{0}, std::byte{5}, std::byte{2},
                                 std::byte{0},       std::byte{0}, std::byte{1}, std::byte{0}};
  const auto own = std::ranges::find_if(addresses_, [&](const LocalAddress<Address>& a) {
    return a.interface == &out && a.is_assigned() && a.address().is_link_local();
  });
  const Ipv6Address source = own != addresses_.end() ? own->address() : Ipv6Address();
  const wire::Ipv6PseudoHeader pseudo{.source = source,
                                      .destination = destination,
                                      .length = static_cast<std::uint32_t>(message.size()),
                                      .next_header = kIcmpv6};
  message.header<wire::Icmpv6Header>().checksum =
      checksum_finish(checksum_add(message, 0, checksum_add(wire::bytes_of(pseudo))));
  message.meta().checksum = ChecksumState::verified;
  std::ranges::copy(kHopByHop, message.push(kHopByHop.size()));
  SendOptions options;
  options.protocol = static_cast<std::uint8_t>(IpProtocol::kHopByHop);
  options.ttl = 1;
  write_header(message, source, destination, options);
  ++counters_.sent;
  const bool lan = out.link_layer().needs_resolution();
  out.output(std::move(message),
             lan ? wire::LinkAddress(Traits<Address>::link_group(destination)) : wire::LinkAddress(),
             Traits<Address>::kEtherType);
}

/// The neighbour did not answer: RFC 4443 3.1 for forwarded packets; the sender is in this node for the others.
void Ipv6::unresolved(Packet packet, Interface& out) {
  if (packet.meta().arrival_interface != 0) {
    icmp_.send_error(packet, wire::Icmpv6Header::unreachable(wire::Icmpv6Unreachable::kAddress));
  } else {
    report_local_error(packet, ErrorReport::Kind::host_unreachable);
  }
  out.drop(std::move(packet), DropReason::ndp_failed);
}

void Ipv6::report_local_error(Packet& packet, ErrorReport::Kind kind) {
  (void)packet.pullup(std::min(packet.size(), kMaxHeaders));
  const Ipv6Header& header = packet.header<Ipv6Header>();
  wire::Ipv6ChainReader chain(packet.head());
  for (auto extension = chain.next(); extension && *extension; extension = chain.next()) {
  }
  if (chain.is_later_fragment()) {
    return;
  }
  ErrorReport report;
  report.kind = kind;
  report.reporter = header.source;
  report.source = header.source;
  report.destination = header.destination;
  report.transport_header = packet.head().subspan(std::min(chain.offset(), packet.head().size()));
  (void)icmp_.deliver(report, chain.upper_layer());
}

// Questions of the transports

Result<IpAddress> Ipv6::select_source(const IpAddress& destination) const {
  return select_source_on(destination, nullptr);
}

Result<IpAddress> Ipv6::select_source_on(const IpAddress& destination, Interface* out) const {
  if (!destination.is_v6()) {
    return fail(EAFNOSUPPORT, "not an IPv6 address");
  }
  Result<Path> path = path_for(destination, out);
  if (!path) {
    return std::unexpected(path.error());
  }
  if (path->kind == PathKind::none) {
    return fail(ENETUNREACH, "no route");
  }
  SendOptions options;
  if (path->kind == PathKind::multicast && path->out == nullptr) {
    path->out = first_interface(options);
  }
  const Result<Ipv6Address> source = source_for(options, *path);
  return source ? Result<IpAddress>(with_zone(*source, path->out)) : std::unexpected(source.error());
}

Interface* Ipv6::group_interface(const IpAddress& group) const {
  if (!group.is_v6()) {
    return nullptr;
  }
  const Result<Path> path = path_for(group, nullptr);
  Interface* out = path && path->out != nullptr ? path->out : first_interface({});
  return out != nullptr || node_.interfaces().empty() ? out : node_.interfaces().front().get();  // no address yet
}

std::uint32_t Ipv6::path_mtu(const IpAddress& destination) const {
  const Result<Path> path = destination.is_v6() ? path_for(destination, nullptr) : fail(EAFNOSUPPORT, "");
  if (!path) {
    return wire::kIpv6MinMtu;
  }
  if (path->kind == PathKind::local) {
    return wire::kIpv6HeaderSize + wire::kIpv6MaxPayload;
  }
  const std::uint32_t mtu = path->out != nullptr ? mtu_of(*path) : wire::kIpv6MinMtu;
  const auto* learned = learned_mtu(path->destination);
  return learned != nullptr ? std::min<std::uint32_t>(mtu, learned->mtu) : mtu;
}

bool Ipv6::is_local(const IpAddress& address) const {
  if (!address.is_v6()) {
    return false;
  }
  const Ipv6Address a = address.v6();
  if (a.is_link_local()) {
    const Interface* interface = interface_of(address.zone());
    return address.zone() == 0 ? find_local(a) != nullptr : interface != nullptr && owns(*interface, a);
  }
  return a.is_loopback() || find_local(a) != nullptr;
}

bool Ipv6::may_send_from(const IpAddress& address) const {
  return is_local(address) || (config_.accept_any && address.is_v6() && !address.v6().is_martian_source() &&
                               !address.v6().is_link_local() && !address.v6().is_v4_mapped());
}

void Ipv6::send_port_unreachable(const Packet& packet, const Delivery&) {
  Packet whole = packet.clone();
  if (!whole) {
    return;
  }
  whole.rewind_to_network_header();
  icmp_.send_error(whole, wire::Icmpv6Header::unreachable(wire::Icmpv6Unreachable::kPort));
  whole.consume();
}

}  // namespace catenet::ip
