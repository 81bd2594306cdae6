// SPDX-License-Identifier: Apache-2.0
#include "catenet/ip/mld.h"

#include "catenet/ip/ipv6.h"
#include "catenet/wire/mld.h"

namespace catenet::ip {

using wire::Icmpv6Type;
using wire::Ipv6Address;
using wire::MldMessage;

Mld::Mld(Ipv6& ipv6) : GroupReporter(ipv6.node(), "mld"), ipv6_(ipv6) {}

void Mld::receive(Packet packet, const Delivery& delivery) {
  constexpr std::size_t kMost = 64;  // of what is looked at
  constexpr unsigned kVersion = 2;
  constexpr std::uint8_t kOneHop = 1;
  // RFC 3810 6.2: from a neighbour's link-local address, over one hop.
  const bool fair = delivery.interface != nullptr && delivery.source.is_link_local() && delivery.ttl == kOneHop;
  if (!fair || !packet.pullup(sizeof(wire::Icmpv6Header))) {
    // A host without an address yet reports its groups too (RFC 3590 4); that is nothing to us.
    const bool query = packet.pullup(sizeof(wire::Icmpv6Header)) &&
                       packet.header<wire::Icmpv6Header>().kind() == Icmpv6Type::kListenerQuery;
    node_.drop(std::move(packet), query ? DropReason::bad_icmp : DropReason::icmp_ignored, delivery.interface);
    return;
  }
  (void)packet.pullup(std::min(packet.size(), kMost));
  const auto type = packet.header<wire::Icmpv6Header>().kind();
  if (type == Icmpv6Type::kListenerQuery) {
    const auto query = MldMessage::parse_query(packet.head());
    if (!query) {
      node_.drop(std::move(packet), DropReason::bad_icmp, delivery.interface);
      return;
    }
    queried(*delivery.interface, *query, kVersion);
  } else if (const auto* message = wire::view<MldMessage>(packet.head());
             type == Icmpv6Type::kListenerReport && message != nullptr) {
    heard(*delivery.interface, message->group);
  }
  packet.consume();
}

void Mld::report(Interface& out, const Ipv6Address& group, wire::GroupRecord record, bool old) {
  constexpr Ipv6Address kReports({0xff02, 0, 0, 0, 0, 0, 0, 0x16});  // RFC 3810 5.2.14
  constexpr Ipv6Address kRouters({0xff02, 0, 0, 0, 0, 0, 0, 2});     // RFC 2710 3
  Packet packet = node_.pool().make();
  if (!packet) {
    return;
  }
  Ipv6Address to = kReports;
  bool made = false;
  if (old) {
    const bool done = record == wire::GroupRecord::kToInclude;
    MldMessage message;
    message.type = static_cast<std::uint8_t>(done ? Icmpv6Type::kListenerDone : Icmpv6Type::kListenerReport);
    message.group = group;
    to = done ? kRouters : group;
    made = packet.append(wire::bytes_of(message));
  } else {
    made = packet.append(wire::bytes_of(wire::MldReport::about(group, record)));
  }
  if (!made) {
    node_.drop(std::move(packet), DropReason::no_memory, &out);
    return;
  }
  ipv6_.send_alert(std::move(packet), to, out);
}

}  // namespace catenet::ip
