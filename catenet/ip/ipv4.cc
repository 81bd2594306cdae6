// SPDX-License-Identifier: Apache-2.0
// Configuration of an Ipv4 and the choice of paths. What happens to packets is in ipv4_input.cc, forward.cc,
// ipv4_output.cc and ipv4_fragment.cc.
#include "catenet/ip/ipv4.h"

#include <algorithm>

namespace catenet::ip {

using wire::Ipv4Address;
using wire::Ipv4Prefix;

Ipv4::Ipv4(Node& node, const Ipv4Config& config)
    : Layer(node, config_),
      config_(config),
      arp_(node, *this, config_.neighbor),
      next_id_(static_cast<std::uint16_t>(node.random_stream("ipv4 identification").next())),
      icmp_(*this, config_.icmp) {
  set_neighbors(arp_.cache());
  register_protocol(static_cast<std::uint8_t>(wire::IpProtocol::kIcmp), icmp_);
}

Result<void> Ipv4::add_address(Interface& interface, const Ipv4Prefix& prefix) {
  const Ipv4Address address = prefix.address();
  if (address.is_martian_source() || prefix.length() == 0) {
    return fail(EINVAL, "not a unicast address");
  }
  if (prefix.has_broadcast() && (address == prefix.network() || address == prefix.broadcast())) {
    return fail(EINVAL, "the network's own or its broadcast address");
  }
  if (find_local(address) != nullptr) {
    return fail(EEXIST, "the node has this address already");
  }
  if (addresses_.size() >= config_.addresses) {
    return fail(ENOBUFS, "too many addresses");
  }
  addresses_.push_back({prefix, prefix.has_broadcast() ? prefix.broadcast() : address, &interface});
  addresses_changed();
  if (!prefix.is_host()) {
    insert_connected_route(addresses_.back(), address);
  }
  return {};
}

Result<void> Ipv4::remove_address(Interface& interface, Ipv4Address address) {
  return erase_address(interface, address) ? Result<void>()
                                           : fail(EADDRNOTAVAIL, "the interface does not have this address");
}

Ipv4Address Ipv4::address_of(const Interface& interface) const {
  for (const auto& a : addresses_) {
    if (a.interface == &interface) {
      return a.address();
    }
  }
  return {};
}

bool Ipv4::is_own_group(const Ipv4Address& group) const {
  return group == Ipv4Address(224, 0, 0, 1);  // all hosts: always (RFC 1112 4)
}

void Ipv4::group_changed(const Ipv4Address& group, Interface& interface, bool joined, bool told) {
  if (is_own_group(group)) {
    return;
  }
  if (igmp_ == nullptr) {
    igmp_ = std::make_unique<Igmp>(*this);
    register_protocol(static_cast<std::uint8_t>(wire::IpProtocol::kIgmp), *igmp_);
  }
  if (joined) {
    igmp_->joined(group, interface);
  } else {
    igmp_->left(group, interface, told);
  }
}

void Ipv4::link_changed(Interface& interface) {
  if (!interface.is_up()) {
    arp_.cache().flush(&interface, DropReason::link_down);
    return;
  }
  if (igmp_ != nullptr) {
    igmp_->link_up(interface);
  }
  if (!config_.gratuitous_arp || !interface.link_layer().needs_resolution()) {
    return;
  }
  for (const auto& a : addresses_) {
    if (a.interface == &interface) {
      arp_.announce(interface, a.address());
    }
  }
}

// Paths

Ipv4::Path Ipv4::find_path(const Ipv4Address& destination) const {
  Path path;
  path.destination = destination;
  path.next_hop = destination;
  path.generation = generation();
  if (destination.is_multicast()) {
    path.kind = PathKind::multicast;
  } else if (destination.is_broadcast()) {
    path.kind = PathKind::broadcast;
  } else if (destination.is_loopback()) {
    path.kind = PathKind::local;
  }
  const std::span<const LocalAddress<Address>> ours(addresses_.data(),
                                                    may_be_ours(destination) ? addresses_.size() : 0);
  for (const auto& a : ours) {
    if (a.address() == destination) {
      path.kind = PathKind::local;
      path.out = a.interface;
      break;
    }
    if (a.broadcast == destination && path.kind == PathKind::none) {
      path.kind = PathKind::broadcast;
      path.out = a.interface;
    }
  }
  if (path.kind != PathKind::local && !destination.is_broadcast()) {
    find_route(path);
  }
  return path;
}

/// RFC 1122 3.3.4.3: what the route prefers, else an address in the neighbour's subnet, else the link's primary one,
/// else (an unnumbered link) the node's first.
Ipv4Address Ipv4::source_on(const Path& path) const {
  if (path.kind == PathKind::local) {  // of 127/8 nobody speaks as another than 127.0.0.1 unasked: so Linux
    return path.destination.is_loopback() ? Ipv4Address::loopback() : path.destination;
  }
  if (path.route != nullptr && !path.route->preferred_source.is_unspecified()) {
    return path.route->preferred_source;
  }
  Ipv4Address source;
  if (path.out != nullptr) {
    source = address_on(*path.out, path.next_hop);
  }
  return source.is_unspecified() && !addresses_.empty() ? addresses_.front().address() : source;
}

// ArpHost

bool Ipv4::owns(const Interface& interface, Ipv4Address address) const {
  const auto* local = find_local(address);
  return local != nullptr && local->interface == &interface;
}

Ipv4Address Ipv4::address_on(const Interface& interface, Ipv4Address target) const {
  for (const auto& a : addresses_) {
    if (a.interface == &interface && a.prefix.contains(target)) {
      return a.address();
    }
  }
  return address_of(interface);
}

}  // namespace catenet::ip
