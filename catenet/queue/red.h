// SPDX-License-Identifier: Apache-2.0
// Red: random early detection (Floyd and Jacobson, "Random Early Detection Gateways for Congestion Avoidance", 1993).
// First in, first out; but as the queue's average length grows from `min` to `max`, more and more of the arriving
// packets are marked (ECN, RFC 3168 5) where their senders understand that, and dropped (red) where not. Beyond `max`
// every packet is, or, if `gentle`, more and more between once and twice `max` (Floyd, "Recommendation on using the
// gentle_ variant of RED", 2000). The limit holds all the same; beyond it packets are dropped (queue-full).
//
// The average is exponentially weighted over arrivals: avg += weight * (length - avg), and while nothing waits it fades
// as if `idle_packet` had passed one packet after the other. With a weight of 1 it is the length itself, and RED
// becomes the probabilistic step that data centres use (Zhu et al., "Congestion Control for Large-Scale RDMA
// Deployments", 2015). Length is what waits at the moment of an arrival, the frame on the wire and the arriving one not
// counted.
//
// Everything is in integers: averages in units of 2^-24 packets or bytes, probabilities in units of 2^-32.
#pragma once
#include <cstdint>

#include "catenet/base/ring.h"
#include "catenet/base/rng.h"
#include "catenet/net/qdisc.h"
#include "catenet/queue/fifo.h"

namespace catenet::queue {

class Red final : public Qdisc {
 public:
  struct Config {
    bool in_bytes = false;   ///< `min` and `max` are bytes, and a packet's chance grows with its size; else packets
    std::uint64_t min = 5;   ///< at most kMostLength
    std::uint64_t max = 15;  ///< above `min`, at most kMostLength
    Probability max_probability = Probability::from_ppb(20'000'000);  ///< at an average of `max`; above 0
    Probability weight = Probability::from_ppb(2'000'000);            ///< of the present length; above 0
    bool gentle = true;
    bool ecn = true;                   ///< else packets are dropped even if their senders understand marks
    std::uint32_t mean_packet = 1000;  ///< bytes; has the plain chance where lengths are bytes (F&J 4); above 0
    Duration idle_packet;              ///< time of a typical packet on the wire; zero: the average does not fade
    Fifo::Limits limits;               ///< `mark` is not used
  };
  static constexpr std::uint64_t kMostLength = std::uint64_t{1} << 36;

  struct Counters {
    std::uint64_t marked = 0;  ///< instead of dropped
    std::uint64_t early = 0;   ///< dropped, average below `max` (or twice that)
    std::uint64_t forced = 0;  ///< dropped, average beyond
  };

  /// `random`: a stream of its own, named after the node and the interface.
  Red(const Config& config, Rng random);

  void enqueue(Packet packet, Interface& owner) override;
  [[nodiscard]] Packet dequeue(Instant now, Interface& owner) override;
  [[nodiscard]] Instant ready_at(Instant now) const override { return queue_.empty() ? Instant::never() : now; }
  /// A packet that finds nobody waiting changes nothing where only the present length counts.
  [[nodiscard]] bool is_transparent() const override { return weight_ == kOne; }
  [[nodiscard]] std::size_t packets() const override { return queue_.size(); }
  [[nodiscard]] std::size_t bytes() const override { return bytes_; }

  /// In units of 2^-24 packets or bytes.
  [[nodiscard]] std::uint64_t average() const { return average_; }
  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  static constexpr std::uint64_t kOne = std::uint64_t{1} << 32;  // a probability of 1
  static constexpr unsigned kAverageBits = 24;

  [[nodiscard]] std::uint64_t length() const { return config_.in_bytes ? bytes_ : queue_.size(); }
  void update_average(Instant now);
  [[nodiscard]] std::uint64_t chance() const;
  [[nodiscard]] bool chooses(std::uint64_t chance, std::size_t size);

  Config config_;
  Rng random_;
  std::uint64_t weight_;
  std::uint64_t max_chance_;
  std::uint64_t average_ = 0;
  std::uint64_t since_ = 0;  // chances that have passed since the last choice: F&J's count * pb, summed
  bool counting_ = false;    // the average was above `min` at the last arrival
  Instant idle_since_ = Instant::zero();
  Ring<Packet> queue_;
  std::uint64_t bytes_ = 0;
  Counters counters_;
};

}  // namespace catenet::queue
