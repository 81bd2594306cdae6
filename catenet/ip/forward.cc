// SPDX-License-Identifier: Apache-2.0
// Forwarding (RFC 1812 5.2.1, 5.3): a packet that came by one link and leaves by another. Nothing is copied; TTL and
// checksum change in place (RFC 1624). The transport checksum, partial or not, is never touched.
#include "catenet/ip/ipv4.h"
#include "catenet/ip/special_addresses.h"
#include "catenet/packet/checksum.h"
#include "catenet/wire/ipv4_options.h"

namespace catenet::ip {

using wire::IcmpHeader;
using wire::IcmpUnreachable;
using wire::Ipv4Header;

void Ipv4::forward(Interface& in, Packet packet, Path& path) {
  if (!config_.forwarding) {
    in.drop(std::move(packet), DropReason::not_forwarding);
    return;
  }
  if (packet.meta().cast != LinkCast::to_us) [[unlikely]] {  // RFC 1812 5.3.4: a broadcast storm otherwise
    in.drop(std::move(packet), DropReason::link_broadcast_forward);
    return;
  }
  const Ipv4Header& header = packet.header<Ipv4Header>();
  if (!is_forwardable(header.source, config_.forward_documentation)) [[unlikely]] {
    in.drop(std::move(packet), DropReason::martian_source);
    return;
  }
  if (!is_forwardable(path.destination, config_.forward_documentation)) [[unlikely]] {
    in.drop(std::move(packet), DropReason::martian_destination);
    return;
  }
  if (path.kind == PathKind::none) [[unlikely]] {
    fail_forward(in, std::move(packet), DropReason::no_route, IcmpHeader::unreachable(IcmpUnreachable::kNet));
    return;
  }
  if (header.ttl <= 1) [[unlikely]] {
    fail_forward(in, std::move(packet), DropReason::ttl_expired,
                 IcmpHeader::time_exceeded(wire::IcmpTimeExceeded::kTransit));
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

/// The packet may leave by `path`: size, TTL, checksum.
void Ipv4::forward_on(Interface& in, Packet packet, Path& path) {
  const std::size_t mtu = path.out->mtu();
  Ipv4Header& header = packet.header<Ipv4Header>();
  const bool too_big = packet.size() > mtu && wire_size(packet, header.header_size(), header.protocol) > mtu;
  if (too_big && header.dont_fragment()) [[unlikely]] {
    fail_forward(in, std::move(packet), DropReason::fragmentation_needed,
                 IcmpHeader::unreachable(IcmpUnreachable::kFragmentationNeeded, static_cast<std::uint16_t>(mtu)));
    return;
  }
  const auto before = static_cast<std::uint16_t>(header.ttl << 8 | header.protocol);
  header.ttl = static_cast<std::uint8_t>(header.ttl - 1);
  header.checksum = checksum_update(header.checksum, before, static_cast<std::uint16_t>(before - 0x0100));
  if (header.has_options() && !record_route(packet, *path.out)) [[unlikely]] {
    in.drop(std::move(packet), DropReason::bad_ip_option);
    return;
  }
  ++counters_.forwarded;
  if (!pass_hooks(HookPoint::postrouting, packet, &in, path.out)) {
    return;
  }
  if (too_big) [[unlikely]] {
    fragment(std::move(packet), path, mtu);
    return;
  }
  transmit(std::move(packet), path);
}

void Ipv4::fail_forward(Interface& in, Packet packet, DropReason reason, const IcmpHeader& error) {
  icmp_.send_error(packet, error);
  in.drop(std::move(packet), reason);
}

/// Puts our address into a record-route option (RFC 791 3.1, RFC 1812 4.2.2.2(3)). The header's checksum is made anew.
bool Ipv4::record_route(Packet& packet, const Interface& out) {
  Ipv4Header& header = packet.header<Ipv4Header>();
  wire::Ipv4OptionReader reader(header.options_in(packet.head()));
  for (;;) {
    const auto option = reader.next();
    if (!option) {
      return false;
    }
    if (!*option) {
      return true;
    }
    if ((*option)->is(wire::Ipv4OptionType::kRecordRoute)) {
      (void)wire::record_route(packet.head().subspan((*option)->offset, (*option)->bytes.size()), address_of(out));
      header.checksum = 0;
      header.checksum = internet_checksum(packet.head().first(header.header_size()));
    }
  }
}

}  // namespace catenet::ip
