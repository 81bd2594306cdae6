// SPDX-License-Identifier: Apache-2.0
#include "catenet/trace/story.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "catenet/trace/testing_rig.h"

namespace catenet::trace {
namespace {

struct StoryTest : ::testing::Test {
  Record note(std::int64_t ms, NoteKind kind, std::string text) {
    return {
        .at = Instant::zero() + Duration::milliseconds(ms), .node = &world.node, .kind = kind, .text = std::move(text)};
  }
  Record drop(DropReason reason) {
    return {
        .node = &world.node, .what = Record::What::drop, .reason = reason, .interface = &world.interface, .length = 84};
  }
  testing::World world;
  std::string told;
  struct Append {
    std::string& to;
    void operator()(std::string_view text) { (to += text) += '\n'; }
  } append{told};
  Delegate<void(std::string_view)> line = Delegate<void(std::string_view)>::of(append);
};

TEST_F(StoryTest, TellsNotesAndDrops) {
  Story story(line, {});
  story.hear(note(3, NoteKind::arp_resolved, "10.0.0.1 is 02:00:00:00:00:02"));
  story.hear(note(12'345, NoteKind::link_up, "eth0"));
  story.hear(note(12'345, NoteKind::program_output, "bytes: \x1b[2J\r\n42"));
  story.hear(drop(DropReason::ttl_expired));
  story.end();
  EXPECT_EQ(told,
            "  0.003 s  alice       ARP resolved 10.0.0.1 is 02:00:00:00:00:02\n"
            " 12.345 s  alice       link up eth0\n"
            " 12.345 s  alice       bytes:  [2J  42\n"
            "  0.000 s  alice       dropped ttl-expired (84 bytes at eth0)\n");
}

TEST_F(StoryTest, TellsAKindOnlySoOftenAndCountsTheRest) {
  Story story(line, {.per_kind = 2});
  for (int i = 0; i < 5; ++i) {
    story.hear(note(i, NoteKind::mac_learned, "x"));
    story.hear(drop(DropReason::queue_full));
    story.hear(note(i, NoteKind::step, "always"));
  }
  story.hear(drop(DropReason::no_route));
  told.clear();
  story.end();
  EXPECT_EQ(told, "    and 3 more: MAC learned\n    and 3 more: dropped queue-full\n");
}

TEST_F(StoryTest, StepsAreToldHoweverMany) {
  Story story(line, {.per_kind = 1});
  for (int i = 0; i < 3; ++i) {
    story.hear(note(i, NoteKind::step, "connect()"));
  }
  EXPECT_EQ(std::count(told.begin(), told.end(), '\n'), 3);
}

TEST_F(StoryTest, ColoursEndWhereTheyBegan) {
  Story story(line, {.colour = true});
  story.hear(note(1, NoteKind::link_up, "eth0"));
  EXPECT_EQ(told, "\x1b[2m  0.001 s  \x1b[0malice       \x1b[32mlink up\x1b[0m eth0\x1b[0m\n");
}

}  // namespace
}  // namespace catenet::trace
