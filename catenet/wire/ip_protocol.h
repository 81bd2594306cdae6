// SPDX-License-Identifier: Apache-2.0
// What the two versions of IP name alike: protocol numbers (IANA), which in IPv6 also name extension headers, and the
// ECN field.
#pragma once
#include <cstdint>

namespace catenet::wire {

/// Protocol numbers (IANA) that this house speaks or must tell apart.
enum class IpProtocol : std::uint8_t {
  kHopByHop = 0,  ///< IPv6 only: at once behind the header (RFC 8200 4.3)
  kIcmp = 1,
  kIgmp = 2,
  kIpv4 = 4,
  kTcp = 6,
  kUdp = 17,
  kIpv6 = 41,
  kRouting = 43,   ///< IPv6 only
  kFragment = 44,  ///< IPv6 only
  kRsvp = 46,
  kGre = 47,
  kEsp = 50,
  kAuthentication = 51,
  kIcmpv6 = 58,
  kNoNextHeader = 59,        ///< IPv6 only: nothing follows (RFC 8200 4.7)
  kDestinationOptions = 60,  ///< IPv6 only
  kOspf = 89,
  kIpcomp = 108,
  kSctp = 132,
  kUdpLite = 136,
};

/// ECN field (RFC 3168 5).
enum class Ecn : std::uint8_t { kNotEct = 0, kEct1 = 1, kEct0 = 2, kCe = 3 };

}  // namespace catenet::wire
