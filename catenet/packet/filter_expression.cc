// SPDX-License-Identifier: Apache-2.0
#include "catenet/packet/filter_expression.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "catenet/base/text.h"
#include "catenet/packet/filter_code.h"
#include "catenet/packet/filter_primitives.h"
#include "catenet/packet/filter_scanner.h"

namespace catenet {
namespace {

using Tree = std::expected<FilterTree, FilterError>;

constexpr std::size_t kLongest = 4096;
constexpr int kDeepest = 64;
constexpr std::string_view kExample = "expected for example 'tcp and src alice and port 80'";

std::unexpected<FilterError> wrong(std::size_t offset, std::string message) {
  return std::unexpected(FilterError{offset, std::move(message)});
}
std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

std::optional<std::uint32_t> number(std::string_view text) {
  const bool hex = text.starts_with("0x");
  text.remove_prefix(hex ? 2 : 0);
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, hex ? 16 : 10);
  return error == std::errc() && end == text.data() + text.size() && !text.empty() ? std::optional(value)
                                                                                   : std::nullopt;
}

std::optional<std::uint64_t> mac(std::string_view text) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 17; ++i) {
    const char c = i < text.size() ? text[i] : '\0';
    if (i % 3 == 2 ? c != ':' : hex_digit(c) < 0) {
      return std::nullopt;
    }
    value = i % 3 == 2 ? value : value << 4 | static_cast<unsigned>(hex_digit(c));
  }
  return text.size() == 17 ? std::optional(value) : std::nullopt;
}

/// What stands in front of a name or number.
struct Qualifiers {
  std::string_view protocol;
  FilterDirection direction = FilterDirection::either;
  std::string_view type;
};

class Parser {
 public:
  Parser(std::string_view expression, FilterNames names) : tokens_(scan_filter(expression)), names_(names) {}

  Tree parse() {
    if (peek().text.empty()) {
      return wrong(0, std::string("an empty filter; ") + std::string(kExample));
    }
    Tree tree = parse_all();
    if (tree && !peek().text.empty()) {
      return wrong(peek().offset, quoted(peek().text) + " is out of place; expected 'and', 'or' or the end");
    }
    return tree;
  }

 private:
  [[nodiscard]] const FilterToken& peek(std::size_t ahead = 0) const {
    return tokens_[std::min(next_ + ahead, tokens_.size() - 1)];
  }
  FilterToken take() { return next_ + 1 < tokens_.size() ? tokens_[next_++] : tokens_.back(); }
  bool skip(std::string_view text) {
    if (peek().text != text) {
      return false;
    }
    ++next_;
    return true;
  }

  Tree parse_all() {
    Tree left = parse_one();
    while (left) {
      const bool both = skip("and") || skip("&&");
      if (!both && !skip("or") && !skip("||")) {
        break;
      }
      Tree right = parse_one();
      if (!right) {
        return right;
      }
      left =
          both ? filter_both(std::move(*left), std::move(*right)) : filter_either(std::move(*left), std::move(*right));
    }
    return left;
  }

  Tree parse_one() {
    bool negated = false;
    while (skip("not") || skip("!")) {
      negated = !negated;
    }
    Tree tree = peek().text == "(" ? parse_in_parentheses() : parse_primitive();
    return tree && negated ? filter_not(std::move(*tree)) : std::move(tree);
  }

  Tree parse_in_parentheses() {
    const FilterToken open = take();
    if (++depth_ > kDeepest) {
      return wrong(open.offset, "parentheses nested more than 64 deep");
    }
    last_ = {};
    Tree tree = parse_all();
    --depth_;
    if (tree && !skip(")")) {
      return wrong(peek().offset, "the parenthesis is never closed; expected 'and', 'or' or ')'");
    }
    return tree;
  }

  Tree parse_primitive() {
    const FilterToken first = peek();
    if (!first.is_word) {
      return wrong(first.offset, (first.text.empty() ? std::string("the end") : quoted(first.text)) +
                                     " where a condition is missing; " + std::string(kExample));
    }
    if (peek(1).text == "[" || first.text == "len") {
      return parse_relation();
    }
    if (FilterTree flag = filter_tcp_flag(first.text); flag != nullptr) {
      (void)take();
      return flag;
    }
    if (first.text == "less" || first.text == "greater") {
      (void)take();
      const auto n = take_number("a length in bytes");
      return n ? Tree(filter_length(first.text == "greater", *n)) : std::unexpected(n.error());
    }
    Qualifiers q;
    bool any = false;
    if (is_filter_protocol(first.text)) {
      q.protocol = take().text;
      any = true;
    }
    any = parse_direction(q.direction) || any;
    for (const std::string_view type : {"host", "net", "portrange", "port", "proto", "broadcast", "multicast"}) {
      if (q.type.empty() && skip(type)) {
        q.type = type;
        any = true;
      }
    }
    if (q.type == "broadcast" || q.type == "multicast") {
      return group(first, q);
    }
    if (!starts_a_value(q)) {
      if (q.type.empty() && q.direction == FilterDirection::either && !q.protocol.empty()) {
        return filter_protocol(q.protocol);
      }
      return wrong(peek().offset, "a name, address or number is missing; " + std::string(kExample));
    }
    if (!any) {
      q = last_;
    }
    last_ = q;
    return parse_value(q);
  }

