// SPDX-License-Identifier: Apache-2.0
// What TCP, UDP and ICMPv6 checksum in front of their own header: addresses, protocol and length, as bytes to be summed
// (RFC 9293 3.1, RFC 768, RFC 8200 8.1). Never on the wire.
#pragma once
#include <cstdint>

#include "catenet/wire/bytes.h"
#include "catenet/wire/ip_address.h"

namespace catenet::wire {

struct Ipv4PseudoHeader {
  BeIpv4 source;
  BeIpv4 destination;
  std::uint8_t zero = 0;
  std::uint8_t protocol = 0;
  be16 length;  ///< transport header and payload
};
static_assert(sizeof(Ipv4PseudoHeader) == 12 && FixedHeader<Ipv4PseudoHeader>);

struct Ipv6PseudoHeader {
  Ipv6Address source;
  Ipv6Address destination;
  be32 length;  ///< upper-layer header and payload
  std::uint8_t zero[3] = {};
  std::uint8_t next_header = 0;
};
static_assert(sizeof(Ipv6PseudoHeader) == 40 && FixedHeader<Ipv6PseudoHeader>);

}  // namespace catenet::wire
