// SPDX-License-Identifier: Apache-2.0
// compile_filter(): words such as "tcp and src alice and port 80" -> a program for PacketFilter, which sees an Ethernet
// frame. The language is a part of tcpdump's (pcap-filter(7)), with its meanings: `and` and `or` bind alike and from
// the left, `not` binds stronger, and a word without keywords has those of the one before ("port 80 or 443").
//
//   host, src, dst NAME-or-ADDRESS; net A/N; port N, portrange A-B (src, dst, tcp, udp in front); ether host MAC
//   ether ip ip6 arp rarp tcp udp icmp icmp6 igmp; ip proto N; broadcast, multicast; less N, greater N
//   PROTO[OFFSET:SIZE] & MASK OP VALUE; len OP VALUE     tcpflags tcp-syn ... icmptype icmp-echo ...
//
// Beyond tcpdump: syn, fin, rst, ack, push, urg are TCP segments (of both families) with this flag.
// What it cannot say is an error with its place, never a program that means something else.
#pragma once
#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catenet/base/delegate.h"
#include "catenet/packet/packet_filter.h"

namespace catenet {

/// An address that a name stands for. IPv4: the first four bytes.
struct FilterAddress {
  std::array<std::uint8_t, 16> bytes{};
  bool is_v6 = false;
};
/// The addresses of a name; none: it is unknown. A name without addresses matches nothing.
using FilterNames = Delegate<std::optional<std::vector<FilterAddress>>(std::string_view name)>;

struct FilterError {
  std::size_t offset = 0;  ///< in the expression, in bytes
  std::string message;
};

/// At most 4,096 characters, 64 nested parentheses, PacketFilter::kMostInstructions.
[[nodiscard]] std::expected<std::vector<FilterInstruction>, FilterError> compile_filter(std::string_view expression,
                                                                                        FilterNames names);

}  // namespace catenet