  bool parse_direction(FilterDirection& direction) {
    const bool src = peek().text == "src";
    if (!src && peek().text != "dst") {
      return false;
    }
    (void)take();
    direction = src ? FilterDirection::source : FilterDirection::destination;
    const std::string_view other = src ? "dst" : "src";
    if ((peek().text == "or" || peek().text == "and") && peek(1).text == other) {
      direction = peek().text == "or" ? FilterDirection::either : FilterDirection::both;
      (void)take();
      (void)take();
    }
    return true;
  }

  // After a bare protocol another condition may follow at once by `and`: "tcp and ...".
  [[nodiscard]] bool starts_a_value(const Qualifiers& q) const {
    const std::string_view text = peek().text;
    return peek().is_word && text != "and" && text != "or" && text != "not" &&
           !(q.type.empty() && is_filter_protocol(text));
  }

  Tree group(const FilterToken& first, const Qualifiers& q) {
    if (q.direction != FilterDirection::either ||
        !(q.protocol.empty() || q.protocol == "ether" || (q.protocol == "ip" && q.type == "multicast"))) {
      return wrong(first.offset, "nothing that can be said of " + std::string(q.type) +
                                     "; expected broadcast, multicast, "
                                     "ether broadcast, ether multicast or ip multicast");
    }
    return filter_group(q.protocol, q.type == "broadcast");
  }

  Tree parse_value(const Qualifiers& q) {
    const bool about_ports = q.type == "port" || q.type == "portrange";
    const bool transport = q.protocol == "tcp" || q.protocol == "udp";
    if (about_ports ? !q.protocol.empty() && !transport
                    : transport || q.protocol.starts_with("icmp") || q.protocol == "igmp") {
      return wrong(peek().offset,
                   quoted(q.protocol) + (about_ports ? " has no ports; expected tcp, udp or neither"
                                                     : " has no such addresses; expected 'and' or 'port'"));
    }
    if (about_ports) {
      return parse_ports(q);
    }
    if (q.type == "proto") {
      return parse_protocol_number(q);
    }
    if (q.protocol == "ether") {
      const FilterToken token = take();
      const auto address = mac(token.text);
      return address ? Tree(filter_link_host(*address, q.direction))
                     : wrong(token.offset,
                             quoted(token.text) + " is no MAC address; expected for example 02:00:00:01:00:00");
    }
    return q.type == "net" ? parse_network(q) : parse_host(q);
  }

  Tree parse_ports(const Qualifiers& q) {
    const FilterToken token = take();
    const std::size_t dash = q.type == "portrange" ? token.text.find('-') : std::string_view::npos;
    const auto low = number(token.text.substr(0, dash));
    const auto high = dash == std::string_view::npos ? low : number(token.text.substr(dash + 1));
    if (!low || !high || *high > 65'535 || *low > *high || (q.type == "portrange" && dash == std::string_view::npos)) {
      return wrong(token.offset,
                   quoted(token.text) + (q.type == "port" ? " is no port; expected 0 to 65535"
                                                          : " is no range of ports; expected for example 80-90"));
    }
    return filter_ports(q.protocol, *low, *high, q.direction);
  }

  Tree parse_protocol_number(const Qualifiers& q) {
    const std::size_t offset = peek().offset;
    const auto n = take_number("the number of a protocol");
    if (!n) {
      return std::unexpected(n.error());
    }
    const bool fits = q.protocol == "ether" ? *n <= 0xffff : *n <= 0xff;
    if (!fits || q.direction != FilterDirection::either || (q.protocol == "arp" || q.protocol == "rarp")) {
      return wrong(offset, "no such protocol; expected for example 'ip proto 6' or 'ether proto 0x800'");
    }
    return filter_protocol_number(q.protocol, *n);
  }

  Tree parse_network(const Qualifiers& q) {
    const FilterToken token = take();
    const std::size_t slash = token.text.find('/');
    const auto length =
        slash == std::string_view::npos ? std::optional<std::uint32_t>(32) : number(token.text.substr(slash + 1));
    const auto address = parse_filter_ipv4(token.text.substr(0, slash));
    if (!address || !length || *length > 32) {
      return wrong(token.offset, quoted(token.text) + " is no network; expected for example 10.0.1.0/24");
    }
    const std::uint32_t mask = *length == 0 ? 0 : 0xffff'ffffU << (32 - *length);
    if ((*address & ~mask) != 0) {
      return wrong(token.offset,
                   quoted(token.text) + " has bits behind its length; expected a network's first address");
    }
    return filter_network(q.protocol, *address, mask, q.direction);
  }

