// SPDX-License-Identifier: Apache-2.0
#include "bench/fat_tree.h"

#include <string>

#include "catenet/base/hash.h"

namespace catenet::bench {

FatTree::FatTree(sim::Simulation& simulation, const FatTreeSpec& spec)
    : simulation_(simulation), spec_(spec), half_(spec.k / 2) {
  check(spec.k >= 2 && spec.k <= 16 && spec.k % 2 == 0, "order of the fat-tree");
  const unsigned worlds = spec.by_pod ? spec.k + half_ : simulation.threads();
  for (unsigned i = 0; i < worlds; ++i) {
    const unsigned part = i < spec.k ? i : i - spec.k;
    const unsigned parts = i < spec.k ? spec.k : half_;
    worlds_.push_back(&simulation.add_partition(spec.by_pod ? part * simulation.threads() / parts : i));
  }
  for (unsigned core = 0; core < half_ * half_; ++core) {
    cores_.push_back(&add_router(spec_.by_pod ? *worlds_[spec_.k + core / half_] : world_of(core, half_ * half_),
                                 "core" + std::to_string(core)));
  }
  for (unsigned pod = 0; pod < spec_.k; ++pod) {
    add_pod(pod);
  }
}

FatTree::~FatTree() {
  simulation_.settle();
  wiring_.drain(DropReason::run_ended);
  for_each_interface([](Interface& interface) { interface.drain(DropReason::run_ended); });
}

wire::Ipv4Address FatTree::address(unsigned host) const {
  const unsigned edge = host / half_;
  return wire::Ipv4Address(10, static_cast<std::uint8_t>(edge / half_), static_cast<std::uint8_t>(edge % half_),
                           static_cast<std::uint8_t>(host % half_ * 4 + 2));
}

Environment& FatTree::world_of(unsigned part, unsigned parts) {
  return *worlds_[spec_.by_pod ? part : part * simulation_.threads() / parts];
}

node::Host& FatTree::add_router(Environment& world, const std::string& name) {
  return *routers_.emplace_back(std::make_unique<node::Router>(world, wiring_.next_id(), name, spec_.host));
}

/// A cable between two nodes; their interfaces have these addresses. Gives the end at `a`.
Interface& FatTree::plug(node::Host& a, wire::Ipv4Prefix a_address, node::Host& b, wire::Ipv4Prefix b_address) {
  Interface& near = wiring_.add_interface(a, b.name());
  Interface& far = wiring_.add_interface(b, a.name());
  near.set_qdisc(spec_.make_queue(a));
  far.set_qdisc(spec_.make_queue(b));
  wiring_.join(near, far, spec_.link);
  if (&a.environment() != &b.environment()) {
    simulation_.add_crossing(a.environment(), b.environment(), spec_.link.delay);
  }
  check(a.ipv4().add_address(near, a_address).has_value(), "address");
  check(b.ipv4().add_address(far, b_address).has_value(), "address");
  return near;
}

/// A link from a router to one of those above it, which reaches `below` by it.
void FatTree::join_up(node::Host& lower, node::Host& upper, const wire::Ipv4Prefix& below) {
  const std::uint32_t network = (172u << 24) + (16u << 16) + fabric_links_++ * 4;
  const wire::Ipv4Address lower_end(network + 1);
  const wire::Ipv4Address upper_end(network + 2);
  uplinks_.push_back(&plug(lower, {lower_end, 30}, upper, {upper_end, 30}));
  check(lower.ipv4().set_default_route(upper_end).has_value(), "route");
  check(upper.ipv4().add_route({.prefix = below, .next_hop = lower_end}).has_value(), "route");
}

void FatTree::add_pod(unsigned pod) {
  const auto pod_byte = static_cast<std::uint8_t>(pod);
  Environment& world = world_of(pod, spec_.k);
  const std::string suffix = std::to_string(pod) + "-";
  std::vector<node::Host*> aggregation;
  for (unsigned i = 0; i < half_; ++i) {
    aggregation.push_back(&add_router(world, "aggregation" + suffix + std::to_string(i)));
    for (unsigned j = 0; j < half_; ++j) {
      join_up(*aggregation.back(), *cores_[i * half_ + j], {wire::Ipv4Address(10, pod_byte, 0, 0), 16});
    }
  }
  for (unsigned e = 0; e < half_; ++e) {
    const auto edge_byte = static_cast<std::uint8_t>(e);
    node::Host& edge = add_router(world, "edge" + suffix + std::to_string(e));
    for (node::Host* upper : aggregation) {
      join_up(edge, *upper, {wire::Ipv4Address(10, pod_byte, edge_byte, 0), 24});
    }
    for (unsigned h = 0; h < half_; ++h) {
      const wire::Ipv4Address own = address(host_count());
      const wire::Ipv4Address router(own.value() - 1);
      auto host = std::make_unique<node::Host>(world, wiring_.next_id(), "host" + own.to_string(), spec_.host);
      plug(*host, {own, 30}, edge, {router, 30});
      check(host->ipv4().set_default_route(router).has_value(), "route");
      hosts_.push_back(std::move(host));
    }
  }
}

void FatTree::for_each_interface(const std::function<void(Interface&)>& visit) const {
  for (const auto* nodes : {&hosts_, &routers_}) {
    for (const auto& node : *nodes) {
      for (const auto& interface : node->interfaces()) {
        visit(*interface);
      }
    }
  }
}

std::uint64_t FatTree::digest() const {
  std::uint64_t digest = 0;
  for_each_interface(
      [&](Interface& interface) { digest = mix64(digest ^ interface.digest(), interface.counters().rx_packets); });
  return digest;
}

}  // namespace catenet::bench
