// SPDX-License-Identifier: Apache-2.0
// Configuration of an Ipv6, its addresses, and the choice of paths and sources. What happens to packets is in the other
// ipv6_*.cc.
#include "catenet/ip/ipv6.h"

#include <algorithm>

#include "catenet/ip/address_selection.h"

namespace catenet::ip {

using wire::IpAddress;
using wire::Ipv6Address;
using wire::Ipv6Prefix;

namespace {

constexpr unsigned kInterfaceIdBits = 64;

/// fe80:: and an interface identifier: the modified EUI-64 of the hardware address (RFC 4291 A), or, on links without
/// one, a number that is the interface's own (RFC 7217).
Ipv6Address make_link_local(const Interface& interface) {
  std::uint64_t id = 0;
  if (interface.address().is_mac()) {
    const std::uint64_t mac = interface.address().to_mac().to_u64();
    constexpr std::uint64_t kUniversal = 0x0200'0000'0000'0000;
    id = ((mac >> 24 << 40) | (std::uint64_t{0xfffe} << 24) | (mac & 0xffffff)) ^ kUniversal;
  } else {
    id = interface.node().random_stream("ipv6 interface " + interface.name()).next();
  }
  const auto group = [id](unsigned shift) { return static_cast<std::uint16_t>(id >> shift); };
  return Ipv6Address({0xfe80, 0, 0, 0, group(48), group(32), group(16), group(0)});
}

}  // namespace

Ipv6::Ipv6(Node& node, const Ipv6Config& config)
    : Layer(node, config_),
      config_(config),
      ndp_(node, *this, config_.neighbor, config_.dad_transmits),
      flow_secret_(node.random_stream("ipv6 flow label").next()),
      fragment_ids_(node.random_stream("ipv6 fragment")),
      icmp_(*this, config_.icmp) {
  set_neighbors(ndp_.cache());
  register_protocol(static_cast<std::uint8_t>(wire::IpProtocol::kIcmpv6), icmp_);
}

// Addresses

Result<void> Ipv6::enable(Interface& interface) {
  if (interface.mtu() < wire::kIpv6MinMtu) {
    return fail(EINVAL, "IPv6 needs an MTU of 1280");
  }
  const bool has_one = std::any_of(addresses_.begin(), addresses_.end(), [&](const auto& a) {
    return a.interface == &interface && a.address().is_link_local();
  });
  return has_one ? Result<void>() : add_address(interface, {make_link_local(interface), kInterfaceIdBits});
}

Result<void> Ipv6::add_address(Interface& interface, const Ipv6Prefix& prefix) {
  const Ipv6Address address = prefix.address();
  if (address.is_martian_source() || address.is_v4_mapped() || prefix.length() == 0) {
    return fail(EINVAL, "not a unicast address");
  }
  if (find_on(interface, address) != nullptr || (!address.is_link_local() && find_local(address) != nullptr)) {
    return fail(EEXIST, "the node has this address already");
  }
  if (addresses_.size() >= config_.addresses) {
    return fail(ENOBUFS, "too many addresses");
  }
  if (!address.is_link_local()) {
    if (auto enabled = enable(interface); !enabled) {
      return enabled;
    }
  } else if (interface.mtu() < wire::kIpv6MinMtu) {
    return fail(EINVAL, "IPv6 needs an MTU of 1280");
  }
  LocalAddress<Address> made{prefix, address, &interface};
  const bool detect = config_.dad_transmits > 0 && interface.link_layer().needs_resolution();
  made.state = detect ? AddressState::tentative : AddressState::preferred;
  addresses_.push_back(made);
  addresses_changed();
  if (!prefix.is_host() && !address.is_link_local()) {  // link-local destinations are found by their link
    insert_connected_route(made, Address());            // RFC 6724 chooses the source
  }
  if (detect && interface.is_up()) {
    ndp_.detect_duplicates(interface, address);
  }
  return {};
}

Result<void> Ipv6::remove_address(Interface& interface, const Ipv6Address& address) {
  ndp_.forget(interface, address);
  return erase_address(interface, address) ? Result<void>()
                                           : fail(EADDRNOTAVAIL, "the interface does not have this address");
}

Result<void> Ipv6::set_deprecated(Interface& interface, const Ipv6Address& address, bool deprecated) {
  LocalAddress<Address>* local = edit_on(interface, address);
  if (local == nullptr || !local->is_assigned()) {
    return fail(EADDRNOTAVAIL, "the interface does not have this address");
  }
  local->state = deprecated ? AddressState::deprecated : AddressState::preferred;
  ++addresses_generation_;
  return {};
}

/// A link that comes up may be another one than before: RFC 4862 5.4.
void Ipv6::link_changed(Interface& interface) {
  const bool up = interface.is_up();
  if (!up) {
    ndp_.cache().flush(&interface, DropReason::link_down);
  } else if (mld_ != nullptr) {
    mld_->link_up(interface);
  }
  if (config_.dad_transmits == 0 || !interface.link_layer().needs_resolution()) {
    return;
  }
  for (auto& a : addresses_) {
    if (a.interface != &interface) {
      continue;
    }
    if (up) {
      a.state = AddressState::tentative;
      ndp_.detect_duplicates(interface, a.address());
    } else {
      ndp_.forget(interface, a.address());
    }
  }
  ++addresses_generation_;
}

const LocalAddress<Ipv6Address>* Ipv6::find_on(const Interface& interface, const Ipv6Address& address) const {
  for (const auto& a : addresses_) {
    if (a.interface == &interface && a.address() == address) {
      return &a;
    }
  }
  return nullptr;
}

LocalAddress<Ipv6Address>* Ipv6::edit_on(const Interface& interface, const Ipv6Address& address) {
  return const_cast<LocalAddress<Address>*>(find_on(interface, address));
}

/// All nodes, all routers, and those who may be asked for one of our addresses (RFC 4291 2.7.1, 2.8).
bool Ipv6::is_own_group(const Ipv6Address& group) const {
  constexpr Ipv6Address kAllNodes({0xff02, 0, 0, 0, 0, 0, 0, 1});
  constexpr Ipv6Address kAllRouters({0xff02, 0, 0, 0, 0, 0, 0, 2});
  return group == kAllNodes || (config_.forwarding && group == kAllRouters) ||
         std::any_of(addresses_.begin(), addresses_.end(),
                     [&](const auto& a) { return a.address().solicited_node() == group; });
}

void Ipv6::group_changed(const Ipv6Address& group, Interface& interface, bool joined, bool told) {
  // RFC 3810 6. What has become a group of our own since it was joined is left all the same.
  if ((joined && is_own_group(group)) || group.scope() <= wire::Scope::kInterfaceLocal) {
    return;
  }
  if (mld_ == nullptr) {
    mld_ = std::make_unique<Mld>(*this);
  }
  if (joined) {
    mld_->joined(group, interface);
  } else {
    mld_->left(group, interface, told);
  }
}

// Zones

Interface* Ipv6::interface_of(std::uint8_t zone) const {
  const auto interfaces = node_.interfaces();
  return zone == 0 || zone > interfaces.size() ? nullptr : interfaces[zone - 1U].get();
}

IpAddress Ipv6::with_zone(const Ipv6Address& address, const Interface* interface) {
  return address.is_link_local() && interface != nullptr && interface->index() < IpAddress::kMaxZone
             ? IpAddress(address, static_cast<std::uint8_t>(interface->index() + 1))
             : IpAddress(address);
}

// Paths

Ipv6::Path Ipv6::find_path(const Ipv6Address& destination) const {
  Path path;
  path.destination = destination;
  path.next_hop = destination;
  path.generation = generation();
  if (destination.is_multicast()) {
    path.kind = PathKind::multicast;
  } else if (destination.is_loopback()) {
    path.kind = PathKind::local;
  } else if (const auto* local = find_local(destination)) {
    path.kind = PathKind::local;
    path.out = local->interface;
  }
  if (path.kind != PathKind::local) {
    find_route(path);
  }
  return path;
}

Ipv6::Path Ipv6::link_local_path(const Ipv6Address& destination, Interface& out) const {
  Path path;
  path.destination = destination;
  path.next_hop = destination;
  path.generation = generation();
  path.out = &out;
  const auto* local = find_on(out, destination);
  if (local != nullptr && local->is_assigned()) {
    path.kind = PathKind::local;
  } else {
    path.kind = PathKind::unicast;
    path.neighbor = neighbors_->find(out, destination);
  }
  return path;
}

/// EINVAL: it could be on any link.
Result<Ipv6::Path> Ipv6::path_for(const IpAddress& destination, Interface* forced) const {
  const Ipv6Address to = destination.v6();
  Interface* out = forced != nullptr ? forced : interface_of(destination.zone());
  if (to.is_link_local()) {
    if (out == nullptr) {  // one of ours says where it is
      const auto* local = find_local(to);
      out = local != nullptr ? local->interface : nullptr;
    }
    return out != nullptr ? Result<Path>(link_local_path(to, *out))
                          : fail(EINVAL, "a link-local address without its link");
  }
  return out != nullptr ? forced_path(to, *out) : find_path(to);
}

/// RFC 6724 5. The candidates (4) are the addresses of the outgoing interface and, as on Linux, those of the others
/// that are not bound to their link; unspecified without any.
Ipv6Address Ipv6::choose_source(const Ipv6Address& destination, const Interface* out) const {
  std::optional<SourceCandidate> best;
  for (const auto& a : addresses_) {
    if (!a.is_assigned() || (a.interface != out && a.address().is_link_local())) {
      continue;
    }
    const SourceCandidate candidate{a.address(), static_cast<std::uint8_t>(a.prefix.length()),
                                    a.state == AddressState::deprecated, a.interface == out};
    if (!best || is_better_source(candidate, *best, destination)) {
      best = candidate;
    }
  }
  return best ? best->address : Ipv6Address();
}

// NdpHost

bool Ipv6::owns(const Interface& interface, const Ipv6Address& address) const {
  const auto* local = find_on(interface, address);
  return local != nullptr && local->is_assigned();
}

bool Ipv6::is_tentative(const Interface& interface, const Ipv6Address& address) const {
  const auto* local = find_on(interface, address);
  return local != nullptr && local->state == AddressState::tentative;
}

Ipv6Address Ipv6::address_on(const Interface& interface, const Ipv6Address& target) const {
  return choose_source(target, &interface);
}

void Ipv6::settle_address(Interface& interface, const Ipv6Address& address, bool duplicate) {
  LocalAddress<Address>* local = edit_on(interface, address);
  if (local != nullptr && local->state == AddressState::tentative) {
    local->state = duplicate ? AddressState::duplicate : AddressState::preferred;
    ++addresses_generation_;
  }
}

}  // namespace catenet::ip
