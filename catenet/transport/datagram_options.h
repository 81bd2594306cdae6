// SPDX-License-Identifier: Apache-2.0
// DatagramOptions: what UDP's sockets and raw ones can be set to alike.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "catenet/packet/packet.h"
#include "catenet/packet/packet_filter.h"
#include "catenet/wire/ip_address.h"

namespace catenet {
class Interface;
}

namespace catenet::transport {

struct DatagramOptions {
  static constexpr std::size_t kDefaultReceiveLimit = 212'992;  ///< bytes, Linux's rmem_default
  static constexpr std::size_t kDefaultSendLimit = 106'496;     ///< half of Linux's wmem_default, which it tells

  std::size_t receive_limit = kDefaultReceiveLimit;  ///< bytes, the cost of each packet included
  /// Told to who asks: what is sent is the interface's at once, whose queue has a limit of its own (SO_SNDBUF).
  std::size_t send_limit = kDefaultSendLimit;
  std::uint8_t ttl = 0;            ///< 0: the node's default
  std::uint8_t multicast_ttl = 1;  ///< RFC 1112 6.1; 0: no further than this host
  std::uint8_t traffic_class = 0;
  bool multicast_loop = true;             ///< what it sends to a group of this host is heard here, too
  Interface* multicast_device = nullptr;  ///< where packets to groups go; null: by route (IP_MULTICAST_IF)
  wire::IpAddress multicast_source;       ///< and from which address; unspecified: one of the interface's
  bool broadcast = false;                 ///< may send to broadcast addresses (SO_BROADCAST)
  bool reuse_address = false;   ///< may share its port with others that say the same; the youngest gets what comes
  bool dont_fragment = false;   ///< what is larger than the path's MTU fails with EMSGSIZE
  bool receive_errors = false;  ///< keep ICMP errors in the error queue, connected or not
  Interface* device = nullptr;  ///< packets come and go there only (SO_BINDTODEVICE)
  std::uint32_t priority = 0;   ///< for queues (SO_PRIORITY)
  std::uint32_t mark = 0;       ///< for filters (SO_MARK)
  /// What of a packet is wanted (SO_ATTACH_FILTER): of UDP's from their header on, of raw ones as they are received.
  FilterSlot packet_filter;

  void label(PacketMeta& meta) const { label(meta, priority, mark); }
  /// A packet has 8 priorities: what is above is the highest.
  static void label(PacketMeta& meta, std::uint32_t priority, std::uint32_t mark) {
    constexpr std::uint32_t kHighest = 7;
    meta.priority = static_cast<std::uint8_t>(std::min(priority, kHighest));
    meta.mark = mark;
  }
};

}  // namespace catenet::transport
