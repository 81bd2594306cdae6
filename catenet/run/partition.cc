// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "catenet/run/groups.h"
#include "catenet/run/network.h"

namespace catenet::run {
namespace {

<<<<<<< HEAD
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
=======
/// Union-find over nodes.
class Groups {
 public:
  explicit Groups(std::size_t n) : parent_(n), size_(n, 1) { std::iota(parent_.begin(), parent_.end(), 0U); }
  std::uint32_t root(std::uint32_t n) {
    while (parent_[n] != n) {
      parent_[n] = parent_[parent_[n]];
      n = parent_[n];
    }
    return n;
  }
  [[nodiscard]] std::uint32_t size(std::uint32_t n) { return size_[root(n)]; }
  void join(std::uint32_t a, std::uint32_t b) {
    a = root(a);
    b = root(b);
    if (a == b) {
      return;
    }
    if (b < a) {
      std::swap(a, b);  // the lower number leads: the result does not depend on the order of joins
    }
    parent_[b] = a;
    size_[a] += size_[b];
  }

 private:
  std::vector<std::uint32_t> parent_;
  std::vector<std::uint32_t> size_;
};

}  // namespace

std::vector<std::uint32_t> partition(const lab::Description& lab, std::uint32_t size) {
  const std::size_t n = lab.nodes.size();
  if (size == 0 || n <= size) {
    return std::vector<std::uint32_t>(n, 0);
  }
  Groups groups(n);
  // Links without delay, or that an event will leave without, cannot be cut, whatever the size of the group becomes.
  const std::vector<lab::LinkOutlook> outlooks = lab::link_outlooks(lab);
  std::vector<lab::LinkIndex> cuttable;
  for (lab::LinkIndex i = 0; i < lab.links.size(); ++i) {
    if (outlooks[i].least_delay <= Duration{}) {
      groups.join(lab.links[i].a, lab.links[i].b);
    } else {
      cuttable.push_back(i);
    }
  }
  // The shortest delays are kept inside first: what is cut then bounds the window as loosely as this greedy choice can.
  std::stable_sort(cuttable.begin(), cuttable.end(), [&](lab::LinkIndex a, lab::LinkIndex b) {
    return outlooks[a].least_delay < outlooks[b].least_delay;
  });
  for (const lab::LinkIndex i : cuttable) {
    const lab::Link& link = lab.links[i];
    if (groups.root(link.a) != groups.root(link.b) && groups.size(link.a) + groups.size(link.b) <= size) {
      groups.join(link.a, link.b);
>>>>>>> events
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
