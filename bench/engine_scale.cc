// SPDX-License-Identifier: Apache-2.0
// Very many hosts: making them, and a million of which a hundredth speak.
#include <string>
#include <vector>

#include "bench/engine.h"
#include "bench/harness.h"
#include "bench/idle_hosts.h"
#include "bench/transfers.h"

namespace catenet::bench {

void run_idle(unsigned hosts) {
  IdleHosts idle;
  const double start = cpu_seconds();
  idle.make(hosts, true);
  report("idle host, with two interfaces and a cable, made", "ns", (cpu_seconds() - start) / hosts * 1e9);
}

namespace {

/// Access routers of 250 hosts each, 250 of them behind a router of the next level, and one core above.
class Country {
 public:
  static constexpr unsigned kPorts = 250;

  explicit Country(unsigned hosts) : world_(simulation_.add_partition()) {
    core_ = &add_router("core");
    for (unsigned made = 0; made < hosts; made += kPorts) {
      if (access_count_ % kPorts == 0) {
        region_ = &add_router("region" + std::to_string(access_count_ / kPorts));
        const unsigned region = access_count_ / kPorts;
        join(*core_, *region_, {.rate = BitRate::gbps(100), .delay = 2_ms}, {subnet(0, region), 30},
             {block_of(access_count_), 14});
      }
      add_access(std::min(kPorts, hosts - made));
    }
  }
  ~Country() {
    transfers_.clear();
    sinks_.clear();
    wiring_.drain(DropReason::run_ended);
  }
  Country(const Country&) = delete;
  Country& operator=(const Country&) = delete;

  void run() {
    constexpr std::uint64_t kBytes = 100'000;
    constexpr unsigned kOneIn = 100;
    const double start = cpu_seconds();
    for (std::size_t i = 0; i < hosts_.size(); i += kOneIn) {
      sinks_.emplace_back(*hosts_[i]);
    }
    const std::size_t active = sinks_.size();
    for (std::size_t i = 0; i < active; ++i) {  // to a host far away, a few at a time
      simulation_.run_until(simulation_.now() + 50_us);
      const std::size_t to = (i + active / 2 + 1) % active * kOneIn;
      transfers_.emplace_back(*hosts_[i * kOneIn], addresses_[to], kBytes);
    }
    simulation_.run_until(simulation_.now() + 10_s);
    const double cpu = cpu_seconds() - start;
    std::uint64_t received = 0;
    for (const Sink& sink : sinks_) {
      check(sink.ended() == 1, "every flow is complete");
      received += sink.received();
    }
    check(received == active * kBytes, "every byte arrives");
    const std::string name = std::to_string(hosts_.size()) + " hosts, 1 % active";
    report(name, "bytes", resident_bytes());
    report(name + ", run", "ns", cpu * 1e9);
  }

 private:
  node::Host& add_router(const std::string& name) {
    return *routers_.emplace_back(std::make_unique<node::Router>(world_, wiring_.next_id(), name));
  }
  /// 172.16.0.0/12: links between routers. 10.0.0.0/8: a /14 for each region, in it a /22 for each access router, in
  /// it a /30 for each host, who has the second address.
  static wire::Ipv4Address subnet(unsigned level, unsigned number) {
    return wire::Ipv4Address((172u << 24) + (16u << 16) + (level << 18) + number * 4);
  }
  static wire::Ipv4Address block_of(unsigned access) {
    return wire::Ipv4Address((10u << 24) + (access / kPorts << 18) + (access % kPorts << 10));
  }
  void join(node::Host& upper, node::Host& lower, const medium::CableSpec& spec, wire::Ipv4Prefix network,
            wire::Ipv4Prefix below) {
    Interface& down = wiring_.add_interface(upper, lower.name());
    Interface& up = wiring_.add_interface(lower, "up");
    wiring_.join(down, up, spec);
    const wire::Ipv4Address upper_end(network.address().value() + 1);
    const wire::Ipv4Address lower_end(network.address().value() + 2);
    check(upper.ipv4().add_address(down, {upper_end, 30}).has_value(), "address");
    check(lower.ipv4().add_address(up, {lower_end, 30}).has_value(), "address");
    check(lower.ipv4().set_default_route(upper_end).has_value(), "route");
    check(upper.ipv4().add_route({.prefix = below, .next_hop = lower_end}).has_value(), "route");
  }
  void add_access(unsigned hosts) {
    const unsigned number = access_count_++;
    node::Host& router = add_router("access" + std::to_string(number));
    const wire::Ipv4Address block = block_of(number);
    join(*region_, router, {.rate = BitRate::gbps(10), .delay = 1_ms}, {subnet(1, number), 30}, {block, 22});
    for (unsigned h = 0; h < hosts; ++h) {
      hosts_.push_back(std::make_unique<node::Host>(world_, wiring_.next_id(), "h"));
      Interface& far = wiring_.add_interface(*hosts_.back(), "up");
      Interface& near = wiring_.add_interface(router, "down");
      wiring_.join(near, far, {.rate = BitRate::gbps(1), .delay = 1_ms});
      const wire::Ipv4Address gateway(block.value() + h * 4 + 1);
      const wire::Ipv4Address own(gateway.value() + 1);
      check(router.ipv4().add_address(near, {gateway, 30}).has_value(), "address");
      check(hosts_.back()->ipv4().add_address(far, {own, 30}).has_value(), "address");
      check(hosts_.back()->ipv4().set_default_route(gateway).has_value(), "route");
      addresses_.push_back(own);
    }
  }

  sim::Simulation simulation_{1};
  Environment& world_;
  Wiring wiring_;
  std::vector<std::unique_ptr<node::Host>> routers_;
  std::vector<std::unique_ptr<node::Host>> hosts_;
  std::vector<wire::Ipv4Address> addresses_;
  node::Host* core_ = nullptr;
  node::Host* region_ = nullptr;
  unsigned access_count_ = 0;
  std::deque<Sink> sinks_;
  std::deque<Transfer> transfers_;
};

}  // namespace

void run_million(unsigned hosts) { Country(hosts).run(); }

}  // namespace catenet::bench
