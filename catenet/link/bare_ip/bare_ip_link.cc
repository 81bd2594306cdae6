// SPDX-License-Identifier: Apache-2.0
#include "catenet/link/bare_ip/bare_ip_link.h"

namespace catenet::link {
namespace {

constexpr std::uint16_t kIpv4 = 0x0800;
constexpr std::uint16_t kIpv6 = 0x86dd;

}  // namespace

bool BareIpLink::encapsulate(Packet&, const wire::LinkAddress&, const wire::LinkAddress&, std::uint16_t protocol) {
  return protocol == kIpv4 || protocol == kIpv6;
}

std::expected<LinkLayer::Arrival, DropReason> BareIpLink::decapsulate(Packet& frame, const wire::LinkAddress&) {
  if (!frame.pullup(1)) {
    return std::unexpected(DropReason::frame_too_short);
  }
  frame.meta().cast = LinkCast::to_us;
  Arrival arrival;
  switch (std::to_integer<unsigned>(*frame.data()) >> 4) {
    case 4:
      arrival.protocol = kIpv4;
      return arrival;
    case 6:
      arrival.protocol = kIpv6;
      return arrival;
    default:
      return std::unexpected(DropReason::bad_ip_version);
  }
}

bool BareIpLink::verify(Packet&) { return false; }

}  // namespace catenet::link
