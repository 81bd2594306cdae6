// SPDX-License-Identifier: Apache-2.0
// A fat-tree of order k (Al-Fares et al., SIGCOMM 2008): k pods of k/2 edge and k/2 aggregation routers, (k/2)^2 core
// routers, k^3/4 hosts. Upwards every flow has a choice of equal routes, downwards there is one way.
//
//   10.P.E.4H+2   host H of edge router E in pod P, the router at .4H+1        172.16.0.0/12   links between routers
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "bench/network.h"
#include "catenet/sim/simulation.h"

namespace catenet::bench {

struct FatTreeSpec {
  unsigned k = 4;  ///< even, 2 to 16
  bool by_pod = false;
  medium::CableSpec link;
  std::function<std::unique_ptr<Qdisc>(Node& node)> make_queue;  ///< of every interface
  node::HostConfig host;
};

class FatTree {
 public:
  /// Pods and core routers are spread over the simulation's threads: one partition for each thread, or, if `by_pod`,
  /// for each pod and for each group of core routers.
  FatTree(sim::Simulation& simulation, const FatTreeSpec& spec);
  ~FatTree();
  FatTree(const FatTree&) = delete;
  FatTree& operator=(const FatTree&) = delete;

  [[nodiscard]] unsigned host_count() const { return static_cast<unsigned>(hosts_.size()); }
  [[nodiscard]] node::Host& host(unsigned i) { return *hosts_[i]; }
  [[nodiscard]] wire::Ipv4Address address(unsigned host) const;
  /// All links, both directions; the books of their queues are those of the interfaces.
  [[nodiscard]] const std::vector<Interface*>& uplinks() const { return uplinks_; }
  /// Of everything that every interface received, in order: two runs of one network are alike only if it is.
  [[nodiscard]] std::uint64_t digest() const;
  void for_each_interface(const std::function<void(Interface&)>& visit) const;

 private:
  node::Host& add_router(Environment& world, const std::string& name);
  Interface& plug(node::Host& a, wire::Ipv4Prefix a_address, node::Host& b, wire::Ipv4Prefix b_address);
  void add_pod(unsigned pod);
  void join_up(node::Host& lower, node::Host& upper, const wire::Ipv4Prefix& below);
  [[nodiscard]] Environment& world_of(unsigned part, unsigned parts);

  sim::Simulation& simulation_;
  const FatTreeSpec spec_;
  const unsigned half_;
  std::vector<Environment*> worlds_;  // by thread, or by pod and then group of core routers
  Wiring wiring_;
  std::vector<std::unique_ptr<node::Host>> routers_;
  std::vector<std::unique_ptr<node::Host>> hosts_;
  std::vector<node::Host*> cores_;
  std::vector<Interface*> uplinks_;
  unsigned fabric_links_ = 0;
};

}  // namespace catenet::bench
