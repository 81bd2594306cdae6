// SPDX-License-Identifier: Apache-2.0
// Packets as scripts write them.
#include <algorithm>
#include <array>
#include <charconv>

#include "catenet/packetdrill/notation.h"
#include "catenet/packetdrill/parser.h"
#include "catenet/wire/tcp.h"

namespace catenet::packetdrill {
namespace {

constexpr std::int64_t kMax8 = 0xff;
constexpr std::int64_t kMax16 = 0xffff;
constexpr std::int64_t kMax32 = 0xffffffff;
constexpr std::int64_t kMaxFlowLabel = 0xfffff;

template <typename T>
bool number(Scanner& in, T& out, std::int64_t high) {
  const auto value = in.integer(0, high);
  out = static_cast<T>(value.value_or(0));
  return value.has_value();
}

bool parse_ip_item(Scanner& in, IpFields& out) {
  static constexpr std::array<std::pair<std::string_view, std::uint8_t>, 4> kCodepoints{
      {{"noecn", 0}, {"ect1", 1}, {"ect0", 2}, {"ce", 3}}};
  for (const auto& [name, value] : kCodepoints) {
    if (in.accept_word(name)) {
      out.ecn = value;
      return true;
    }
  }
  if (in.accept_word("ect01")) {
    out.any_ect = true;
    return true;
  }
  std::uint8_t value = 0;
  if (in.accept_word("tos") || in.accept_word("class")) {
    const bool ok = number(in, value, kMax8);
    out.tos = value;
    return ok;
  }
  if (in.accept_word("ttl") || in.accept_word("hlim")) {
    const bool ok = number(in, value, kMax8);
    out.ttl = value;
    return ok;
  }
  if (in.accept_word("flowlabel")) {
    std::uint32_t label = 0;
    const bool ok = number(in, label, kMaxFlowLabel);
    out.flow_label = label;
    return ok && (in.ipv6() || in.complain("IPv4 has no flow labels"));
  }
  return in.complain("expected ect0, ect1, ect01, ce, noecn, tos, class, ttl, hlim or flowlabel");
}

// "[ect0]", "(tos 0x10)"; a bracket that opens an ICMP quotation is left alone.
bool parse_ip_fields(Scanner& in, IpFields& out) {
  in.skip_space();
  if (in.peek() != '[' && in.peek() != '(') {
    return true;
  }
  std::size_t n = 1;
  while (in.peek(n) == ' ') {
    ++n;
  }
  if (in.peek() == '[' && (in.peek(n) == 'u' || (in.peek(n) >= '0' && in.peek(n) <= '9'))) {
    return true;
  }
  const char* close = in.peek() == '[' ? "]" : ")";
  (void)in.accept(in.peek() == '[' ? "[" : "(");
  do {
    if (!parse_ip_item(in, out)) {
      return false;
    }
  } while (in.accept(","));
  return in.expect(close);
}

bool parse_sequence(Scanner& in, std::uint32_t& seq, std::uint32_t& length) {
  std::uint32_t end = 0;
  if (!number(in, seq, kMax32) || !in.expect(":") || !number(in, end, kMax32) || !in.expect("(") ||
      !number(in, length, kMax16) || !in.expect(")")) {
    return false;
  }
  if (end != seq + length) {
    return in.complain("sequence numbers that do not fit the length");
  }
  return true;
}

// "S.", "P.", "SEW", "-"; a digit after the point counts CE marks in the ACE field (RFC 9768).
bool parse_flags(Scanner& in, std::uint16_t& flags) {
  const std::string word = in.token();
  if (word.empty()) {
    return in.complain("expected TCP flags");
  }
  for (const char c : word) {
    if (c == '-' && word.size() == 1) {
      return true;
    }
    if (c >= '0' && c <= '7') {
      const auto ace = static_cast<unsigned>(c - '0');
      flags = static_cast<std::uint16_t>((flags & 0x3f) | ace << 6);
      continue;
    }
    const std::uint16_t bit = flag_of(c);
    if (bit == 0) {
      return in.complain("'" + word.substr(0, 16) + "' are no TCP flags");
    }
    flags |= bit;
  }
  return true;
}

void put16(std::vector<std::uint8_t>& out, std::uint32_t v) {
  out.push_back(static_cast<std::uint8_t>(v >> 8));
  out.push_back(static_cast<std::uint8_t>(v));
}
void put32(std::vector<std::uint8_t>& out, std::uint32_t v) {
  put16(out, v >> 16);
  put16(out, v);
}

// Names that suites define for a cookie: what the usual key, or one of zeroes, makes of the usual addresses.
std::string cookie_named(std::string word, bool ipv6) {
  if (word == "TFO_COOKIE") {
    return ipv6 ? "c1d1e9742a47a9bc" : "3021b9d889017eeb";
  }
  if (word == "TFO_COOKIE_ZERO") {
    return ipv6 ? "82af1a8f9a205c34" : "b7c12350a90dc8f5";
  }
  return word;
}

bool parse_hex(Scanner& in, std::vector<std::uint8_t>& out) {
  const std::string digits = cookie_named(in.word(), in.ipv6());
  if (digits.size() % 2 != 0 || digits.size() > 2 * wire::kTcpMaxOptions) {
    return in.complain("expected pairs of hexadecimal digits");
  }
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    std::uint8_t byte = 0;
    if (std::from_chars(&digits[i], &digits[i] + 2, byte, 16).ptr != &digits[i] + 2) {
      return in.complain("expected pairs of hexadecimal digits");
    }
    out.push_back(byte);
  }
  return true;
}

bool parse_sack(Scanner& in, TcpOption& out) {
  out.kind = option_kind::kSack;
  in.skip_space();
  while (in.looking_at_digit()) {
    std::uint32_t left = 0;
    std::uint32_t right = 0;
    if (!number(in, left, kMax32) || !in.expect(":") || !number(in, right, kMax32)) {
      return false;
    }
    if (out.body.size() + 10 > wire::kTcpMaxOptions) {
      return in.complain("more SACK blocks than a header holds");
    }
    put32(out.body, left);
    put32(out.body, right);
    in.skip_space();
  }
  return !out.body.empty() || in.complain("expected SACK blocks");
}

// "ECN e0b 1 ceb 0 e1b 1": up to three counters of three bytes in one of two orders.
bool parse_accurate_ecn(Scanner& in, TcpOption& out) {
  constexpr std::int64_t kMax24 = 0xffffff;
  static constexpr std::array<std::string_view, 3> kOrder0{"e0b", "ceb", "e1b"};
  static constexpr std::array<std::string_view, 3> kOrder1{"e1b", "ceb", "e0b"};
  in.skip_space();
  const bool first = !in.looking_at_word("e1b");
  out.kind = first ? option_kind::kAccurateEcn0 : option_kind::kAccurateEcn1;
  for (const std::string_view name : first ? kOrder0 : kOrder1) {
    std::uint32_t value = 0;
    if (!in.accept_word(name)) {
      break;
    }
    if (!number(in, value, kMax24)) {
      return false;
    }
    out.body.push_back(static_cast<std::uint8_t>(value >> 16));
    put16(out.body, value);
  }
  return true;
}

bool parse_option(Scanner& in, TcpOption& out) {
  const std::string name = in.word();
  std::uint32_t value = 0;
  std::uint32_t echo = 0;
  if (name == "nop" || name == "eol") {
    out.kind = name == "nop" ? option_kind::kNop : option_kind::kEnd;
    return true;
  }
  if (name == "mss") {
    out.kind = option_kind::kMss;
    const bool ok = number(in, value, kMax16);
    put16(out.body, value);
    return ok;
  }
  if (name == "wscale") {
    out.kind = option_kind::kWindowScale;
    const bool ok = number(in, value, kMax8);
    out.body.push_back(static_cast<std::uint8_t>(value));
    return ok;
  }
  if (name == "sackOK") {
    out.kind = option_kind::kSackPermitted;
    return true;
  }
  if (name == "sack") {
    return parse_sack(in, out);
  }
  if (name == "ECN") {
    return parse_accurate_ecn(in, out);
  }
  if (name == "TS") {
    out.kind = option_kind::kTimestamps;
    // "..." as the value: it is never compared.
    const bool ok = in.expect_word("val") && (in.accept("...") || number(in, value, kMax32)) && in.expect_word("ecr") &&
                    number(in, echo, kMax32);
    put32(out.body, value);
    put32(out.body, echo);
    return ok;
  }
  if (name == "FO" || name == "FOEXP" || name == "md5") {
    out.kind = name == "FO" ? option_kind::kFastOpen : name == "md5" ? option_kind::kMd5 : option_kind::kExperiment;
    if (name == "md5" && (in.accept_word("valid") || in.accept_word("invalid"))) {
      return in.complain("signatures that packetdrill makes", true);
    }
    if (name == "FOEXP") {
      put16(out.body, 0xf989);  // RFC 6994's identifier of TCP Fast Open
    }
    return parse_hex(in, out.body);
  }
  return in.complain(name.empty() ? "expected a TCP option" : "the TCP option " + name, !name.empty());
}

bool parse_tcp_options(Scanner& in, std::optional<std::vector<TcpOption>>& out) {
  out.emplace();
  if (!in.accept("<") || in.accept(">")) {
    return !in.failed();
  }
  if (in.accept("...")) {
    out.reset();
    return in.expect(">");
  }
  std::size_t bytes = 0;
  do {
    TcpOption option;
    if (!parse_option(in, option)) {
      return false;
    }
    bytes += option.kind <= option_kind::kNop ? 1 : 2 + option.body.size();
    if (bytes > wire::kTcpMaxOptions) {
      return in.complain("more options than a TCP header holds");
    }
    out->push_back(std::move(option));
  } while (in.accept(","));
  return in.expect(">");
}

// "1:101(100)", "0:0(0)!" or "...(0)"
bool parse_tcp_sequence(Scanner& in, bool inbound, TcpFields& out) {
  if (in.accept("...")) {
    out.any_seq = true;
    return (!inbound || in.complain("... can only be expected, not sent")) && in.expect("(") &&
           number(in, out.length, kMax16) && in.expect(")");
  }
  if (!parse_sequence(in, out.seq, out.length)) {
    return false;
  }
  out.wire_seq = in.accept("!");
  return true;
}

bool parse_tcp(Scanner& in, bool inbound, TcpFields& out) {
  if (!parse_flags(in, out.flags) || !parse_tcp_sequence(in, inbound, out)) {
    return false;
  }
  if (in.accept_word("ack") && !number(in, out.ack, kMax32)) {
    return false;
  }
  if (in.accept_word("win")) {
    std::uint16_t window = 0;
    if (!number(in, window, kMax16)) {
      return false;
    }
    out.window = window;
  }
  if (in.accept_word("urg") && !number(in, out.urgent, kMax16)) {
    return false;
  }
  if (!parse_tcp_options(in, out.options)) {
    return false;
  }
  if (inbound && !out.options) {
    return in.complain("<...> can only be expected, not sent");
  }
  in.skip_space();
  if (in.peek() == '{') {
    return in.complain("fuzzing of packets", true);
  }
  if (in.looking_at("/udp")) {
    return in.complain("TCP in UDP", true);
  }
  return true;
}

// "1001 > 8080"; "5." are flags.
bool parse_ports(Scanner& in, PacketEvent& out) {
  in.skip_space();
  std::size_t n = 0;
  while (in.peek(n) >= '0' && in.peek(n) <= '9') {
    ++n;
  }
  while (n > 0 && in.peek(n) == ' ') {
    ++n;
  }
  if (n == 0 || in.peek(n) != '>') {
    return true;
  }
  return number(in, out.source_port, kMax16) && in.expect(">") && number(in, out.destination_port, kMax16);
}

// "[1:1461(1460)]" or "[udp (100)]"
bool parse_quotation(Scanner& in, IcmpFields& out) {
  in.skip_space();
  if (in.peek() != '[') {
    return true;
  }
  (void)in.accept("[");
  if (in.accept_word("udp")) {
    out.quoted = IcmpFields::Quoted::udp;
    if (!in.expect("(") || !number(in, out.quoted_length, kMax16) || !in.expect(")")) {
      return false;
    }
  } else {
    out.quoted = IcmpFields::Quoted::tcp;
    if (!parse_sequence(in, out.quoted_seq, out.quoted_length)) {
      return false;
    }
  }
  return in.expect("]");
}

bool parse_icmp(Scanner& in, IcmpFields& out) {
  const std::string type = in.word();
  in.skip_space();
  std::string code;
  if (in.looking_at_letter() && !in.looking_at_word("mtu") && !in.looking_at_word("id")) {
    code = in.word();
  }
  out.v6 = in.ipv6();
  const auto found = icmp_numbers(type, code, out.v6);
  if (!found) {
    return in.complain("the ICMP message " + type.substr(0, 32) + (code.empty() ? "" : " " + code.substr(0, 32)), true);
  }
  out.type = found->first;
  out.code = found->second;
  if (in.accept_word("mtu") && !number(in, out.mtu, out.v6 ? kMax32 : kMax16)) {
    return false;
  }
  if (in.accept_word("id") && !number(in, out.id, kMax16)) {
    return false;
  }
  return parse_quotation(in, out);
}

}  // namespace

