// SPDX-License-Identifier: Apache-2.0
// Faults: what the lab's events have done to the network so far, and doing it. Changes of one link lie on each other:
// the one that began last counts, and when it is taken back what was before it is there again (lab/event.h). Called
// between two windows or rounds, when nobody runs.
#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "catenet/lab/description.h"
#include "catenet/run/network.h"
#include "catenet/run/programs.h"

namespace catenet::run {

class Faults {
 public:
  using OnRestart = Delegate<void(lab::NodeIndex)>;
  /// All outlive this. `on_restart` is called for a simulated host that has new rooms in place of those it had.
  Faults(Network& network, Programs& programs, OnRestart on_restart);

  /// Event `index` of the lab begins. `comes_back`: a node that crashes in it will be started again, as far as is
  /// known.
  void begin(std::size_t index, Delegate<bool(lab::NodeIndex)> comes_back);
  /// What it did is taken back. False: it was before (healed, restarted), or is nothing to be taken back.
  bool end(std::size_t index);
  /// A link that flaps goes down or up. False: another event has put an end to it.
  bool flap(std::size_t index, bool up);
  /// The node at which it is told.
  [[nodiscard]] Node& teller(std::size_t index) const;

 private:
  struct Layer {
    std::size_t event;
    bool stays;  // for good: nothing below it shows any more
    lab::LinkChange change;
    std::optional<medium::BurstLoss> burst;
  };
  struct Switch {
    std::size_t event;
    bool stays;
    bool up;
  };
  struct LinkState {
    std::vector<Layer> forward, backward;
    std::vector<Switch> switches;
  };
  struct NodeState {
    std::set<std::size_t> crashed_by, paused_by;
  };

  void begin_one(std::size_t index, const lab::LinkChange& change);
  void begin_one(std::size_t index, const lab::LinkFlap& flap);
  void begin_one(std::size_t index, const lab::LinkBurst& burst);
  void begin_one(std::size_t index, const lab::LinkFilter& filter);
  void begin_one(std::size_t index, const lab::NetworkPartition& partition);
  void begin_one(std::size_t index, const lab::NetworkHeal& heal);
  void begin_one(std::size_t index, const lab::NodeChange& change);
  bool end_one(std::size_t index, const lab::LinkChange& change);
  bool end_one(std::size_t index, const lab::LinkFlap& flap);
  bool end_one(std::size_t index, const lab::LinkBurst& burst);
  bool end_one(std::size_t index, const lab::LinkFilter& filter);
  bool end_one(std::size_t index, const lab::NetworkPartition& partition);
  bool end_one(std::size_t index, const lab::NetworkHeal& heal);
  bool end_one(std::size_t index, const lab::NodeChange& change);

  void lay(std::size_t index, const lab::LinkPart& on, Layer layer);
  bool lift(std::size_t index, const lab::LinkPart& on);
  void set_switch(std::size_t index, lab::LinkIndex link, bool up);
  void settle(lab::LinkIndex link, bool forward);
  void settle_up(lab::LinkIndex link);
  void settle_links_of(lab::NodeIndex node);
  void cut_ways(std::size_t index, const std::vector<std::uint32_t>& from, const std::vector<std::uint32_t>& into);
  [[nodiscard]] medium::Impairment& on_the_way(lab::LinkIndex link, bool forward) const;
  [[nodiscard]] medium::Impairment& in_front_of(const lab::Interface& interface) const;
  void crash(std::size_t index, lab::NodeIndex node);
  bool restart(lab::NodeIndex node);
  void set_paused(lab::NodeIndex node, bool paused);
  [[nodiscard]] bool is_down(lab::NodeIndex node) const;

  Network& network_;
  Programs& programs_;
  OnRestart on_restart_;
  Delegate<bool(lab::NodeIndex)> comes_back_;  // of the present event
  std::map<lab::LinkIndex, LinkState> links_;
  std::map<lab::NodeIndex, NodeState> nodes_;
  std::set<std::size_t> partitions_;  // in force
};

}  // namespace catenet::run
