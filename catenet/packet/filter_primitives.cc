// SPDX-License-Identifier: Apache-2.0
#include "catenet/packet/filter_primitives.h"

#include <algorithm>
#include <array>
#include <utility>

#include "catenet/base/text.h"

namespace catenet {
namespace {

constexpr std::uint32_t kTypeAt = 12;
constexpr std::uint32_t kIpv4ProtocolAt = kFilterNetworkAt + 9;
constexpr std::uint32_t kIpv6NextAt = kFilterNetworkAt + 6;
constexpr std::uint32_t kIpv6PayloadAt = kFilterNetworkAt + 40;
constexpr std::uint32_t kIpv6Fragment = 44;
constexpr std::uint32_t kTcp = 6;
constexpr std::uint32_t kUdp = 17;

FilterTree type_is(std::uint32_t type) { return FilterCondition::equal(kTypeAt, 2, type); }
FilterTree is_ipv4() { return type_is(0x0800); }
FilterTree is_ipv6() { return type_is(0x86dd); }

FilterTree in_ipv4(std::uint32_t protocol) {
  return filter_both(is_ipv4(), FilterCondition::equal(kIpv4ProtocolAt, 1, protocol));
}
/// Also behind a fragment header, as libpcap has it.
FilterTree in_ipv6(std::uint32_t next) {
  return filter_both(is_ipv6(), filter_either(FilterCondition::equal(kIpv6NextAt, 1, next),
                                              filter_both(FilterCondition::equal(kIpv6NextAt, 1, kIpv6Fragment),
                                                          FilterCondition::equal(kIpv6PayloadAt, 1, next))));
}

FilterTree first_fragment() { return FilterCondition::equal(kFilterNetworkAt + 6, 2, 0, 0x1fff); }

/// A test for the source, one for the destination, joined as the direction says.
template <typename Make>
FilterTree directed(FilterDirection direction, Make make) {
  switch (direction) {
    case FilterDirection::source:
      return make(true);
    case FilterDirection::destination:
      return make(false);
    case FilterDirection::both:
      return filter_both(make(true), make(false));
    default:
      return filter_either(make(true), make(false));
  }
}

FilterTree ipv4_address(std::uint32_t type, std::uint32_t source_at, std::uint32_t destination_at,
                        std::uint32_t address, std::uint32_t mask, FilterDirection direction) {
  return mask == 0 ? type_is(type)
                   : filter_both(type_is(type), directed(direction, [&](bool source) {
                                   return FilterCondition::equal(source ? source_at : destination_at, 4, address, mask);
                                 }));
}

FilterTree port_at(FilterCondition::From from, std::uint32_t offset, std::uint32_t low, std::uint32_t high) {
  FilterTree lowest = FilterCondition::equal(offset, 2, low);
  lowest->from = from;
  if (low == high) {
    return lowest;
  }
  lowest->compare = FilterCondition::Compare::at_least;
  FilterTree beyond = FilterCondition::equal(offset, 2, high);
  beyond->from = from;
  beyond->compare = FilterCondition::Compare::greater;
  return filter_both(std::move(lowest), filter_not(std::move(beyond)));
}

FilterTree one_of(std::uint32_t at, std::string_view protocol) {
  if (protocol == "tcp" || protocol == "udp") {
    return FilterCondition::equal(at, 1, protocol == "tcp" ? kTcp : kUdp);
  }
  constexpr std::uint32_t kSctp = 132;
  return filter_either(FilterCondition::equal(at, 1, kSctp),
                       filter_either(FilterCondition::equal(at, 1, kTcp), FilterCondition::equal(at, 1, kUdp)));
}

struct NamedNumber {
  std::string_view name;
  std::uint32_t value;
};
constexpr std::array kConstants = {
    NamedNumber{"tcpflags", 13},      NamedNumber{"tcp-fin", 1},         NamedNumber{"tcp-syn", 2},
    NamedNumber{"tcp-rst", 4},        NamedNumber{"tcp-push", 8},        NamedNumber{"tcp-ack", 16},
    NamedNumber{"tcp-urg", 32},       NamedNumber{"tcp-ece", 64},        NamedNumber{"tcp-cwr", 128},
    NamedNumber{"icmptype", 0},       NamedNumber{"icmpcode", 1},        NamedNumber{"icmp-echoreply", 0},
    NamedNumber{"icmp-unreach", 3},   NamedNumber{"icmp-redirect", 5},   NamedNumber{"icmp-echo", 8},
    NamedNumber{"icmp-timxceed", 11}, NamedNumber{"icmp-paramprob", 12},
};
constexpr std::array kFlags = {
    NamedNumber{"fin", 1},  NamedNumber{"syn", 2},  NamedNumber{"rst", 4},
    NamedNumber{"push", 8}, NamedNumber{"ack", 16}, NamedNumber{"urg", 32},
};
constexpr std::array<std::string_view, 10> kProtocols = {"ether", "ip",  "ip6",  "arp",   "rarp",
                                                         "tcp",   "udp", "icmp", "icmp6", "igmp"};

template <std::size_t N>
const NamedNumber* find(const std::array<NamedNumber, N>& in, std::string_view name) {
  const auto* it = std::find_if(in.begin(), in.end(), [&](const NamedNumber& each) { return each.name == name; });
  return it == in.end() ? nullptr : it;
}

}  // namespace

bool is_filter_protocol(std::string_view word) {
  return std::find(kProtocols.begin(), kProtocols.end(), word) != kProtocols.end();
}

FilterTree filter_protocol(std::string_view protocol) {
  if (protocol == "ip" || protocol == "ip6" || protocol == "arp" || protocol == "rarp") {
    return type_is(protocol == "ip" ? 0x0800 : protocol == "ip6" ? 0x86dd : protocol == "arp" ? 0x0806 : 0x8035);
  }
  if (protocol == "tcp" || protocol == "udp") {
    const std::uint32_t number = protocol == "tcp" ? kTcp : kUdp;
    return filter_either(in_ipv6(number), in_ipv4(number));
  }
  if (protocol == "icmp6") {
    return in_ipv6(58);
  }
  return protocol == "ether" ? FilterCondition::constant(true) : in_ipv4(protocol == "icmp" ? 1 : 2);
}

FilterTree filter_protocol_number(std::string_view protocol, std::uint32_t number) {
  if (protocol == "ether") {
    return type_is(number);
  }
  if (protocol == "ip6") {
    return in_ipv6(number);
  }
  return protocol == "ip" ? in_ipv4(number) : filter_either(in_ipv6(number), in_ipv4(number));
}

FilterTree filter_network(std::string_view protocol, std::uint32_t address, std::uint32_t mask,
                          FilterDirection direction) {
  const auto in_ip = [&] {
    return ipv4_address(0x0800, kFilterNetworkAt + 12, kFilterNetworkAt + 16, address, mask, direction);
  };
  const auto in_arp = [&](std::uint32_t type) {
    return ipv4_address(type, kFilterNetworkAt + 14, kFilterNetworkAt + 24, address, mask, direction);
  };
  if (protocol == "ip") {
    return in_ip();
  }
  if (protocol == "arp" || protocol == "rarp") {
    return in_arp(protocol == "arp" ? 0x0806 : 0x8035);
  }
  return protocol == "ip6" ? FilterCondition::constant(false)
                           : filter_either(in_ip(), filter_either(in_arp(0x0806), in_arp(0x8035)));
}

FilterTree filter_host(std::string_view protocol, const FilterAddress& address, FilterDirection direction) {
  const auto word = [&](std::size_t at) {
    return static_cast<std::uint32_t>(address.bytes[at]) << 24 |
           static_cast<std::uint32_t>(address.bytes[at + 1]) << 16 |
           static_cast<std::uint32_t>(address.bytes[at + 2]) << 8 | static_cast<std::uint32_t>(address.bytes[at + 3]);
  };
  if (!address.is_v6) {
    return filter_network(protocol, word(0), 0xffff'ffff, direction);
  }
  if (!protocol.empty() && protocol != "ip6") {
    return FilterCondition::constant(false);
  }
  return filter_both(is_ipv6(), directed(direction, [&](bool source) {
                       const std::uint32_t at = kFilterNetworkAt + (source ? 8 : 24);
                       FilterTree all = FilterCondition::equal(at, 4, word(0));
                       for (std::uint32_t i = 4; i < 16; i += 4) {
                         all = filter_both(std::move(all), FilterCondition::equal(at + i, 4, word(i)));
                       }
                       return all;
                     }));
}

FilterTree filter_link_host(std::uint64_t mac, FilterDirection direction) {
  return directed(direction, [&](bool source) {
    const std::uint32_t at = source ? 6 : 0;
    return filter_both(FilterCondition::equal(at + 2, 4, static_cast<std::uint32_t>(mac)),
                       FilterCondition::equal(at, 2, static_cast<std::uint32_t>(mac >> 32)));
  });
}

FilterTree filter_ports(std::string_view protocol, std::uint32_t low, std::uint32_t high, FilterDirection direction) {
  FilterTree ipv6 =
      filter_both(is_ipv6(), filter_both(one_of(kIpv6NextAt, protocol), directed(direction, [&](bool source) {
                                           return port_at(FilterCondition::From::frame,
                                                          kIpv6PayloadAt + (source ? 0 : 2), low, high);
                                         })));
  FilterTree ipv4 =
      filter_both(is_ipv4(), filter_both(one_of(kIpv4ProtocolAt, protocol),
                                         filter_both(first_fragment(), directed(direction, [&](bool source) {
                                                       return port_at(FilterCondition::From::ipv4_payload,
                                                                      source ? 0 : 2, low, high);
                                                     }))));
  return filter_either(std::move(ipv6), std::move(ipv4));
}

FilterTree filter_group(std::string_view protocol, bool broadcast) {
  if (broadcast) {
    return filter_link_host(0xffff'ffff'ffff, FilterDirection::destination);
  }
  if (protocol == "ip") {
    FilterTree group = FilterCondition::equal(kFilterNetworkAt + 16, 1, 224);
    group->compare = FilterCondition::Compare::at_least;
    return filter_both(is_ipv4(), std::move(group));
  }
  return filter_not(FilterCondition::equal(0, 1, 0, 1));
}

FilterTree filter_length(bool at_least, std::uint32_t length) {
  return filter_relation({.protocol = "len"}, at_least ? ">=" : "<=", length);
}

FilterTree filter_relation(const FilterAccess& access, std::string_view op, std::uint32_t value) {
  using Compare = FilterCondition::Compare;
  const bool transport =
      access.protocol == "tcp" || access.protocol == "udp" || access.protocol == "icmp" || access.protocol == "igmp";
  const bool link = access.protocol == "ether";
  FilterTree test = FilterCondition::equal(access.offset + (transport || link ? 0 : kFilterNetworkAt), access.size,
                                           value, access.mask);
  test->from = access.protocol == "len" ? FilterCondition::From::length
               : transport              ? FilterCondition::From::ipv4_payload
                                        : FilterCondition::From::frame;
  test->compare = op == ">" || op == "<="   ? Compare::greater
                  : op == ">=" || op == "<" ? Compare::at_least
                                            : Compare::equal;
  if (op == "!=" || op == "<=" || op == "<") {
    test = filter_not(std::move(test));
  }
  if (access.protocol == "len" || link) {
    return test;
  }
  if (!transport) {
    return filter_both(filter_protocol(access.protocol), std::move(test));
  }
  const std::uint32_t number = access.protocol == "tcp"    ? kTcp
                               : access.protocol == "udp"  ? kUdp
                               : access.protocol == "icmp" ? 1
                                                           : 2;
  return filter_both(in_ipv4(number), filter_both(first_fragment(), std::move(test)));
}

FilterTree filter_tcp_flag(std::string_view word) {
  const NamedNumber* flag = find(kFlags, word);
  if (flag == nullptr) {
    return nullptr;
  }
  constexpr std::uint32_t kFlagsAt = 13;
  FilterTree ipv6 = filter_both(filter_both(is_ipv6(), FilterCondition::equal(kIpv6NextAt, 1, kTcp)),
                                FilterCondition::equal(kIpv6PayloadAt + kFlagsAt, 1, flag->value, flag->value));
  return filter_either(std::move(ipv6), filter_relation({"tcp", kFlagsAt, 1, flag->value}, "=", flag->value));
}

std::optional<std::uint32_t> filter_constant(std::string_view name) {
  const NamedNumber* found = find(kConstants, name);
  return found == nullptr ? std::nullopt : std::optional(found->value);
}

std::optional<std::uint32_t> parse_filter_ipv4(std::string_view text) {
  std::uint32_t address = 0;
  for (int part = 0; part < 4; ++part) {
    std::uint32_t value = 0;
    std::size_t digits = 0;
    while (digits < text.size() && digits < 4 && is_digit(text[digits])) {
      value = value * 10 + static_cast<std::uint32_t>(text[digits++] - '0');
    }
    if (digits == 0 || value > 255) {
      return std::nullopt;
    }
    address = address << 8 | value;
    text.remove_prefix(digits);
    if (part < 3) {
      if (!text.starts_with('.')) {
        return std::nullopt;
      }
      text.remove_prefix(1);
    }
  }
  return text.empty() ? std::optional(address) : std::nullopt;
}

}  // namespace catenet
