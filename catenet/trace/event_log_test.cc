// SPDX-License-Identifier: Apache-2.0
#include "catenet/trace/event_log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "catenet/trace/testing_rig.h"

namespace catenet::trace {
namespace {

TEST(EventLog, WritesOneObjectPerLine) {
  testing::World world;
  MemorySink sink;
  EventLog log(sink);
  Journal journal;
  journal.add(log);
  world.environment.observer = &journal;
  world.scheduler.run_until(Instant::from_ns(3'000'000));
  world.node.note(NoteKind::arp_resolved, [] { return std::string("10.0.0.1 is \"02:..\""); });
  world.node.drop(world.datagram("x"), DropReason::ttl_expired, &world.interface);
  world.node.drop(world.datagram("x"), DropReason::node_down);
  EXPECT_EQ(sink.text(),
            R"({"t":0.003000000,"node":"alice","kind":"arp-resolved","text":"10.0.0.1 is \"02:..\""})"
            "\n"
            R"({"t":0.003000000,"node":"alice","kind":"drop","reason":"ttl-expired","interface":"eth0","length":43})"
            "\n"
            R"({"t":0.003000000,"node":"alice","kind":"drop","reason":"node-down","length":43})"
            "\n");
  EXPECT_EQ(log.lines(), 3U);
  EXPECT_TRUE(log.flush());
  EXPECT_TRUE(log.status());
}

TEST(EventLog, AFullDiskIsReportedAndTheRunGoesOn) {
  if (::access("/dev/full", W_OK) != 0) {
    GTEST_SKIP() << "this machine has no /dev/full";
  }
  auto sink = FileSink::create("/dev/full");
  ASSERT_TRUE(sink);
  testing::World world;
  EventLog log(**sink);
  for (int i = 0; i < 2000; ++i) {
    log.hear({.node = &world.node, .text = "a line that fills the buffer"});
  }
  ASSERT_FALSE(log.status());
  EXPECT_EQ(log.status().error().code, ENOSPC);
  EXPECT_EQ(log.lines(), 2000U);
}

}  // namespace
}  // namespace catenet::trace
