// SPDX-License-Identifier: Apache-2.0
#include "catenet/node/host.h"

#include "catenet/wire/ethernet.h"

namespace catenet::node {

Host::Host(Environment& environment, SourceId id, std::string_view name, const HostConfig& config)
    : Node(environment, id, name),
      ipv4_(*this, config.ipv4),
      ipv6_config_(config.ipv6),
      udp_(*this, ipv4_),
      udp_lite_(*this, ipv4_, wire::Family::kV4, transport::UdpFlavour::lite),
      frames_(*this),
      raw_(ipv4_),
      tcp_(*this, ipv4_) {
  ether_types_.add(static_cast<std::uint16_t>(wire::EtherType::kIpv4), ipv4_);
  ether_types_.add(static_cast<std::uint16_t>(wire::EtherType::kArp), ipv4_.arp());
  ipv4_.register_protocol(transport::kProtocolUdp, udp_);
  ipv4_.register_protocol(transport::kProtocolUdpLite, udp_lite_);
  ipv4_.register_protocol(transport::Tcp::kProtocolNumber, tcp_);
  tcp_.set_config(config.tcp);
  tcp_.set_policy(config.tcp_policy);
  tcp_.set_limits(config.tcp_limits);
  tcp_.set_digest(config.tcp_digest);
}

Host::~Host() = default;

void Host::link_changed(Interface& interface) {
  Node::link_changed(interface);
  frames_.link_changed(interface);
  ipv4_.link_changed(interface);
  if (ipv6_ != nullptr) {
    ipv6_->link_changed(interface);
  }
}

ip::Ipv6& Host::ipv6() {
  if (ipv6_ == nullptr) {
    ipv6_ = std::make_unique<ip::Ipv6>(*this, ipv6_config_);
    ether_types_.add(static_cast<std::uint16_t>(wire::EtherType::kIpv6), *ipv6_);
    ipv6_->register_protocol(transport::kProtocolUdp, udp_);
    ipv6_->register_protocol(transport::kProtocolUdpLite, udp_lite_);
    ipv6_->register_protocol(transport::Tcp::kProtocolNumber, tcp_);
    udp_.add_network(*ipv6_, wire::Family::kV6);
    udp_lite_.add_network(*ipv6_, wire::Family::kV6);
    raw_.set_ipv6(*ipv6_);
    tcp_.add_network(*ipv6_, wire::Family::kV6);
  }
  return *ipv6_;
}

socket::SocketLayer& Host::sockets() {
  if (sockets_ == nullptr) {
    sockets_ =
        std::make_unique<socket::SocketLayer>(socket::Protocols{.node = *this,
                                                                .network = ipv4_,
                                                                .udp = udp_,
                                                                .tcp = tcp_,
                                                                .icmp = &ipv4_.icmp(),
                                                                .udp_lite = &udp_lite_,
                                                                .raw = &raw_,
                                                                .frames = &frames_,
                                                                .ipv6 = Delegate<ip::Ipv6&()>::to<&Host::ipv6>(*this)});
  }
  return *sockets_;
}

}  // namespace catenet::node
