// SPDX-License-Identifier: Apache-2.0
// What happens to a lab while it runs: the entries of `events:`. Each has a time (of the run, or counted from the
// moment at which a program starts, is ready or ends) and an action; one for an interval is taken back at its end.
//
// Several may be in force for one link or node at once. The one that began last counts, and when it ends what was
// before it is back: the others, and beneath them what `links:` says.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "catenet/base/rate.h"
#include "catenet/base/rng.h"
#include "catenet/base/time.h"
#include "catenet/lab/diagnostic.h"
#include "catenet/lab/units.h"

namespace catenet::lab {

struct Description;

/// When an event begins, and for how long it lasts.
struct EventTime {
  enum class Moment : std::uint8_t { kRun, kStarts, kReady, kEnds };
  Moment moment = Moment::kRun;
  std::string program;            ///< of every moment but the run's start. A name: `--do` replaces programs
  Duration after;                 ///< since that moment
  std::optional<Duration> lasts;  ///< above zero; none: it is not taken back
};

/// One link, or one direction of it.
struct LinkPart {
  std::uint32_t link = 0;  ///< LinkIndex
  bool forward = true;
  bool backward = true;
};

/// New values; what is empty stays. Only the whole link goes up or down.
struct LinkChange {
  LinkPart on;
  std::optional<bool> up;
  std::optional<BitRate> rate;
  std::optional<Duration> delay;
  std::optional<Probability> loss;
  std::optional<Probability> duplicate;
  std::optional<Probability> corrupt;
  std::optional<Probability> reorder;
  std::optional<Duration> reorder_by;
  std::optional<Duration> jitter;
  std::optional<BitErrorRate> bit_error_rate;
  /// Something happens to single frames.
  [[nodiscard]] bool impairs() const { return loss || duplicate || corrupt || reorder || jitter || bit_error_rate; }
};

/// Down for `down`, up for the rest of `period`, again and again.
struct LinkFlap {
  static constexpr Duration kShortest = Duration::milliseconds(1);
  LinkPart on;
  Duration period;
  Duration down;
};

/// Losses that come in bursts (Gilbert 1960, Elliott 1963): two states, left with these probabilities at each frame,
/// and a loss in each.
struct LinkBurst {
  LinkPart on;
  Probability to_bad;
  Probability to_good;
  Probability loss_bad;
  Probability loss_good;
};

/// Something done to frames that an expression describes, counted in each direction by itself.
struct LinkFilter {
  enum class Action : std::uint8_t { kDrop, kDelay, kDuplicate, kCorrupt };
  LinkPart on;
  Action action = Action::kDrop;
  Duration delay;
  std::uint64_t nth = 1;
  bool repeats = true;     ///< every nth one, not the nth only
  std::string expression;  ///< packet/filter_expression.h, with names of nodes
};

/// Nothing that comes from `a` enters a node of `b`; nor the other way unless `one_way`.
struct NetworkPartition {
  std::vector<std::uint32_t> a;  ///< NodeIndex, ascending
  std::vector<std::uint32_t> b;
  bool one_way = false;
};
/// Ends every partition.
struct NetworkHeal {};

struct NodeChange {
  enum class What : std::uint8_t { kCrash, kRestart, kPause, kResume };
  What what = What::kCrash;
  std::vector<std::uint32_t> nodes;
};

using EventAction =
    std::variant<LinkChange, LinkFlap, LinkBurst, LinkFilter, NetworkPartition, NetworkHeal, NodeChange>;

struct Event {
  std::string when;  ///< as the user wrote it, "4s..8s"
  std::string what;  ///< the same, "link gw1--gw2 loss=10%"
  Place place;
  EventTime time;
  EventAction action;
  [[nodiscard]] std::string text() const { return when + ": " + what; }
};

/// What events may ever do to a link, so that it can be made for it.
struct LinkOutlook {
  Duration least_delay;   ///< of both directions, at any time: the bound of a partition window
  bool forward = false;   ///< something may happen to frames on their way to b
  bool backward = false;  ///< and to a
};
/// By LinkIndex.
std::vector<LinkOutlook> link_outlooks(const Description& lab);

}  // namespace catenet::lab