bool parse_packet(Scanner& in, PacketEvent& out) {
  out.inbound = in.accept("<");
  if (!out.inbound && !in.expect(">")) {
    return false;
  }
  if (!parse_ip_fields(in, out.ip)) {
    return false;
  }
  if (out.inbound && out.ip.any_ect) {
    return in.complain("[ect01] can only be expected, not sent");
  }
  in.skip_space();
  for (const char* layer : {"ipv4", "ipv6", "gre", "GREv0", "mpls", "sctp", "udplite", "icmpv6"}) {
    if (in.looking_at_word(layer)) {
      return in.complain(std::string("packets of ") + layer, true);
    }
  }
  IcmpFields icmp;
  if (!parse_quotation(in, icmp)) {  // the old place, before "icmp"
    return false;
  }
  if (icmp.quoted != IcmpFields::Quoted::none || in.looking_at_word("icmp")) {
    if (!in.expect_word("icmp") || !parse_icmp(in, icmp)) {
      return false;
    }
    out.body = icmp;
    return true;
  }
  if (in.accept_word("udp")) {
    UdpFields udp;
    if (!parse_ports(in, out) || !in.expect("(") || !number(in, udp.length, wire::kTcpHeaderSize + 65487) ||
        !in.expect(")")) {
      return false;
    }
    out.body = udp;
    return true;
  }
  if (!parse_ports(in, out)) {
    return false;
  }
  if (in.accept_word("udp")) {
    return in.complain("ports are written behind udp");
  }
  TcpFields tcp;
  if (!parse_tcp(in, out.inbound, tcp)) {
    return false;
  }
  out.body = std::move(tcp);
  return true;
}

}  // namespace catenet::packetdrill
