// SPDX-License-Identifier: Apache-2.0
// Bare IP packets of either family, made from what a script says and taken apart into the same words.
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "catenet/base/time.h"
#include "catenet/packetdrill/script.h"
#include "catenet/wire/endpoint.h"

namespace catenet::packetdrill {

/// What came out of the host.
struct Seen {
  Instant at;
  wire::Endpoint source;
  wire::Endpoint destination;  ///< ports are 0 for ICMP
  std::uint8_t tos = 0;        ///< or traffic class
  std::uint8_t ttl = 0;        ///< or hop limit
  std::uint32_t flow_label = 0;
  std::variant<TcpFields, UdpFields, IcmpFields> body;
  std::uint16_t quoted_local_port = 0;  ///< of the packet that an ICMP error quotes, as its sender saw it
  bool zeroes = true;                   ///< the payload is nothing but zero bytes
  std::string defect;                   ///< "wrong TCP checksum"; empty: well-formed
};

/// The packet of one event, of the family of `source`: addresses, ports and numbers as they shall be on the wire.
/// `quoted` is for ICMP errors: the ends of the packet in error, its sender first.
[[nodiscard]] std::vector<std::byte> build(const PacketEvent& packet, const wire::Endpoint& source,
                                           const wire::Endpoint& destination, const wire::FourTuple& quoted);
/// Any bytes; what cannot be read is told by Seen::defect.
[[nodiscard]] Seen take_apart(std::span<const std::byte> packet, Instant at);

}  // namespace catenet::packetdrill
