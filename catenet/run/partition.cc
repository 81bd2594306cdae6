// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "catenet/run/groups.h"
#include "catenet/run/network.h"

namespace catenet::run {
namespace {

// Joins nodes of one thread: first what must be together, then over the shortest delays, as long as there is room. What
// is cut then bounds the windows of a thread as loosely as this greedy choice can.
void join_neighbours(const lab::Description& lab, const std::vector<unsigned>& thread, std::uint32_t size,
                     Groups& groups) {
  std::vector<const lab::Link*> cuttable;
  for (const lab::Link& link : lab.links) {
    if (shortest_delay(link) <= Duration{}) {
      groups.join(link.a, link.b);  // whatever the size of the group becomes
    } else if (thread[link.a] == thread[link.b]) {
      cuttable.push_back(&link);
    }
  }
  std::stable_sort(cuttable.begin(), cuttable.end(),
                   [](const lab::Link* a, const lab::Link* b) { return shortest_delay(*a) < shortest_delay(*b); });
  for (const lab::Link* link : cuttable) {
    if (groups.root(link->a) != groups.root(link->b) && groups.size(link->a) + groups.size(link->b) <= size) {
      groups.join(link->a, link->b);
    }
  }
}

void join_all_of_a_thread(const std::vector<unsigned>& thread, Groups& groups) {
  std::vector<std::uint32_t> first(thread.size(), lab::kNoIndex);
  for (std::uint32_t i = 0; i < thread.size(); ++i) {
    std::uint32_t& leader = first[thread[i]];
    leader = leader == lab::kNoIndex ? i : leader;
    groups.join(leader, i);
  }
}

}  // namespace

Partitioning partition(const lab::Description& lab, std::uint32_t size, unsigned threads) {
  const auto n = static_cast<std::uint32_t>(lab.nodes.size());
  const Spread spread = run::spread(lab, threads);
  Partitioning result{std::vector<std::uint32_t>(n), {}, spread.threads};
  Groups groups(n);
  if (size == 0 || n <= size) {
    join_all_of_a_thread(spread.thread, groups);
  } else {
    join_neighbours(lab, spread.thread, size, groups);
  }
  std::vector<std::uint32_t> number(n, lab::kNoIndex);
  for (std::uint32_t i = 0; i < n; ++i) {
    std::uint32_t& of_root = number[groups.root(i)];
    if (of_root == lab::kNoIndex) {
      of_root = static_cast<std::uint32_t>(result.thread.size());
      result.thread.push_back(spread.thread[i]);
    }
    result.partition[i] = of_root;
  }
  if (result.thread.empty()) {
    result.thread.push_back(0);
  }
  return result;
}

}  // namespace catenet::run
