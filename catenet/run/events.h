// SPDX-License-Identifier: Apache-2.0
// Events: the clock of `events:`. It knows when the next of the lab's events begins or ends, and has it done by Faults.
//
// An event at time T happens before every frame and timer of T. So the driver runs to just before next(), calls
// apply(), and goes on: no partition has seen T by then. What waits for a program is found by look(), between windows;
// it happens Programs::kHandOver later, like what follows by `after:`, so that it does not depend on how the lab was
// partitioned. In real time it happens at once.
//
// Of several at one instant those that end come first, then those that begin, in the order of the lab.
#pragma once
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "catenet/run/faults.h"

namespace catenet::run {

/// What became of one event.
struct EventRecord {
  std::string text;
  std::optional<Instant> at;  ///< when it began, or would have; empty: what it waits for did not happen
  std::optional<Instant> until;
  bool applied = false;
};

class Events {
 public:
  Events(Network& network, Programs& programs, Faults::OnRestart on_restart);

  /// never(): nothing more that is known yet.
  [[nodiscard]] Instant next() const { return agenda_.empty() ? Instant::never() : agenda_.begin()->at; }
  /// Looks for programs that have started, are ready or have ended. Before next() is asked.
  void look(Instant now);
  /// Does all that is due at `now` or was before.
  void apply(Instant now);

  [[nodiscard]] const std::vector<EventRecord>& records() const { return records_; }

 private:
  enum class Step : std::uint8_t { end, up, down, begin };
  struct Item {
    Instant at;
    Step step;
    std::size_t event;
    auto operator<=>(const Item&) const = default;
  };

  void plan(std::size_t event, Instant at);
  void perform(const Item& item);
  [[nodiscard]] std::optional<Instant> moment_of(const lab::EventTime& time) const;
  bool comes_back(lab::NodeIndex node) const;

  Network& network_;
  Programs& programs_;
  Faults faults_;
  std::set<Item> agenda_;
  std::vector<std::size_t> waiting_;  // events that wait for a program
  std::vector<EventRecord> records_;  // by event
};

}  // namespace catenet::run
