// SPDX-License-Identifier: Apache-2.0
// A packetdrill script as data: what the parser makes and the runner plays. Numbers are as written: sequence numbers in
// the script's own space, ports as the script names them (0: not named).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "catenet/base/time.h"

namespace catenet::packetdrill {

/// An argument or a result of a system call.
struct Expr {
  enum class Kind : std::uint8_t {
    ellipsis,  ///< "...": anything
    integer,
    word,    ///< a symbolic constant
    string,  ///< quoted, escapes left as they are
    list,    ///< [a, b]
    record,  ///< {a, b} or {name = a, ...}
    field,   ///< text = items[0]
    call,    ///< text(items...), as htons(80)
    either,  ///< items[0] | items[1] | ...
  };
  Kind kind = Kind::ellipsis;
  std::int64_t number = 0;
  std::string text;
  std::vector<Expr> items;
};

struct TcpOption {
  std::uint8_t kind = 0;
  std::vector<std::uint8_t> body;  ///< behind kind and length; empty for NOP and EOL
  bool operator==(const TcpOption&) const = default;
};
namespace option_kind {
inline constexpr std::uint8_t kEnd = 0;
inline constexpr std::uint8_t kNop = 1;
inline constexpr std::uint8_t kMss = 2;
inline constexpr std::uint8_t kWindowScale = 3;
inline constexpr std::uint8_t kSackPermitted = 4;
inline constexpr std::uint8_t kSack = 5;
inline constexpr std::uint8_t kTimestamps = 8;
inline constexpr std::uint8_t kMd5 = 19;
inline constexpr std::uint8_t kFastOpen = 34;
inline constexpr std::uint8_t kAccurateEcn0 = 172;  ///< RFC 9768 3.2.3: its counters begin with that of ECT(0)
inline constexpr std::uint8_t kAccurateEcn1 = 174;  ///< with that of ECT(1)
inline constexpr std::uint8_t kExperiment = 254;
}  // namespace option_kind

/// Bit 8 of TcpFields::flags: the AE bit of RFC 9768 (once NS), which shares its byte with the data offset.
inline constexpr std::uint16_t kTcpFlagAe = 0x100;

struct TcpFields {
  std::uint16_t flags = 0;  ///< wire::TcpFlag and kTcpFlagAe
  std::uint32_t seq = 0;
  std::uint32_t length = 0;  ///< bytes of payload
  std::uint32_t ack = 0;
  std::optional<std::uint16_t> window;  ///< not given: not compared
  std::uint16_t urgent = 0;
  std::optional<std::vector<TcpOption>> options;  ///< not given ("<...>"): not compared
  bool any_seq = false;                           ///< "...(0)": not compared
  bool wire_seq = false;                          ///< "0:0(0)!": as it is on the wire, whatever our number was
};
struct UdpFields {
  std::uint32_t length = 0;
};
struct IcmpFields {
  bool v6 = false;  ///< ICMPv6, whose numbers are others
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  std::uint32_t mtu = 0;
  std::uint16_t id = 0;
  enum class Quoted : std::uint8_t { none, tcp, udp } quoted = Quoted::none;
  std::uint32_t quoted_seq = 0;
  std::uint32_t quoted_length = 0;
};

/// What a script says about the IP header.
struct IpFields {
  std::optional<std::uint8_t> ecn;
  bool any_ect = false;             ///< [ect01]: either codepoint of RFC 3168
  std::optional<std::uint8_t> tos;  ///< IPv6: the traffic class
  std::optional<std::uint8_t> ttl;  ///< IPv6: the hop limit
  std::optional<std::uint32_t> flow_label;
};

struct PacketEvent {
  bool inbound = false;
  IpFields ip;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::variant<TcpFields, UdpFields, IcmpFields> body;
};
struct CallEvent {
  std::string name;
  std::vector<Expr> arguments;
  Expr result;
  std::string error;              ///< "EAGAIN", empty: none
  std::optional<Duration> until;  ///< a call that blocks: when it returns, on the scale of the event's time
};
struct CommandEvent {
  std::string text;  ///< between the backquotes
};
struct CodeEvent {
  std::string text;  ///< between %{ and }%
};

struct EventTime {
  enum class Kind : std::uint8_t { absolute, relative, any, absolute_range, relative_range };
  Kind kind = Kind::relative;
  Duration at;
  Duration end;  ///< ranges
};
struct Event {
  EventTime time;
  unsigned line = 0;
  std::variant<PacketEvent, CallEvent, CommandEvent, CodeEvent> what;
};

struct Script {
  std::vector<std::pair<std::string, std::string>> options;  ///< "--name=value"
  std::vector<Event> events;
};

/// Why a script was not understood.
struct Complaint {
  unsigned line = 0;
  std::string text;
  bool unsupported = false;  ///< good packetdrill, but of a part that is not there: the script is skipped
};

}  // namespace catenet::packetdrill
