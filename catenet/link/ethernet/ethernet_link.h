// SPDX-License-Identifier: Apache-2.0
// EthernetLink: the link layer of an Ethernet interface. Sends Ethernet II; receives Ethernet II and, for protocols
// carried in SNAP with a zero OUI (RFC 1042), 802.3. Pads to the 60 bytes of the shortest frame. Stateless: the address
// of the station is the interface's.
#pragma once
#include "catenet/net/link_layer.h"

namespace catenet::link {

class EthernetLink final : public LinkLayer {
 public:
  [[nodiscard]] std::size_t header_size() const override { return 14; }
  [[nodiscard]] bool needs_resolution() const override { return true; }
  [[nodiscard]] bool encapsulate(Packet& packet, const wire::LinkAddress& from, const wire::LinkAddress& to,
                                 std::uint16_t protocol) override;
  [[nodiscard]] std::expected<Arrival, DropReason> decapsulate(Packet& frame, const wire::LinkAddress& ours) override;
  [[nodiscard]] bool verify(Packet& frame) override;
};

}  // namespace catenet::link
