// SPDX-License-Identifier: Apache-2.0
// One line about a frame, in the manner of tcpdump: addresses, protocol, ports, flags, sequence numbers, length. For
// people who compare runs; Wireshark knows more.
//   10.0.0.2:49152 > 10.0.1.2:80 TCP S seq 123 win 65535 len 0 <mss 1460, sack, ws 7>
//   ARP who has 10.0.0.1, tell 10.0.0.2
#pragma once
#include <cstdint>
#include <span>
#include <string>

namespace catenet::trace {

/// `frame` may be cut short (snaplen), and any bytes at all: what cannot be told is said in the line. Link types are
/// those of pcapng.h; of others the line says the number.
[[nodiscard]] std::string summary(std::span<const std::byte> frame, std::uint16_t link_type);

}  // namespace catenet::trace
