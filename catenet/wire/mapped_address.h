// SPDX-License-Identifier: Apache-2.0
// ::ffff:a.b.c.d (RFC 4291 2.5.5.2): how a socket of IPv6 names an address of IPv4 (RFC 3493 3.7). Never on a wire.
#pragma once
#include "catenet/wire/ip_address.h"

namespace catenet::wire {

/// A mapped address as what it is; all others as they are.
[[nodiscard]] constexpr IpAddress unmapped(const IpAddress& address) {
  return address.is_v6() && address.v6().is_v4_mapped() ? IpAddress(address.v6().v4_mapped()) : address;
}
/// An address of IPv4 as IPv6 has it; all others as they are.
[[nodiscard]] constexpr IpAddress mapped(const IpAddress& address) {
  return address.is_v4() ? IpAddress(Ipv6Address::mapped(address.v4())) : address;
}
[[nodiscard]] constexpr IpAddress loopback(Family family) {
  return family == Family::kV4 ? IpAddress(Ipv4Address::loopback()) : IpAddress(Ipv6Address::loopback());
}

}  // namespace catenet::wire
