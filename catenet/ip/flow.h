// SPDX-License-Identifier: Apache-2.0
// What tells the flows between two addresses apart: the transport and its ports. Where several routes are equally good,
// the packets of one flow all take the same one, so that none overtakes another (RFC 2991 2).
//
// Fragments do not all carry the ports, so no fragment is asked for them: those of one datagram stay together.
#pragma once
#include <cstdint>

#include "catenet/packet/packet.h"

namespace catenet::ip {

struct Flow {
  std::uint32_t ports = 0;    ///< both, as they stand in the packet; 0 where there are none, or in a fragment
  std::uint8_t protocol = 0;  ///< of the transport; of an IPv6 fragment, of the first header behind the fragment header
  bool operator==(const Flow&) const = default;
};

/// Front = IPv4 header, with its options.
[[nodiscard]] Flow flow_of_ipv4(Packet& packet);
/// Front = IPv6 header. What stands behind extension headers that are malformed or too many has no ports.
[[nodiscard]] Flow flow_of_ipv6(Packet& packet);
/// The transport header begins at `offset`. No ports if the packet ends before it has two.
[[nodiscard]] Flow flow_of_transport(Packet& packet, std::size_t offset, std::uint8_t protocol);

}  // namespace catenet::ip
