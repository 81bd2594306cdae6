// SPDX-License-Identifier: Apache-2.0
// What the conditions of a filter expression look at in an Ethernet frame, as pcap-filter(7) says: `host` means IPv4,
// ARP and RARP (or IPv6), a port an unfragmented IPv4 packet or an IPv6 one without extension headers. Private to
// filter_expression.cc.
#pragma once
#include <optional>
#include <string_view>

#include "catenet/packet/filter_code.h"
#include "catenet/packet/filter_expression.h"

namespace catenet {

enum class FilterDirection : std::uint8_t { either, source, destination, both };

/// PROTO[offset:size] & mask; PROTO "len": the length of the frame.
struct FilterAccess {
  std::string_view protocol;
  std::uint32_t offset = 0;
  std::uint8_t size = 1;
  std::uint32_t mask = 0xffff'ffff;
};

[[nodiscard]] bool is_filter_protocol(std::string_view word);
[[nodiscard]] FilterTree filter_protocol(std::string_view protocol);
/// "" and "ip" by IP protocol, "ip6" by next header, "ether" by EtherType.
[[nodiscard]] FilterTree filter_protocol_number(std::string_view protocol, std::uint32_t number);
/// IPv4, ARP and RARP, or the one of them that `protocol` names.
[[nodiscard]] FilterTree filter_network(std::string_view protocol, std::uint32_t address, std::uint32_t mask,
                                        FilterDirection direction);
[[nodiscard]] FilterTree filter_host(std::string_view protocol, const FilterAddress& address,
                                     FilterDirection direction);
[[nodiscard]] FilterTree filter_link_host(std::uint64_t mac, FilterDirection direction);
[[nodiscard]] FilterTree filter_ports(std::string_view protocol, std::uint32_t low, std::uint32_t high,
                                      FilterDirection direction);
[[nodiscard]] FilterTree filter_group(std::string_view protocol, bool broadcast);
[[nodiscard]] FilterTree filter_length(bool at_least, std::uint32_t length);
[[nodiscard]] FilterTree filter_relation(const FilterAccess& access, std::string_view op, std::uint32_t value);
/// "syn", "ack", ...: null for any other word.
[[nodiscard]] FilterTree filter_tcp_flag(std::string_view word);
/// "tcp-syn", "icmptype", ...
[[nodiscard]] std::optional<std::uint32_t> filter_constant(std::string_view name);
[[nodiscard]] std::optional<std::uint32_t> parse_filter_ipv4(std::string_view text);

}  // namespace catenet
