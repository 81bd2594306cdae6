// SPDX-License-Identifier: Apache-2.0
// What an idle host costs: the growth of the resident memory while 10,000 hosts are made, each with an Ethernet
// interface, an address, a route and a queue; then the same with a cable between each host and the next, after a
// virtual second in which they announced themselves.
#include <unistd.h>

#include <fstream>
#include <vector>

#include "bench/harness.h"
#include "bench/network.h"
#include "catenet/sim/simulation.h"

namespace catenet::bench {
namespace {

constexpr unsigned kHosts = 10'000;

double resident_bytes() {
  long total = 0;
  long resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

wire::Ipv4Address address(unsigned network, unsigned end) { return wire::Ipv4Address(0x0a000000 + network * 4 + end); }

class IdleHosts {
 public:
  ~IdleHosts() { wiring_.drain(DropReason::run_ended); }
  IdleHosts() = default;
  IdleHosts(const IdleHosts&) = delete;
  IdleHosts& operator=(const IdleHosts&) = delete;

  /// Bytes per host.
  double make(bool linked) {
    Environment& world = simulation_.add_partition();
    hosts_.reserve(kHosts);
    const double before = resident_bytes();
    for (unsigned i = 0; i < kHosts; ++i) {
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
    if (linked) {
      for (const auto& host : hosts_) {
        for (const auto& interface : host->interfaces()) {
          interface->link_changed();
        }
      }
      simulation_.run_until(Instant::zero() + 1_s);
    }
    return (resident_bytes() - before) / kHosts;
  }

 private:
  sim::Simulation simulation_{1};
  Wiring wiring_;
  std::vector<std::unique_ptr<node::Host>> hosts_;
};

}  // namespace
}  // namespace catenet::bench

int main(int argc, char**) {
  using namespace catenet;
  using namespace catenet::bench;
  if (argc > 1) {  // one at a time: freed memory would hide the second one's growth
    report("idle host, with two interfaces and a cable", "bytes", IdleHosts().make(true));
    return 0;
  }
  report("idle host", "bytes", IdleHosts().make(false));
  report("idle host, sizes of its objects", "bytes",
         sizeof(node::Host) + sizeof(Interface) + sizeof(link::EthernetLink) + sizeof(queue::Fifo));
}
