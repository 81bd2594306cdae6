// SPDX-License-Identifier: Apache-2.0
// FrameRule: what is done to frames that are picked one by one, as an Impairment obeys it: those that come from certain
// nodes (a partition of the network), those that a filter wants, or all; each of them, or every nth.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "catenet/base/time.h"
#include "catenet/net/drop_reason.h"
#include "catenet/packet/packet.h"
#include "catenet/packet/packet_filter.h"
#include "catenet/wire/ip_address.h"
#include "catenet/wire/link_address.h"

namespace catenet::medium {

/// Addresses of nodes. A frame comes from one of them if its Ethernet source is one of their interfaces, or its IP
/// source (RFC 791, RFC 8200) one of their addresses: then a router has passed it on.
struct Origins {
  std::vector<std::uint64_t> links;    ///< MacAddress::to_u64(), ascending
  std::vector<wire::IpAddress> hosts;  ///< ascending
  [[nodiscard]] bool contain_source_of(const Packet& frame) const;
};

struct FrameRule {
  enum class Action : std::uint8_t { drop, delay, duplicate, corrupt };

  std::uint64_t number = 0;                    ///< of whoever made it, for Impairment::remove_rule()
  std::shared_ptr<const Origins> origins;      ///< null: frames from anywhere
  std::shared_ptr<const PacketFilter> filter;  ///< sees the frame from its first byte; null: any frame
  std::uint64_t nth = 1;                       ///< of those that fit, counted from 1
  bool repeats = true;                         ///< every nth, not the nth only
  Action action = Action::drop;
  DropReason reason = DropReason::partitioned;  ///< of Action::drop
  Duration delay;                               ///< of Action::delay

  /// Is it to be done to this frame? Counts it.
  [[nodiscard]] bool takes(const Packet& frame);

  std::uint64_t seen = 0;  ///< frames that fit so far
};

}  // namespace catenet::medium
