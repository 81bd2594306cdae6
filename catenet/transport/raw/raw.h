// SPDX-License-Identifier: Apache-2.0
// Raw: the raw sockets of one host (Linux's raw(7), RFC 3542): who gets a copy of which arriving packet, and who hears
// of an ICMP error about one that was sent.
//
// In:  Ipv4/Ipv6, reassembled and before its transport -> receive_raw() -> a copy (a clone: payload is shared) into the
//      queue of every socket of that family and protocol whose addresses and filter let it through.
// Out: RawPcb::send -> Ipv4/Ipv6::output, or output_whole where the caller makes the header.
// It stands in the way of packets only while there is a raw socket: the network layers hear of it with the first of
// their family and forget it with the last.
#pragma once
#include <cstddef>
#include <cstdint>

#include "catenet/base/intrusive_list.h"
#include "catenet/ip/ipv4.h"
#include "catenet/ip/ipv6.h"
#include "catenet/transport/raw/raw_pcb.h"

namespace catenet::transport {

class Raw final : private ip::RawReceiver {
 public:
  struct Limits {
    std::size_t sockets = 1024;               ///< at once
    std::size_t memberships_per_socket = 20;  ///< Linux's igmp_max_memberships
  };
  struct Counters {
    std::uint64_t in_packets = 0;    ///< copies put into a queue
    std::uint64_t receive_full = 0;  ///< copies that found it full
    std::uint64_t out_packets = 0;   ///< given to the network layer
  };

  /// `ipv4` outlives this.
  explicit Raw(ip::Ipv4& ipv4) : node_(ipv4.node()), ipv4_(ipv4) {}
  ~Raw();
  Raw(const Raw&) = delete;
  Raw& operator=(const Raw&) = delete;
  /// Before a socket of IPv6 is made; it outlives this.
  void set_ipv6(ip::Ipv6& ipv6) { ipv6_ = &ipv6; }

  void set_limits(const Limits& limits) { limits_ = limits; }
  [[nodiscard]] const Limits& limits() const { return limits_; }
  [[nodiscard]] const Counters& counters() const { return counters_; }
  [[nodiscard]] std::size_t sockets() const { return sockets_; }
  [[nodiscard]] Node& node() const { return node_; }
  /// Does the host speak it, and may there be another socket? EAFNOSUPPORT, ENOBUFS.
  [[nodiscard]] Result<void> may_open(wire::Family family) const;

 private:
  friend class RawPcb;
  // ip::RawReceiver
  bool receive_raw(const Packet& packet, const ip::Delivery& delivery, std::size_t header_size) override;
  bool raw_error(const ip::ErrorReport& report, std::uint8_t protocol) override;

  void add(RawPcb& pcb);
  void remove(RawPcb& pcb);
  void listen(wire::Family family, bool on);
  [[nodiscard]] ip::Network& network(wire::Family family) const {
    return family == wire::Family::kV4 ? static_cast<ip::Network&>(ipv4_) : *ipv6_;
  }

  Node& node_;
  ip::Ipv4& ipv4_;
  ip::Ipv6* ipv6_ = nullptr;
  Limits limits_;
  Counters counters_;
  std::size_t sockets_ = 0;
  std::size_t sockets6_ = 0;  // of these, of IPv6
  IntrusiveList<RawPcb, RawPcb> all_;
};

}  // namespace catenet::transport
