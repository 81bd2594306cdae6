// SPDX-License-Identifier: Apache-2.0
#include "catenet/node/host.h"

#include "catenet/wire/ethernet.h"

namespace catenet::node {

Host::Rooms::Rooms(Host& host, const HostConfig& config)
    : ipv4(host, config.ipv4),
      ipv6_config(config.ipv6),
      udp(host, ipv4),
      udp_lite(host, ipv4, wire::Family::kV4, transport::UdpFlavour::lite),
      frames(host),
      raw(ipv4),
      tcp(host, ipv4) {
  ether_types.add(static_cast<std::uint16_t>(wire::EtherType::kIpv4), ipv4);
  ether_types.add(static_cast<std::uint16_t>(wire::EtherType::kArp), ipv4.arp());
  ipv4.register_protocol(transport::kProtocolUdp, udp);
  ipv4.register_protocol(transport::kProtocolUdpLite, udp_lite);
  ipv4.register_protocol(transport::Tcp::kProtocolNumber, tcp);
  tcp.set_config(config.tcp);
  tcp.set_policy(config.tcp_policy);
  tcp.set_limits(config.tcp_limits);
  tcp.set_digest(config.tcp_digest);
}

Host::Host(Environment& environment, SourceId id, std::string_view name, const HostConfig& config)
    : Node(environment, id, name) {
  rooms_.emplace(*this, config);
}

Host::~Host() = default;

void Host::link_changed(Interface& interface) {
  Node::link_changed(interface);
  rooms_->frames.link_changed(interface);
  rooms_->ipv4.link_changed(interface);
  if (rooms_->ipv6 != nullptr) {
    rooms_->ipv6->link_changed(interface);
  }
}

void Host::crash(const HostConfig& config) {
  drop_all_as(DropReason::node_down);
  for (const auto& interface : interfaces()) {
    interface->drain(DropReason::node_down);
  }
  rooms_.reset();
  drop_all_as(std::nullopt);
  begin_again();
  rooms_.emplace(*this, config);
}

ip::Ipv6& Host::ipv6() {
  Rooms& r = *rooms_;
  if (r.ipv6 == nullptr) {
    r.ipv6 = std::make_unique<ip::Ipv6>(*this, r.ipv6_config);
    r.ether_types.add(static_cast<std::uint16_t>(wire::EtherType::kIpv6), *r.ipv6);
    r.ipv6->register_protocol(transport::kProtocolUdp, r.udp);
    r.ipv6->register_protocol(transport::kProtocolUdpLite, r.udp_lite);
    r.ipv6->register_protocol(transport::Tcp::kProtocolNumber, r.tcp);
    r.udp.add_network(*r.ipv6, wire::Family::kV6);
    r.udp_lite.add_network(*r.ipv6, wire::Family::kV6);
    r.raw.set_ipv6(*r.ipv6);
    r.tcp.add_network(*r.ipv6, wire::Family::kV6);
  }
  return *r.ipv6;
}

socket::SocketLayer& Host::sockets() {
  Rooms& r = *rooms_;
  if (r.sockets == nullptr) {
    r.sockets =
        std::make_unique<socket::SocketLayer>(socket::Protocols{.node = *this,
                                                                .network = r.ipv4,
                                                                .udp = r.udp,
                                                                .tcp = r.tcp,
                                                                .icmp = &r.ipv4.icmp(),
                                                                .udp_lite = &r.udp_lite,
                                                                .raw = &r.raw,
                                                                .frames = &r.frames,
                                                                .ipv6 = Delegate<ip::Ipv6&()>::to<&Host::ipv6>(*this)});
  }
  return *r.sockets;
}

}  // namespace catenet::node
