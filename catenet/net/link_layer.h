// SPDX-License-Identifier: Apache-2.0
// LinkLayer: what an interface puts around a network-layer packet (OSI 2). One object per interface.
#pragma once
#include <cstddef>
#include <cstdint>
#include <expected>

#include "catenet/net/drop_reason.h"
#include "catenet/packet/packet.h"
#include "catenet/wire/address.h"

namespace catenet {

class LinkLayer {
 public:
  virtual ~LinkLayer() = default;
  /// So aligned that it is returned in memory: packed into registers it would have to be read back from what was just
  /// written piece by piece.
  struct alignas(8) Arrival {
    std::uint16_t protocol = 0;  ///< EtherType, whatever the encapsulation
    wire::LinkAddress source;
  };
  /// Bytes that encapsulate() puts in front at most.
  [[nodiscard]] virtual std::size_t header_size() const = 0;
  /// Largest frame for an MTU: header + MTU, without FCS.
  [[nodiscard]] std::size_t max_frame(std::size_t mtu) const { return header_size() + mtu; }
  /// True if neighbours have addresses to be resolved (Ethernet); false on point-to-point links.
  [[nodiscard]] virtual bool needs_resolution() const = 0;
  /// Puts the link header round the packet (and padding behind it). False: no memory.
  [[nodiscard]] virtual bool encapsulate(Packet& packet, const wire::LinkAddress& from, const wire::LinkAddress& to,
                                         std::uint16_t protocol) = 0;
  /// Takes the link header off and sets meta().cast. The reason if the frame is not acceptable.
  [[nodiscard]] virtual std::expected<Arrival, DropReason> decapsulate(Packet& frame,
                                                                       const wire::LinkAddress& ours) = 0;
  /// Verifies and strips the check sequence of a frame whose meta().fcs_present is set. False: damaged.
  [[nodiscard]] virtual bool verify(Packet& frame) = 0;
};

}  // namespace catenet