  Tree parse_host(const Qualifiers& q) {
    const FilterToken token = take();
    if (const auto ipv4 = parse_filter_ipv4(token.text)) {
      return filter_network(q.protocol, *ipv4, 0xffff'ffff, q.direction);
    }
    const auto addresses = names_ ? names_(token.text) : std::nullopt;
    if (!addresses) {
      return wrong(token.offset,
                   "unknown host " + quoted(token.text) + "; expected a node, an IPv4 address or a condition");
    }
    FilterTree tree;
    for (const FilterAddress& address : *addresses) {
      FilterTree one = filter_host(q.protocol, address, q.direction);
      tree = tree == nullptr ? std::move(one) : filter_either(std::move(tree), std::move(one));
    }
    return tree != nullptr ? std::move(tree) : FilterCondition::constant(false);
  }

  // ---- PROTO[OFFSET:SIZE] & MASK OP VALUE ------------------------------------------------------------------------

  Tree parse_relation() {
    const FilterToken protocol = take();
    FilterAccess access{.protocol = protocol.text};
    if (protocol.text != "len") {
      if (!is_filter_protocol(protocol.text) || protocol.text == "ip6" || protocol.text == "icmp6") {
        return wrong(protocol.offset,
                     quoted(protocol.text) + " has no bytes to look at; expected ether, ip, arp, tcp, udp or icmp");
      }
      if (auto done = parse_access(access); !done) {
        return std::unexpected(done.error());
      }
    }
    if (skip("&")) {
      const auto mask = parse_constants();
      if (!mask) {
        return std::unexpected(mask.error());
      }
      access.mask = *mask;
    }
    const FilterToken op = take();
    constexpr std::array<std::string_view, 7> kOps = {"=", "==", "!=", "<", "<=", ">", ">="};
    if (std::find(kOps.begin(), kOps.end(), op.text) == kOps.end()) {
      return wrong(op.offset, quoted(op.text) + " compares nothing; expected =, !=, <, <=, > or >=");
    }
    const auto value = parse_constants();
    if (!value) {
      return std::unexpected(value.error());
    }
    return filter_relation(access, op.text, *value);
  }

  std::expected<void, FilterError> parse_access(FilterAccess& access) {
    (void)take();  // [
    const auto offset = parse_constants();
    if (!offset) {
      return std::unexpected(offset.error());
    }
    access.offset = *offset;
    if (skip(":")) {
      const FilterToken size = take();
      if (size.text != "1" && size.text != "2" && size.text != "4") {
        return wrong(size.offset, quoted(size.text) + " is no size; expected 1, 2 or 4 bytes");
      }
      access.size = static_cast<std::uint8_t>(size.text[0] - '0');
    }
    if (access.offset > 65'535) {
      return wrong(peek().offset, "no frame is that long; expected an offset below 65536");
    }
    return skip("]") ? std::expected<void, FilterError>()
                     : wrong(peek().offset, "the bracket is never closed; expected for example tcp[13]");
  }

  /// 0x12, tcp-syn, (tcp-syn|tcp-ack)
  std::expected<std::uint32_t, FilterError> parse_constants() {
    const bool open = skip("(");
    std::uint32_t sum = 0;
    do {
      const FilterToken token = take();
      const auto named = filter_constant(token.text);
      const auto value = named ? named : number(token.text);
      if (!value) {
        return wrong(token.offset, quoted(token.text) + " is no number; expected one, or a name such as tcp-syn");
      }
      sum |= *value;
    } while (skip("|"));
    return !open || skip(")") ? std::expected<std::uint32_t, FilterError>(sum)
                              : wrong(peek().offset, "the parenthesis is never closed; expected ')'");
  }

  std::expected<std::uint32_t, FilterError> take_number(std::string_view what) {
    const FilterToken token = take();
    const auto n = number(token.text);
    return n ? std::expected<std::uint32_t, FilterError>(*n)
             : wrong(token.offset, quoted(token.text) + " is not " + std::string(what));
  }

  std::vector<FilterToken> tokens_;
  FilterNames names_;
  std::size_t next_ = 0;
  int depth_ = 0;
  Qualifiers last_;
};

}  // namespace

std::expected<std::vector<FilterInstruction>, FilterError> compile_filter(std::string_view expression,
                                                                          FilterNames names) {
  if (expression.size() > kLongest) {
    return wrong(kLongest, "a filter of more than 4096 characters");
  }
  const Tree tree = Parser(expression, names).parse();
  if (!tree) {
    return std::unexpected(tree.error());
  }
  std::vector<FilterInstruction> program = generate_filter(**tree);
  if (program.size() > PacketFilter::kMostInstructions) {
    return wrong(0, "the filter is too long: " + std::to_string(program.size()) + " instructions; at most 4096");
  }
  return program;
}

}  // namespace catenet
