// SPDX-License-Identifier: Apache-2.0
// Forwarding (RFC 8200 3, RFC 4291 2.5): a packet that came by one link and leaves by another. The hop limit changes in
// place and nothing else; no router cuts a packet (RFC 8200 5).
#include "catenet/ip/ipv6.h"

namespace catenet::ip {

using wire::Icmpv6Header;
using wire::Icmpv6Unreachable;
using wire::Ipv6Header;

void Ipv6::forward(Interface& in, Packet packet, Path& path) {
  if (!config_.forwarding) {
    in.drop(std::move(packet), DropReason::not_forwarding);
    return;
  }
  if (packet.meta().cast != LinkCast::to_us) [[unlikely]] {
    in.drop(std::move(packet), DropReason::link_broadcast_forward);
    return;
  }
  const Ipv6Header& header = packet.header<Ipv6Header>();
  if (path.kind == PathKind::none) [[unlikely]] {
    fail_input(&in, std::move(packet), DropReason::no_route, Icmpv6Header::unreachable(Icmpv6Unreachable::kNoRoute));
    return;
  }
  if (header.source.is_link_local()) [[unlikely]] {  // RFC 4291 2.5.6, RFC 4443 3.1: nobody there could answer it
    fail_input(&in, std::move(packet), DropReason::martian_source,
               Icmpv6Header::unreachable(Icmpv6Unreachable::kBeyondScope));
    return;
  }
  if (header.hop_limit <= 1) [[unlikely]] {
    fail_input(&in, std::move(packet), DropReason::ttl_expired,
               Icmpv6Header::time_exceeded(wire::Icmpv6TimeExceeded::kTransit));
    return;
  }
  if (hooks_ == nullptr) [[likely]] {
    forward_on(in, std::move(packet), path);
    return;
  }
  Path kept = path;  // what a hook sends may use the same place of the table
  kept.neighbor = nullptr;
  if (run_hooks(HookPoint::forward, packet, &in, kept.out)) {
    forward_on(in, std::move(packet), kept);
  }
}

/// The packet may leave by `path`: size, hop limit.
void Ipv6::forward_on(Interface& in, Packet packet, Path& path) {
  const std::size_t mtu = path.out->mtu();
  Ipv6Header& header = packet.header<Ipv6Header>();
  if (packet.size() > mtu && wire_size(packet, wire::kIpv6HeaderSize, header.next_header) > mtu) [[unlikely]] {
    fail_input(&in, std::move(packet), DropReason::fragmentation_needed,
               Icmpv6Header::packet_too_big(static_cast<std::uint32_t>(mtu)));
    return;
  }
  header.hop_limit = static_cast<std::uint8_t>(header.hop_limit - 1);
  ++counters_.forwarded;
  if (pass_hooks(HookPoint::postrouting, packet, &in, path.out)) {
    transmit(std::move(packet), path);
  }
}

}  // namespace catenet::ip
