// SPDX-License-Identifier: Apache-2.0
// Data centres: S1, the scenario of DCTCP studies, and random flows for the threads.
#include <string>
#include <vector>

#include "bench/engine.h"
#include "bench/fat_tree.h"
#include "bench/harness.h"
#include "bench/transfers.h"
#include "bench/web_search.h"
#include "catenet/queue/red.h"

namespace catenet::bench {
namespace {

/// One host's flows: each begins an exponential time after the one before and goes to any other host.
class Generator {
 public:
  Generator(FatTree& tree, unsigned host, std::uint64_t mean_gap_ns, Instant until)
      : tree_(tree),
        host_(host),
        mean_gap_(mean_gap_ns),
        until_(until),
        rng_(tree.host(host).random_stream("flows")),
        timer_(tree.host(host).timers(), Delegate<void(Instant)>::to<&Generator::on_timer>(*this)) {
    next(Instant::zero());
  }
  [[nodiscard]] std::size_t flows() const { return transfers_.size(); }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  void next(Instant now) {
    const Instant at = now + Duration::nanoseconds(static_cast<std::int64_t>(rng_.exponential(mean_gap_)));
    if (at < until_) {
      timer_.arm(at);
    }
  }
  void on_timer(Instant now) {
    const auto other = static_cast<unsigned>(rng_.below(tree_.host_count() - 1));
    const std::uint64_t size = WebSearch::draw(rng_);
    bytes_ += size;
    transfers_.emplace_back(tree_.host(host_), tree_.address(other < host_ ? other : other + 1), size);
    next(now);
  }
  FatTree& tree_;
  unsigned host_;
  std::uint64_t mean_gap_;
  Instant until_;
  Rng rng_;
  Timer timer_;
  std::deque<Transfer> transfers_;
  std::uint64_t bytes_ = 0;
};

using Sinks = std::deque<Sink>;

std::uint64_t received(const Sinks& sinks) {
  std::uint64_t sum = 0;
  for (const Sink& sink : sinks) {
    sum += sink.received();
  }
  return sum;
}

std::uint64_t ended(const Sinks& sinks) {
  std::uint64_t sum = 0;
  for (const Sink& sink : sinks) {
    sum += sink.ended();
  }
  return sum;
}

void check_paths(const FatTree& tree) {
  for (const Interface* uplink : tree.uplinks()) {
    check(uplink->counters().tx_packets > 0, "no path is unused");
  }
}

void check_books(const sim::Simulation& simulation) {
  check(simulation.packets().unaccounted == 0, "no packet is lost without a name");
}

constexpr BitRate kS1Rate = BitRate::gbps(10);
constexpr std::uint64_t kS1Buffer = 4'000'000;

FatTreeSpec s1() {
  FatTreeSpec spec;
  spec.k = 4;
  spec.by_pod = true;
  spec.link = {.rate = kS1Rate, .delay = 3_us};
  spec.host.tcp.congestion = transport::CongestionAlgorithm::dctcp;
  spec.make_queue = [](Node& node) {
    const queue::Red::Config config{.min = 50,
                                    .max = 150,
                                    .max_probability = Probability::from_ppb(100'000'000),
                                    .weight = Probability::from_ppb(1'000'000'000),
                                    .gentle = false,
                                    .limits = {.packets = UINT32_MAX, .bytes = kS1Buffer}};
    return std::make_unique<queue::Red>(config, node.random_stream("red " + std::to_string(node.interfaces().size())));
  };
  return spec;
}

std::uint64_t marks(const FatTree& tree) {
  std::uint64_t sum = 0;
  tree.for_each_interface([&](Interface& i) { sum += static_cast<const queue::Red&>(i.qdisc()).counters().marked; });
  return sum;
}

}  // namespace

void run_fattree4(unsigned milliseconds) {
  sim::Simulation simulation(1);
  FatTree tree(simulation, s1());
  Sinks sinks;
  std::deque<Generator> generators;
  const Instant end = Instant::zero() + Duration::milliseconds(milliseconds);
  // Load 0.3 of a host's link, its frames counted whole: 1448 bytes of payload take 1538 on the wire.
  const std::uint64_t gap = WebSearch::mean() * 8 / 3 * 1538 / kSegment;  // ns; 0.3 of 10 Gbit/s are 3 bits a ns
  for (unsigned i = 0; i < tree.host_count(); ++i) {
    sinks.emplace_back(tree.host(i));
    generators.emplace_back(tree, i, gap, end);
  }
  const double start = cpu_seconds();
  simulation.run_until(end);
  const double cpu = cpu_seconds() - start;
  const auto segments = static_cast<double>(received(sinks)) / static_cast<double>(kSegment);
  const auto events = static_cast<double>(simulation.events());
  simulation.run_until(end + 10_s);  // whatever is under way comes to its end
  std::uint64_t flows = 0;
  std::uint64_t bytes = 0;
  for (const Generator& generator : generators) {
    flows += generator.flows();
    bytes += generator.bytes();
  }
  check(ended(sinks) == flows && received(sinks) == bytes, "every flow is complete");
  check(marks(tree) > 0, "queues mark");
  check_paths(tree);
  check_books(simulation);
  const std::string name = "S1: fat-tree k=4, DCTCP, web-search flows";
  report(name, "segments/s of CPU time", segments / cpu);
  report(name + ", events a segment", "1", events / segments);
  report(name + ", flows", "1", static_cast<double>(flows));
  report(name + ", marked packets", "1", static_cast<double>(marks(tree)));
}

namespace {

constexpr std::uint64_t kBytes = 1'000'000;

struct Outcome {
  double seconds;
  std::uint64_t digest;
  std::uint64_t events;
};

/// So many flows of 1 MB from each host, one after the other to any other host.
Outcome random_flows(unsigned threads, unsigned flows_per_host) {
  sim::Simulation simulation(1, nullptr, threads);
  FatTreeSpec spec;
  spec.k = 8;
  spec.link = {.rate = BitRate::gbps(1), .delay = 10_us};
  spec.make_queue = [](Node&) { return std::make_unique<queue::Fifo>(); };
  FatTree tree(simulation, spec);
  struct Sender {
    FatTree& tree;
    unsigned host;
    Rng rng;
    Timer timer;
    unsigned left;
    std::deque<Transfer> transfers;
    Sender(FatTree& t, unsigned h, unsigned flows)
        : tree(t),
          host(h),
          rng(t.host(h).random_stream("flows")),
          timer(t.host(h).timers(), Delegate<void(Instant)>::to<&Sender::on_timer>(*this)),
          left(flows) {
      timer.arm(Instant::zero() + Duration::microseconds(static_cast<std::int64_t>(rng.below(10'000))));
    }
    void on_timer(Instant now) {
      const auto other = static_cast<unsigned>(rng.below(tree.host_count() - 1));
      transfers.emplace_back(tree.host(host), tree.address(other < host ? other : other + 1), kBytes);
      if (--left > 0) {
        timer.arm(now + 10_ms);
      }
    }
  };
  Sinks sinks;
  std::deque<Sender> senders;
  for (unsigned i = 0; i < tree.host_count(); ++i) {
    sinks.emplace_back(tree.host(i));
    senders.emplace_back(tree, i, flows_per_host);
  }
  const double start = wall_seconds();
  simulation.run_until(Instant::zero() + Duration::milliseconds(10 * flows_per_host + 20));
  const Outcome outcome{wall_seconds() - start, tree.digest(), simulation.events()};
  simulation.run_until(Instant::zero() + 30_s);
  const std::uint64_t flows = std::uint64_t{tree.host_count()} * flows_per_host;
  check(ended(sinks) == flows && received(sinks) == flows * kBytes, "every flow is complete");
  check_paths(tree);
  check_books(simulation);
  return outcome;
}

}  // namespace

void run_fattree8(unsigned threads, unsigned flows_per_host) {
  const Outcome one = random_flows(1, flows_per_host);
  const Outcome many = random_flows(threads, flows_per_host);
  check(one.digest == many.digest && one.events == many.events, "threads change nothing");
  report("fat-tree k=8, random flows of 1 MB, " + std::to_string(threads) + " threads", "events/s",
         static_cast<double>(many.events) / many.seconds, "one thread", static_cast<double>(one.events) / one.seconds);
}

}  // namespace catenet::bench
