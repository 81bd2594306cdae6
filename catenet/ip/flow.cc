// SPDX-License-Identifier: Apache-2.0
#include "catenet/ip/flow.h"

#include <algorithm>

#include "catenet/wire/ipv4.h"
#include "catenet/wire/ipv6.h"

namespace catenet::ip {
namespace {

constexpr std::size_t kPorts = 4;             // two of them, where every transport that has ports has them
constexpr std::size_t kMostExtensions = 128;  // bytes of extension headers that are read for the sake of the ports

bool has_ports(std::uint8_t protocol) {
  const auto is = [protocol](wire::IpProtocol known) { return protocol == static_cast<std::uint8_t>(known); };
  return is(wire::IpProtocol::kTcp) || is(wire::IpProtocol::kUdp) || is(wire::IpProtocol::kUdpLite);
}

}  // namespace

Flow flow_of_transport(Packet& packet, std::size_t offset, std::uint8_t protocol) {
  Flow flow{.protocol = protocol};
  if (has_ports(protocol) && packet.size() >= offset + kPorts && packet.pullup(offset + kPorts)) {
    flow.ports = wire::load32(packet.head(), offset);
  }
  return flow;
}

Flow flow_of_ipv4(Packet& packet) {
  const auto& header = packet.header<wire::Ipv4Header>();
  return header.is_fragment() ? Flow{.protocol = header.protocol}
                              : flow_of_transport(packet, header.header_size(), header.protocol);
}

Flow flow_of_ipv6(Packet& packet) {
  const std::uint8_t next = packet.header<wire::Ipv6Header>().next_header;
  if (!wire::is_ipv6_extension(wire::IpProtocol{next})) [[likely]] {
    return flow_of_transport(packet, wire::kIpv6HeaderSize, next);
  }
  (void)packet.pullup(std::min(packet.size(), wire::kIpv6HeaderSize + kMostExtensions));
  wire::Ipv6ChainReader chain(packet.head());
  for (;;) {
    const bool fragment = chain.upper_layer() == wire::IpProtocol::kFragment;
    const auto extension = chain.next();
    if (!extension) {
      return {};
    }
    if (fragment) {
      return {.protocol = static_cast<std::uint8_t>(chain.upper_layer())};
    }
    if (!*extension) {
      return flow_of_transport(packet, chain.offset(), static_cast<std::uint8_t>(chain.upper_layer()));
    }
  }
}

}  // namespace catenet::ip
