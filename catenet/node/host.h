// SPDX-License-Identifier: Apache-2.0
// Host and Router: which rooms a machine with an IP stack is made of, and the wires between them. This is where the
// three tables through which packets go up are filled: EtherType -> network protocol, IP protocol -> transport,
// four-tuple -> control block (by Udp and Tcp themselves).
//
//   frame -> EtherTable -> Ipv4 (or Arp), Ipv6 -> Udp (and UDP-Lite), Tcp, Icmp -> SocketLayer -> program
//
// IPv6 is made when somebody first asks for it: an address, or a socket of that family. Until then its frames are of an
// EtherType that the host does not know.
//
// A router is a host that forwards; it has transports too, because it must answer pings and probes (RFC 1812 5).
// To add a transport: one member and one register_protocol() line here.
#pragma once
#include <memory>
#include <optional>
#include <string_view>

#include "catenet/ip/ether_table.h"
#include "catenet/ip/ipv4.h"
#include "catenet/ip/ipv6.h"
#include "catenet/link/frames/frames.h"
#include "catenet/net/node.h"
#include "catenet/socket/socket_layer.h"
#include "catenet/transport/raw/raw.h"
#include "catenet/transport/tcp/tcp.h"
#include "catenet/transport/udp/udp.h"

namespace catenet::node {

struct HostConfig {
  ip::Ipv4Config ipv4;
  ip::Ipv6Config ipv6;
  transport::TcpConfig tcp;
  transport::TcpPolicy tcp_policy;
  transport::TcpLimits tcp_limits;
  transport::MakeSegmentDigest tcp_digest = nullptr;  ///< hash functions of signatures (catenet/crypto); null: none
};

class Host : public Node {
 public:
  Host(Environment& environment, SourceId id, std::string_view name, const HostConfig& config = {});
  ~Host() override;

  void receive(Interface& in, Packet frame) override { rooms_->ether_types.dispatch(in, std::move(frame)); }
  void link_changed(Interface& interface) override;

  [[nodiscard]] ip::Ipv4& ipv4() { return rooms_->ipv4; }
  [[nodiscard]] const ip::Ipv4& ipv4() const { return rooms_->ipv4; }
  /// Made now, if there is none. An interface speaks IPv6 from its first address on, or from Ipv6::enable().
  [[nodiscard]] ip::Ipv6& ipv6();
  [[nodiscard]] bool has_ipv6() const { return rooms_->ipv6 != nullptr; }
  [[nodiscard]] transport::Udp& udp() { return rooms_->udp; }
  [[nodiscard]] transport::Udp& udp_lite() { return rooms_->udp_lite; }
  [[nodiscard]] transport::Raw& raw() { return rooms_->raw; }
  [[nodiscard]] link::Frames& frames() { return rooms_->frames; }
  [[nodiscard]] transport::Tcp& tcp() { return rooms_->tcp; }
  [[nodiscard]] const transport::Tcp& tcp() const { return rooms_->tcp; }
  /// The host's sockets and programs; made when first asked for.
  [[nodiscard]] socket::SocketLayer& sockets();
  [[nodiscard]] bool has_sockets() const { return rooms_->sockets != nullptr; }
  /// Ends every program and socket at once: nothing is sent, what is queued is dropped with a reason.
  void stop_programs() { rooms_->sockets.reset(); }
  /// It loses all that it had in memory: sockets, connections, neighbours, addresses, routes, what waits to be sent
  /// (node-down). Nobody is told. What is left is a machine that was just switched on: it has its interfaces, is given
  /// addresses anew, and draws other random numbers than before. Not from inside one of the node's own events.
  void crash(const HostConfig& config);

 private:
  /// What is in the memory of the machine.
  struct Rooms {
    Rooms(Host& host, const HostConfig& config);
    ip::EtherTable ether_types;
    ip::Ipv4 ipv4;
    const ip::Ipv6Config ipv6_config;
    std::unique_ptr<ip::Ipv6> ipv6;
    transport::Udp udp;
    transport::Udp udp_lite;
    link::Frames frames;
    transport::Raw raw;
    transport::Tcp tcp;
    std::unique_ptr<socket::SocketLayer> sockets;
  };
  std::optional<Rooms> rooms_;  // always there; it is made anew in its place
};

class Router final : public Host {
 public:
  Router(Environment& environment, SourceId id, std::string_view name, HostConfig config = {})
      : Host(environment, id, name, forwarding(config)) {}

 private:
  static HostConfig forwarding(HostConfig config) {
    config.ipv4.forwarding = config.ipv6.forwarding = true;
    return config;
  }
};

}  // namespace catenet::node
