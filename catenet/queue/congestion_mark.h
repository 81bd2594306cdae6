// SPDX-License-Identifier: Apache-2.0
// "Congestion experienced" in the IPv4 or IPv6 header of a packet that waits in a queue (RFC 3168 5).
#pragma once
#include "catenet/packet/packet.h"

namespace catenet::queue {

/// Marks the packet if its sender allows that (ECT), and mends IPv4's header checksum (RFC 1624). False: it is not such
/// a packet, or nobody at this node has told where its network header is.
bool mark_congestion(Packet& packet);

}  // namespace catenet::queue
