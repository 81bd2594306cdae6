// SPDX-License-Identifier: Apache-2.0
// Routes, paths and the last step out, for both families.
#include "catenet/ip/layer.h"

#include <algorithm>
#include <type_traits>

#include "catenet/base/hash.h"
#include "catenet/wire/tcp.h"
#include "catenet/wire/udp.h"

namespace catenet::ip {

template <typename A>
Layer<A>::~Layer() {
  while (!looped_.empty()) {
    node_.drop(looped_.pop_front().packet, DropReason::run_ended);
  }
}

// Configuration

template <typename A>
Result<void> Layer<A>::add_route(Route<A> route) {
  if (fib_.size() >= common_.routes) {
    return fail(ENOBUFS, "too many routes");
  }
  if (!route.next_hop.is_unspecified()) {
    if (route.next_hop.is_martian_source() || find_local(route.next_hop) != nullptr) {
      return fail(EINVAL, "the next hop is not another host");
    }
    if (route.interface == nullptr) {
      route.interface = connected_interface(route.next_hop);
    }
  }
  if (route.interface == nullptr) {
    return fail(EHOSTUNREACH, "the next hop is not on a connected network");
  }
  fib_.insert(route);
  return {};
}

template <typename A>
Result<void> Layer<A>::set_default_route(const A& next_hop, Interface* interface, std::uint32_t metric) {
  return add_route({.next_hop = next_hop, .metric = metric, .interface = interface});
}

template <typename A>
Result<void> Layer<A>::remove_route(const wire::Prefix<A>& prefix, const A& next_hop) {
  return fib_.remove(prefix, next_hop) > 0 ? Result<void>() : fail(ESRCH, "no such route");
}

template <typename A>
void Layer<A>::insert_connected_route(const LocalAddress<A>& address, const A& preferred_source) {
  fib_.insert({.prefix = address.prefix.canonical(),
               .preferred_source = preferred_source,
               .kind = RouteKind::connected,
               .interface = address.interface});
}

template <typename A>
bool Layer<A>::erase_address(const Interface& interface, const A& address) {
  const auto at = std::find_if(addresses_.begin(), addresses_.end(), [&](const LocalAddress<A>& a) {
    return a.interface == &interface && a.address() == address;
  });
  if (at == addresses_.end()) {
    return false;
  }
  const wire::Prefix<A> network = at->prefix.canonical();
  addresses_.erase(at);
  addresses_changed();
  A preferred{};
  fib_.remove_if([&](const Route<A>& r) {
    const bool its = r.interface == &interface && r.kind == RouteKind::connected && r.prefix == network;
    preferred = its ? r.preferred_source : preferred;
    return its;
  });
  for (const LocalAddress<A>& other : addresses_) {  // a second address in the same network keeps the route
    if (other.interface == &interface && other.prefix.canonical() == network && !other.prefix.is_host()) {
      insert_connected_route(other, preferred.is_unspecified() ? preferred : other.address());
      break;
    }
  }
  return true;
}

template <typename A>
std::vector<wire::IpPrefix> Layer<A>::addresses_of(const Interface& interface) const {
  std::vector<wire::IpPrefix> prefixes;
  for (const LocalAddress<A>& a : addresses_) {
    if (a.interface == &interface && a.is_assigned()) {
      prefixes.push_back(a.prefix);
    }
  }
  return prefixes;
}

template <typename A>
wire::IpAddress Layer<A>::first_address_of(const Interface& interface) const {
  for (const LocalAddress<A>& a : addresses_) {
    if (a.interface == &interface && a.is_assigned()) {
      return a.address();
    }
  }
  return A();
}

template <typename A>
Interface* Layer<A>::interface_with(const wire::IpAddress& address) const {
  const auto own = family_address(address);
  for (const LocalAddress<A>& a : addresses_) {
    const bool here = address.zone() == 0 || (a.interface != nullptr && address.zone() == a.interface->index() + 1U);
    if (own && a.address() == *own && a.is_assigned() && here) {
      return a.interface;
    }
  }
  return nullptr;
}

template <typename A>
Result<void> Layer<A>::join(const A& group, Interface* interface) {
  if (!group.is_multicast()) {
    return fail(EINVAL, "not a multicast group");
  }
  for (Membership& m : memberships_) {
    if (m.group == group && m.interface == interface) {
      ++m.count;
      return {};
    }
  }
  if (memberships_.size() >= common_.groups) {
    return fail(ENOBUFS, "too many groups");
  }
  memberships_.push_back({group, interface, 1});
  if (interface != nullptr && common_.report_groups) {
    group_changed(group, *interface, true, true);
  }
  return {};
}

template <typename A>
void Layer<A>::leave(const A& group, Interface* interface, bool told) {
  for (Membership& m : memberships_) {
    if (m.group == group && m.interface == interface && --m.count == 0) {
      m = memberships_.back();
      memberships_.pop_back();
      if (interface != nullptr && common_.report_groups) {
        group_changed(group, *interface, false, told);
      }
      return;
    }
  }
}

template <typename A>
std::optional<A> Layer<A>::family_address(const wire::IpAddress& address) {
  if constexpr (std::is_same_v<A, wire::Ipv4Address>) {
    return address.is_v4() ? std::optional(address.v4()) : std::nullopt;
  } else {
    return address.is_v6() ? std::optional(address.v6()) : std::nullopt;
  }
}

template <typename A>
Result<void> Layer<A>::join_group(const wire::IpAddress& group, Interface* interface) {
  const std::optional<A> address = family_address(group);
  return address ? join(*address, interface) : fail(EINVAL, "a group of another family");
}

template <typename A>
void Layer<A>::leave_group(const wire::IpAddress& group, Interface* interface, bool told) {
  if (const std::optional<A> address = family_address(group)) {
    leave(*address, interface, told);
  }
}

template <typename A>
bool Layer<A>::is_joined(const A& group, const Interface* in) const {
  return is_own_group(group) || std::ranges::any_of(memberships_, [&](const Membership& m) {
           return m.group == group && (m.interface == nullptr || m.interface == in);
         });
}

template <typename A>
void Layer<A>::register_protocol(std::uint8_t number, Protocol& protocol) {
  std::erase_if(protocols_, [&](const Registration& r) { return r.number == number; });
  protocols_.push_back({number, &protocol});
}

template <typename A>
Protocol* Layer<A>::protocol(std::uint8_t number) const {
  for (const Registration& r : protocols_) {  // three or four
    if (r.number == number) {
      return r.protocol;
    }
  }
  return nullptr;
}

template <typename A>
void Layer<A>::add_hook(HookPoint point, Hook& hook) {
  if (hooks_ == nullptr) {
    hooks_ = std::make_unique<HookTable>();
  }
  hooks_->add(point, hook);
}

template <typename A>
void Layer<A>::remove_hook(const Hook& hook) {
  if (hooks_ != nullptr) {
    hooks_->remove(hook);
  }
}

template <typename A>
bool Layer<A>::run_hooks(HookPoint point, Packet& packet, Interface* in, Interface* out) {
  switch (hooks_->run(point, packet, in, out)) {
    case Hook::Verdict::accept:
      return true;
    case Hook::Verdict::drop:
      node_.drop(std::move(packet), DropReason::filtered, in != nullptr ? in : out);
      return false;
    case Hook::Verdict::taken:
      return false;
  }
  return false;
}

template <typename A>
void Layer<A>::addresses_changed() {
  ++addresses_generation_;
  if (addresses_.size() <= AddressFilter::kFew) {
    return;
  }
  if (address_filter_ == nullptr) {
    address_filter_ = std::make_unique<AddressFilter>();
  }
  const bool anew = address_filter_->fit(2 * addresses_.size());
  for (std::size_t i = anew ? 0 : addresses_.size() - 1; i < addresses_.size(); ++i) {
    address_filter_->add(addresses_[i].address().hash());
    address_filter_->add(addresses_[i].broadcast.hash());
  }
}

// Paths

template <typename A>
typename Layer<A>::Path& Layer<A>::remember_path(const A& destination) {
  if (path_conflicts_ == kPathConflicts && many_paths_ == nullptr) {
    // Nobody who holds a path of the few need fear for it: they stay where they are.
    many_paths_ = std::make_unique<Path[]>(kPathWays << kManyPathBits);
  }
  path_victim_ = static_cast<std::uint8_t>((path_victim_ + 1) % kPathWays);
  Path& path = path_set(destination)[path_victim_];
  path_conflicts_ = static_cast<std::uint16_t>(
      std::min<unsigned>(path_conflicts_ + (path.generation == generation() ? 1U : 0U), kPathConflicts));
  return path = find_path(destination);
}

template <typename A>
Interface* Layer<A>::connected_interface(const A& next_hop) const {
  const Route<A>* route = fib_.lookup(next_hop);
  return route != nullptr && route->is_on_link() ? route->interface : nullptr;
}

template <typename A>
void Layer<A>::find_route(Path& path) const {
  path.route = fib_.lookup(path.destination);
  if (path.route != nullptr && path.out == nullptr) {
    path.out = path.route->interface;
  }
  if (path.kind == PathKind::none && path.route != nullptr) {
    path.kind = PathKind::unicast;
    path.next_hop = path.route->neighbor_for(path.destination);
    path.neighbor = neighbors_->find(*path.out, path.next_hop);
    path.ways = static_cast<std::uint8_t>(std::clamp<std::size_t>(fib_.equals(*path.route), 1, common_.equal_routes));
  }
}

/// RFC 2992, hash-threshold: the hash space is cut into as many regions of equal size as there are routes, so that a
/// route which comes or goes moves as few flows as can be without remembering any. Every node hashes with a secret of
/// its own: else the routers of one stage of a tree would see only those flows that choose alike (polarisation).
template <typename A>
typename Layer<A>::Path& Layer<A>::way_of(const Path& path, const A& source, Flow flow) {
  if (ways_ == nullptr) {
    ways_ = std::make_unique<Ways>(node_.random_stream("equal routes").next());
  }
  std::uint64_t hash = 0;
  if constexpr (std::is_same_v<A, wire::Ipv4Address>) {
    hash = mix64(ways_->secret, std::uint64_t{source.value()} << 32 | path.destination.value());
  } else {
    hash = path.destination.hash(source.hash(ways_->secret));
  }
  hash = mix64(hash, std::uint64_t{flow.protocol} << 32 | flow.ports);
  const Route<A>& route = path.route[(hash >> 32) * path.ways >> 32];
  Path& way = ways_->paths[slot_of(route.next_hop, Ways::kBits)];
  if (way.next_hop != route.next_hop || way.out != route.interface || way.generation != path.generation) {
    way.next_hop = route.next_hop;
    way.generation = path.generation;
    way.kind = path.kind;
    way.out = route.interface;
    way.neighbor = neighbors_->find(*route.interface, route.next_hop);
  }
  way.destination = path.destination;
  way.route = &route;
  return way;
}

template <typename A>
typename Layer<A>::Path Layer<A>::forced_path(const A& destination, Interface& out) const {
  Path path = find_path(destination);
  if (path.kind == PathKind::local) {
    return path;
  }
  path.out = &out;
  path.route = nullptr;
  path.neighbor = nullptr;
  path.next_hop = destination;
  if (path.kind == PathKind::none || path.kind == PathKind::unicast) {
    path.kind = PathKind::unicast;
    path.route = fib_.lookup_on(destination, out);
    if (path.route != nullptr) {
      path.next_hop = path.route->neighbor_for(destination);
    }
    path.neighbor = neighbors_->find(out, path.next_hop);
  }
  return path;
}

// In

template <typename A>
Reassembly& Layer<A>::make_reassembly() {
  if (reassembly_ == nullptr) {
    reassembly_ = std::make_unique<Reassembly>(node_, common_.reassembly,
                                               Delegate<void(const Packet&)>::to<&Layer::on_reassembly_timeout>(*this));
  }
  return *reassembly_;
}

// Out

template <typename A>
Result<void> Layer<A>::refuse(Packet packet, DropReason reason, int code, const char* context) {
  node_.drop(std::move(packet), reason);
  return fail(code, context);
}

template <typename A>
Result<void> Layer<A>::depart(Packet&& packet, Path& path, bool too_big, std::size_t mtu, const SendOptions& options) {
  ++counters_.sent;
  Path kept;
  Path* way = &path;
  if (hooks_ != nullptr) [[unlikely]] {
    kept = path;  // what a hook sends may use the same place of the table
    way = &kept;
    const A before = packet.header<Header>().destination;  // of a header that its sender wrote, perhaps not the path's
    if (!run_hooks(HookPoint::output, packet, nullptr, kept.out)) {
      return {};
    }
    if (A(packet.header<Header>().destination) != before) {
      kept = find_path(packet.header<Header>().destination);
      if (kept.kind != PathKind::local && kept.out == nullptr) {
        return refuse(std::move(packet), DropReason::no_route, ENETUNREACH, "no route");
      }
      kept = way_for(kept, packet);
    }
    kept.neighbor = nullptr;
  }
  if (way->kind == PathKind::multicast && !pass_group(packet, *way, options)) [[unlikely]] {
    return {};
  }
  if (way->kind == PathKind::local) {
    loop_back(std::move(packet));
  } else if (!pass_hooks(HookPoint::postrouting, packet, nullptr, way->out)) {
    return {};
  } else if (too_big) {
    fragment(std::move(packet), *way, mtu);
  } else {
    transmit(std::move(packet), *way);
  }
  return {};
}

/// Everything but "a unicast packet whose neighbour is known and fresh".
template <typename A>
void Layer<A>::transmit_slow(Packet packet, Path& path) {
  Interface& out = *path.out;
  if (!out.link_layer().needs_resolution()) {
    out.output(std::move(packet), wire::LinkAddress(), Traits<A>::kEtherType);
    return;
  }
  if (path.kind == PathKind::broadcast) {
    out.output(std::move(packet), wire::MacAddress::broadcast(), Traits<A>::kEtherType);
  } else if (path.kind == PathKind::multicast) {
    out.output(std::move(packet), Traits<A>::link_group(path.destination), Traits<A>::kEtherType);
  } else {
    const A next_hop = path.next_hop;
    neighbors_->send(std::move(packet), out, next_hop);
    path.neighbor = neighbors_->find(out, next_hop);
  }
}

template <typename A>
bool Layer<A>::pass_group(Packet& packet, const Path& path, const SendOptions& options) {
  // A header that its sender wrote may name somebody else.
  const bool ours = options.to_ourselves && is_joined(path.destination, path.out) &&
                    A(packet.header<Header>().destination) == path.destination;
  if (!ours && !options.stays_here) {
    return true;
  }
  Packet copy = options.stays_here ? std::move(packet) : packet.clone();
  if (!ours) {
    node_.drop(std::move(copy), DropReason::ttl_expired, path.out);
  } else if (copy && pass_hooks(HookPoint::postrouting, copy, nullptr, path.out)) {
    loop_back(std::move(copy), path.out);
  }
  return !options.stays_here;
}

template <typename A>
void Layer<A>::loop_back(Packet packet, Interface* in) {
  if (looped_.size() >= common_.loopback_packets) {
    node_.drop(std::move(packet), DropReason::queue_full);
    return;
  }
  if (loopback_timer_ == nullptr) {
    loopback_timer_ =
        std::make_unique<Timer>(node_.timers(), Delegate<void(Instant)>::to<&Layer::on_loopback_timer>(*this));
  }
  const Instant due = node_.now() + common_.loopback_delay;
  looped_.push_back({due, std::move(packet), in});
  if (!loopback_timer_->is_armed()) {
    loopback_timer_->arm(due);
  }
}

template <typename A>
void Layer<A>::on_loopback_timer(Instant now) {
  for (std::size_t n = looped_.size(); n > 0 && looped_.front().due <= now; --n) {
    Looped looped = looped_.pop_front();
    Packet packet = std::move(looped.packet);
    packet.meta().stamp = now;
    ++counters_.received;
    if (pass_hooks(HookPoint::prerouting, packet, looped.in, nullptr)) {
      route_input(looped.in, std::move(packet));
    }
  }
  if (!looped_.empty()) {
    loopback_timer_->arm(looped_.front().due);
  }
}

std::size_t wire_size(const Packet& packet, std::size_t network_header_size, std::uint8_t protocol) {
  const std::size_t segment = packet.meta().segment_size;
  if (segment == 0) {
    return packet.size();
  }
  std::size_t transport = sizeof(wire::UdpHeader);
  if (protocol == static_cast<std::uint8_t>(wire::IpProtocol::kTcp)) {
    constexpr std::size_t kDataOffset = 12;  // RFC 9293 3.1: the high half of the 13th byte, in words
    transport = network_header_size + kDataOffset < packet.size()
                    ? static_cast<std::size_t>(packet.peek(network_header_size + kDataOffset) >> 4) * 4
                    : 0;
  }
  return std::min(packet.size(), network_header_size + transport + segment);
}

template class Layer<wire::Ipv4Address>;
template class Layer<wire::Ipv6Address>;

}  // namespace catenet::ip
