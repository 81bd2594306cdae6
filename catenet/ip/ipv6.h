// SPDX-License-Identifier: Apache-2.0
// Ipv6: the network layer of a host or a router (RFC 8200, RFC 4291, RFC 8504). One object per node that speaks IPv6;
// it owns neighbour discovery, ICMPv6, the forwarding table, path MTUs and reassembly. In node/:
//
//   ip::Ipv6 ipv6{*this, config};
//   ether_types.add(0x86dd, ipv6);
//   ipv6.register_protocol(17, udp);
//   ipv6.add_address(eth0, *wire::Ipv6Prefix::parse_interface("2001:db8::1/64"));  // connected route included
//
// In:   receive -> validate, hop-by-hop options (ipv6_input.cc) -> ours? deliver: extension headers, reassembly
//       (ipv6_extensions.cc), transport : forward (ipv6_forward.cc)
// Out:  output (ipv6_output.cc) -> path -> source address -> fragment (ipv6_fragment.cc) -> neighbour -> interface
// What it has in common with IPv4 (routes, paths, hooks, packets to ourselves) is in layer.h.
//
// An interface speaks IPv6 from enable() on (add_address() calls it): it then has a link-local address (RFC 4291 2.5.6)
// and hears ff02::1, the solicited-node groups of its addresses and, on a router, ff02::2. Where links have neighbours,
// an address is tentative until nobody has claimed it (RFC 4862 5.4), unless config.dad_transmits is 0.
//
// Left out, by name: router discovery and autoconfiguration (addresses and routes are given), redirects, routing
// headers of any type (refused), jumbograms (refused).
#pragma once
#include <cstdint>
#include <optional>

#include "catenet/ip/icmpv6.h"
#include "catenet/ip/layer.h"
#include "catenet/ip/mld.h"
#include "catenet/ip/ndp.h"
#include "catenet/wire/ipv6.h"

namespace catenet::ip {

class Ipv6 final : public Layer<wire::Ipv6Address>, private NdpHost {
 public:
  /// Headers, with all extension headers, that a node reads at most; it drops what has more (RFC 8504 5.3).
  static constexpr std::size_t kMaxHeaders = 176;

  explicit Ipv6(Node& node, const Ipv6Config& config = {});

  // Configuration, before or during a run; more of it in Layer.
  /// Makes an interface speak IPv6. EINVAL: its MTU is below 1280 (RFC 8200 5).
  Result<void> enable(Interface& interface);
  /// Errors of enable(); EINVAL (not a unicast address, or an IPv4 one in disguise), EEXIST (the interface has it, or
  /// the node has it elsewhere and it is not link-local), ENOBUFS (limit). Adds the connected route.
  Result<void> add_address(Interface& interface, const wire::Ipv6Prefix& address);
  /// EADDRNOTAVAIL. Takes the connected route away unless another address of the interface needs it.
  Result<void> remove_address(Interface& interface, const wire::Ipv6Address& address);
  /// An address that is still ours, but not to be used for what is new. EADDRNOTAVAIL.
  Result<void> set_deprecated(Interface& interface, const wire::Ipv6Address& address, bool deprecated);
  /// The node says that an interface's link came up or went down.
  void link_changed(Interface& interface);

  // NetworkProtocol: EtherType 0x86dd.
  void receive(Interface& in, Packet packet, const wire::LinkAddress& from) override;

  // Network. Link-local addresses carry the zone of their interface, going in and coming out.
  Result<void> output(Packet packet, const SendOptions& options) override;
  /// Sends a packet that has its header already (IPV6_HDRINCL), as it is, where `options.destination` says. Never cut.
  /// Errors as output(); EINVAL a header that is none, or another length than it says.
  Result<void> output_whole(Packet packet, const SendOptions& options);
  [[nodiscard]] Result<wire::IpAddress> select_source(const wire::IpAddress& destination) const override;
  [[nodiscard]] Result<wire::IpAddress> select_source_on(const wire::IpAddress& destination,
                                                         Interface* out) const override;
  [[nodiscard]] Interface* group_interface(const wire::IpAddress& group) const override;
  [[nodiscard]] std::uint32_t path_mtu(const wire::IpAddress& destination) const override;
  [[nodiscard]] bool is_local(const wire::IpAddress& address) const override;
  [[nodiscard]] bool may_send_from(const wire::IpAddress& address) const override;
  [[nodiscard]] bool is_broadcast(const wire::IpAddress&) const override { return false; }
  void send_port_unreachable(const Packet& packet, const Delivery& delivery) override;

