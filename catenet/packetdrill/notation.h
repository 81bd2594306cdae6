// SPDX-License-Identifier: Apache-2.0
// packetdrill's notation, from values to text, and the names that the language gives to ICMP messages and TCP flags.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "catenet/packetdrill/script.h"

namespace catenet::packetdrill {

/// The bit of a flag's letter: F S R P . U E W A; 0 for any other.
[[nodiscard]] std::uint16_t flag_of(char letter);
/// Type and code of "unreachable" "frag_needed"; a code may be missing for types that have only one. `v6`: of ICMPv6.
[[nodiscard]] std::optional<std::pair<std::uint8_t, std::uint8_t>> icmp_numbers(std::string_view type,
                                                                                std::string_view code, bool v6);

/// "P. 1:1001(1000) ack 1 win 257 <nop,nop,TS val 5 ecr 6>". A window or options that are not given are left out.
[[nodiscard]] std::string to_text(const TcpFields& tcp);
[[nodiscard]] std::string to_text(const UdpFields& udp);
[[nodiscard]] std::string to_text(const IcmpFields& icmp);
/// With its direction, IP fields and ports, as far as they are given: "> [ect0] 80 > 1234 . 1:1(0) ack 1".
[[nodiscard]] std::string to_text(const PacketEvent& packet);
/// Seconds, six digits: "0.100000".
[[nodiscard]] std::string to_text(Duration time);
[[nodiscard]] std::string to_text(const Expr& expression);

}  // namespace catenet::packetdrill
