// SPDX-License-Identifier: Apache-2.0
// Is this the packet that the script expects? Everything it writes counts; what it leaves open does not.
#pragma once
#include <string>

#include "catenet/packetdrill/datagram.h"
#include "catenet/packetdrill/script.h"

namespace catenet::packetdrill {

/// `got` in the script's numbers. Empty: they agree; else what differs, "flags", "sequence number", ...
[[nodiscard]] std::string difference(const PacketEvent& expected, const Seen& got);

/// Segments that left together, as one (a stack with segmentation offload would have sent one): `next` continues
/// `whole` with equal flags, acknowledgement, window and size, only the last may be shorter. PSH and FIN are the last
/// one's. False: it does not continue it.
[[nodiscard]] bool glue(TcpFields& whole, std::uint32_t first_length, const TcpFields& next);

/// What left, in the words of the script, with as much of the IP header as `expected` asks for.
[[nodiscard]] std::string shown(const PacketEvent& expected, const Seen& got);

}  // namespace catenet::packetdrill
