// SPDX-License-Identifier: Apache-2.0
// ARP (RFC 826; RFC 1122 2.3.2; announcements as RFC 5227 3): answers for our addresses, asks for those of neighbours,
// one request a second at most. What is known is kept in a NeighborCache. Part of an Ipv4, which owns it.
//
// Any ARP packet refreshes the entry of its sender; an unknown sender gets an entry only when it speaks to us (RFC 826,
// "Packet Reception"). Requests are answered by the interface that has the address, not by others of the same node.
#pragma once
#include <vector>

#include "catenet/ip/ether_table.h"
#include "catenet/ip/neighbor_cache.h"
#include "catenet/wire/arp.h"

namespace catenet::ip {

/// What ARP must know from the network layer above it.
class ArpHost {
 public:
  /// Is `address` one of this interface's own?
  [[nodiscard]] virtual bool owns(const Interface& interface, wire::Ipv4Address address) const = 0;
  /// The address to ask from: one in `target`'s subnet if there is one, else the primary; unspecified without any.
  [[nodiscard]] virtual wire::Ipv4Address address_on(const Interface& interface, wire::Ipv4Address target) const = 0;
  /// A packet (front = IP header) that waited in vain: tell its sender, drop it.
  virtual void unresolved(Packet packet, Interface& out) = 0;

 protected:
  ~ArpHost() = default;
};

class Arp final : public NetworkProtocol, private NeighborCache<wire::Ipv4Address>::Client {
 public:
  using Cache = NeighborCache<wire::Ipv4Address>;
  using Neighbor = Cache::Entry;
  /// One line of `show arp`.
  struct Row {
    wire::Ipv4Address address;
    wire::LinkAddress link_address;  ///< empty while incomplete
    const Interface* interface;
    NeighborState state;
    Duration age;  ///< since it was confirmed
    std::size_t parked;
  };

  Arp(Node& node, ArpHost& host, const NeighborConfig& config);

  /// EtherType 0x0806.
  void receive(Interface& in, Packet packet, const wire::LinkAddress& from) override;
  /// Sends an IPv4 packet to a neighbour on a link that needs resolution, now or when it has answered.
  void send(Packet packet, Interface& out, wire::Ipv4Address next_hop) {
    cache_.send(std::move(packet), out, next_hop);
  }
  /// Tells everybody on the link that `address` is ours (RFC 5227 2.3).
  void announce(Interface& out, wire::Ipv4Address address);
  [[nodiscard]] std::vector<Row> table() const;  ///< in the order of (interface, address)
  [[nodiscard]] Cache& cache() { return cache_; }
  [[nodiscard]] const Cache& cache() const { return cache_; }

 private:
  void solicit(const Neighbor& entry, bool unicast) override;
  void transmit(Packet packet, const Neighbor& entry) override;
  void unresolved(Packet packet, Interface& out, const wire::Ipv4Address& next_hop) override;
  void resolved(const Neighbor& entry) override;
  void failed(Interface& out, const wire::Ipv4Address& next_hop) override;
  void send_arp(Interface& out, const wire::ArpPacket& message, const wire::LinkAddress& to);

  Node& node_;
  ArpHost& host_;
  Cache cache_;
};

}  // namespace catenet::ip
