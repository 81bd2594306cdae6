// SPDX-License-Identifier: Apache-2.0
// The parallel hold model (Fujimoto, "Performance of Time Warp under synthetic workloads", 1990): a fixed population of
// jobs. A job holds at a node for an exponential time of 1 ms on average, then moves to a random neighbour over a link
// of 100 us; here it is a packet on that way. So each move is two events, one timer and one frame. 256 nodes, each with
// four cables of its own to others, a partition for each.
#include <deque>
#include <vector>

#include "bench/engine.h"
#include "bench/harness.h"
#include "catenet/base/ring.h"
#include "catenet/link/bare_ip/bare_ip_link.h"
#include "catenet/medium/cable.h"
#include "catenet/net/interface.h"
#include "catenet/queue/fifo.h"
#include "catenet/sim/simulation.h"

namespace catenet::bench {
namespace {

constexpr unsigned kNodes = 256;
constexpr unsigned kCables = 4;
constexpr std::uint64_t kMeanHold = 1'000'000;  // ns
constexpr Duration kDelay = 100_us;

class Station final : public Node {
 public:
  Station(Environment& world, SourceId id)
      : Node(world, id, "station" + std::to_string(id)), rng_(random_stream("hold")) {}
  ~Station() override = default;

  void add_job() { hold(); }
  void receive(Interface&, Packet frame) override {
    frame.consume();
    hold();
  }
  [[nodiscard]] std::uint64_t moves() const { return moves_; }

 private:
  struct Job {
    Job(Station& s) : station(s), timer(s.timers(), Delegate<void(Instant)>::to<&Job::on_timer>(*this)) {}
    void on_timer(Instant) { station.move(*this); }
    Station& station;
    Timer timer;
  };
  void hold() {
    if (free_.empty()) {
      free_.push_back(&jobs_.emplace_back(*this));
    }
    Job& job = *free_.back();
    free_.pop_back();
    job.timer.arm(now() + Duration::nanoseconds(static_cast<std::int64_t>(rng_.exponential(kMeanHold))));
  }
  void move(Job& job) {
    free_.push_back(&job);
    ++moves_;
    Packet packet = pool().make();
    check(packet.append_zeros(20), "a packet");
    Interface& out = *interfaces()[rng_.below(interfaces().size())];
    out.output(std::move(packet), wire::LinkAddress(), 0x0800);
  }

  Rng rng_;
  std::deque<Job> jobs_;
  std::vector<Job*> free_;
  std::uint64_t moves_ = 0;
};

class Hold {
 public:
  Hold(unsigned population, unsigned threads) : simulation_(1, nullptr, threads) {
    SourceId id = 0;
    for (unsigned i = 0; i < kNodes; ++i) {
      worlds_.push_back(&simulation_.add_partition(i * threads / kNodes));
      stations_.push_back(std::make_unique<Station>(*worlds_.back(), ++id));
    }
    Rng rng(1);
    for (unsigned i = 0; i < kNodes; ++i) {
      for (unsigned c = 0; c < kCables; ++c) {
        join(i, (i + 1 + static_cast<unsigned>(rng.below(kNodes - 1))) % kNodes, id += medium::Cable::kSourceIds);
      }
    }
    for (unsigned job = 0; job < population; ++job) {
      stations_[job % kNodes]->add_job();
    }
  }
  ~Hold() {
    simulation_.settle();
    for (medium::Cable& cable : cables_) {
      cable.drain(DropReason::run_ended);
    }
  }
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;

  [[nodiscard]] std::uint64_t run(Duration time) {
    simulation_.run_until(Instant::zero() + time);
    return simulation_.events();
  }
  [[nodiscard]] std::uint64_t moves() const {
    std::uint64_t sum = 0;
    for (const auto& station : stations_) {
      sum += station->moves();
    }
    return sum;
  }

 private:
  void join(unsigned a, unsigned b, SourceId id) {
    const medium::CableSpec spec{.rate = BitRate::unlimited(), .delay = kDelay};
    medium::Cable& cable = cables_.emplace_back(*worlds_[a], *worlds_[b], id, spec, spec);
    for (const auto& [node, end] : {std::pair{a, &cable.a()}, std::pair{b, &cable.b()}}) {
      Interface& interface = stations_[node]->add_interface("to" + std::to_string(id));
      interface.set_link_layer(std::make_unique<link::BareIpLink>());
      interface.set_qdisc(std::make_unique<queue::Fifo>());
      interface.attach(*end);
    }
    simulation_.add_crossing(*worlds_[a], *worlds_[b], kDelay);
  }

  sim::Simulation simulation_;
  std::vector<Environment*> worlds_;
  std::deque<medium::Cable> cables_;
  std::vector<std::unique_ptr<Station>> stations_;
};

}  // namespace

void run_phold(unsigned population, unsigned threads) {
  // About four million moves, each of which takes 1.1 ms.
  const std::uint64_t rounds = std::max<std::uint64_t>(4'000'000 / population, 4);
  Hold hold(population, threads);
  const double start = wall_seconds();
  const std::uint64_t events = hold.run(Duration::microseconds(static_cast<std::int64_t>(rounds * 1100)));
  const double seconds = wall_seconds() - start;
  const double share = static_cast<double>(hold.moves()) / static_cast<double>(rounds * population);
  check(share > 0.9 && share < 1.1, "jobs move at their rate");
  report("PHOLD, population " + std::to_string(population) + ", threads " + std::to_string(threads), "events/s",
         static_cast<double>(events) / seconds);
}

}  // namespace catenet::bench
