// SPDX-License-Identifier: Apache-2.0
// Every number of the network layer that a lab may change, with its default and where that comes from. Values are read
// when they are needed; a node's copy does not change during a run.
#pragma once
#include <cstdint>

#include "catenet/base/time.h"

namespace catenet::ip {

/// Address resolution: ARP and neighbour discovery. The names are RFC 4861's.
struct NeighborConfig {
  Duration reachable_time = Duration::seconds(60);    ///< RFC 1122 2.3.2.1: "on the order of a minute"
  Duration delay_first_probe = Duration::seconds(5);  ///< a stale entry in use is asked again after this
  Duration retransmit = Duration::seconds(1);         ///< between requests to one destination; RFC 1122 2.3.2.1
  std::uint8_t unicast_tries = 3;                     ///< probes to the address we have, before asking everybody
  std::uint8_t broadcast_tries = 3;                   ///< requests to everybody, before giving up
  std::uint16_t parked_packets = 64;                  ///< waiting for one address (at least 1, RFC 1122 2.3.2.2)
  std::uint32_t entries = 1024;                       ///< neighbours known at once
};

/// Reassembly of fragments (RFC 791 3.2, RFC 1122 3.3.2, RFC 8200 4.5).
struct ReassemblyConfig {
  Duration timeout = Duration::seconds(60);  ///< from the first fragment to arrive; RFC 1122: 60 to 120 s
  std::uint32_t bytes = 4u << 20;            ///< of all unfinished datagrams
  std::uint16_t datagrams = 64;              ///< unfinished at once
  std::uint16_t fragments = 256;             ///< of one datagram
};

struct IcmpConfig {
  std::uint32_t errors_per_second = 1000;  ///< token bucket for errors that we send (RFC 1812 4.3.2.8); 0: none is sent
  std::uint32_t error_burst = 50;
  bool answer_echo = true;
  /// To a broadcast address or a group. RFC 1122 3.2.2.6 allows silence; a broadcast ping multiplies traffic.
  bool answer_broadcast_echo = false;
  std::uint16_t clients = 1024;  ///< echo identifiers in use at once
};

/// What both families have.
struct IpConfig {
  bool forwarding = false;  ///< is it a router?
  /// Every unicast address counts as ours where packets come in, and any may be sent from: for proxies and VPNs, which
  /// speak for others. Nothing is forwarded then.
  bool accept_any = false;
  std::uint8_t default_ttl = 64;   ///< RFC 1122 3.2.1.7; of IPv6, the hop limit
  std::uint16_t addresses = 1024;  ///< of the whole node
  std::uint16_t groups = 4096;     ///< memberships of the whole node, each group and interface once
  bool report_groups = true;       ///< tell routers and switches of them (IGMP, MLD)
  std::uint32_t routes = 1'000'000;
  std::uint8_t equal_routes = 64;                       ///< to one prefix that are used together; 1: the first alone
  std::uint16_t path_mtus = 256;                        ///< destinations with a known path MTU
  Duration path_mtu_lifetime = Duration::seconds(600);  ///< RFC 1191 6.3, RFC 8201 4: retry upward after ten minutes
  Duration loopback_delay = Duration::microseconds(1);  ///< of a packet to ourselves
  std::uint32_t loopback_packets = 1000;                ///< on their way to ourselves
  NeighborConfig neighbor;
  ReassemblyConfig reassembly;
  IcmpConfig icmp;
};

struct Ipv4Config : IpConfig {
  bool forward_directed_broadcasts = false;  ///< RFC 2644
  /// 192.0.2.0/24, 198.51.100.0/24 and 203.0.113.0/24 are not forwardable in RFC 6890, yet every book builds its
  /// networks of them.
  bool forward_documentation = true;
  bool gratuitous_arp = true;        ///< announce our addresses when a link comes up
  std::uint16_t min_path_mtu = 552;  ///< a lower report counts as this, without DF (68 at least)
};

struct Ipv6Config : IpConfig {
  Ipv6Config() {
    neighbor.reachable_time = Duration::seconds(30);  // RFC 4861 10
    icmp.answer_broadcast_echo = true;                // RFC 4443 4.2: an echo to a group should be answered
  }
  std::uint8_t dad_transmits = 1;  ///< solicitations before an address is ours (RFC 4862 5.1); 0: it is at once
  bool flow_labels = true;         ///< label the packets of a flow alike (RFC 6437 3); else 0
};

}  // namespace catenet::ip