  [[nodiscard]] const Ipv6Config& config() const { return config_; }
  [[nodiscard]] Ndp& ndp() { return ndp_; }
  [[nodiscard]] const Ndp& ndp() const { return ndp_; }
  [[nodiscard]] Icmpv6& icmp() { return icmp_; }

 private:
  friend class Icmpv6;
  friend class Mld;

  /// How far the headers of a packet have been read.
  struct Chain {
    std::size_t at = wire::kIpv6HeaderSize;                          // where `next` stands
    std::size_t named_at = offsetof(wire::Ipv6Header, next_header);  // where the byte is that names it
    wire::IpProtocol next{};
    unsigned count = 0;  // extension headers so far
  };

  // Addresses and paths (ipv6.cc).
  [[nodiscard]] Path find_path(const Address& destination) const override;
  [[nodiscard]] Path link_local_path(const Address& destination, Interface& out) const;
  [[nodiscard]] bool is_own_group(const Address& group) const override;
  void group_changed(const Address& group, Interface& interface, bool joined, bool told) override;
  [[nodiscard]] const LocalAddress<Address>* find_on(const Interface& interface, const Address& address) const;
  [[nodiscard]] LocalAddress<Address>* edit_on(const Interface& interface, const Address& address);
  [[nodiscard]] Address choose_source(const Address& destination, const Interface* out) const;
  [[nodiscard]] Interface* interface_of(std::uint8_t zone) const;
  [[nodiscard]] static wire::IpAddress with_zone(const Address& address, const Interface* interface);
  [[nodiscard]] Result<Path> path_for(const wire::IpAddress& destination, Interface* forced) const;

  // Input (ipv6_input.cc).
  [[nodiscard]] bool validate(Interface& in, Packet& packet);
  [[nodiscard]] std::optional<DropReason> check_addresses(const Interface& in, const wire::Ipv6Header& header) const;
  void route_input(Interface* in, Packet packet) override;
  void deliver(Interface* in, Packet packet);
  void hand_up(Interface* in, Packet packet, const Chain& chain);
  void fail_input(Interface* in, Packet packet, DropReason reason, const wire::Icmpv6Header& error);

  // Extension headers (ipv6_extensions.cc). True if the packet goes on; else it has been dropped, or waits.
  [[nodiscard]] bool pass_extension(Interface* in, Packet& packet, Chain& chain);
  [[nodiscard]] bool process_options(Interface* in, Packet& packet, std::size_t at, std::size_t size);
  [[nodiscard]] bool take_fragment(Interface* in, Packet& packet, Chain& chain);
  [[nodiscard]] static bool has_whole_chain(Packet& packet);
  [[nodiscard]] static Chain strip_fragment_header(Packet& packet);
  void on_reassembly_timeout(const Packet& first) override;

  // Forwarding (ipv6_forward.cc).
  void forward(Interface& in, Packet packet, Path& path);
  void forward_on(Interface& in, Packet packet, Path& path);

  // Output (ipv6_output.cc, ipv6_fragment.cc).
  [[nodiscard]] Result<Path*> output_path(const SendOptions& options, Path& own);
  [[nodiscard]] Interface* first_interface(const SendOptions& options) const;
  Result<Address> source_for(const SendOptions& options, const Path& path) const;
  Result<void> send_on(Packet packet, Path& path, const SendOptions& options, const Address& source);
  void write_header(Packet& packet, const Address& source, const Address& destination, const SendOptions& options);
  [[nodiscard]] std::uint32_t flow_label(const Packet& packet, const Address& source, const Address& destination,
                                         std::uint8_t protocol) const;
  void fragment(Packet packet, Path& path, std::size_t mtu) override;
  void send_alert(Packet message, const Address& destination, Interface& out);
  void report_local_error(Packet& packet, ErrorReport::Kind kind);

  // NdpHost
  [[nodiscard]] bool owns(const Interface& interface, const Address& address) const override;
  [[nodiscard]] bool is_tentative(const Interface& interface, const Address& address) const override;
  [[nodiscard]] Address address_on(const Interface& interface, const Address& target) const override;
  [[nodiscard]] bool is_router() const override { return config_.forwarding; }
  void send_on_link(Packet message, const Address& source, const Address& destination, Interface& out,
                    const wire::LinkAddress& to) override;
  void settle_address(Interface& interface, const Address& address, bool duplicate) override;
  void unresolved(Packet packet, Interface& out) override;

  const Ipv6Config config_;
  Ndp ndp_;
  std::uint64_t flow_secret_;
  Rng fragment_ids_;  // not to be guessed (RFC 7739)
  Icmpv6 icmp_;
  std::unique_ptr<Mld> mld_;  // from the first group on
};

}  // namespace catenet::ip
