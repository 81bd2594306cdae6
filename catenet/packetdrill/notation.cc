// SPDX-License-Identifier: Apache-2.0
#include "catenet/packetdrill/notation.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <span>

#include "catenet/wire/icmp.h"
#include "catenet/wire/tcp.h"

namespace catenet::packetdrill {
namespace {

using wire::TcpFlag;

struct Flag {
  char letter;
  std::uint16_t bit;
};
constexpr std::array<Flag, 9> kFlags{{{'S', TcpFlag::kSyn},
                                      {'F', TcpFlag::kFin},
                                      {'R', TcpFlag::kRst},
                                      {'P', TcpFlag::kPsh},
                                      {'U', TcpFlag::kUrg},
                                      {'E', TcpFlag::kEce},
                                      {'W', TcpFlag::kCwr},
                                      {'A', kTcpFlagAe},
                                      {'.', TcpFlag::kAck}}};

struct IcmpName {
  std::string_view type;
  std::string_view code;
  std::uint8_t type_number;
  std::uint8_t code_number;
};
constexpr std::array<IcmpName, 33> kIcmpNames{{{"echo_reply", "", 0, 0},
                                               {"unreachable", "net_unreachable", 3, 0},
                                               {"unreachable", "host_unreachable", 3, 1},
                                               {"unreachable", "protocol_unreachable", 3, 2},
                                               {"unreachable", "port_unreachable", 3, 3},
                                               {"unreachable", "frag_needed", 3, 4},
                                               {"unreachable", "source_route_failed", 3, 5},
                                               {"unreachable", "net_unknown", 3, 6},
                                               {"unreachable", "host_unknown", 3, 7},
                                               {"unreachable", "source_host_isolated", 3, 8},
                                               {"unreachable", "net_prohibited", 3, 9},
                                               {"unreachable", "host_prohibited", 3, 10},
                                               {"unreachable", "net_unreachable_for_tos", 3, 11},
                                               {"unreachable", "host_unreachable_for_tos", 3, 12},
                                               {"unreachable", "packet_filtered", 3, 13},
                                               {"unreachable", "precedence_violation", 3, 14},
                                               {"unreachable", "precedence_cutoff", 3, 15},
                                               {"source_quench", "", 4, 0},
                                               {"redirect", "", 5, 0},
                                               {"echo_request", "", 8, 0},
                                               {"time_exceeded", "", 11, 0},
                                               {"time_exceeded", "exceeded_in_transit", 11, 0},
                                               {"time_exceeded", "reassembly", 11, 1},
                                               {"time_exceeded", "ttl_exceeded_in_transit", 11, 0},
                                               {"time_exceeded", "frag_reass_exceeded", 11, 1},
                                               {"unreachable", "admin_prohibited", 3, 13},
                                               {"parameter_problem", "", 12, 0},
                                               {"timestamp_request", "", 13, 0},
                                               {"timestamp_reply", "", 14, 0},
                                               {"information_request", "", 15, 0},
                                               {"information_reply", "", 16, 0},
                                               {"address_mask_request", "", 17, 0},
                                               {"address_mask_reply", "", 18, 0}}};

constexpr std::array<IcmpName, 16> kIcmpv6Names{{{"unreachable", "no_route", 1, 0},
                                                 {"unreachable", "net_unreachable", 1, 0},
                                                 {"unreachable", "admin_prohibited", 1, 1},
                                                 {"unreachable", "not_neighbour", 1, 2},
                                                 {"unreachable", "address_unreachable", 1, 3},
                                                 {"unreachable", "port_unreachable", 1, 4},
                                                 {"packet_too_big", "", 2, 0},
                                                 {"time_exceeded", "", 3, 0},
                                                 {"time_exceeded", "exceeded_hop_limit", 3, 0},
                                                 {"time_exceeded", "exceeded_frag_time", 3, 1},
                                                 {"parameter_problem", "", 4, 0},
                                                 {"parameter_problem", "header_field", 4, 0},
                                                 {"parameter_problem", "unknown_next_header", 4, 1},
                                                 {"parameter_problem", "unknown_option", 4, 2},
                                                 {"echo_request", "", 128, 0},
                                                 {"echo_reply", "", 129, 0}}};
std::span<const IcmpName> icmp_names(bool v6) {
  return v6 ? std::span<const IcmpName>(kIcmpv6Names) : std::span<const IcmpName>(kIcmpNames);
}

std::optional<std::uint8_t> numbered(std::string_view word, std::string_view prefix) {
  std::uint8_t value = 0;
  if (!word.starts_with(prefix)) {
    return std::nullopt;
  }
  const char* end = word.data() + word.size();
  const auto [at, error] = std::from_chars(word.data() + prefix.size(), end, value);
  return error == std::errc() && at == end ? std::optional(value) : std::nullopt;
}

std::uint32_t get_be32(const std::vector<std::uint8_t>& b, std::size_t at) {
  return std::uint32_t{b[at]} << 24 | std::uint32_t{b[at + 1]} << 16 | std::uint32_t{b[at + 2]} << 8 | b[at + 3];
}

std::string option_text(const TcpOption& o) {
  const std::size_t size = o.body.size();
  switch (o.kind) {
    case option_kind::kEnd:
      return "eol";
    case option_kind::kNop:
      return "nop";
    case option_kind::kSackPermitted:
      return "sackOK";
    case option_kind::kMss:
      return size == 2 ? fmt::format("mss {}", o.body[0] << 8 | o.body[1]) : "mss ?";
    case option_kind::kWindowScale:
      return size == 1 ? fmt::format("wscale {}", o.body[0]) : "wscale ?";
    case option_kind::kTimestamps:
      return size == 8 ? fmt::format("TS val {} ecr {}", get_be32(o.body, 0), get_be32(o.body, 4)) : "TS ?";
    case option_kind::kSack: {
      std::string text = "sack";
      for (std::size_t i = 0; i + 8 <= size; i += 8) {
        text += fmt::format(" {}:{}", get_be32(o.body, i), get_be32(o.body, i + 4));
      }
      return text;
    }
    case option_kind::kAccurateEcn0:
    case option_kind::kAccurateEcn1: {
      const bool first = o.kind == option_kind::kAccurateEcn0;
      const std::array<std::string_view, 3> names{first ? "e0b" : "e1b", "ceb", first ? "e1b" : "e0b"};
      std::string text = "ECN";
      for (std::size_t i = 0; i < names.size() && 3 * i + 3 <= size; ++i) {
        text += fmt::format(" {} {}", names[i], o.body[3 * i] << 16 | o.body[3 * i + 1] << 8 | o.body[3 * i + 2]);
      }
      return text;
    }
    default: {
      std::string text = o.kind == option_kind::kFastOpen ? "FO " : fmt::format("kind {} ", o.kind);
      for (const std::uint8_t byte : o.body) {
        text += fmt::format("{:02x}", byte);
      }
      return text;
    }
  }
}

std::string ip_text(const IpFields& ip) {
  static constexpr std::array<std::string_view, 4> kNames{"noecn", "ect1", "ect0", "ce"};
  std::string text;
  const auto add = [&](const std::string& s) { text += (text.empty() ? "" : ",") + s; };
  if (ip.any_ect) {
    add("ect01");
  }
  if (ip.ecn) {
    add(std::string(kNames[*ip.ecn & 3]));
  }
  if (ip.tos) {
    add(fmt::format("tos {:#04x}", *ip.tos));
  }
  if (ip.ttl) {
    add(fmt::format("ttl {}", *ip.ttl));
  }
  if (ip.flow_label) {
    add(fmt::format("flowlabel {:#07x}", *ip.flow_label));
  }
  return text.empty() ? text : "[" + text + "] ";
}

std::string items_text(const std::vector<Expr>& items, std::string_view between) {
  std::string text;
  for (const Expr& item : items) {
    text += (text.empty() ? "" : std::string(between)) + to_text(item);
  }
  return text;
}

}  // namespace

std::uint16_t flag_of(char letter) {
  for (const Flag& flag : kFlags) {
    if (flag.letter == letter) {
      return flag.bit;
    }
  }
  return 0;
}

std::optional<std::pair<std::uint8_t, std::uint8_t>> icmp_numbers(std::string_view type, std::string_view code,
                                                                  bool v6) {
  // type_3, code_13
  const auto type_number = numbered(type, "type_");
  const auto code_number = code.empty() ? std::optional<std::uint8_t>(std::uint8_t{0}) : numbered(code, "code_");
  if (type_number && code_number) {
    return std::pair{*type_number, *code_number};
  }
  for (const IcmpName& name : icmp_names(v6)) {
    if (name.type == type && (name.code == code || code_number)) {
      return std::pair{name.type_number, name.code == code ? name.code_number : *code_number};
    }
  }
  return std::nullopt;
}

std::string to_text(const TcpFields& tcp) {
  std::string text;
  for (const Flag& flag : kFlags) {
    if ((tcp.flags & flag.bit) != 0) {
      text += flag.letter;
    }
  }
  text = fmt::format("{} {}:{}({})", text.empty() ? "-" : text, tcp.seq, tcp.seq + tcp.length, tcp.length);
  if ((tcp.flags & TcpFlag::kAck) != 0 || tcp.ack != 0) {
    text += fmt::format(" ack {}", tcp.ack);
  }
  if (tcp.window) {
    text += fmt::format(" win {}", *tcp.window);
  }
  if (tcp.urgent != 0) {
    text += fmt::format(" urg {}", tcp.urgent);
  }
  if (!tcp.options) {
    return text + " <...>";
  }
  std::string options;
  for (const TcpOption& option : *tcp.options) {
    options += (options.empty() ? "" : ",") + option_text(option);
  }
  return options.empty() ? text : text + " <" + options + ">";
}

std::string to_text(const UdpFields& udp) { return fmt::format("udp ({})", udp.length); }

std::string to_text(const IcmpFields& icmp) {
  std::string text = fmt::format("icmp type {} code {}", icmp.type, icmp.code);
  for (const IcmpName& name : icmp_names(icmp.v6)) {
    if (name.type_number == icmp.type && name.code_number == icmp.code) {
      text = fmt::format("icmp {}{}{}", name.type, name.code.empty() ? "" : " ", name.code);
      break;
    }
  }
  if (icmp.mtu != 0) {
    text += fmt::format(" mtu {}", icmp.mtu);
  }
  if (icmp.id != 0) {
    text += fmt::format(" id {}", icmp.id);
  }
  if (icmp.quoted == IcmpFields::Quoted::tcp) {
    text += fmt::format(" [{}:{}({})]", icmp.quoted_seq, icmp.quoted_seq + icmp.quoted_length, icmp.quoted_length);
  } else if (icmp.quoted == IcmpFields::Quoted::udp) {
    text += fmt::format(" [udp ({})]", icmp.quoted_length);
  }
  return text;
}

std::string to_text(const PacketEvent& packet) {
  std::string text = (packet.inbound ? "< " : "> ") + ip_text(packet.ip);
  const std::string body = std::visit([](const auto& b) { return to_text(b); }, packet.body);
  if (packet.source_port == 0 && packet.destination_port == 0) {
    return text + body;
  }
  const std::string ports = fmt::format("{} > {} ", packet.source_port, packet.destination_port);
  return std::holds_alternative<UdpFields>(packet.body) ? text + "udp " + ports + body.substr(4) : text + ports + body;
}

std::string to_text(Duration time) {
  return fmt::format("{}.{:06}", time.us() / 1'000'000, (time.us() < 0 ? -time.us() : time.us()) % 1'000'000);
}

std::string to_text(const Expr& e) {
  switch (e.kind) {
    case Expr::Kind::ellipsis:
      return "...";
    case Expr::Kind::integer:
      return std::to_string(e.number);
    case Expr::Kind::word:
      return e.text;
    case Expr::Kind::string:
      return '"' + e.text + '"';
    case Expr::Kind::list:
      return "[" + items_text(e.items, ", ") + "]";
    case Expr::Kind::record:
      return "{" + items_text(e.items, ", ") + "}";
    case Expr::Kind::field:
      return e.text + "=" + items_text(e.items, "");
    case Expr::Kind::call:
      return e.text + "(" + items_text(e.items, ", ") + ")";
    case Expr::Kind::either:
      return items_text(e.items, "|");
  }
  return "?";
}

}  // namespace catenet::packetdrill
