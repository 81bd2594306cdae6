// SPDX-License-Identifier: Apache-2.0
#include "catenet/ip/igmp.h"

#include "catenet/ip/ipv4.h"
#include "catenet/packet/checksum.h"

namespace catenet::ip {

using wire::IgmpHeader;
using wire::IgmpType;
using wire::Ipv4Address;

Igmp::Igmp(Ipv4& ipv4) : GroupReporter(ipv4.node(), "igmp"), ipv4_(ipv4) {}

void Igmp::receive(Packet packet, const Delivery& delivery) {
  constexpr std::size_t kMost = 64;  // of what is looked at
  constexpr unsigned kVersion = 3;
  constexpr std::uint8_t kOneHop = 1;  // RFC 3376 4: from the link itself
  const bool whole = packet.pullup(sizeof(IgmpHeader)) && checksum_fold(checksum_add(packet, 0)) == 0xffff;
  if (!whole || delivery.ttl != kOneHop || delivery.interface == nullptr) {
    node_.drop(std::move(packet), DropReason::bad_igmp, delivery.interface);
    return;
  }
  (void)packet.pullup(std::min(packet.size(), kMost));
  const IgmpHeader& header = packet.header<IgmpHeader>();
  switch (header.kind()) {
    case IgmpType::kQuery:
      if (const auto query = IgmpHeader::parse_query(packet.head()); query) {
        queried(*delivery.interface, *query, kVersion);
        break;
      }
      node_.drop(std::move(packet), DropReason::bad_igmp, delivery.interface);
      return;
    case IgmpType::kReportV1:
    case IgmpType::kReportV2:
      heard(*delivery.interface, header.group);
      break;
    default:  // for routers
      break;
  }
  packet.consume();
}

void Igmp::report(Interface& out, const Ipv4Address& group, wire::GroupRecord record, bool old) {
  constexpr Ipv4Address kReports(224, 0, 0, 22);  // RFC 3376 4.2.14
  constexpr Ipv4Address kRouters(224, 0, 0, 2);   // RFC 2236 3
  Packet packet = node_.pool().make();
  if (!packet) {
    return;
  }
  Ipv4Address to = kReports;
  bool made = false;
  if (old) {
    const bool leave = record == wire::GroupRecord::kToInclude;
    IgmpHeader message;
    message.type = static_cast<std::uint8_t>(leave ? IgmpType::kLeave : IgmpType::kReportV2);
    message.group = group;
    message.checksum = internet_checksum(wire::bytes_of(message));
    to = leave ? kRouters : group;
    made = packet.append(wire::bytes_of(message));
  } else {
    made = packet.append(wire::bytes_of(wire::IgmpReport::about(group, record)));
  }
  if (!made) {
    node_.drop(std::move(packet), DropReason::no_memory, &out);
    return;
  }
  ipv4_.send_on_link(std::move(packet), to, out);
}

}  // namespace catenet::ip
