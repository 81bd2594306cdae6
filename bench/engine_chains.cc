// SPDX-License-Identifier: Apache-2.0
// A line of routers in groups of 16, a partition for each. Links inside a group take 1 us, those between groups 100 us,
// all at 10 Gbit/s. From the middle of every group small packets go to the middle of the next one, so each crosses 16
// links, one of them long, and every link carries one flow.
#include <vector>

#include "bench/engine.h"
#include "bench/harness.h"
#include "bench/network.h"
#include "catenet/sim/simulation.h"

namespace catenet::bench {
namespace {

constexpr unsigned kGroup = 16;
constexpr unsigned kMiddle = kGroup / 2;
constexpr std::size_t kSmall = 56;  // frames of 98 bytes
constexpr Duration kEvery = 5_us;

/// Sends for as long as it is told to.
class SmallSender {
 public:
  SmallSender(node::Host& host, const wire::Endpoint& to, Instant until)
      : pcb_(host.udp()),
        timer_(host.timers(), Delegate<void(Instant)>::to<&SmallSender::on_timer>(*this)),
        until_(until) {
    check(pcb_.connect(to).has_value(), "connect");
    timer_.arm(host.now() + kEvery);
  }
  [[nodiscard]] std::uint64_t sent() const { return sent_; }

 private:
  void on_timer(Instant now) {
    static constexpr std::array<std::byte, kSmall> kBytes{};
    check(pcb_.send(kBytes).has_value(), "send");
    ++sent_;
    if (now + kEvery < until_) {
      timer_.arm(now + kEvery);
    }
  }
  transport::UdpPcb pcb_;
  Timer timer_;
  Instant until_;
  std::uint64_t sent_ = 0;
};

class SmallReceiver {
 public:
  explicit SmallReceiver(node::Host& host) : pcb_(host.udp()) {
    check(pcb_.bind(wire::Endpoint{wire::Ipv4Address(), kPort}).has_value(), "bind");
    pcb_.set_on_change(Delegate<void()>::to<&SmallReceiver::on_change>(*this));
  }
  [[nodiscard]] std::uint64_t received() const { return received_; }

 private:
  void on_change() {
    while (auto datagram = pcb_.receive()) {
      ++received_;
      datagram->payload.consume();
    }
  }
  transport::UdpPcb pcb_;
  std::uint64_t received_ = 0;
};

class Line {
 public:
  explicit Line(unsigned routers) {
    for (unsigned i = 0; i < routers; ++i) {
      if (i % kGroup == 0) {
        worlds_.push_back(&simulation_.add_partition());
      }
      nodes_.push_back(std::make_unique<node::Router>(*worlds_.back(), wiring_.next_id(), "r" + std::to_string(i)));
    }
    for (unsigned i = 0; i + 1 < routers; ++i) {
      Interface& left = wiring_.add_interface(*nodes_[i], "right");
      Interface& right = wiring_.add_interface(*nodes_[i + 1], "left");
      const bool far = (i + 1) % kGroup == 0;
      wiring_.join(left, right, {.rate = BitRate::gbps(10), .delay = far ? 100_us : 1_us});
      if (far) {
        simulation_.add_crossing(left.node().environment(), right.node().environment(), 100_us);
      }
      check(nodes_[i]->ipv4().add_address(left, {end_of(i, 1), 30}).has_value(), "address");
      check(nodes_[i + 1]->ipv4().add_address(right, {end_of(i, 2), 30}).has_value(), "address");
      check(nodes_[i]->ipv4().set_default_route(end_of(i, 2)).has_value(), "route");
    }
  }
  ~Line() { wiring_.drain(DropReason::run_ended); }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  void run() {
    const Instant warm = Instant::zero() + 10_ms;
    const Instant end = warm + 20_ms;
    for (std::size_t i = kMiddle; i + kGroup < nodes_.size(); i += kGroup) {
      const wire::Ipv4Address to = end_of(static_cast<unsigned>(i) + kGroup - 1, 2);
      receivers_.push_back(std::make_unique<SmallReceiver>(*nodes_[i + kGroup]));
      senders_.push_back(std::make_unique<SmallSender>(*nodes_[i], wire::Endpoint{to, kPort}, end));
    }
    simulation_.run_until(warm);  // neighbours are resolved one after the other
    const std::uint64_t received_before = received();
    const double start = cpu_seconds();
    simulation_.run_until(end);
    const double cpu = cpu_seconds() - start;
    const std::uint64_t packets = received() - received_before;
    const auto expected = static_cast<std::uint64_t>(senders_.size()) * static_cast<std::uint64_t>(20_ms / kEvery);
    check(packets > expected - expected / 50 && packets < expected + expected / 50, "every flow runs at its rate");
    simulation_.run_until(end + 10_ms);
    for (std::size_t i = 0; i < senders_.size(); ++i) {  // a few found no neighbour at the start
      check(receivers_[i]->received() * 100 > senders_[i]->sent() * 98, "98 % of each flow's packets arrive");
    }
    const auto hops = static_cast<double>(packets * kGroup);
    report(std::to_string(nodes_.size()) + " routers in groups of 16, per hop", "ns", cpu / hops * 1e9);
  }

 private:
  static wire::Ipv4Address end_of(unsigned link, unsigned end) {
    return wire::Ipv4Address(0x0a000000 + link * 4 + end);
  }
  [[nodiscard]] std::uint64_t received() const {
    std::uint64_t sum = 0;
    for (const auto& receiver : receivers_) {
      sum += receiver->received();
    }
    return sum;
  }

  sim::Simulation simulation_{1};
  Wiring wiring_;
  std::vector<Environment*> worlds_;
  std::vector<std::unique_ptr<node::Host>> nodes_;
  std::vector<std::unique_ptr<SmallReceiver>> receivers_;
  std::vector<std::unique_ptr<SmallSender>> senders_;
};

}  // namespace

void run_chains(unsigned routers) {
  check(routers >= 3 * kGroup, "three groups at least");
  Line(routers).run();
}

}  // namespace catenet::bench
