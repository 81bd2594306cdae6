// SPDX-License-Identifier: Apache-2.0
// Packets in: validation (RFC 8200 3, RFC 4291 2), the choice between us and others, delivery.
#include "catenet/ip/ipv6.h"

namespace catenet::ip {

using wire::Icmpv6Header;
using wire::IpProtocol;
using wire::Ipv6Address;
using wire::Ipv6Header;

void Ipv6::receive(Interface& in, Packet packet, const wire::LinkAddress&) {
  if (!validate(in, packet)) {
    return;
  }
  packet.mark_network_header();
  ++counters_.received;
  if (!pass_hooks(HookPoint::prerouting, packet, &in, nullptr)) {
    return;
  }
  route_input(&in, std::move(packet));
}

/// True if the packet is well formed and its addresses may appear here; else it has been dropped. Link padding is cut.
bool Ipv6::validate(Interface& in, Packet& packet) {
  const auto refuse = [&](DropReason reason) {
    in.drop(std::move(packet), reason);
    return false;
  };
  if (packet.meta().cast == LinkCast::to_other) [[unlikely]] {
    return refuse(DropReason::not_for_us);
  }
  if (!packet.pullup(wire::kIpv6HeaderSize)) [[unlikely]] {
    return refuse(DropReason::bad_ip_header);
  }
  const Ipv6Header& header = packet.header<Ipv6Header>();
  if (header.version() != 6) [[unlikely]] {
    return refuse(DropReason::bad_ip_version);
  }
  const std::size_t total = wire::kIpv6HeaderSize + header.payload_length;
  if (total > packet.size()) [[unlikely]] {
    return refuse(DropReason::bad_ip_length);
  }
  if (total < packet.size()) {
    packet.trim(total);
  }
  if (const auto reason = check_addresses(in, header)) [[unlikely]] {
    return refuse(*reason);
  }
  return true;
}

/// Addresses that no packet on a wire has (RFC 4291 2.5.2, 2.5.3, 2.7; RFC 4942 2.2 for mapped ones). Without an
/// address one may speak to groups only: that is how duplicates are found.
std::optional<DropReason> Ipv6::check_addresses(const Interface& in, const Ipv6Header& header) const {
  const Ipv6Address& source = header.source;
  const Ipv6Address& destination = header.destination;
  if (destination.is_unspecified() || destination.is_loopback() || destination.is_v4_mapped() ||
      (destination.is_multicast() && destination.scope() <= wire::Scope::kInterfaceLocal)) {
    return DropReason::martian_destination;
  }
  if (source.is_multicast() || source.is_loopback() || source.is_v4_mapped() ||
      (source.is_unspecified() && !destination.is_multicast())) {
    return DropReason::martian_source;
  }
  const auto* local = source.is_link_local() ? find_on(in, source) : find_local(source);
  if (local != nullptr && local->is_assigned()) {  // ours, coming from outside
    return DropReason::martian_source;
  }
  return std::nullopt;
}

/// For us, for others, or for nobody. `in` is null for a packet that we sent to ourselves.
void Ipv6::route_input(Interface* in, Packet packet) {
  const Ipv6Header& header = packet.header<Ipv6Header>();
  if (header.next() == IpProtocol::kHopByHop) [[unlikely]] {  // every node reads them (RFC 8200 4.3)
    Chain chain;
    chain.next = IpProtocol::kHopByHop;
    if (!pass_extension(in, packet, chain)) {
      return;
    }
  }
  const Ipv6Address destination = packet.header<Ipv6Header>().destination;
  const bool to_us_alone = packet.meta().cast == LinkCast::to_us;
  if (destination.is_multicast()) {
    if (is_joined(destination, in)) {
      deliver(in, std::move(packet));
    } else {
      node_.drop(std::move(packet), DropReason::not_for_us, in);
    }
    return;
  }
  Path own;
  Path* path = nullptr;
  if (destination.is_link_local()) [[unlikely]] {
    const auto* local = in == nullptr ? find_local(destination) : find_on(*in, destination);
    own.out = local != nullptr ? local->interface : nullptr;
    own.kind = local != nullptr && local->is_assigned() ? PathKind::local : PathKind::none;
    path = &own;
  } else {
    path = &path_to(destination);
  }
  if (path->kind == PathKind::local) {
    if (!to_us_alone) [[unlikely]] {  // one host's packet in everybody's frame
      node_.drop(std::move(packet), DropReason::martian_destination, in);
      return;
    }
    deliver(in != nullptr ? in : path->out, std::move(packet));
  } else if (in == nullptr || destination.is_link_local()) {
    // Ours a moment ago, or for another host of the link: that one hears it without us (RFC 4291 2.5.6).
    node_.drop(std::move(packet), DropReason::not_for_us, in);
  } else if (config_.accept_any && to_us_alone) {
    deliver(in, std::move(packet));
  } else {
    Path& way = way_for(*path, packet);
    forward(*in, std::move(packet), way);
  }
}

void Ipv6::deliver(Interface* in, Packet packet) {
  Chain chain;
  chain.next = packet.header<Ipv6Header>().next();
  if (chain.next == IpProtocol::kHopByHop) [[unlikely]] {  // read on arrival: step over it
    chain.next = IpProtocol{packet.header<wire::Ipv6ExtensionHeader>(chain.at).next_header};
    chain.named_at = chain.at;
    chain.at += packet.header<wire::Ipv6ExtensionHeader>(chain.at).size();
    chain.count = 1;
  }
  while (wire::is_ipv6_extension(chain.next)) {
    if (!pass_extension(in, packet, chain)) {
      return;
    }
  }
  hand_up(in, std::move(packet), chain);
}

/// All headers of the network layer have been read.
void Ipv6::hand_up(Interface* in, Packet packet, const Chain& chain) {
  if (!pass_hooks(HookPoint::input, packet, in, nullptr)) {
    return;
  }
  if (chain.next == IpProtocol::kNoNextHeader) {
    node_.drop(std::move(packet), DropReason::no_next_header, in);
    return;
  }
  const auto number = static_cast<std::uint8_t>(chain.next);
  const Ipv6Header& header = packet.header<Ipv6Header>();
  Delivery delivery;
  delivery.source = with_zone(header.source, in);
  delivery.destination = with_zone(header.destination, in);
  delivery.interface = in;
  delivery.protocol = number;
  delivery.ttl = header.hop_limit;
  delivery.traffic_class = header.traffic_class();
  delivery.to_group = packet.meta().cast != LinkCast::to_us || header.destination.is_multicast();
  if (raw_ != nullptr) [[unlikely]] {
    delivery.copied = raw_->receive_raw(packet, delivery, chain.at);
  }
  Protocol* protocol = this->protocol(number);
  if (protocol == nullptr) {
    if (delivery.copied) {
      packet.consume();  // it lives on in its copies
      return;
    }
    fail_input(in, std::move(packet), DropReason::unknown_protocol,
               Icmpv6Header::parameter_problem(wire::Icmpv6Parameter::kNextHeader, chain.named_at));
    return;
  }
  ++counters_.delivered;
  constexpr std::size_t kTransportHeader = 64;  // nearly; kMaxHeaders and this fit a packet's head
  packet.reserve_head(chain.at + kTransportHeader);
  packet.pull(chain.at);
  protocol->receive(std::move(packet), delivery);
}

void Ipv6::fail_input(Interface* in, Packet packet, DropReason reason, const Icmpv6Header& error) {
  icmp_.send_error(packet, error);
  node_.drop(std::move(packet), reason, in);
}

}  // namespace catenet::ip
