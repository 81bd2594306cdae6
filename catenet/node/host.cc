// SPDX-License-Identifier: Apache-2.0
#include "catenet/node/host.h"

#include "catenet/wire/ethernet.h"

namespace catenet::node {

Host::Host(Environment& environment, SourceId id, std::string_view name, const HostConfig& config)
    : Node(environment, id, name), ipv4_(*this, config.ipv4), udp_(*this, ipv4_), tcp_(*this, ipv4_) {
  ether_types_.add(static_cast<std::uint16_t>(wire::EtherType::kIpv4), ipv4_);
  ether_types_.add(static_cast<std::uint16_t>(wire::EtherType::kArp), ipv4_.arp());
  ipv4_.register_protocol(transport::kProtocolUdp, udp_);
  ipv4_.register_protocol(transport::Tcp::kProtocolNumber, tcp_);
  tcp_.set_config(config.tcp);
  tcp_.set_policy(config.tcp_policy);
  tcp_.set_limits(config.tcp_limits);
}

Host::~Host() = default;

void Host::link_changed(Interface& interface) {
  Node::link_changed(interface);
  ipv4_.link_changed(interface);
}

socket::SocketLayer& Host::sockets() {
  if (sockets_ == nullptr) {
    sockets_ = std::make_unique<socket::SocketLayer>(
        socket::Protocols{.node = *this, .network = ipv4_, .udp = udp_, .tcp = tcp_, .icmp = &ipv4_.icmp()});
  }
  return *sockets_;
}

}  // namespace catenet::node
