// SPDX-License-Identifier: Apache-2.0
// The seam between the network layer and what rides on it, written once for both families: a transport sees a Network
// (ip::Ipv4, ip::Ipv6) and is seen as a Protocol, registered by its IP protocol number in node/.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "catenet/base/result.h"
#include "catenet/net/interface.h"
#include "catenet/packet/packet.h"
#include "catenet/wire/address.h"
#include "catenet/wire/prefix.h"

namespace catenet::ip {

/// What the network layer knows of a packet that it hands up. The packet's front is the transport header; the network
/// header can be had back with Packet::rewind_to_network_header().
struct Delivery {
  wire::IpAddress source;       ///< link-local ones with their zone
  wire::IpAddress destination;  ///< as in the header: one of ours, a broadcast or a group
  Interface* interface = nullptr;
  std::uint8_t protocol = 0;
  std::uint8_t ttl = 0;
  std::uint8_t traffic_class = 0;  ///< DSCP and ECN bits (RFC 2474, RFC 3168)
  bool to_group = false;           ///< destination is a broadcast or multicast address, or the frame was one
  bool copied = false;             ///< a raw socket has a copy: it is no loss if nobody else wants the packet
};

/// An ICMP error about a packet that we sent, as a transport sees it (RFC 1122 3.2.2).
struct ErrorReport {
  enum class Kind : std::uint8_t {
    network_unreachable,
    host_unreachable,
    protocol_unreachable,
    port_unreachable,
    packet_too_big,  ///< `mtu` is the next hop's
    administratively_prohibited,
    time_exceeded,
    reassembly_time_exceeded,
    parameter_problem,
    source_quench,
  };
  Kind kind{};
  std::uint32_t mtu = 0;
  wire::IpAddress reporter;                     ///< who sent the error
  wire::IpAddress source;                       ///< of the packet in error: one of our addresses
  wire::IpAddress destination;                  ///< of the packet in error
  std::span<const std::byte> transport_header;  ///< at least the first 8 bytes of it
  /// errno that a connected socket sees (ECONNREFUSED, EHOSTUNREACH, ...).
  [[nodiscard]] int to_errno() const;
};

/// A transport as the network layer sees it.
class Protocol {
 public:
  virtual ~Protocol() = default;
  /// A packet for one of our addresses, or for a group we listen to. The network layer has verified its own header
  /// only.
  virtual void receive(Packet packet, const Delivery& delivery) = 0;
  virtual void on_error(const ErrorReport& report) = 0;
};

/// Who gets copies of what arrives for this node, whatever transport it is for: raw sockets.
class RawReceiver {
 public:
  /// A whole packet, reassembled: its front is the network header, the transport's begins at `header_size`. True:
  /// somebody took a copy, so it is not for nobody.
  virtual bool receive_raw(const Packet& packet, const Delivery& delivery, std::size_t header_size) = 0;
  /// An error about a packet of `protocol` that this node sent, whoever else gets it. True: somebody cares.
  virtual bool raw_error(const ErrorReport& report, std::uint8_t protocol) = 0;

 protected:
  ~RawReceiver() = default;
};

/// What a sender may ask for.
struct SendOptions {
  wire::IpAddress source;  ///< unspecified: chosen by route
  wire::IpAddress destination;
  std::uint8_t protocol = 0;
  std::uint8_t ttl = 0;  ///< 0: the node's default (64)
  std::uint8_t traffic_class = 0;
  std::uint32_t flow_label = 0;  ///< IPv6; 0: one is made for the flow (RFC 6437)
  bool dont_fragment = false;
  bool allow_broadcast = false;  ///< else EACCES for a broadcast destination
  bool to_ourselves = true;      ///< a group that this node is in on the link hears it here, too (IP_MULTICAST_LOOP)
  bool stays_here = false;       ///< a group's packet is for this node alone, whatever `ttl` says (IP_MULTICAST_TTL 0)
  Interface* interface =
      nullptr;  ///< force the outgoing interface (broadcasts, groups); else the zone's, or the route's
};

/// The network layer as a transport sees it.
class Network {
 public:
  virtual ~Network() = default;
  /// Sends a transport packet (front = transport header). Errors: ENETUNREACH, EACCES, EMSGSIZE, EADDRNOTAVAIL; the
  /// packet is then dropped with its reason. Success means "accepted", not "sent": it may wait for ARP or in a queue.
  virtual Result<void> output(Packet packet, const SendOptions& options) = 0;
  /// The source address for a destination (RFC 1122 3.3.4.3). ENETUNREACH, EADDRNOTAVAIL.
  [[nodiscard]] virtual Result<wire::IpAddress> select_source(const wire::IpAddress& destination) const = 0;
  /// The same where the packet goes out on `out`; null: where the route leads.
  [[nodiscard]] virtual Result<wire::IpAddress> select_source_on(const wire::IpAddress& destination, Interface*) const {
    return select_source(destination);
  }
  /// Receives what is sent to a group on this interface (null: on any) until it has been left as often as joined.
  /// Routers and switches are told of it. EINVAL not a group, ENOBUFS too many, EOPNOTSUPP.
  virtual Result<void> join_group(const wire::IpAddress&, Interface*) { return fail(EOPNOTSUPP, "no groups"); }
  /// `told`: whether routers and switches are told; not when the host ends without a word.
  virtual void leave_group(const wire::IpAddress&, Interface*, bool /*told*/) {}
  /// Where packets to a group go unless somebody says otherwise: by its route, else the first interface that has an
  /// address. Null: nowhere.
  [[nodiscard]] virtual Interface* group_interface(const wire::IpAddress&) const { return nullptr; }
  /// Largest network-layer packet to the destination, from the route's interface and what ICMP taught us.
  [[nodiscard]] virtual std::uint32_t path_mtu(const wire::IpAddress& destination) const = 0;
  /// One of this node's own unicast addresses (loopback included)?
  [[nodiscard]] virtual bool is_local(const wire::IpAddress& address) const = 0;
  /// May packets be sent from this address? Nearly always: is it local?
  [[nodiscard]] virtual bool may_send_from(const wire::IpAddress& address) const { return is_local(address); }
  /// A limited or directed broadcast address of one of our links?
  [[nodiscard]] virtual bool is_broadcast(const wire::IpAddress& address) const = 0;
  /// The addresses of an interface with their prefixes, in the order of configuration; for those who show them.
  [[nodiscard]] virtual std::vector<wire::IpPrefix> addresses_of(const Interface&) const { return {}; }
  /// The first of them; unspecified if it has none.
  [[nodiscard]] virtual wire::IpAddress first_address_of(const Interface&) const { return {}; }
  /// The interface that has this address; null if none.
  [[nodiscard]] virtual Interface* interface_with(const wire::IpAddress&) const { return nullptr; }
  /// Answers a received packet with "port unreachable" (rate limited); takes no ownership.
  virtual void send_port_unreachable(const Packet& packet, const Delivery& delivery) = 0;
  /// Largest super-segment (PacketMeta::segment_size) that output() takes, its own header counted; 0: it takes none.
  [[nodiscard]] virtual std::size_t max_super_segment() const { return 0; }
  /// Header bytes the network layer will add: 20 for IPv4, 40 for IPv6.
  [[nodiscard]] virtual std::size_t header_size() const = 0;
};

}  // namespace catenet::ip
