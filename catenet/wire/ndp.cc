// SPDX-License-Identifier: Apache-2.0
// Neighbour discovery messages (RFC 4861 4).
#include "catenet/wire/ndp.h"

namespace catenet::wire {
namespace {

constexpr std::size_t kUnit = 8;  // options come in units of eight bytes

NdpNeighborMessage make(Icmpv6Type type, const Ipv6Address& target, std::uint32_t flags) {
  return {{static_cast<std::uint8_t>(type), 0, std::uint16_t{0}, flags}, target};
}

}  // namespace

NdpNeighborMessage NdpNeighborMessage::solicitation(const Ipv6Address& target) {
  return make(Icmpv6Type::kNeighborSolicitation, target, 0);
}

NdpNeighborMessage NdpNeighborMessage::advertisement(const Ipv6Address& target, std::uint32_t flags) {
  return make(Icmpv6Type::kNeighborAdvertisement, target, flags);
}

Parsed<NdpOptions> NdpOptions::parse(Bytes options) {
  NdpOptions found;
  while (!options.empty()) {
    const std::size_t size = options.size() < 2 ? 0 : load8(options, 1) * kUnit;
    if (size == 0 || size > options.size()) {
      return bad(WireError::kBadOption);
    }
    const NdpOptionType type{load8(options, 0)};
    if (type == NdpOptionType::kSourceLinkAddress || type == NdpOptionType::kTargetLinkAddress) {
      if (size != sizeof(NdpLinkAddressOption)) {
        return bad(WireError::kBadOption);
      }
      auto& place = type == NdpOptionType::kSourceLinkAddress ? found.source_link_address : found.target_link_address;
      if (!place) {  // the first of several
        place = view<NdpLinkAddressOption>(options)->address;
      }
    }
    options = options.subspan(size);
  }
  return found;
}

}  // namespace catenet::wire
