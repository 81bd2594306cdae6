// SPDX-License-Identifier: Apache-2.0
// BareIpLink: no link layer at all. A frame is an IP packet and nothing else, as TUN devices and VPNs have it; which IP
// it is says the packet's first half-byte (RFC 791 3.1, RFC 8200 3). There is one neighbour, at the other end, without
// an address.
#pragma once
#include "catenet/net/link_layer.h"

namespace catenet::link {

class BareIpLink final : public LinkLayer {
 public:
  [[nodiscard]] std::size_t header_size() const override { return 0; }
  [[nodiscard]] bool needs_resolution() const override { return false; }
  /// Nothing is put round the packet. False for what is not IP: it cannot be told apart at the other end.
  [[nodiscard]] bool encapsulate(Packet& packet, const wire::LinkAddress& from, const wire::LinkAddress& to,
                                 std::uint16_t protocol) override;
  [[nodiscard]] std::expected<Arrival, DropReason> decapsulate(Packet& frame, const wire::LinkAddress& ours) override;
  /// No such frame has a check sequence.
  [[nodiscard]] bool verify(Packet& frame) override;
};

}  // namespace catenet::link
