// SPDX-License-Identifier: Apache-2.0
// The language: text in, Script or the first Complaint out. Limits keep hostile scripts small: bytes, events, depth and
// length of expressions, time.
//
// Lines between "#ifdef NAME" and "#endif" are left out unless NAME is defined.
//
//   script    = { "--name=value" } [ `command` ] { event }
//   event     = time ( packet | call | `command` | %{ code }% )
//   time      = 1.5 | +1.5 | 1.5~1.6 | +1.5~+1.6 | *
//   packet    = ( "<" | ">" ) [ "[ect0]" ] [ port > port ] ( tcp | udp | icmp )
//   tcp       = flags first:last(length) [ ack n ] [ win n ] [ urg n ] [ "<" options ">" ]
//   udp       = udp (length)
//   icmp      = icmp type [ code ] [ mtu n ] [ id n ] [ "[" first:last(length) "]" ]
//   call      = [ "..." end ] name(arguments) = result [ ERRNO ] [ (words) ]
#pragma once
#include <expected>
#include <optional>
#include <string_view>

#include "catenet/packetdrill/scanner.h"
#include "catenet/packetdrill/script.h"
#include "catenet/packetdrill/settings.h"

namespace catenet::packetdrill {

inline constexpr std::size_t kMaxScriptBytes = std::size_t{1} << 20;
inline constexpr std::size_t kMaxEvents = 20'000;
inline constexpr unsigned kMaxDepth = 24;
inline constexpr std::size_t kMaxItems = 1024;

/// ICMP messages have other names in each family. `version`, if given, goes before what the script says of it.
/// `defined` is the name for which "#ifdef" holds: what scripts call behaviour by the RFCs, unless said otherwise.
[[nodiscard]] std::expected<Script, Complaint> parse(std::string_view text, std::optional<IpVersion> version = {},
                                                     std::string_view defined = "STANDARD");

// The parts; false after a complaint.
[[nodiscard]] bool parse_packet(Scanner& in, PacketEvent& out);
[[nodiscard]] bool parse_call(Scanner& in, CallEvent& out);

}  // namespace catenet::packetdrill
