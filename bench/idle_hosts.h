// SPDX-License-Identifier: Apache-2.0
// Hosts that do nothing, each with an Ethernet interface, an address, a route and a queue; linked: in a row, with a
// cable from each to the next.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "bench/network.h"
#include "catenet/sim/simulation.h"

namespace catenet::bench {

class IdleHosts {
 public:
  ~IdleHosts() { wiring_.drain(DropReason::run_ended); }
  IdleHosts() = default;
  IdleHosts(const IdleHosts&) = delete;
  IdleHosts& operator=(const IdleHosts&) = delete;

  void make(unsigned hosts, bool linked) {
    Environment& world = simulation_.add_partition();
    hosts_.reserve(hosts);
    for (unsigned i = 0; i < hosts; ++i) {
      hosts_.push_back(std::make_unique<node::Host>(world, wiring_.next_id(), "host" + std::to_string(i)));
      Interface& eth0 = wiring_.add_interface(*hosts_[i], "eth0");
      check(hosts_[i]->ipv4().add_address(eth0, {address(i, 1), 30}).has_value(), "address");
      check(hosts_[i]->ipv4().set_default_route(address(i, 2)).has_value(), "route");
      if (linked && i > 0) {
        Interface& eth1 = wiring_.add_interface(*hosts_[i - 1], "eth1");
        check(hosts_[i - 1]->ipv4().add_address(eth1, {address(i, 2), 30}).has_value(), "address");
        wiring_.join(eth0, eth1, {});
      }
    }
  }
  /// A virtual second in which all announce themselves.
  void announce() {
    for (const auto& host : hosts_) {
      for (const auto& interface : host->interfaces()) {
        interface->link_changed();
      }
    }
    simulation_.run_until(Instant::zero() + 1_s);
  }

 private:
  static wire::Ipv4Address address(unsigned network, unsigned end) {
    return wire::Ipv4Address(0x0a000000 + network * 4 + end);
  }

  sim::Simulation simulation_{1};
  Wiring wiring_;
  std::vector<std::unique_ptr<node::Host>> hosts_;
};

}  // namespace catenet::bench
