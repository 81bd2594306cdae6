// SPDX-License-Identifier: Apache-2.0
// The routes of assign(): those given are bound to an interface, the rest are worked out as shortest paths.
// One breadth-first search per router over the graph routers <-> segments. For `routing: auto` its queue is kept in the
// order of the first hop's rank (its place in `nodes:`), so the first to reach a segment is also the one that wins
// among equals. For `routing: ecmp` it goes ring by ring, and what a ring reaches has the first hops of all that reach
// it.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "catenet/lab/addressing.h"

namespace catenet::lab {
namespace {

struct FirstHop {
  NodeIndex node = 0;
  std::uint32_t interface = 0;  // ours
  wire::Ipv4Address address;    // theirs
};

std::set<wire::Ipv4Prefix> given_routes(const Node& node) {
  std::set<wire::Ipv4Prefix> given;  // a route by hand wins over ours
  for (const Route& route : node.routes) {
    given.insert(route.destination);
  }
  return given;
}

struct Reached {
  NodeIndex node = 0;
  std::uint32_t first_hop = 0;  // index into the list of first hops
};

class RouteFinder {
 public:
  explicit RouteFinder(Description& lab) : lab_(lab), routers_(lab.segments.size()) {
    for (std::size_t s = 0; s < lab.segments.size(); ++s) {
      for (const auto& member : lab.segments[s].members) {
        if (*lab.nodes[member.first].forwarding) {
          routers_[s].push_back(member);
        }
      }
    }
    node_seen_.resize(lab.nodes.size(), kNoIndex);
    segment_seen_.resize(lab.segments.size(), kNoIndex);
  }

  /// Adds the routes of one router; returns how many.
  std::size_t run(NodeIndex start) {
    Node& node = lab_.nodes[start];
    const std::size_t before = node.routes.size();
    const std::set<wire::Ipv4Prefix> given = given_routes(node);
    begin(start);
    for (std::size_t i = 0; i < hops_.size(); ++i) {
      reach(hops_[i].node, static_cast<std::uint32_t>(i), start);
    }
    for (std::size_t at = 0; at < queue_.size(); ++at) {
      const Reached reached = queue_[at];
      for (const Interface& interface : lab_.nodes[reached.node].interfaces) {
        if (segment_seen_[interface.segment] == start) {
          continue;
        }
        segment_seen_[interface.segment] = start;
        const FirstHop& hop = hops_[reached.first_hop];
        const wire::Ipv4Prefix& destination = lab_.segments[interface.segment].prefix;
        if (!given.contains(destination)) {
          node.routes.push_back({destination, hop.address, hop.interface, Origin::kAssigned, {}});
        }
        for (const auto& member : routers_[interface.segment]) {
          reach(member.first, reached.first_hop, start);
        }
      }
    }
    return node.routes.size() - before;
  }

  /// The same with every neighbour that is on a shortest path.
  std::size_t run_ecmp(NodeIndex start) {
    Node& node = lab_.nodes[start];
    const std::size_t before = node.routes.size();
    const std::set<wire::Ipv4Prefix> given = given_routes(node);
    begin(start);
    Ring<NodeIndex> ring;
    for (std::size_t i = 0; i < hops_.size(); ++i) {
      ring.reach(hops_[i].node, {static_cast<std::uint32_t>(i)}, node_seen_, start);
    }
    while (!ring.members.empty()) {
      Ring<SegmentIndex> segments;
      for (std::size_t i = 0; i < ring.members.size(); ++i) {
        for (const Interface& interface : lab_.nodes[ring.members[i]].interfaces) {
          segments.reach(interface.segment, ring.hops[i], segment_seen_, start);
        }
      }
      ring = {};
      for (std::size_t i = 0; i < segments.members.size(); ++i) {
        const SegmentIndex segment = segments.members[i];
        const wire::Ipv4Prefix& destination = lab_.segments[segment].prefix;
        for (const std::uint32_t hop : segments.hops[i]) {
          if (!given.contains(destination)) {
            node.routes.push_back({destination, hops_[hop].address, hops_[hop].interface, Origin::kAssigned, {}});
          }
        }
        for (const auto& member : routers_[segment]) {
          ring.reach(member.first, segments.hops[i], node_seen_, start);
        }
      }
    }
    return node.routes.size() - before;
  }

