// SPDX-License-Identifier: Apache-2.0
// Udp: the User Datagram Protocol of one host (RFC 768, RFC 1122 4.1), or its UDP-Lite (RFC 3828): which socket gets a
// datagram, who hears of an ICMP error, which ports are taken. The two differ in what their checksum covers, and in
// nothing else; each has its own ports, so a host that speaks both has two of these.
//
// In:  Network -> receive(): length, checksum, look up, append to the socket's queue, tell its owner.
// Out: UdpPcb::send -> Network::output, the checksum left partial until the packet leaves our hands.
// Look-up (exact first): the table of connected sockets by four-tuple, then the chain of the local port, where a
// specific local address beats the wildcard. Between equals the youngest socket wins, as on Linux; but those that share
// their port by SO_REUSEPORT get a peer's datagrams each, chosen by a keyed hash of the two ends.
// An idle host pays for the object alone: tables are made with the first bound socket.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "catenet/base/intrusive_list.h"
#include "catenet/base/rng.h"
#include "catenet/ip/network.h"
#include "catenet/net/node.h"
#include "catenet/transport/udp/udp_pcb.h"

namespace catenet::transport {

inline constexpr std::uint8_t kProtocolUdp = 17;
inline constexpr std::uint8_t kProtocolUdpLite = 136;

class Udp final : public ip::Protocol {
 public:
  struct Limits {
    std::size_t sockets = 65'536;             ///< bound at once
    std::size_t memberships_per_socket = 20;  ///< Linux's igmp_max_memberships
    std::uint16_t ephemeral_first = 49'152;   ///< IANA's dynamic ports
    std::uint16_t ephemeral_last = 65'535;
  };
  /// RFC 4113's counters.
  struct Counters {
    std::uint64_t in_datagrams = 0;  ///< put into a socket's queue (a group's datagram once per socket)
    std::uint64_t no_ports = 0;
    std::uint64_t in_errors = 0;      ///< malformed, or the queue was full
    std::uint64_t out_datagrams = 0;  ///< given to the network layer
    // Of in_errors:
    std::uint64_t receive_full = 0;
    std::uint64_t bad_checksums = 0;
  };

  /// `network` serves its family; it outlives this.
  Udp(Node& node, ip::Network& network, wire::Family family = wire::Family::kV4, UdpFlavour flavour = UdpFlavour::udp);
  ~Udp() override;
  Udp(const Udp&) = delete;
  Udp& operator=(const Udp&) = delete;
  /// The other family's network layer, before a socket of it is made.
  void add_network(ip::Network& network, wire::Family family) {
    networks_[family == wire::Family::kV4 ? 0 : 1] = &network;
  }

  // ip::Protocol
  void receive(Packet packet, const ip::Delivery& delivery) override;
  void on_error(const ip::ErrorReport& report) override;

  void set_limits(const Limits& limits) { limits_ = limits; }
  [[nodiscard]] Node& node() const { return node_; }
  [[nodiscard]] UdpFlavour flavour() const { return flavour_; }
  [[nodiscard]] bool is_lite() const { return flavour_ == UdpFlavour::lite; }
  /// Its IP protocol number.
  [[nodiscard]] std::uint8_t protocol() const { return is_lite() ? kProtocolUdpLite : kProtocolUdp; }
  /// Null: the host does not speak this family.
  [[nodiscard]] ip::Network* network(wire::Family family) const {
    return networks_[family == wire::Family::kV4 ? 0 : 1];
  }
  [[nodiscard]] const Limits& limits() const { return limits_; }
  [[nodiscard]] const Counters& counters() const { return counters_; }
  [[nodiscard]] std::size_t bound_sockets() const { return bound_; }
  /// Every control block of the host, oldest first, bound or not: f(UdpPcb&).
  template <typename F>
  void for_each(F&& f) {
    for (UdpPcb& pcb : all_) {
      f(pcb);
    }
  }
  /// The socket that a datagram between these ends would reach, were it to come in at `arrival` (null: anywhere); null
  /// if none.
  [[nodiscard]] UdpPcb* find(const wire::Endpoint& local, const wire::Endpoint& foreign,
                             const Interface* arrival = nullptr) const;

 private:
  friend class UdpPcb;
  /// Chained hash table, a power of two of chains; youngest first within a chain.
  using Table = std::vector<UdpPcb*>;

  [[nodiscard]] UdpPcb* find_bound(const wire::Endpoint& local, const wire::Endpoint& foreign,
                                   const Interface* arrival) const;
  [[nodiscard]] bool conflicts(const UdpPcb& pcb, const wire::IpAddress& address, std::uint16_t port) const;
  [[nodiscard]] Result<std::uint16_t> ephemeral_port(const UdpPcb& pcb, const wire::IpAddress& address);
  void link(UdpPcb& pcb);
  void unlink(UdpPcb& pcb);
  void grow();
  [[nodiscard]] UdpPcb*& exact_chain(const wire::FourTuple& ends);
  [[nodiscard]] UdpPcb*& port_chain(std::uint16_t port) { return by_port_[port & (by_port_.size() - 1)]; }
  [[nodiscard]] UdpPcb* port_chain(std::uint16_t port) const {
    return by_port_.empty() ? nullptr : by_port_[port & (by_port_.size() - 1)];
  }
  void deliver_to_group(Packet packet, const ip::Delivery& delivery, std::uint16_t from, std::uint16_t to);
  void drop(Packet packet, DropReason reason, Interface* interface = nullptr);
  [[nodiscard]] std::optional<DropReason> fault_of(Packet& packet, const ip::Delivery& delivery) const;
  [[nodiscard]] bool sum_is_right(const Packet& packet, const ip::Delivery& delivery, std::size_t covered) const;
  [[nodiscard]] bool is_broadcast(const wire::IpAddress& address) const {
    const ip::Network* out = network(address.family());
    return out != nullptr && out->is_broadcast(address);
  }

  Node& node_;
  UdpFlavour flavour_;
  ip::Network* networks_[2] = {nullptr, nullptr};
  Rng rng_;
  std::uint64_t secret_;
  Limits limits_;
  Counters counters_;
  UdpPcb* any_ = nullptr;  // who gets what is for nobody else
  Table by_port_;          // every bound socket, by local port
  Table exact_;            // the connected ones also by four-tuple
  std::size_t bound_ = 0;
  IntrusiveList<UdpPcb, UdpPcb> all_;
};

}  // namespace catenet::transport
