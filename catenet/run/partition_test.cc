// SPDX-License-Identifier: Apache-2.0
// partition.cc and spread.cc: which nodes are simulated together, and by which thread.
#include <gmock/gmock.h>

#include "catenet/run/network.h"
#include "catenet/run/run_test_bench.h"

namespace catenet::run {
namespace {
using testing::Each;
using testing::ElementsAre;

/// r0 -- r1 -- ... -- r(n-1)
lab::Description chain(std::size_t n) {
  std::string text = "nodes:\n";
  std::string links = "links:\n";
  for (std::size_t i = 0; i < n; ++i) {
    text += "  r" + std::to_string(i) + ": router\n";
    if (i > 0) {
      links += "  - r" + std::to_string(i - 1) + " -- r" + std::to_string(i) + "\n";
    }
  }
  return load(text + links);
}

TEST(Partition, IsOneWhenAllFitOrNobodyWantsMore) {
  const lab::Description lab = chain(8);
  EXPECT_THAT(partition(lab, 0).partition, Each(0U));
  EXPECT_THAT(partition(lab, 8).partition, Each(0U));
  EXPECT_EQ(partition(lab, 100).partition.size(), 8U);
  EXPECT_THAT(partition(load("nodes: {a: host}"), 1).partition, ElementsAre(0U));
}

TEST(Partition, GroupsAreBoundedAndNumberedByTheirFirstNode) {
  EXPECT_THAT(partition(chain(7), 3).partition, ElementsAre(0, 0, 0, 1, 1, 1, 2));
  EXPECT_THAT(partition(chain(4), 1).partition, ElementsAre(0, 1, 2, 3));
  for (std::uint32_t size = 1; size <= 40; ++size) {
    const auto parts = partition(chain(40), size).partition;
    std::vector<std::uint32_t> members(40, 0);
    std::uint32_t next = 0;
    for (const std::uint32_t part : parts) {
      ASSERT_LE(part, next) << "numbers come in order, without a gap";
      next = std::max(next, part + 1);
      EXPECT_LE(++members[part], size);
    }
  }
}

TEST(Partition, NodesWithoutALinkBetweenThemAreNotJoined) {
  EXPECT_THAT(partition(load("nodes: {a: host, b: host, c: host}\nlinks: [a -- c]"), 2).partition,
              ElementsAre(0, 1, 0));
}

TEST(Partition, ShortDelaysStayInside) {
  const lab::Description lab = load(
      "nodes: {a: router, b: router, c: router, d: router}\n"
      "links: [{a -- b: {delay: 1ms}}, {b -- c: {delay: 1us}}, {c -- d: {delay: 1ms}}]");
  EXPECT_THAT(partition(lab, 2).partition, ElementsAre(0, 1, 1, 2));
}

TEST(Partition, ALinkWithoutDelayIsNeverCut) {
  lab::Description lab = chain(6);
  for (lab::Link& link : lab.links) {
    link.forward.delay.value = Duration{};
  }
  EXPECT_THAT(partition(lab, 2).partition, Each(0U)) << "one direction is enough, and no bound counts against it";
  lab.links[2].forward.delay.value = Duration::nanoseconds(1);
  EXPECT_THAT(partition(lab, 2).partition, ElementsAre(0, 0, 0, 1, 1, 1));
}

TEST(Spread, CutsTheLongestDelaysThatLeaveABalance) {
  // Three pairs; between the pairs 1 ms, inside 1 us.
  const lab::Description lab = load(
      "nodes: {a: router, b: router, c: router, d: router, e: router, f: router}\n"
      "links: [{a -- b: {delay: 1us}}, {b -- c: {delay: 1ms}}, {c -- d: {delay: 1us}}, {d -- e: {delay: 1ms}},"
      " {e -- f: {delay: 1us}}]");
  const Spread three = spread(lab, 3);
  EXPECT_THAT(three.thread, ElementsAre(0, 0, 1, 1, 2, 2));
  EXPECT_THAT(three.cut, ElementsAre(1, 3));
  EXPECT_EQ(three.lookahead, Duration::milliseconds(1));
  EXPECT_GT(three.best_speed_up(), 2.6);
  const Spread two = spread(lab, 2);
  EXPECT_EQ(two.threads, 2U);
  EXPECT_EQ(two.cut.size(), 1U);
  EXPECT_EQ(two.lookahead, Duration::microseconds(1)) << "a pair is worth more than long windows";
  EXPECT_GT(two.best_speed_up(), 1.8);
}

TEST(Spread, UsesNoMoreThreadsThanThereIsWorkFor) {
  EXPECT_EQ(spread(load("nodes: {a: host}"), 4).threads, 1U);
  EXPECT_THAT(spread(load("nodes: {a: host, b: host}"), 4).thread, ElementsAre(0, 1));
  const Spread stuck =
      spread(load("nodes: {a: host, b: host, c: host}\nlinks: [a -- b: {delay: 0}, b -- c: {delay: 0}]"), 2);
  EXPECT_THAT(stuck.thread, Each(0U));
  EXPECT_EQ(stuck.best_speed_up(), 1.0);
  EXPECT_EQ(stuck.lookahead, Duration::max());
  for (unsigned threads = 1; threads <= 12; ++threads) {
    const lab::Description lab = chain(10);
    const Spread some = spread(lab, threads);
    EXPECT_LE(some.threads, threads);
    std::vector<std::uint64_t> load(some.threads, 0);
    for (std::size_t i = 0; i < 10; ++i) {
      load.at(some.thread[i]) += 1 + lab.nodes[i].interfaces.size();
    }
    EXPECT_EQ(load, some.load);
    EXPECT_THAT(load, Each(testing::Gt(0U)));
  }
}

TEST(Partition, StaysWithinAThread) {
  const lab::Description lab = chain(40);
  const Partitioning parts = partition(lab, 7, 3);
  const Spread threads = spread(lab, 3);
  for (std::size_t i = 0; i < 40; ++i) {
    EXPECT_EQ(parts.thread.at(parts.partition[i]), threads.thread[i]);
  }
  EXPECT_EQ(partition(lab, 0, 3).thread.size(), 3U);
  EXPECT_EQ(partition(lab, 100, 3).thread.size(), 3U) << "whoever fits into one is spread all the same";
}

}  // namespace
}  // namespace catenet::run
