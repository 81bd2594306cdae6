// SPDX-License-Identifier: Apache-2.0
// Ipv4: the network layer of a host or a router (RFC 791, RFC 1122 3, RFC 1812 5). One object per node; it owns ARP,
// ICMP, the forwarding table, path MTUs and reassembly. In node/:
//
//   ip::Ipv4 ipv4{*this, config};
//   ether_types.add(0x0800, ipv4);  ether_types.add(0x0806, ipv4.arp());
//   ipv4.register_protocol(17, udp);
//   ipv4.add_address(eth0, *wire::Ipv4Prefix::parse_interface("10.0.0.1/24"));  // connected route included
//   ipv4.set_default_route({10, 0, 0, 254});
//
// In:   receive -> validate (ipv4_input.cc) -> local? reassemble, deliver : forward (forward.cc)
// Out:  output (ipv4_output.cc) -> path -> fragment (ipv4_fragment.cc) -> neighbour -> interface
// What it has in common with IPv6 (routes, paths, hooks, packets to ourselves) is in layer.h.
//
// For packets to ourselves (127/8 or any own address) Delivery::interface is the owner of the address, or null for
// 127/8. A broadcast that we send is not delivered to ourselves. Multicast: what is for 224.0.0.1 or a group in join()
// is received; sent packets have TTL 1 unless told otherwise, and come back to us where we are in the group.
#pragma once
#include <cstdint>
#include <optional>

#include "catenet/ip/arp.h"
#include "catenet/ip/icmp.h"
#include "catenet/ip/igmp.h"
#include "catenet/ip/layer.h"
#include "catenet/wire/ipv4.h"

namespace catenet::ip {

using Ipv4Route = Route<wire::Ipv4Address>;
using Ipv4Fib = Fib<wire::Ipv4Address>;

class Ipv4 final : public Layer<wire::Ipv4Address>, private ArpHost {
 public:
  explicit Ipv4(Node& node, const Ipv4Config& config = {});

  // Configuration, before or during a run; more of it in Layer.
  /// EINVAL (not a unicast address, or the network or broadcast address of its prefix), EEXIST (the node has it
  /// already), ENOBUFS (limit). Adds the connected route. The first address of an interface is its primary one.
  Result<void> add_address(Interface& interface, const wire::Ipv4Prefix& address);
  /// EADDRNOTAVAIL. Takes the connected route away unless another address of the interface needs it.
  Result<void> remove_address(Interface& interface, wire::Ipv4Address address);
  /// The primary address of an interface; unspecified without any.
  [[nodiscard]] wire::Ipv4Address address_of(const Interface& interface) const;
  /// The node says that an interface's link came up or went down.
  void link_changed(Interface& interface);

  // NetworkProtocol: EtherType 0x0800.
  void receive(Interface& in, Packet packet, const wire::LinkAddress& from) override;

  // Network
  Result<void> output(Packet packet, const SendOptions& options) override;
  /// Sends a packet that has its header already (IP_HDRINCL). It goes where `options.destination` says, whatever its
  /// header does; of the options the interface and the permission to broadcast count beside that. Filled in are the
  /// total length and the checksum, and source and identification where they are zero. Never cut. Errors as output();
  /// EINVAL a header that is none.
  Result<void> output_whole(Packet packet, const SendOptions& options);
  [[nodiscard]] Result<wire::IpAddress> select_source(const wire::IpAddress& destination) const override;
  [[nodiscard]] Result<wire::IpAddress> select_source_on(const wire::IpAddress& destination,
                                                         Interface* out) const override;
  [[nodiscard]] Interface* group_interface(const wire::IpAddress& group) const override;
  [[nodiscard]] std::uint32_t path_mtu(const wire::IpAddress& destination) const override;
  [[nodiscard]] bool is_local(const wire::IpAddress& address) const override;
  [[nodiscard]] bool may_send_from(const wire::IpAddress& address) const override;
  [[nodiscard]] bool is_broadcast(const wire::IpAddress& address) const override;
  void send_port_unreachable(const Packet& packet, const Delivery& delivery) override;

  [[nodiscard]] const Ipv4Config& config() const { return config_; }
  [[nodiscard]] Arp& arp() { return arp_; }
  [[nodiscard]] const Arp& arp() const { return arp_; }
  [[nodiscard]] Icmp& icmp() { return icmp_; }

 private:
  friend class Icmp;
  friend class Igmp;

  // Paths (ipv4.cc).
  [[nodiscard]] Path find_path(const Address& destination) const override;
  [[nodiscard]] Address source_on(const Path& path) const;
  [[nodiscard]] bool is_own_group(const Address& group) const override;
  void group_changed(const Address& group, Interface& interface, bool joined, bool told) override;

  // Input (ipv4_input.cc).
  [[nodiscard]] bool validate(Interface& in, Packet& packet);
  [[nodiscard]] std::optional<DropReason> check_addresses(const Interface& in, const wire::Ipv4Header& header) const;
  [[nodiscard]] bool process_options(Interface& in, Packet& packet);
  void route_input(Interface* in, Packet packet) override;
  [[nodiscard]] Packet reassemble(Interface* in, Packet packet);
  void deliver(Interface* in, Packet&& packet, bool to_group);
  void on_reassembly_timeout(const Packet& first) override;

  // Forwarding (forward.cc).
  void forward(Interface& in, Packet packet, Path& path);
  void forward_on(Interface& in, Packet packet, Path& path);
  void fail_forward(Interface& in, Packet packet, DropReason reason, const wire::IcmpHeader& error);
  [[nodiscard]] bool record_route(Packet& packet, const Interface& out);

  // Output (ipv4_output.cc, ipv4_fragment.cc).
  [[nodiscard]] Result<Path*> output_path(const SendOptions& options, Path& own);
  [[nodiscard]] Interface* first_interface(const SendOptions& options) const;
  [[nodiscard]] static DropReason reason_of(int code);
  Result<Address> source_for(const SendOptions& options, const Path& path) const;
  Result<void> send_on(Packet&& packet, Path& path, const SendOptions& options, Address source);
  void write_header(Packet& packet, Address source, Address destination, const SendOptions& options,
                    bool dont_fragment);
  void fragment(Packet packet, Path& path, std::size_t mtu) override;
  void send_on_link(Packet message, Address destination, Interface& out);
  void report_local_error(Packet& packet, ErrorReport::Kind kind);

  // ArpHost
  [[nodiscard]] bool owns(const Interface& interface, Address address) const override;
  [[nodiscard]] Address address_on(const Interface& interface, Address target) const override;
  void unresolved(Packet packet, Interface& out) override;

  const Ipv4Config config_;
  Arp arp_;
  std::uint16_t next_id_;
  Icmp icmp_;
  std::unique_ptr<Igmp> igmp_;  // from the first group on
};

}  // namespace catenet::ip
