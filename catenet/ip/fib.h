// SPDX-License-Identifier: Apache-2.0
// Fib<A>: the forwarding table, longest-prefix match (RFC 1812 5.2.4.3) over connected and static routes and what
// routing protocols put in.
//
// A flat array sorted by (prefix length, longest first; network; metric; kind; next hop), and beside it one row per
// length in use. Routes that are equally good stand together, in an order that does not depend on their history: each
// flow takes one of them (RFC 2992; Layer::way_for). A
// look-up masks the destination once per length and searches that part by halves: a host with three routes reads two
// cache lines, an idle host pays a few hundred bytes. The price grows with the number of lengths (at most 33 for IPv4)
// times log2 of the routes of one length; changes are linear. A trie for full tables can stand behind the same five
// functions: lookup, insert, remove, iteration, generation.
#pragma once
#include <algorithm>
#include <cstdint>
#include <tuple>
#include <vector>

#include "catenet/net/interface.h"
#include "catenet/wire/address.h"

namespace catenet::ip {

/// Where a route comes from. Among routes with the same prefix the lower metric wins, then the lower kind; those over
/// gateways that are still equal share the flows.
enum class RouteKind : std::uint8_t { connected, static_route, dynamic };

template <typename A>
struct Route {
  wire::Prefix<A> prefix;  ///< host bits zero
  A next_hop{};            ///< unspecified: the destination is on the link
  A preferred_source{};    ///< unspecified: the interface's primary address
  RouteKind kind = RouteKind::static_route;
  std::uint32_t metric = 0;
  Interface* interface = nullptr;

  [[nodiscard]] bool is_on_link() const { return next_hop.is_unspecified(); }
  /// The neighbour that a packet for `destination` is handed to.
  [[nodiscard]] const A& neighbor_for(const A& destination) const { return is_on_link() ? destination : next_hop; }
  bool operator==(const Route&) const = default;
};

template <typename A>
class Fib {
 public:
  /// Adds a route, or replaces the one with the same prefix, next hop, interface and kind. Pointers from lookup() end
  /// here.
  void insert(Route<A> route) {
    route.prefix = route.prefix.canonical();
    std::erase_if(routes_, [&](const Route<A>& r) { return same(r, route); });
    routes_.insert(std::upper_bound(routes_.begin(), routes_.end(), route, before), route);
    changed();
  }
  /// Removes the routes to `prefix` that `match` says; returns how many.
  template <typename Match>
  std::size_t remove_if(Match&& match) {
    const std::size_t n = std::erase_if(routes_, match);
    if (n > 0) {
      changed();
    }
    return n;
  }
  /// Removes the routes to `prefix` over `next_hop`; returns how many.
  std::size_t remove(const wire::Prefix<A>& prefix, const A& next_hop) {
    return remove_if([&](const Route<A>& r) { return r.prefix == prefix.canonical() && r.next_hop == next_hop; });
  }

  /// The best route, or null. Valid until the next change of the table.
  [[nodiscard]] const Route<A>* lookup(const A& destination) const {
    for (const Group& group : groups_) {
      const A network = destination.masked(group.length);
      const auto begin = routes_.begin() + group.begin;
      const auto end = routes_.begin() + group.end;
      const auto at =
          std::lower_bound(begin, end, network, [](const Route<A>& r, const A& n) { return r.prefix.address() < n; });
      if (at != end && at->prefix.address() == network) {
        return &*at;
      }
    }
    return nullptr;
  }

  /// How many routes are as good as `best`, which lookup() has returned: it and those behind it. Networks that are on
  /// two links at once do not count: their hosts are on one of them.
  [[nodiscard]] std::size_t equals(const Route<A>& best) const {
    const Route<A>* const end = routes_.data() + routes_.size();
    const Route<A>* at = &best + 1;
    while (!best.is_on_link() && at != end && at->prefix == best.prefix && at->metric == best.metric &&
           at->kind == best.kind) {
      ++at;
    }
    return static_cast<std::size_t>(at - &best);
  }

  /// The best route over one interface, or null. Linear: for the rare packet that is bound to its link.
  [[nodiscard]] const Route<A>* lookup_on(const A& destination, const Interface& interface) const {
    for (const Route<A>& route : routes_) {  // longest prefixes first
      if (route.interface == &interface && route.prefix.contains(destination)) {
        return &route;
      }
    }
    return nullptr;
  }

  /// Grows with every change: what was derived from a look-up holds as long as this does.
  [[nodiscard]] std::uint32_t generation() const { return generation_; }
  [[nodiscard]] std::size_t size() const { return routes_.size(); }
  [[nodiscard]] bool empty() const { return routes_.empty(); }
  // In the order of the table: longest prefixes first.
  [[nodiscard]] auto begin() const { return routes_.begin(); }
  [[nodiscard]] auto end() const { return routes_.end(); }

 private:
  struct Group {
    std::uint32_t begin;
    std::uint32_t end;
    std::uint8_t length;
  };
  static bool same(const Route<A>& a, const Route<A>& b) {
    return a.prefix == b.prefix && a.next_hop == b.next_hop && a.interface == b.interface && a.kind == b.kind;
  }
  static bool before(const Route<A>& a, const Route<A>& b) {
    const auto key = [](const Route<A>& r) { return std::tuple(r.prefix.address(), r.metric, r.kind, r.next_hop); };
    return a.prefix.length() != b.prefix.length() ? a.prefix.length() > b.prefix.length() : key(a) < key(b);
  }
  void changed() {
    ++generation_;
    groups_.clear();
    for (std::uint32_t i = 0; i < routes_.size(); ++i) {
      const auto length = static_cast<std::uint8_t>(routes_[i].prefix.length());
      if (groups_.empty() || groups_.back().length != length) {
        groups_.push_back({i, i, length});
      }
      groups_.back().end = i + 1;
    }
  }

  std::vector<Route<A>> routes_;
  std::vector<Group> groups_;
  std::uint32_t generation_ = 0;
};

}  // namespace catenet::ip
