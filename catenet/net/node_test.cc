// SPDX-License-Identifier: Apache-2.0
#include "catenet/net/node.h"

#include <gmock/gmock.h>

#include <set>

#include "catenet/net/net_test_bench.h"

namespace catenet {
namespace {
using testing::ElementsAre;

class NodeTest : public testing::Test, protected NetBench {
 protected:
  ScriptedMedium medium;
  Diary diary;
  Recorder node{world, 1, "alice"};
};

TEST_F(NodeTest, InterfacesAreNumberedInOrderAndFoundByName) {
  Interface& first = node.add_interface("eth0");
  Interface& second = node.add_interface("uplink");
  EXPECT_EQ(first.index(), 0);
  EXPECT_EQ(second.index(), 1);
  EXPECT_EQ(&second.node(), &node);
  for (int i = 0; i < 100; ++i) {
    node.add_interface("x" + std::to_string(i));
  }
  EXPECT_EQ(node.find_interface("eth0"), &first) << "its address does not change";
  EXPECT_EQ(node.find_interface("uplink"), &second);
  EXPECT_EQ(node.find_interface("eth"), nullptr);
  EXPECT_EQ(node.find_interface(""), nullptr);
}

TEST_F(NodeTest, ADropIsCountedAtTheInterfaceOrAtTheNodeNeverAtBoth) {
  Interface& eth = plug(node, medium);
  node.drop(frame(10), DropReason::no_route);
  node.drop(frame(20), DropReason::bad_arp, &eth);
  EXPECT_EQ(node.drops().of(DropReason::no_route), 1U);
  EXPECT_EQ(node.drops().total(), 1U);
  EXPECT_EQ(eth.drops().of(DropReason::bad_arp), 1U);
  EXPECT_EQ(eth.drops().total(), 1U);
  EXPECT_EQ(pool.stats().dropped, 2U);
  EXPECT_EQ(pool.stats().alive(), 0U);
}

TEST_F(NodeTest, TheObserverSeesADropBeforeThePacketIsGone) {
  Interface& eth = plug(node, medium);
  world.observer = &diary;
  node.drop(frame(10), DropReason::no_route);
  node.drop(frame(20), DropReason::bad_arp, &eth);
  EXPECT_THAT(diary.lines, ElementsAre("alice.- drops 10 bytes: no-route", "alice.eth0 drops 20 bytes: bad-arp"));
}

TEST_F(NodeTest, NotesAreMadeOnlyForAListener) {
  int made = 0;
  const auto text = [&] {
    ++made;
    return std::string("10.0.0.1 is 02:00:00:00:00:01");
  };
  node.note(NoteKind::arp_resolved, text);
  EXPECT_EQ(made, 0);
  world.observer = &diary;
  node.note(NoteKind::arp_resolved, text);
  EXPECT_EQ(made, 1);
  EXPECT_THAT(diary.lines, ElementsAre("alice arp-resolved 10.0.0.1 is 02:00:00:00:00:01"));
}

TEST_F(NodeTest, LinkChangesAreNoted) {
  plug(node, medium);
  world.observer = &diary;
  medium.up = false;
  medium.sink->link_changed();
  medium.up = true;
  medium.sink->link_changed();
  EXPECT_THAT(diary.lines, ElementsAre("alice link-down eth0", "alice link-up eth0"));
}

TEST_F(NodeTest, KindsOfNotesHaveNamesOfTheirOwn) {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(NoteKind::step); ++i) {
    const std::string_view text = name(static_cast<NoteKind>(i));
    EXPECT_NE(text, "unknown") << i;
    EXPECT_TRUE(names.insert(text).second) << text << " twice";
  }
}

TEST_F(NodeTest, RandomStreamsAreNamedBySeedNodeAndPurpose) {
  Recorder other(world, 2, "bob");
  const auto first = [](Rng rng) { return rng.next(); };
  EXPECT_EQ(first(node.random_stream("isn")), first(node.random_stream("isn")));
  EXPECT_NE(first(node.random_stream("isn")), first(node.random_stream("ports")));
  EXPECT_NE(first(node.random_stream("isn")), first(other.random_stream("isn")));
  const auto before = first(node.random_stream("isn"));
  world.seed = 2;
  EXPECT_NE(first(node.random_stream("isn")), before);
}

}  // namespace
}  // namespace catenet
