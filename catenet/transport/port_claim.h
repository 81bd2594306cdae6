// SPDX-License-Identifier: Apache-2.0
// PortClaim: what a socket lays claim to when it is bound, and when two claims on one port cannot stand beside each
// other. Linux's rules (SO_REUSEADDR, SO_REUSEPORT, SO_BINDTODEVICE), with IPV6_V6ONLY as RFC 3493 5.3 has it: a
// socket of IPv6 on every address takes IPv4 along unless it says that it does not.
#pragma once
#include <cstdint>

#include "catenet/wire/endpoint.h"

namespace catenet {
class Interface;
}

namespace catenet::transport {

struct PortClaim {
  wire::IpAddress address;            ///< unspecified: every address of the family
  const Interface* device = nullptr;  ///< only what comes and goes there (SO_BINDTODEVICE); null: anywhere
  bool reuse_address = false;         ///< SO_REUSEADDR
  bool reuse_port = false;            ///< SO_REUSEPORT
  bool v6_only = false;               ///< IPV6_V6ONLY; says something only of [::]
  bool listening = false;             ///< TCP: takes connections on it
};

/// A packet could be for either of them.
[[nodiscard]] inline bool overlap(const PortClaim& a, const PortClaim& b) {
  if (a.device != nullptr && b.device != nullptr && a.device != b.device) {
    return false;
  }
  if (a.address.family() == b.address.family()) {
    return a.address == b.address || a.address.is_unspecified() || b.address.is_unspecified();
  }
  const PortClaim& six = a.address.is_v4() ? b : a;
  return six.address.is_unspecified() && !six.v6_only;
}

/// TCP. With SO_REUSEADDR on both, a port is shared as long as the other does not listen (connections, TIME-WAIT);
/// with SO_REUSEPORT on both, even then. `automatic`: the port is looked for, not asked for, and is then shared with
/// nobody.
[[nodiscard]] inline bool stream_conflict(const PortClaim& claim, const PortClaim& other, bool automatic) {
  if (!overlap(claim, other)) {
    return false;
  }
  const bool by_address = claim.reuse_address && other.reuse_address && !other.listening;
  const bool by_port = claim.reuse_port && other.reuse_port;
  return automatic || !(by_address || by_port);
}

/// UDP: both say SO_REUSEADDR, or both SO_REUSEPORT.
[[nodiscard]] inline bool datagram_conflict(const PortClaim& claim, const PortClaim& other) {
  return overlap(claim, other) && !(claim.reuse_address && other.reuse_address) &&
         !(claim.reuse_port && other.reuse_port);
}

}  // namespace catenet::transport
