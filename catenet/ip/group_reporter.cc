// SPDX-License-Identifier: Apache-2.0
#include "catenet/ip/group_reporter.h"

#include <algorithm>

namespace catenet::ip {

template <typename A>
void GroupReporter<A>::change(const A& group, Interface& interface, bool member) {
  auto row = std::ranges::find_if(rows_, [&](const Row& r) { return r.group == group && r.interface == &interface; });
  if (row == rows_.end()) {
    rows_.push_back({group, &interface, member, 0});
    row = rows_.end() - 1;
  }
  row->member = member;
  // Who joins and leaves ever new groups is told of once: rows of what was left stay only for the second time.
  row->changes = member || rows_.size() <= kMostGoing ? kRobustness : 1;
  row->change_at = node_.now();
  row->answer_at = Instant::never();
  run(node_.now());
}

template <typename A>
void GroupReporter<A>::left(const A& group, Interface& interface, bool told) {
  const auto its = [&](const Row& r) { return r.group == group && r.interface == &interface; };
  if (!told) {
    std::erase_if(rows_, its);
  } else if (std::ranges::any_of(rows_, its)) {  // else nobody was told of the joining
    change(group, interface, false);
  }
}

template <typename A>
void GroupReporter<A>::link_up(const Interface& interface) {
  for (Row& row : rows_) {
    if (row.interface == &interface && row.member) {
      row.changes = kRobustness;
      row.change_at = node_.now();
    }
  }
  run(node_.now());
}

template <typename A>
bool GroupReporter<A>::is_old(const Interface& interface, Instant now) const {
  return std::ranges::any_of(old_queriers_,
                             [&](const OldQuerier& q) { return q.interface == &interface && q.until > now; });
}

// RFC 3376 5.2. An answer that is due earlier anyway stays.
template <typename A>
void GroupReporter<A>::queried(const Interface& interface, const wire::GroupQuery<A>& query, unsigned oldest) {
  const Instant now = node_.now();
  if (query.version < oldest) {
    std::erase_if(old_queriers_, [&](const OldQuerier& q) { return q.interface == &interface; });
    old_queriers_.push_back({&interface, now + kOldQuerierTimeout});
  }
  // A querier that asks for thousands of groups within a millisecond wants a flood.
  const Duration limit = std::max(Duration::milliseconds(query.max_response_ms), kShortestAnswer);
  for (Row& row : rows_) {
    if (row.interface == &interface && row.member && (query.group.is_unspecified() || query.group == row.group)) {
      row.answer_at = std::min(row.answer_at, now + within(limit));
    }
  }
  run(now);
}

template <typename A>
void GroupReporter<A>::heard(const Interface& interface, const A& group) {
  if (!is_old(interface, node_.now())) {
    return;
  }
  for (Row& row : rows_) {
    if (row.interface == &interface && row.group == group) {
      row.answer_at = Instant::never();
    }
  }
}

template <typename A>
void GroupReporter<A>::run(Instant now) {
  Instant next = Instant::never();
  for (Row& row : rows_) {
    const bool old = is_old(*row.interface, now);
    if (row.change_at <= now) {
      report(*row.interface, row.group, row.member ? wire::GroupRecord::kToExclude : wire::GroupRecord::kToInclude,
             old);
      row.changes = old && !row.member ? 0 : row.changes - 1;  // RFC 2236 3: one leave
      row.change_at = row.changes > 0 ? now + within(kUnsolicitedInterval) : Instant::never();
    }
    if (row.answer_at <= now) {
      report(*row.interface, row.group, wire::GroupRecord::kIsExclude, old);
      row.answer_at = Instant::never();
    }
    next = std::min({next, row.change_at, row.answer_at});
  }
  std::erase_if(rows_, [](const Row& r) { return !r.member && r.changes == 0; });
  timer_.arm(next);
}

template class GroupReporter<wire::Ipv4Address>;
template class GroupReporter<wire::Ipv6Address>;

}  // namespace catenet::ip
