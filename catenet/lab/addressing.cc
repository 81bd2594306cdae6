// SPDX-License-Identifier: Apache-2.0
#include "catenet/lab/addressing.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <numeric>
#include <set>
#include <utility>

namespace catenet::lab {
namespace {

constexpr std::uint32_t kFirst = 10U << 24;               // 10.0.0.0
constexpr std::uint32_t kLast = (10U << 24) | 0xffffffU;  // 10.255.255.255
constexpr std::size_t kMostWideSegments = 16'384;
constexpr unsigned kUsualLength = 24;

/// The address ranges in use, disjoint; hands out free aligned blocks of 10/8.
class AddressSpace {
 public:
  void take(std::uint32_t from, std::uint32_t to) {
    auto it = taken_.upper_bound(from);
    if (it != taken_.begin() && std::prev(it)->second >= from) {
      --it;
    }
    while (it != taken_.end() && it->first <= to) {
      from = std::min(from, it->first);
      to = std::max(to, it->second);
      it = taken_.erase(it);
    }
    taken_.emplace(from, to);
  }
  void take(const wire::Ipv4Prefix& prefix) { take(prefix.network().value(), prefix.broadcast().value()); }
  /// Takes exactly this block of 2^(32-length) addresses, or says that it is not free.
  bool take_block(std::uint32_t from, unsigned length) {
    const std::uint32_t to = from + (size(length) - 1);
    if (blocking(from, to) != nullptr) {
      return false;
    }
    take(from, to);
    return true;
  }
  /// The lowest free block; nothing when 10/8 has none.
  std::optional<std::uint32_t> take_any(unsigned length) {
    const std::uint32_t step = size(length);
    // Blocks are never given back, so the search for each length goes on where it ended.
    std::uint64_t& at = next_.at(length);
    for (at = std::max<std::uint64_t>(at, kFirst); at + step - 1 <= kLast;) {
      const auto* range = blocking(static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at + step - 1));
      if (range == nullptr) {
        const auto from = static_cast<std::uint32_t>(at);
        take(from, from + (step - 1));
        at += step;
        return from;
      }
      at = (std::uint64_t{range->second} + step) / step * step;
    }
    return std::nullopt;
  }

 private:
  static constexpr std::uint32_t size(unsigned length) { return std::uint32_t{1} << (32 - length); }

  const std::pair<const std::uint32_t, std::uint32_t>* blocking(std::uint32_t from, std::uint32_t to) const {
    const auto it = taken_.upper_bound(to);
    return it != taken_.begin() && std::prev(it)->second >= from ? &*std::prev(it) : nullptr;
  }

