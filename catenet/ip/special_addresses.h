// SPDX-License-Identifier: Apache-2.0
// Special-purpose IPv4 blocks: the "Forwardable" column of RFC 6890's table, which a router obeys for both addresses of
// a packet. Limited broadcast and multicast are judged before this is asked.
#pragma once
#include "catenet/wire/ip_address.h"

namespace catenet::ip {

/// TEST-NET-1 to 3 (RFC 5737).
[[nodiscard]] constexpr bool is_documentation(wire::Ipv4Address a) {
  const std::uint32_t network = a.value() >> 8;
  return network == 0xc00002 || network == 0xc63364 || network == 0xcb0071;
}

/// May a router pass a packet from or to this address on? `documentation`: the documentation blocks, too, against RFC
/// 6890.
[[nodiscard]] constexpr bool is_forwardable(wire::Ipv4Address a, bool documentation = false) {
  return !a.is_this_network() && !a.is_loopback() && !a.is_link_local() && !a.is_reserved() &&
         (documentation || !is_documentation(a));
}

}  // namespace catenet::ip
