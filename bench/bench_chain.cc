// SPDX-License-Identifier: Apache-2.0
// Packet-hops per second of CPU time: host - router * N - host in virtual time, links of 10 Gbit/s and 10 us, UDP with
// 1000 bytes of payload at 100,000 packets a second, through Ethernet, ARP, IPv4, its routes and the queues. A
// packet-hop is one packet received at the far end times the N + 1 links that it crossed.
//   bench_chain ROUTERS SECONDS
// prints the rate, and how often the allocator was called per forwarded packet once the first tenth had passed.
#include <cstdlib>
#include <cstring>
#include <vector>

#include "bench/count_allocations.h"
#include "bench/harness.h"
#include "bench/network.h"
#include "catenet/sim/simulation.h"

namespace catenet::bench {
namespace {

constexpr std::size_t kPayload = 1000;
constexpr Duration kInterval = 10_us;

class Sender {
 public:
  Sender(node::Host& host, const wire::Endpoint& to)
      : pcb_(host.udp()), to_(to), timer_(host.timers(), Delegate<void(Instant)>::to<&Sender::on_timer>(*this)) {
    check(pcb_.connect(to_).has_value(), "connect");
  }
  void run(Instant from, Instant until) {
    until_ = until;
    timer_.arm(from);
  }

 private:
  void on_timer(Instant now) {
    check(pcb_.send(payload_).has_value(), "send");
    if (now + kInterval < until_) {
      timer_.arm(now + kInterval);
    }
  }
  transport::UdpPcb pcb_;
  wire::Endpoint to_;
  Timer timer_;
  Instant until_;
  std::vector<std::byte> payload_ = std::vector<std::byte>(kPayload);
};

class Receiver {
 public:
  explicit Receiver(node::Host& host) : pcb_(host.udp()) {
    check(pcb_.bind(wire::Endpoint{wire::Ipv4Address(), kPort}).has_value(), "bind");
    pcb_.set_on_change(Delegate<void()>::to<&Receiver::on_change>(*this));
  }
  [[nodiscard]] std::uint64_t received() const { return received_; }

 private:
  void on_change() {
    while (auto datagram = pcb_.receive()) {
      received_ += datagram->payload.size() == kPayload ? 1 : 0;
      datagram->payload.consume();
    }
  }
  transport::UdpPcb pcb_;
  std::uint64_t received_ = 0;
};

// 10.i.j.1 and 10.i.j.2 are the ends of link number i * 256 + j.
wire::Ipv4Address end_of_link(unsigned link, unsigned end) {
  return wire::Ipv4Address(10, static_cast<std::uint8_t>(link >> 8), static_cast<std::uint8_t>(link),
                           static_cast<std::uint8_t>(end));
}

class Chain {
 public:
  explicit Chain(unsigned routers) {
    Environment& world = simulation_.add_partition();
    nodes_.push_back(std::make_unique<node::Host>(world, wiring_.next_id(), "source"));
    for (unsigned i = 0; i < routers; ++i) {
      nodes_.push_back(std::make_unique<node::Router>(world, wiring_.next_id(), "r" + std::to_string(i)));
    }
    nodes_.push_back(std::make_unique<node::Host>(world, wiring_.next_id(), "sink"));
    for (unsigned link = 0; link <= routers; ++link) {
      Interface& left = wiring_.add_interface(*nodes_[link], "right");
      Interface& right = wiring_.add_interface(*nodes_[link + 1], "left");
      const medium::CableSpec spec{.rate = BitRate::gbps(10), .delay = 10_us};
      wiring_.join(left, right, spec);
      check(nodes_[link]->ipv4().add_address(left, {end_of_link(link, 1), 24}).has_value(), "address");
      check(nodes_[link + 1]->ipv4().add_address(right, {end_of_link(link, 2), 24}).has_value(), "address");
    }
    for (unsigned i = 0; i <= routers; ++i) {
      check(nodes_[i]->ipv4().set_default_route(end_of_link(i, 2)).has_value(), "route");
    }
  }
  ~Chain() { wiring_.drain(DropReason::run_ended); }
  Chain(const Chain&) = delete;
  Chain& operator=(const Chain&) = delete;

  void run(Duration seconds) {
    const unsigned routers = static_cast<unsigned>(nodes_.size()) - 2;
    Receiver receiver(*nodes_.back());
    Sender sender(*nodes_.front(), {end_of_link(routers, 2), kPort});
    const Instant end = Instant::zero() + seconds;
    sender.run(Instant::zero(), end);
    const double start = cpu_seconds();
    simulation_.run_until(Instant::zero() + seconds / 10);
    const std::uint64_t allocations_before = allocations();
    const std::uint64_t received_before = receiver.received();
    simulation_.run_until(end + 100_ms);
    const double cpu = cpu_seconds() - start;
    const auto allocated = static_cast<double>(allocations() - allocations_before);
    const auto hops = static_cast<double>(receiver.received() * (routers + 1));
    const auto forwarded = static_cast<double>((receiver.received() - received_before) * routers);
    // The first packets find no neighbour resolved yet, and only a few may wait for that at each router.
    check(receiver.received() * 100 > static_cast<std::uint64_t>(seconds / kInterval) * 99,
          "99 % of the packets arrive");
    const std::string chain = "chain of " + std::to_string(routers) + " routers";
    report(chain, "packet-hops/s", hops / cpu);
    report(chain + ", per forwarded packet", "allocations", allocated / forwarded);
  }

 private:
  sim::Simulation simulation_{1};
  Wiring wiring_;
  std::vector<std::unique_ptr<node::Host>> nodes_;
};

}  // namespace
}  // namespace catenet::bench

int main(int argc, char** argv) {
  const int routers = argc == 3 ? std::atoi(argv[1]) : 0;
  const int seconds = argc == 3 ? std::atoi(argv[2]) : 0;
  if (routers < 1 || routers > 1000 || seconds < 1) {
    std::fprintf(stderr, "usage: bench_chain ROUTERS SECONDS\n");
    return 2;
  }
  catenet::bench::Chain(static_cast<unsigned>(routers)).run(catenet::Duration::seconds(seconds));
}