  std::map<std::uint32_t, std::uint32_t> taken_;  // first -> last address
  std::array<std::uint64_t, 33> next_{};
};

Interface& interface_of(Description& lab, const std::pair<NodeIndex, std::uint32_t>& member) {
  return lab.nodes[member.first].interfaces[member.second];
}

bool has_given_address(Description& lab, const Segment& segment) {
  return std::any_of(segment.members.begin(), segment.members.end(),
                     [&](const auto& member) { return interface_of(lab, member).address.is_set(); });
}

/// Network number and broadcast are not for hosts, except on /31 and /32 (RFC 3021).
std::pair<std::uint32_t, std::uint32_t> usable(const wire::Ipv4Prefix& prefix) {
  const std::uint32_t edge = prefix.length() < 31 ? 1 : 0;
  return {prefix.network().value() + edge, prefix.broadcast().value() - edge};
}

/// Longest prefix with room for so many hosts.
unsigned fitting_length(std::size_t hosts) {
  return 32U - std::max<unsigned>(2U, static_cast<unsigned>(std::bit_width(hosts + 1)));
}

/// The first given address decides the network; others must be in it, and no address may be there twice.
void check_given(Description& lab, Segment& segment, std::map<std::uint32_t, std::pair<NodeIndex, Place>>& owners,
                 Diagnostics& diagnostics) {
  const Interface* first = nullptr;
  NodeIndex first_node = 0;
  for (const auto& member : segment.members) {
    Interface& interface = interface_of(lab, member);
    if (!interface.address.is_set()) {
      continue;
    }
    const auto [it, added] =
        owners.try_emplace(interface.address->address().value(), std::pair(member.first, interface.address_place));
    if (!added) {
      diagnostics.error(
          interface.address_place,
          fmt::format("duplicate address {}; node {} has it (line {})", interface.address->address().to_string(),
                      in_quotes(lab.nodes[it->second.first].name), it->second.second.line));
    }
    if (first == nullptr) {
      first = &interface;
      first_node = member.first;
      segment.prefix = interface.address->canonical();
      segment.origin = Origin::kGiven;
    } else if (interface.address->canonical() != segment.prefix) {
      diagnostics.error(interface.address_place,
                        fmt::format("address {} is outside {}, the network of this segment (node {}, line {})",
                                    interface.address->to_string(), segment.prefix.to_string(),
                                    in_quotes(lab.nodes[first_node].name), first->address_place.line));
    }
  }
}

void choose_prefixes(Description& lab, AddressSpace& space, Diagnostics& diagnostics) {
  std::vector<SegmentIndex> open;
  for (std::size_t i = 0; i < lab.segments.size(); ++i) {
    if (lab.segments[i].origin != Origin::kGiven && !lab.segments[i].members.empty()) {
      open.push_back(static_cast<SegmentIndex>(i));
    }
  }
  const bool wide = open.size() <= kMostWideSegments;
  const auto set = [&](SegmentIndex i, std::uint32_t from, unsigned length) {
    lab.segments[i].prefix = {wire::Ipv4Address(from), length};
  };
  std::vector<SegmentIndex> left;
  for (const SegmentIndex i : open) {
    const bool fits = fitting_length(lab.segments[i].members.size()) >= kUsualLength;
    const std::uint32_t usual = kFirst + i * 256;
    if (wide && fits && i < 65'536 && space.take_block(usual, kUsualLength)) {
      set(i, usual, kUsualLength);
    } else {
      left.push_back(i);
    }
  }
  for (const SegmentIndex i : left) {
    const unsigned smallest = fitting_length(lab.segments[i].members.size());
    const unsigned length = wide ? std::min(smallest, kUsualLength) : smallest;
    const auto from = space.take_any(length);
    if (!from) {
      diagnostics.error(lab.nodes[lab.segments[i].members[0].first].place,
                        "no block of addresses is left in 10.0.0.0/8; give addresses by hand");
      return;
    }
    set(i, *from, length);
  }
}

void fill_segment(Description& lab, Segment& segment, Diagnostics& diagnostics) {
  std::set<std::uint32_t> taken;
  for (const auto& member : segment.members) {
    if (interface_of(lab, member).address.is_set()) {
      taken.insert(interface_of(lab, member).address->address().value());
    }
  }
  const auto [first, last] = usable(segment.prefix);
  std::uint64_t next = first;
  for (const bool routers : {true, false}) {
    for (const auto& member : segment.members) {
      const Node& node = lab.nodes[member.first];
      Interface& interface = interface_of(lab, member);
      if ((*node.kind == NodeKind::kRouter) != routers || interface.address.is_set()) {
        continue;
      }
      while (taken.contains(static_cast<std::uint32_t>(next)) && next <= last) {
        ++next;
      }
      if (next > last) {
        diagnostics.error(node.place,
                          fmt::format("node {} gets no address: the network {} of its link to {} is full",
                                      in_quotes(node.name), segment.prefix.to_string(), interface.peer_name));
        return;
      }
      interface.address = {{wire::Ipv4Address(static_cast<std::uint32_t>(next)), segment.prefix.length()},
                           Origin::kAssigned};
      ++next;
    }
  }
}

/// Union-find with path halving over the links.
std::uint32_t root_of(std::vector<std::uint32_t>& parent, std::uint32_t i) {
  while (parent[i] != i) {
    parent[i] = parent[parent[i]];
    i = parent[i];
  }
  return i;
}

}  // namespace

void assign_macs(Description& lab, Diagnostics& diagnostics) {
  std::map<wire::MacAddress, std::pair<NodeIndex, Place>> given;
  for (std::size_t n = 0; n < lab.nodes.size(); ++n) {
    for (const Interface& interface : lab.nodes[n].interfaces) {
      if (!interface.mac.is_set()) {
        continue;
      }
      const auto [it, added] =
          given.try_emplace(*interface.mac, std::pair(static_cast<NodeIndex>(n), interface.mac_place));
      if (!added) {
        diagnostics.error(interface.mac_place,
                          fmt::format("duplicate MAC address {}; node {} has it (line {})", interface.mac->to_string(),
                                      in_quotes(lab.nodes[it->second.first].name), it->second.second.line));
      }
    }
  }
  for (std::size_t n = 0; n < lab.nodes.size(); ++n) {
    auto& interfaces = lab.nodes[n].interfaces;
    for (std::size_t i = 0; i < interfaces.size(); ++i) {
      if (interfaces[i].mac.is_set()) {
        continue;
      }
      // 02: locally administered (IEEE 802). The upper half of the node's 24 bits is never reached by a million nodes:
      // that is where an address goes when the user gave ours to somebody else.
      std::uint64_t value = std::uint64_t{2} << 40 | (std::uint64_t{n} + 1) << 16 | i;
      while (given.contains(wire::MacAddress::from_u64(value))) {
        value += std::uint64_t{1} << 36;
      }
      interfaces[i].mac = {wire::MacAddress::from_u64(value), Origin::kAssigned};
    }
  }
}

