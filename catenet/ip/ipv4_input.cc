// SPDX-License-Identifier: Apache-2.0
// Packets in: validation (RFC 1812 5.2.2, RFC 1122 3.2.1), the choice between us and others, delivery.
#include "catenet/ip/ipv4.h"
#include "catenet/packet/checksum.h"
#include "catenet/wire/ipv4_options.h"

namespace catenet::ip {

using wire::IcmpHeader;
using wire::Ipv4Address;
using wire::Ipv4Header;

void Ipv4::receive(Interface& in, Packet packet, const wire::LinkAddress&) {
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
bool Ipv4::validate(Interface& in, Packet& packet) {
  const auto refuse = [&](DropReason reason) {
    in.drop(std::move(packet), reason);
    return false;
  };
  if (packet.meta().cast == LinkCast::to_other) [[unlikely]] {
    return refuse(DropReason::not_for_us);
  }
  if (!packet.pullup(wire::kIpv4HeaderSize)) [[unlikely]] {
    return refuse(DropReason::bad_ip_header);
  }
  if (packet.header<Ipv4Header>().version() != 4) [[unlikely]] {
    return refuse(DropReason::bad_ip_version);
  }
  const std::size_t header_size = packet.header<Ipv4Header>().header_size();
  if (header_size < wire::kIpv4HeaderSize || !packet.pullup(header_size)) [[unlikely]] {
    return refuse(DropReason::bad_ip_header);
  }
  const Ipv4Header& header = packet.header<Ipv4Header>();
  const std::size_t total = header.total_length;
  if (total < header_size || total > packet.size()) [[unlikely]] {
    return refuse(DropReason::bad_ip_length);
  }
  if (checksum_fold(checksum_add_header({packet.data(), header_size})) != 0xffff) [[unlikely]] {
    return refuse(DropReason::bad_ip_checksum);
  }
  if (total < packet.size()) {
    packet.trim(total);
  }
  if (const auto reason = check_addresses(in, header)) [[unlikely]] {
    return refuse(*reason);
  }
  return header_size == wire::kIpv4HeaderSize || process_options(in, packet);
}

/// Martians (RFC 1812 5.3.7, RFC 1122 3.2.1.3). 0.0.0.0 may speak to everybody on its link: that is how DHCP starts,
/// and how a switch without an address asks for members (RFC 4541 2.1.1).
std::optional<DropReason> Ipv4::check_addresses(const Interface& in, const Ipv4Header& header) const {
  const Ipv4Address source = header.source;
  const Ipv4Address destination = header.destination;
  if (destination.is_martian_destination()) {
    return DropReason::martian_destination;
  }
  const bool link_only =
      destination.is_broadcast() || destination.is_local_multicast() ||
      (destination.is_multicast() && header.protocol == static_cast<std::uint8_t>(wire::IpProtocol::kIgmp));
  if (source.is_martian_source() && !(source.is_unspecified() && link_only)) {
    return DropReason::martian_source;
  }
  if (!may_be_ours(source)) [[likely]] {
    return std::nullopt;
  }
  for (const auto& a : addresses_) {  // ours, coming from outside; or the broadcast address of its own link
    if (a.address() == source || (a.broadcast == source && a.interface == &in)) {
      return DropReason::martian_source;
    }
  }
  return std::nullopt;
}

/// Options are checked at every node (RFC 1122 3.2.1.8, RFC 1812 4.2.2.1); source routes are refused (RFC 7126 4.3).
bool Ipv4::process_options(Interface& in, Packet& packet) {
  std::size_t error_offset = 0;
  const auto options = wire::Ipv4Options::parse(packet.header<Ipv4Header>().options_in(packet.head()), &error_offset);
  if (!options) {
    icmp_.send_error(packet, IcmpHeader::parameter_problem(static_cast<std::uint8_t>(error_offset)));
    in.drop(std::move(packet), DropReason::bad_ip_option);
    return false;
  }
  if (options->source_route) {
    icmp_.send_error(packet, IcmpHeader::unreachable(wire::IcmpUnreachable::kSourceRouteFailed));
    in.drop(std::move(packet), DropReason::source_route_refused);
    return false;
  }
  return true;
}

/// For us, for others, or for nobody. `in` is null for a packet that we sent to ourselves.
void Ipv4::route_input(Interface* in, Packet packet) {
  const Ipv4Address destination = packet.header<Ipv4Header>().destination;
  Path& path = path_to(destination);
  switch (path.kind) {
    case PathKind::local:
      if (packet.meta().cast != LinkCast::to_us) [[unlikely]] {  // RFC 1122 3.3.6
        node_.drop(std::move(packet), DropReason::martian_destination, in);
        return;
      }
      deliver(in != nullptr ? in : path.out, std::move(packet), false);
      return;
    case PathKind::broadcast:
      if (destination.is_broadcast() || path.out == in) {
        deliver(in, std::move(packet), true);
      } else if (in != nullptr && config_.forwarding && config_.forward_directed_broadcasts) {
        forward(*in, std::move(packet), path);
      } else {
        node_.drop(std::move(packet), DropReason::martian_destination, in);  // RFC 2644
      }
      return;
    case PathKind::multicast:
      if (is_joined(destination, in)) {
        deliver(in, std::move(packet), true);
      } else {
        node_.drop(std::move(packet), DropReason::not_for_us, in);
      }
      return;
    case PathKind::unicast:
    case PathKind::none: {
      if (in == nullptr) {  // it was ours when we sent it
        node_.drop(std::move(packet), DropReason::no_route);
        return;
      }
      if (config_.accept_any && packet.meta().cast == LinkCast::to_us) [[unlikely]] {
        deliver(in, std::move(packet), false);
        return;
      }
      Path& way = way_for(path, packet);
      forward(*in, std::move(packet), way);
      return;
    }
  }
}

/// The datagram when `packet` was its last missing fragment, else null: the fragment waits, or was dropped.
Packet Ipv4::reassemble(Interface* in, Packet packet) {
  const Ipv4Header& header = packet.header<Ipv4Header>();
  const std::size_t length = packet.size() - header.header_size();
  const bool more = header.more_fragments();
  if (length == 0 || (more && length % 8 != 0) ||
      header.header_size() + header.fragment_offset() + length > wire::kIpv4MaxPacket) {
    node_.drop(std::move(packet), DropReason::bad_fragment, in);
    return {};
  }
  FragmentInfo info;
  info.source = Ipv4Address(header.source);
  info.destination = Ipv4Address(header.destination);
  info.id = header.id;
  info.protocol = header.protocol;
  info.begin = static_cast<std::uint32_t>(header.fragment_offset());
  info.more = more;
  info.header_size = static_cast<std::uint16_t>(header.header_size());
  Packet whole = make_reassembly().add(std::move(packet), info, in);
  if (whole) {
    ++counters_.reassembled;
    auto& made = whole.header<Ipv4Header>();
    made.total_length = static_cast<std::uint16_t>(whole.size());
    made.fragment = 0;
    made.checksum = 0;
    made.checksum = internet_checksum(whole.head().first(made.header_size()));
  }
  return whole;
}

void Ipv4::deliver(Interface* in, Packet&& packet, bool to_group) {
  if (packet.header<Ipv4Header>().is_fragment()) {
    packet = reassemble(in, std::move(packet));
    if (!packet) {
      return;
    }
  }
  if (!pass_hooks(HookPoint::input, packet, in, nullptr)) {
    return;
  }
  const Ipv4Header& header = packet.header<Ipv4Header>();
  Delivery delivery{.source = Ipv4Address(header.source),
                    .destination = Ipv4Address(header.destination),
                    .interface = in,
                    .protocol = header.protocol,
                    .ttl = header.ttl,
                    .traffic_class = header.tos,
                    .to_group = to_group};
  if (raw_ != nullptr) [[unlikely]] {
    delivery.copied = raw_->receive_raw(packet, delivery, header.header_size());
  }
  Protocol* protocol = this->protocol(header.protocol);
  if (protocol == nullptr) {
    if (delivery.copied) {
      packet.consume();  // it lives on in its copies
      return;
    }
    icmp_.send_error(packet, IcmpHeader::unreachable(wire::IcmpUnreachable::kProtocol));
    node_.drop(std::move(packet), DropReason::unknown_protocol, in);
    return;
  }
  ++counters_.delivered;
  packet.pull(header.header_size());
  protocol->receive(std::move(packet), delivery);
}

void Ipv4::on_reassembly_timeout(const Packet& first) {
  icmp_.send_error(first, IcmpHeader::time_exceeded(wire::IcmpTimeExceeded::kReassembly));
}

}  // namespace catenet::ip
