// SPDX-License-Identifier: Apache-2.0
// LinkEndpoint: one end of a frame as a packet socket names it (Linux's sockaddr_ll, packet(7)).
#pragma once
#include <cstdint>

#include "catenet/wire/link_address.h"

namespace catenet::link {

/// Whose frame it is, in the numbers of Linux (PACKET_HOST ...).
enum class FrameKind : std::uint8_t { to_us = 0, broadcast = 1, multicast = 2, to_other = 3, outgoing = 4 };

inline constexpr std::uint16_t kEveryProtocol = 0x0003;  ///< ETH_P_ALL: no frame has it
inline constexpr std::uint16_t kRawLength = 0x0001;      ///< ETH_P_802_3: a length, and no LLC behind it
inline constexpr std::uint16_t kLlcLength = 0x0004;      ///< ETH_P_802_2: a length, then LLC

inline constexpr std::uint16_t kHardwareEthernet = 1;   ///< ARPHRD_ETHER
inline constexpr std::uint16_t kHardwareNone = 0xfffe;  ///< ARPHRD_NONE: no link layer

struct LinkEndpoint {
  std::uint16_t protocol = 0;  ///< an EtherType, or one of the above
  std::uint16_t hardware = 0;  ///< kHardwareEthernet, kHardwareNone; 0: not said
  unsigned interface = 0;      ///< its index + 1; 0: any
  FrameKind kind = FrameKind::to_us;
  wire::LinkAddress address;  ///< received: the sender's; to be sent without a header: the receiver's

  bool operator==(const LinkEndpoint&) const = default;
};

}  // namespace catenet::link
