// SPDX-License-Identifier: Apache-2.0
// Ndp: neighbour discovery (RFC 4861 7) for addresses that are given: answers for ours, asks for those of neighbours,
// watches that they are still there (neighbour unreachability detection), and makes sure that nobody else has what we
// are about to use (duplicate address detection, RFC 4862 5.4). What is known is kept in a NeighborCache. Part of an
// Ipv6, which owns it.
//
// A solicitation tells where its sender is: that makes or changes an entry, which is not confirmed by it (RFC 4861
// 7.2.3). Only a solicited advertisement confirms.
#pragma once
#include <vector>

#include "catenet/base/rng.h"
#include "catenet/ip/neighbor_cache.h"
#include "catenet/ip/network.h"
#include "catenet/wire/ndp.h"

namespace catenet::ip {

/// What neighbour discovery must know from the network layer above it.
class NdpHost {
 public:
  /// Is `address` one of this interface's own, and not tentative?
  [[nodiscard]] virtual bool owns(const Interface& interface, const wire::Ipv6Address& address) const = 0;
  [[nodiscard]] virtual bool is_tentative(const Interface& interface, const wire::Ipv6Address& address) const = 0;
  /// The address to ask `target` from; unspecified without any.
  [[nodiscard]] virtual wire::Ipv6Address address_on(const Interface& interface,
                                                     const wire::Ipv6Address& target) const = 0;
  [[nodiscard]] virtual bool is_router() const = 0;
  /// Sends a complete ICMPv6 message over one link, with hop limit 255. Without `to`, the destination is resolved.
  virtual void send_on_link(Packet message, const wire::Ipv6Address& source, const wire::Ipv6Address& destination,
                            Interface& out, const wire::LinkAddress& to) = 0;
  /// An address is no longer tentative: it is ours, or somebody has it.
  virtual void settle_address(Interface& interface, const wire::Ipv6Address& address, bool duplicate) = 0;
  /// A packet (front = IP header) that waited in vain: tell its sender, drop it.
  virtual void unresolved(Packet packet, Interface& out) = 0;

 protected:
  ~NdpHost() = default;
};

class Ndp final : private NeighborCache<wire::Ipv6Address>::Client {
 public:
  using Address = wire::Ipv6Address;
  using Cache = NeighborCache<Address>;
  using Neighbor = Cache::Entry;
  /// One line of `show neighbors`.
  struct Row {
    Address address;
    wire::LinkAddress link_address;  ///< empty while incomplete
    const Interface* interface;
    NeighborState state;
    Duration age;  ///< since it was confirmed
    std::size_t parked;
  };

  Ndp(Node& node, NdpHost& host, const NeighborConfig& config, std::uint8_t dad_transmits);

  /// A neighbour's or router's message (front = ICMPv6 header, checksum verified).
  void receive(Packet packet, const Delivery& delivery);
  /// Starts to look whether somebody has this tentative address; NdpHost::settle_address() tells.
  void detect_duplicates(Interface& interface, const Address& address);
  /// Gives up looking.
  void forget(const Interface& interface, const Address& address);
  [[nodiscard]] std::vector<Row> table() const;  ///< in the order of (interface, address)
  [[nodiscard]] Cache& cache() { return cache_; }
  [[nodiscard]] const Cache& cache() const { return cache_; }

 private:
  /// A tentative address, and when the next solicitation for it is due, or the end of waiting.
  struct Detection {
    Interface* interface;
    Address address;
    Instant due;
    std::uint8_t sent = 0;
  };

  void receive_solicitation(Packet packet, const Delivery& delivery);
  void receive_advertisement(Packet packet, const Delivery& delivery);
  void answer(Interface& in, const Address& target, const Address& source);
  void found_duplicate(Interface& in, const Address& address);
  void send(Interface& out, const wire::NdpNeighborMessage& message, wire::NdpOptionType option, const Address& source,
            const Address& destination, const wire::LinkAddress& to);
  void on_timer(Instant now);
  void arm();

  // NeighborCache::Client
  void solicit(const Neighbor& entry, bool unicast) override;
  void transmit(Packet packet, const Neighbor& entry) override;
  void unresolved(Packet packet, Interface& out, const Address& next_hop) override;
  void resolved(const Neighbor& entry) override;
  void failed(Interface& out, const Address& next_hop) override;

  Node& node_;
  NdpHost& host_;
  const NeighborConfig& config_;
  Cache cache_;
  std::vector<Detection> detections_;
  std::unique_ptr<Timer> timer_;  // made with the first detection
  Rng delays_;
  std::uint8_t dad_transmits_;
};

}  // namespace catenet::ip
