// SPDX-License-Identifier: Apache-2.0
// What the filter of a socket above IP sees of a packet whose front is its network header.
#pragma once
#include "catenet/net/interface.h"
#include "catenet/packet/packet_filter.h"
#include "catenet/wire/ethernet.h"
#include "catenet/wire/ip_address.h"

namespace catenet::transport {

/// `begin`: where the socket's packet starts.
[[nodiscard]] inline FilterView filter_view(const Packet& packet, std::size_t begin, wire::Family family,
                                            const Interface* arrival) {
  FilterView view{.packet = packet, .begin = begin};
  view.protocol =
      static_cast<std::uint16_t>(family == wire::Family::kV4 ? wire::EtherType::kIpv4 : wire::EtherType::kIpv6);
  view.interface = arrival != nullptr ? arrival->index() + 1U : 0U;
  view.kind = static_cast<std::uint8_t>(packet.meta().cast);
  return view;
}

}  // namespace catenet::transport
