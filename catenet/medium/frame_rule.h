// SPDX-License-Identifier: Apache-2.0
// FrameRule: what is done to frames that are picked one by one, as an Impairment obeys it: those that come from certain
// nodes (a partition of the network), or all.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "catenet/base/time.h"
#include "catenet/net/drop_reason.h"
#include "catenet/packet/packet.h"
#include "catenet/wire/ip_address.h"
#include "catenet/wire/link_address.h"

namespace catenet::medium {

/// Addresses of nodes. A frame comes from one of them if its Ethernet source is one of their interfaces, or its IP source
/// (RFC 791, RFC 8200) one of their addresses: then a router has passed it on.
struct Origins {
  std::vector<std::uint64_t> links;    ///< MacAddress::to_u64(), ascending
  std::vector<wire::IpAddress> hosts;  ///< ascending
  [[nodiscard]] bool contain_source_of(const Packet& frame) const;
};

struct FrameRule {
  enum class Action : std::uint8_t { drop, delay, duplicate, corrupt };

  std::uint64_t number = 0;                ///< of whoever made it, for Impairment::remove_rule()
  std::shared_ptr<const Origins> origins;  ///< null: frames from anywhere
  Action action = Action::drop;
  DropReason reason = DropReason::partitioned;  ///< of Action::drop
  Duration delay;                               ///< of Action::delay

  /// Is it to be done to this frame?
  [[nodiscard]] bool takes(const Packet& frame);
};

}  // namespace catenet::medium
