// SPDX-License-Identifier: Apache-2.0
// Which link a link-local address of IPv6 is on (RFC 4007 6): its zone says it, or the device that the socket is bound
// to. An end without an answer is refused, as on Linux.
#pragma once
#include <cerrno>

#include "catenet/base/result.h"
#include "catenet/net/interface.h"
#include "catenet/wire/ip_address.h"

namespace catenet::transport {

/// The address with its zone. EINVAL: the link is not said, or is another one than the device. Other addresses as they
/// are.
[[nodiscard]] inline Result<wire::IpAddress> with_link_zone(const wire::IpAddress& address, const Interface* device) {
  if (!address.is_v6() || !address.is_link_local()) {
    return address;
  }
  const unsigned zone = device != nullptr ? device->index() + 1 : address.zone();
  if (zone == 0 || zone > wire::IpAddress::kMaxZone || (address.zone() != 0 && address.zone() != zone)) {
    return fail(EINVAL, "a link-local address without its link");
  }
  return wire::IpAddress(address.v6(), static_cast<std::uint8_t>(zone));
}

}  // namespace catenet::transport
