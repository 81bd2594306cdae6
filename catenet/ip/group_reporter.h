// SPDX-License-Identifier: Apache-2.0
// GroupReporter<A>: when a host says which groups it is in, written once for IGMP (RFC 3376, RFC 2236) and MLD (RFC
// 3810, RFC 2710): at once and once more when it joins or leaves, and after a random while when it is asked. Sockets
// here want groups from any source or not at all, so a change is "to exclude nothing" or "to include nothing".
//
// A querier of the version before is answered in its own words until it has been silent for long (RFC 3376 7.2.1, RFC
// 3810 8.2.1); members then stay silent when another one has answered.
#pragma once
#include <memory>
#include <string_view>
#include <vector>

#include "catenet/base/rng.h"
#include "catenet/event/timer.h"
#include "catenet/net/interface.h"
#include "catenet/wire/igmp.h"

namespace catenet::ip {

template <typename A>
class GroupReporter {
 public:
  static constexpr unsigned kRobustness = 2;                                // RFC 3376 8.1: so often is a change told
  static constexpr Duration kUnsolicitedInterval = Duration::seconds(1);    // 8.11
  static constexpr Duration kOldQuerierTimeout = Duration::seconds(260);    // 8.12: 2 * 125 s + 10 s
  static constexpr Duration kShortestAnswer = Duration::milliseconds(100);  // a unit of IGMP's maximum (4.1.1)
  static constexpr std::size_t kMostGoing = 4096;  // rows; beyond, a leave is told once, and its row is gone

  /// `stream` names the randomness.
  GroupReporter(Node& node, std::string_view stream)
      : node_(node),
        random_(node.random_stream(stream)),
        timer_(node.timers(), Delegate<void(Instant)>::to<&GroupReporter::run>(*this)) {}
  virtual ~GroupReporter() = default;
  GroupReporter(const GroupReporter&) = delete;
  GroupReporter& operator=(const GroupReporter&) = delete;

  /// The first member of the host, or the last. `told`: false when the host ends without a word.
  void joined(const A& group, Interface& interface) { change(group, interface, true); }
  void left(const A& group, Interface& interface, bool told);
  /// A link came up: whoever is there now does not know us.
  void link_up(const Interface& interface);

 protected:
  /// `oldest`: the first version that needs no special care.
  void queried(const Interface& interface, const wire::GroupQuery<A>& query, unsigned oldest);
  /// Another host has answered in the words of an old version.
  void heard(const Interface& interface, const A& group);
  /// Says it. `old`: as the version before has it.
  virtual void report(Interface& out, const A& group, wire::GroupRecord record, bool old) = 0;

  Node& node_;

 private:
  struct Row {
    A group;
    Interface* interface;
    bool member;
    unsigned changes;  // how often the change is still to be told
    Instant change_at = Instant::never();
    Instant answer_at = Instant::never();
  };
  struct OldQuerier {
    const Interface* interface;
    Instant until;
  };
  void change(const A& group, Interface& interface, bool member);
  void run(Instant now);
  [[nodiscard]] bool is_old(const Interface& interface, Instant now) const;
  [[nodiscard]] Duration within(Duration limit) {
    return Duration::nanoseconds(static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(limit.ns()))) + 1);
  }

  Rng random_;
  std::vector<Row> rows_;
  std::vector<OldQuerier> old_queriers_;
  Timer timer_;
};

extern template class GroupReporter<wire::Ipv4Address>;
extern template class GroupReporter<wire::Ipv6Address>;

}  // namespace catenet::ip
