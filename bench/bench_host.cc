// SPDX-License-Identifier: Apache-2.0
// What an idle host costs: the growth of the resident memory while 10,000 hosts are made, each with an Ethernet
// interface, an address, a route and a queue; then the same with a cable between each host and the next, after a
// virtual second in which they announced themselves.
#include <unistd.h>

#include <fstream>

#include "bench/harness.h"
#include "bench/idle_hosts.h"

namespace catenet::bench {
namespace {

constexpr unsigned kHosts = 10'000;

double resident() {
  long total = 0;
  long pages = 0;
  std::ifstream("/proc/self/statm") >> total >> pages;
  return static_cast<double>(pages) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

/// Bytes per host.
double cost(bool linked) {
  IdleHosts hosts;
  const double before = resident();
  hosts.make(kHosts, linked);
  if (linked) {
    hosts.announce();
  }
  return (resident() - before) / kHosts;
}

}  // namespace
}  // namespace catenet::bench

int main(int argc, char**) {
  using namespace catenet;
  using namespace catenet::bench;
  if (argc > 1) {  // one at a time: freed memory would hide the second one's growth
    report("idle host, with two interfaces and a cable", "bytes", cost(true));
    return 0;
  }
  report("idle host", "bytes", cost(false));
  report("idle host, sizes of its objects", "bytes",
         sizeof(node::Host) + sizeof(Interface) + sizeof(link::EthernetLink) + sizeof(queue::Fifo));
}
