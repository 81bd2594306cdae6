// SPDX-License-Identifier: Apache-2.0
// Impairment: what goes wrong on a link, as a wrapper in front of the receiving interface. Each wrong has its own
// random stream (seed, link direction, purpose), so switching one on disturbs no other.
//
//   cable -> [rules -> bit errors -> loss -> corruption -> duplication -> jitter, reordering] -> capture -> interface
//
// Bit errors hit the wire: the frame gets its true FCS, bits are flipped anywhere in frame and FCS, and the receiving
// interface verifies it (fcs-error). Corruption is damage that no FCS sees (a bad switch memory, as tc-netem's
// `corrupt`): one bit of the packet is flipped after its checksums were completed, for the checksums above to find.
// Delay is held here after arrival, so a link's own delay stays the bound for partition windows.
//
// Losses in bursts come from two states (Gilbert, "Capacity of a burst-noise channel", 1960; Elliott 1963): a frame
// finds the channel good or bad, is lost with that state's probability, and then the channel may change.
//
// Rules (frame_rule.h) look at frames one by one: a partition of the network, a filter of the lab's events.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "catenet/base/rng.h"
#include "catenet/event/scheduler.h"
#include "catenet/medium/frame_rule.h"
#include "catenet/net/medium.h"
#include "catenet/net/node.h"

namespace catenet::medium {

struct BurstLoss {
  Probability to_bad;   ///< per frame, in the good state
  Probability to_good;  ///< per frame, in the bad state
  Probability loss_bad;
  Probability loss_good;
  [[nodiscard]] bool any() const { return !to_bad.is_zero() || !loss_good.is_zero(); }
  bool operator==(const BurstLoss&) const = default;
};

struct ImpairmentSpec {
  Probability loss;       ///< per frame
  Probability duplicate;  ///< per frame: a second copy follows at once
  Probability corrupt;    ///< per frame: one bit of the packet flips, unseen by the FCS
  Probability reorder;    ///< per frame: it is held back by reorder_delay, so that later ones overtake it
  Duration reorder_delay = Duration::milliseconds(1);
  BurstLoss burst;  ///< besides `loss`
  Duration jitter;  ///< every frame is held back by a uniform 0..jitter; frames may overtake each other
  /// Mean number of bits between two bit errors (the reciprocal of the bit error rate); 0: no errors.
  std::uint64_t bits_per_error = 0;
  [[nodiscard]] bool any() const {
    return !loss.is_zero() || !duplicate.is_zero() || !corrupt.is_zero() || !reorder.is_zero() || burst.any() ||
           jitter > Duration{} || bits_per_error != 0;
  }
};

class Impairment final : public FrameSink, private EventSource {
 public:
  static constexpr SourceId kSourceIds = 1;
  /// `world` is the receiver's; `link` names the direction for the random streams ("alice->sw1").
  Impairment(Environment& world, SourceId id, std::string_view link, FrameSink& inner, const ImpairmentSpec& spec);
  ~Impairment() override;

  /// Counts for frames that arrive after the call. Bursts that were not there before begin in the good state.
  void set_spec(const ImpairmentSpec& spec);
  /// The rule stays until remove_rule() with its number; rules are asked in the order in which they were added.
  void add_rule(FrameRule rule) { rules_.push_back(std::move(rule)); }
  void remove_rule(std::uint64_t number);
  void receive(Packet frame) override;
  void medium_ready() override { inner_.medium_ready(); }
  void discard_frame(Packet frame, DropReason reason) override { inner_.discard_frame(std::move(frame), reason); }
  void link_changed() override { inner_.link_changed(); }

  struct Counters {
    std::uint64_t lost = 0;
    std::uint64_t duplicated = 0;
    std::uint64_t corrupted = 0;
    std::uint64_t reordered = 0;
    std::uint64_t bit_errors = 0;
  };
  [[nodiscard]] const Counters& counters() const { return counters_; }
  [[nodiscard]] std::size_t in_flight() const { return held_.size(); }
  /// Ends the frames held back at the end of a run.
  void drain(DropReason reason);

 private:
  struct Held {
    Instant at;
    std::uint64_t sequence;
    Packet frame;
    [[nodiscard]] bool after(const Held& o) const { return o.at < at || (o.at == at && o.sequence < sequence); }
  };
  void fire(Instant now) override;
  void obey_rules(Packet frame);
  void impair(Packet frame, Duration hold);
  void pass(Packet frame, Duration hold);
  bool is_lost();
  void damage_wire_bits(Packet& frame);
  void corrupt(Packet& frame);

  Environment& world_;
  FrameSink& inner_;
  ImpairmentSpec spec_;
  Counters counters_;
  Rng loss_rng_, duplicate_rng_, corrupt_rng_, reorder_rng_, jitter_rng_, bit_rng_, burst_rng_;
  bool in_burst_ = false;
  std::vector<FrameRule> rules_;
  std::uint64_t bits_to_error_ = 0;  // bits that still pass before the next error
  std::uint64_t next_sequence_ = 0;
  std::vector<Held> held_;  // a heap by (time, sequence)
};

}  // namespace catenet::medium
