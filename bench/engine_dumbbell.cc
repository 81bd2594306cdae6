// SPDX-License-Identifier: Apache-2.0
// The dumbbell: N pairs of hosts, each behind a link of its own of 1 Gbit/s and 1 ms, on both sides of one link of 1
// Gbit/s and 10 ms, with queues of 1000 packets. Flow i starts after i ms and sends for as long as the run lasts. The
// same is in peers/ns3_engine.cc.
#include <vector>

#include "bench/engine.h"
#include "bench/harness.h"
#include "bench/transfers.h"
#include "catenet/sim/simulation.h"

namespace catenet::bench {
namespace {

class Dumbbell {
 public:
  explicit Dumbbell(unsigned flows) : world_(simulation_.add_partition()) {
    left_ = std::make_unique<node::Router>(world_, wiring_.next_id(), "left");
    right_ = std::make_unique<node::Router>(world_, wiring_.next_id(), "right");
    link(*left_, 1, *right_, 2, {.rate = BitRate::gbps(1), .delay = 10_ms});
    check(left_->ipv4().add_route({.prefix = kRightHosts, .next_hop = address(0, 2)}).has_value(), "route");
    check(right_->ipv4().add_route({.prefix = kLeftHosts, .next_hop = address(0, 1)}).has_value(), "route");
    for (unsigned i = 0; i < flows; ++i) {
      senders_.push_back(add_host(*left_, kLeft + i, "s" + std::to_string(i)));
      receivers_.push_back(add_host(*right_, kRight + i, "d" + std::to_string(i)));
    }
  }
  ~Dumbbell() {
    transfers_.clear();
    sinks_.clear();
    wiring_.drain(DropReason::run_ended);
  }
  Dumbbell(const Dumbbell&) = delete;
  Dumbbell& operator=(const Dumbbell&) = delete;

  void run(unsigned seconds) {
    for (const auto& host : receivers_) {
      sinks_.push_back(std::make_unique<Sink>(*host));
    }
    const double start = cpu_seconds();
    for (unsigned i = 0; i < senders_.size(); ++i) {
      simulation_.run_until(Instant::zero() + Duration::milliseconds(i));
      transfers_.push_back(std::make_unique<Transfer>(*senders_[i], address(kRight + i, 2), kEndless));
    }
    simulation_.run_until(Instant::zero() + Duration::seconds(seconds));
    const double cpu = cpu_seconds() - start;
    std::uint64_t bytes = 0;
    for (const auto& sink : sinks_) {
      check(sink->received() > 0, "every flow gets something");
      bytes += sink->received();
    }
    const double rate = static_cast<double>(bytes) * 8 / seconds;
    check(rate > 0.7e9 && rate < 1e9, "the bottleneck is busy");
    const std::string name = "dumbbell, " + std::to_string(senders_.size()) + " TCP flows";
    report(name + ", a virtual second", "ns", cpu / seconds * 1e9);
    report(name + ", goodput", "bit/s", rate);
    report(name + ", events", "1/s of CPU time", static_cast<double>(simulation_.events()) / cpu);
  }

 private:
  static constexpr unsigned kLeft = 1u << 16;  // 10.4.0.0/14 and 10.8.0.0/14 are the links of the hosts
  static constexpr unsigned kRight = 2u << 16;
  static constexpr wire::Ipv4Prefix kLeftHosts{wire::Ipv4Address(10, 4, 0, 0), 14};
  static constexpr wire::Ipv4Prefix kRightHosts{wire::Ipv4Address(10, 8, 0, 0), 14};

  static wire::Ipv4Address address(unsigned network, unsigned end) {
    return wire::Ipv4Address(0x0a000000 + network * 4 + end);
  }
  void link(node::Host& a, unsigned a_end, node::Host& b, unsigned b_end, const medium::CableSpec& spec,
            unsigned network = 0) {
    Interface& near = wiring_.add_interface(a, b.name());
    Interface& far = wiring_.add_interface(b, a.name());
    wiring_.join(near, far, spec);
    check(a.ipv4().add_address(near, {address(network, a_end), 30}).has_value(), "address");
    check(b.ipv4().add_address(far, {address(network, b_end), 30}).has_value(), "address");
  }
  std::unique_ptr<node::Host> add_host(node::Host& router, unsigned network, const std::string& name) {
    node::HostConfig config;  // buffers as the peer has them
    config.tcp.max_send_buffer = config.tcp.max_receive_buffer = 4 << 20;
    auto host = std::make_unique<node::Host>(world_, wiring_.next_id(), name, config);
    link(router, 1, *host, 2, {.rate = BitRate::gbps(1), .delay = 1_ms}, network);
    check(host->ipv4().set_default_route(address(network, 1)).has_value(), "route");
    return host;
  }

  sim::Simulation simulation_{1};
  Environment& world_;
  Wiring wiring_;
  std::unique_ptr<node::Host> left_;
  std::unique_ptr<node::Host> right_;
  std::vector<std::unique_ptr<node::Host>> senders_;
  std::vector<std::unique_ptr<node::Host>> receivers_;
  std::vector<std::unique_ptr<Sink>> sinks_;
  std::vector<std::unique_ptr<Transfer>> transfers_;
};

}  // namespace

void run_dumbbell(unsigned flows, unsigned seconds) { Dumbbell(flows).run(seconds); }

}  // namespace catenet::bench
