// SPDX-License-Identifier: Apache-2.0
#include "catenet/queue/congestion_mark.h"

#include "catenet/packet/checksum.h"
#include "catenet/wire/ipv4.h"
#include "catenet/wire/ipv6.h"

namespace catenet::queue {
namespace {

/// RFC 3168 5: of IPv6, too, the lowest two bits of the traffic class.
bool mark_ipv6(Packet& packet, std::size_t at) {
  auto& header = packet.header<wire::Ipv6Header>(at);
  if (header.ecn() == wire::Ecn::kNotEct) {
    return false;
  }
  header.set_ecn(wire::Ecn::kCe);
  return true;
}

}  // namespace

bool mark_congestion(Packet& packet) {
  const std::size_t front = packet.headroom();
  const std::size_t start = packet.meta().network_header;
  if (start < front || start - front + wire::kIpv4HeaderSize > packet.head().size()) {
    return false;
  }
  auto& header = packet.header<wire::Ipv4Header>(start - front);
  if (header.version() == 6 && start - front + wire::kIpv6HeaderSize <= packet.head().size()) {
    return mark_ipv6(packet, start - front);
  }
  if (header.version() != 4 || header.ecn() == wire::Ecn::kNotEct) {
    return false;
  }
  const auto before = static_cast<std::uint16_t>(header.version_ihl << 8 | header.tos);
  header.set_ecn(wire::Ecn::kCe);
  const auto after = static_cast<std::uint16_t>(header.version_ihl << 8 | header.tos);
  header.checksum = checksum_update(header.checksum, before, after);
  return true;
}

}  // namespace catenet::queue
