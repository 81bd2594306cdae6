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
  const std::vector<Duration> delays = shortest_delays(lab);
  std::vector<lab::LinkIndex> cuttable;
  for (lab::LinkIndex i = 0; i < lab.links.size(); ++i) {
    if (delays[i] <= Duration{}) {
      groups.join(lab.links[i].a, lab.links[i].b);  // whatever the size of the group becomes
    } else if (thread[lab.links[i].a] == thread[lab.links[i].b]) {
      cuttable.push_back(i);
    }
  }
  std::stable_sort(cuttable.begin(), cuttable.end(),
                   [&](lab::LinkIndex a, lab::LinkIndex b) { return delays[a] < delays[b]; });
  for (const lab::LinkIndex i : cuttable) {
    const lab::Link& link = lab.links[i];
    if (groups.root(link.a) != groups.root(link.b) && groups.size(link.a) + groups.size(link.b) <= size) {
      groups.join(link.a, link.b);
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