 private:
  /// What a search with all first hops reaches in one step, and over which of them.
  template <typename Index>
  struct Ring {
    std::vector<Index> members;
    std::vector<std::set<std::uint32_t>> hops;  // by member: indices into the list of first hops
    std::map<Index, std::size_t> places;

    void reach(Index index, const std::set<std::uint32_t>& over, std::vector<NodeIndex>& seen, NodeIndex start) {
      const auto at = places.find(index);
      if (at != places.end()) {
        hops[at->second].insert(over.begin(), over.end());
      } else if (seen[index] != start) {
        seen[index] = start;
        places.emplace(index, members.size());
        members.push_back(index);
        hops.push_back(over);
      }
    }
  };

  void begin(NodeIndex start) {
    hops_.clear();
    queue_.clear();
    node_seen_[start] = start;
    const Node& node = lab_.nodes[start];
    for (std::size_t i = 0; i < node.interfaces.size(); ++i) {
      const SegmentIndex segment = node.interfaces[i].segment;
      segment_seen_[segment] = start;
      for (const auto& [neighbour, interface] : routers_[segment]) {
        if (neighbour != start) {
          hops_.push_back({neighbour, static_cast<std::uint32_t>(i),
                           lab_.nodes[neighbour].interfaces[interface].address->address()});
        }
      }
    }
    std::sort(hops_.begin(), hops_.end(), [](const FirstHop& a, const FirstHop& b) {
      return std::tuple(a.node, a.interface, a.address) < std::tuple(b.node, b.interface, b.address);
    });
  }

  void reach(NodeIndex node, std::uint32_t first_hop, NodeIndex start) {
    if (node_seen_[node] != start) {
      node_seen_[node] = start;
      queue_.push_back({node, first_hop});
    }
  }

  Description& lab_;
  std::vector<std::vector<std::pair<NodeIndex, std::uint32_t>>> routers_;  // by segment
  std::vector<NodeIndex> node_seen_;                                       // by which search, so nothing is cleared
  std::vector<NodeIndex> segment_seen_;
  std::vector<FirstHop> hops_;
  std::vector<Reached> queue_;
};

}  // namespace

void resolve_given_routes(Description& lab, Diagnostics& diagnostics) {
  for (Node& node : lab.nodes) {
    std::set<std::pair<wire::Ipv4Prefix, wire::Ipv4Address>> seen;
    std::set<wire::Ipv4Prefix> destinations;
    for (Route& route : node.routes) {
      const auto interface = std::find_if(node.interfaces.begin(), node.interfaces.end(),
                                          [&](const Interface& i) { return i.address->contains(route.via); });
      if (interface == node.interfaces.end()) {
        diagnostics.error(route.place, fmt::format("routes: {} is in none of the networks of node {}",
                                                   route.via.to_string(), in_quotes(node.name)));
      } else if (interface->address->address() == route.via) {
        diagnostics.error(route.place, fmt::format("routes: {} is an address of node {} itself", route.via.to_string(),
                                                   in_quotes(node.name)));
      } else {
        route.interface = static_cast<std::uint32_t>(interface - node.interfaces.begin());
      }
      if (!seen.emplace(route.destination, route.via).second) {
        diagnostics.error(route.place, fmt::format("routes: a second route to {} via {}", route.destination.to_string(),
                                                   route.via.to_string()));
      } else if (node.is_linux() && !destinations.insert(route.destination).second) {
        diagnostics.error(route.place, fmt::format("routes: a second route to {}, which a node with stack linux cannot "
                                                   "have; expected one route to each prefix",
                                                   route.destination.to_string()));
      }
    }
  }
}

void compute_routes(Description& lab, Diagnostics& diagnostics) {
  RouteFinder finder(lab);
  std::size_t total = 0;
  for (std::size_t n = 0; n < lab.nodes.size(); ++n) {
    const Node& node = lab.nodes[n];
    if (!*node.forwarding || *node.routing == Routing::kManual) {
      continue;
    }
    const auto start = static_cast<NodeIndex>(n);
    total += *node.routing == Routing::kEcmp ? finder.run_ecmp(start) : finder.run(start);
    if (total > kMostComputedRoutes) {
      diagnostics.error(node.place, fmt::format("more than {} routes to work out; give routers routing: manual with "
                                                "routes of their own",
                                                kMostComputedRoutes));
      return;
    }
  }
}

}  // namespace catenet::lab
