// SPDX-License-Identifier: Apache-2.0
// One host at both ends of a cable, in virtual time: what it sends on one interface comes in at the other.
//
//   eth0 02:00:00:00:00:01, 10.0.1.1/24 ---- eth1 02:00:00:00:00:02, no address
//
// The same can be made of a pair of veth devices in a network namespace of Linux.
#pragma once
#include <memory>

#include "catenet/link/ethernet/ethernet_link.h"
#include "catenet/medium/cable.h"
#include "catenet/node/host.h"
#include "catenet/queue/fifo.h"
#include "catenet/sim/simulation.h"

namespace catenet::testing {

class LoopedHost {
 public:
  LoopedHost()
      : simulation_(1),
        world_(simulation_.add_partition()),
        host(world_, 1, "host", config()),
        cable_(world_, world_, 10, medium::CableSpec{}, medium::CableSpec{}) {
    plug("eth0", cable_.a(), 1);
    plug("eth1", cable_.b(), 2);
    (void)host.ipv4().add_address(*host.find_interface("eth0"), *wire::Ipv4Prefix::parse_interface("10.0.1.1/24"));
  }
  ~LoopedHost() {
    host.stop_programs();
    cable_.drain(DropReason::run_ended);
  }
  LoopedHost(const LoopedHost&) = delete;
  LoopedHost& operator=(const LoopedHost&) = delete;

  /// Both interfaces get their link-local addresses at once: fe80::ff:fe00:1, fe80::ff:fe00:2.
  void enable_ipv6() {
    for (const auto& interface : host.interfaces()) {
      (void)host.ipv6().enable(*interface);
    }
  }
  void run_for(Duration duration) { simulation_.run_until(simulation_.now() + duration); }
  void set_up(bool up) { cable_.set_up(up); }

 private:
  static node::HostConfig config() {
    node::HostConfig config;
    config.ipv6.dad_transmits = 0;
    return config;
  }
  void plug(std::string_view name, Medium& medium, std::uint8_t station) {
    Interface& interface = host.add_interface(name);
    interface.set_link_layer(std::make_unique<link::EthernetLink>());
    interface.set_qdisc(std::make_unique<queue::Fifo>());
    interface.set_address(wire::MacAddress(0x02, 0, 0, 0, 0, station));
    interface.attach(medium);
  }

  sim::Simulation simulation_;
  Environment& world_;

 public:
  node::Host host;

 private:
  medium::Cable cable_;
};

}  // namespace catenet::testing