void find_segments(Description& lab) {
  std::vector<std::uint32_t> parent(lab.links.size());
  std::iota(parent.begin(), parent.end(), 0);
  for (const Node& node : lab.nodes) {
    if (!node.is_switch()) {
      continue;
    }
    for (const Interface& interface : node.interfaces) {
      const std::uint32_t a = root_of(parent, node.interfaces[0].link);
      const std::uint32_t b = root_of(parent, interface.link);
      parent[std::max(a, b)] = std::min(a, b);  // the root is the first link of the segment
    }
  }
  lab.segments.clear();
  std::vector<SegmentIndex> number(lab.links.size(), kNoIndex);
  for (std::size_t link = 0; link < lab.links.size(); ++link) {
    SegmentIndex& index = number[root_of(parent, static_cast<std::uint32_t>(link))];
    if (index == kNoIndex) {
      index = static_cast<SegmentIndex>(lab.segments.size());
      lab.segments.emplace_back();
    }
  }
  for (std::size_t n = 0; n < lab.nodes.size(); ++n) {
    Node& node = lab.nodes[n];
    for (std::size_t i = 0; i < node.interfaces.size(); ++i) {
      const SegmentIndex segment = number[root_of(parent, node.interfaces[i].link)];
      node.interfaces[i].segment = segment;
      if (!node.is_switch()) {
        lab.segments[segment].members.emplace_back(static_cast<NodeIndex>(n), static_cast<std::uint32_t>(i));
      }
    }
  }
}

void refuse_switch_loops(const Description& lab, Diagnostics& diagnostics) {
  std::vector<std::uint32_t> group(lab.nodes.size());
  std::iota(group.begin(), group.end(), 0);
  for (const Link& link : lab.links) {
    if (!lab.nodes[link.a].is_switch() || !lab.nodes[link.b].is_switch()) {
      continue;
    }
    const std::uint32_t a = root_of(group, link.a);
    const std::uint32_t b = root_of(group, link.b);
    if (a == b) {
      diagnostics.error(link.place, fmt::format("the link {} closes a loop of switches, in which one broadcast would "
                                                "circle for ever; expected a tree (there is no spanning tree protocol)",
                                                link.name));
    }
    group[std::max(a, b)] = std::min(a, b);
  }
}

void assign_addresses(Description& lab, Diagnostics& diagnostics) {
  AddressSpace space;
  std::map<std::uint32_t, std::pair<NodeIndex, Place>> owners;
  for (Segment& segment : lab.segments) {
    if (has_given_address(lab, segment)) {
      check_given(lab, segment, owners, diagnostics);
      space.take(segment.prefix);
    }
  }
  choose_prefixes(lab, space, diagnostics);
  if (!diagnostics.ok()) {
    return;  // addresses worked out from wrong ones would only make more errors
  }
  for (Segment& segment : lab.segments) {
    fill_segment(lab, segment, diagnostics);
  }
}

void assign_gateways(Description& lab, Diagnostics& diagnostics) {
  for (Node& node : lab.nodes) {
    if (node.is_switch()) {
      continue;
    }
    if (node.gateway.is_set()) {
      bool reachable = false;
      bool own = false;
      for (const Interface& interface : node.interfaces) {
        reachable = reachable || interface.address->contains(*node.gateway);
        own = own || interface.address->address() == *node.gateway;
      }
      if (own || !reachable) {
        diagnostics.error(node.gateway_place,
                          fmt::format("gateway {} is {} node {}", node.gateway->to_string(),
                                      own ? "an address of this" : "in none of the networks of", in_quotes(node.name)));
      }
      continue;
    }
    for (std::size_t i = 0; i < node.interfaces.size() && !*node.forwarding && !node.gateway.is_set(); ++i) {
      const auto& members = lab.segments[node.interfaces[i].segment].members;
      const auto router = std::find_if(members.begin(), members.end(), [&](const auto& member) {
        return *lab.nodes[member.first].forwarding && &lab.nodes[member.first] != &node;
      });
      if (router != members.end()) {
        node.gateway = {interface_of(lab, *router).address->address(), Origin::kAssigned};
      }
    }
  }
}

void assign(Description& lab, Diagnostics& diagnostics) {
  assign_macs(lab, diagnostics);
  find_segments(lab);
  refuse_switch_loops(lab, diagnostics);
  assign_addresses(lab, diagnostics);
  if (!diagnostics.ok()) {
    return;
  }
  assign_gateways(lab, diagnostics);
  resolve_given_routes(lab, diagnostics);
  if (diagnostics.ok()) {
    compute_routes(lab, diagnostics);
  }
}

}  // namespace catenet::lab
