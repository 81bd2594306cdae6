// SPDX-License-Identifier: Apache-2.0
#include "catenet/trace/journal.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "catenet/trace/testing_rig.h"

namespace catenet::trace {
namespace {

struct Notes : Listener {
  void hear(const Record& record) override {
    text += std::to_string(record.at.ns()) + record.node->name() + ":" + record.text + " ";
  }
  std::string text;
};

struct JournalTest : ::testing::Test {
  void note(Journal& journal, std::int64_t ns, const Node& node, std::string_view text) {
    journal.noted(Instant::from_ns(ns), node, NoteKind::step, text);
  }
  testing::World world;
  testing::TestNode bob{world.environment, 2, "bob"};
  Notes notes;
};

TEST_F(JournalTest, ReadsOutAtOnceUnlessToldToOrder) {
  Journal journal;
  journal.add(notes);
  note(journal, 2, bob, "x");
  note(journal, 1, bob, "y");
  EXPECT_EQ(notes.text, "2bob:x 1bob:y ");
  EXPECT_EQ(journal.waiting(), 0U);
}

TEST_F(JournalTest, OrdersByTimeThenNodeThenReport) {
  Journal journal(Journal::Reading::in_order);
  journal.add(notes);
  // Two partitions, one window after the other in each: bob's ran first.
  note(journal, 5, bob, "a");
  note(journal, 5, bob, "b");
  note(journal, 12, bob, "next window");
  note(journal, 3, world.node, "c");
  note(journal, 5, world.node, "d");
  EXPECT_EQ(notes.text, "");
  journal.read_out(Instant::from_ns(12));
  EXPECT_EQ(notes.text, "3alice:c 5alice:d 5bob:a 5bob:b ");
  EXPECT_EQ(journal.waiting(), 1U);
  journal.read_out(Instant::never());
  EXPECT_EQ(notes.text, "3alice:c 5alice:d 5bob:a 5bob:b 12bob:next window ");
}

TEST_F(JournalTest, FanOutTellsEverybody) {
  Journal first;
  Journal second;
  Notes more;
  first.add(notes);
  second.add(more);
  FanOut both;
  both.add(first);
  both.add(second);
  world.environment.observer = &both;
  world.node.note(NoteKind::step, [] { return std::string("hello"); });
  world.node.drop(world.datagram("x"), DropReason::no_route);
  EXPECT_EQ(notes.text, "0alice:hello 0alice: ");
  EXPECT_EQ(more.text, notes.text);
}

}  // namespace
}  // namespace catenet::trace
