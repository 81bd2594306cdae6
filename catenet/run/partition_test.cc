// SPDX-License-Identifier: Apache-2.0
// partition(): which nodes are simulated together.
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
  EXPECT_THAT(partition(lab, 0), Each(0U));
  EXPECT_THAT(partition(lab, 8), Each(0U));
  EXPECT_EQ(partition(lab, 100).size(), 8U);
  EXPECT_THAT(partition(load("nodes: {a: host}"), 1), ElementsAre(0U));
}

TEST(Partition, GroupsAreBoundedAndNumberedByTheirFirstNode) {
  EXPECT_THAT(partition(chain(7), 3), ElementsAre(0, 0, 0, 1, 1, 1, 2));
  EXPECT_THAT(partition(chain(4), 1), ElementsAre(0, 1, 2, 3));
  for (std::uint32_t size = 1; size <= 40; ++size) {
    const auto parts = partition(chain(40), size);
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
  EXPECT_THAT(partition(load("nodes: {a: host, b: host, c: host}\nlinks: [a -- c]"), 2), ElementsAre(0, 1, 0));
}

TEST(Partition, ShortDelaysStayInside) {
  const lab::Description lab = load(
      "nodes: {a: router, b: router, c: router, d: router}\n"
      "links: [{a -- b: {delay: 1ms}}, {b -- c: {delay: 1us}}, {c -- d: {delay: 1ms}}]");
  EXPECT_THAT(partition(lab, 2), ElementsAre(0, 1, 1, 2));
}

TEST(Partition, ALinkWithoutDelayIsNeverCut) {
  lab::Description lab = chain(6);
  for (lab::Link& link : lab.links) {
    link.forward.delay.value = Duration{};
  }
  EXPECT_THAT(partition(lab, 2), Each(0U)) << "one direction is enough, and no bound counts against it";
  lab.links[2].forward.delay.value = Duration::nanoseconds(1);
  EXPECT_THAT(partition(lab, 2), ElementsAre(0, 0, 0, 1, 1, 1));
}

}  // namespace
}  // namespace catenet::run
