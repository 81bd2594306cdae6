// SPDX-License-Identifier: Apache-2.0
// LinuxNode between a wire and a kernel: first one played by the test, so that full queues and errors come when they
// are wanted, then a real one.
#include "catenet/live/linux_node.h"

#include <poll.h>

#include "catenet/live/test_bench.h"
#include "catenet/live/test_wire.h"
#include "catenet/packet/checksum.h"

namespace catenet::live {
namespace {

using namespace bench;
using namespace catenet::literals;

class LinuxNodeTest : public WireTest {
 protected:
  using WireTest::WireTest;
  void SetUp() override { alice.join(alice_eth0, kernel); }
  void run() { scheduler.run_until(scheduler.now() + 1_ms); }
};

TEST_F(LinuxNodeTest, PutsOnTheLinkWhatTheKernelSends) {
  kernel.sends(Octets(60, 1));
  kernel.sends(Octets(1514, 2));
  kernel.sends(Octets(200, 3));
  ASSERT_TRUE(alice.fetch(0));
  run();
  ASSERT_EQ(tap.frames.size(), 3U);
  EXPECT_EQ(octets(tap.frames[0].packet), Octets(60, 1));
  EXPECT_EQ(octets(tap.frames[1].packet), Octets(1514, 2));
  EXPECT_EQ(octets(tap.frames[2].packet), Octets(200, 3));
  EXPECT_EQ(tap.frames[0].packet.slice_count(), 0U) << "a short frame is copied and holds no chunk";
  EXPECT_EQ(tap.frames[1].packet.slice_count(), 1U) << "a long one stays in the chunk it was received into";
  EXPECT_EQ(alice_eth0.counters().tx_packets, 3U);
}

TEST_F(LinuxNodeTest, ALaterBatchDoesNotOverwriteFramesStillUnderWay) {
  kernel.sends(Octets(1000, 1));
  ASSERT_TRUE(alice.fetch(0));
  kernel.sends(Octets(1000, 2));
  ASSERT_TRUE(alice.fetch(0));
  run();
  ASSERT_EQ(tap.frames.size(), 2U);
  EXPECT_EQ(octets(tap.frames[0].packet), Octets(1000, 1));
  EXPECT_EQ(octets(tap.frames[1].packet), Octets(1000, 2));
}

TEST_F(LinuxNodeTest, FetchesAFewBatchesAtATime) {
  for (int i = 0; i < 300; ++i) {
    kernel.sends(Octets(60, static_cast<std::uint8_t>(i)));
  }
  ASSERT_TRUE(alice.fetch(0));
  EXPECT_EQ(kernel.incoming.size(), 300 - 4 * NicChannel::kBatch) << "other NICs get their turn";
  ASSERT_TRUE(alice.fetch(0));
  run();
  ASSERT_EQ(tap.frames.size(), 300U);
  for (std::size_t i = 0; i < 300; ++i) {
    ASSERT_EQ(octets(tap.frames[i].packet)[0], static_cast<std::uint8_t>(i)) << "frame " << i;
  }
}

TEST_F(LinuxNodeTest, SaysWhenTheNicIsGone) {
  kernel.vanish();
  EXPECT_FALSE(alice.fetch(0));
}

TEST_F(LinuxNodeTest, WritesToTheKernelAtTheEndOfARound) {
  to_alice(60, 1);
  to_alice(1514, 2);
  run();
  EXPECT_TRUE(kernel.taken.empty()) << "frames of a round are gathered";
  EXPECT_FALSE(alice.flush()) << "nothing is left to wait";
  ASSERT_EQ(kernel.taken.size(), 2U);
  EXPECT_EQ(kernel.taken[0], Octets(60, 1));
  EXPECT_EQ(kernel.taken[1], Octets(1514, 2));
  EXPECT_EQ(kernel.batches, std::vector<std::size_t>{2});
}

TEST_F(LinuxNodeTest, AFullBatchIsWrittenAtOnce) {
  for (std::size_t i = 0; i < NicChannel::kBatch + 1; ++i) {
    to_alice(60);
  }
  run();
  EXPECT_EQ(kernel.taken.size(), NicChannel::kBatch);
  EXPECT_FALSE(alice.flush());
  EXPECT_EQ(kernel.taken.size(), NicChannel::kBatch + 1);
}

TEST_F(LinuxNodeTest, CompletesAPartialChecksum) {
  Packet packet = frame(60);
  ASSERT_TRUE(packet.poke(20, std::byte{0x12}));
  ASSERT_TRUE(packet.poke(21, std::byte{0x34}));
  mark_partial_checksum(packet, 14, 40);
  tap_eth0.send(std::move(packet));
  run();
  alice.flush();
  ASSERT_EQ(kernel.taken.size(), 1U);
  EXPECT_EQ(kernel.taken[0][40], 0xed) << "~0x1234";
  EXPECT_EQ(kernel.taken[0][41], 0xcb);
}

TEST_F(LinuxNodeTest, WritesAFrameOfManyPieces) {
  Packet packet = pool.make();
  Octets whole;
  for (std::size_t i = 0; i < Packet::kMaxSlices; ++i) {
    ChunkRef chunk = pool.make_chunk(300);
    std::fill_n(chunk.bytes(), 300, static_cast<std::byte>(i));
    ASSERT_TRUE(packet.append(chunk, 0, 300));
    whole.insert(whole.end(), 300, static_cast<std::uint8_t>(i));
  }
  std::fill_n(packet.push(14), 14, std::byte{9});
  whole.insert(whole.begin(), 14, 9);
  tap_eth0.send(std::move(packet));
  run();
  alice.flush();
  ASSERT_EQ(kernel.taken.size(), 1U);
  EXPECT_EQ(kernel.taken[0], whole);
}

TEST_F(LinuxNodeTest, AFullKernelQueueMakesFramesWaitAndThenDrops) {
  constexpr std::size_t kTaken = 100;
  kernel.room = kTaken;
  for (std::size_t i = 0; i < kTaken + LinuxNode::kMaxWaiting; ++i) {
    to_alice(60, static_cast<std::uint8_t>(i));
  }
  run();
  EXPECT_TRUE(alice.flush()) << "they wait";
  EXPECT_EQ(kernel.taken.size(), kTaken);
  EXPECT_EQ(pool.stats().alive(), LinuxNode::kMaxWaiting);
  EXPECT_EQ(alice_eth0.drops().total(), 0U);
  for (int i = 0; i < 7; ++i) {
    to_alice(60);
  }
  run();
  EXPECT_EQ(alice_eth0.drops().of(DropReason::send_failed), 7U);
  EXPECT_EQ(pool.stats().alive(), LinuxNode::kMaxWaiting);
  kernel.room = SIZE_MAX;
  EXPECT_FALSE(alice.flush());
  ASSERT_EQ(kernel.taken.size(), kTaken + LinuxNode::kMaxWaiting);
  for (std::size_t i = 0; i < kernel.taken.size(); ++i) {
    ASSERT_EQ(kernel.taken[i][0], static_cast<std::uint8_t>(i)) << "frame " << i << ": the order is kept";
  }
}

TEST_F(LinuxNodeTest, AFrameThatTheKernelRefusesIsLostAloneAndByName) {
  to_alice(60, 1);
  to_alice(1600, 2);  // longer than max_frame()
  to_alice(60, 3);
  run();
  EXPECT_TRUE(alice.flush()) << "a batch that ends early looks like a full queue: the rest waits for the next round";
  EXPECT_FALSE(alice.flush());
  ASSERT_EQ(kernel.taken.size(), 2U);
  EXPECT_EQ(kernel.taken[1], Octets(60, 3));
  EXPECT_EQ(alice_eth0.drops().of(DropReason::send_failed), 1U);
}

TEST_F(LinuxNodeTest, AnInterfaceWithoutANicGoesNowhere) {
  alice.receive(plug(alice), frame(60));
  EXPECT_EQ(alice.interfaces()[1]->drops().of(DropReason::no_medium), 1U);
}

TEST_F(LinuxNodeTest, EndsWhatWaitsWithTheReasonGiven) {
  kernel.room = 0;
  to_alice(60);
  run();
  EXPECT_TRUE(alice.flush());
  alice.drain(DropReason::run_ended);
  EXPECT_EQ(alice_eth0.drops().of(DropReason::run_ended), 1U);
  EXPECT_FALSE(alice.flush());
}

TEST_F(LinuxNodeTest, CountsWhatTheChannelLost) {
  kernel.lost = 5;
  EXPECT_EQ(alice.overruns(), 5U);
}

class SmallPoolTest : public LinuxNodeTest {
 protected:
  SmallPoolTest() : LinuxNodeTest(PacketPool::Limits{.packets = 64}) {}
};

TEST_F(SmallPoolTest, FramesThatThePoolHasNoPacketForAreCounted) {
  for (int i = 0; i < 70; ++i) {
    kernel.sends(Octets(60, 1));
  }
  ASSERT_TRUE(alice.fetch(0));
  run();
  EXPECT_EQ(tap.frames.size(), 64U);
  EXPECT_EQ(alice.overruns(), 6U);
}

class NoChunksTest : public LinuxNodeTest {
 protected:
  NoChunksTest() : LinuxNodeTest(PacketPool::Limits{.chunk_bytes = 0}) {}
};

TEST_F(NoChunksTest, WithoutBuffersFramesWaitInTheKernel) {
  kernel.sends(Octets(60, 1));
  EXPECT_TRUE(alice.fetch(0));
  EXPECT_EQ(kernel.incoming.size(), 1U);
}

// ---- a real kernel ----

class RealKernelTest : public WireTest, public testing::WithParamInterface<Attachment> {
 protected:
  void SetUp() override {
    if (const std::string why = why_no_namespace(); !why.empty()) {
      GTEST_SKIP() << why;
    }
    auto made = Namespace::create(one_nic(GetParam()));
    ASSERT_TRUE(made) << made.error().text;
    space = std::move(*made);
    alice.join(alice_eth0, space->nic(0));
  }
  /// Frames from inside, until the far end has seen one that `wanted` accepts.
  bool see(bool (*wanted)(const Octets&)) {
    for (int i = 0; i < 2'000; ++i) {
      pollfd wait{alice.fd(0), POLLIN, 0};
      ::poll(&wait, 1, 10);
      if (!alice.fetch(0)) {
        return false;
      }
      scheduler.run_until(scheduler.now() + 1_ms);
      alice.flush();
      for (const auto& seen : tap.frames) {
        if (wanted(octets(seen.packet))) {
          return true;
        }
      }
    }
    return false;
  }
  static bool asks_for_10_0_0_2(const Octets& f) {
    return f.size() >= 42 && f[12] == 8 && f[13] == 6 && f[21] == 1 &&
           std::equal(f.begin() + 38, f.begin() + 42, Octets{10, 0, 0, 2}.begin());
  }
};

INSTANTIATE_TEST_SUITE_P(Ways, RealKernelTest, testing::Values(Attachment::automatic, Attachment::packet_socket),
                         [](const auto& way) {
                           return way.param == Attachment::automatic ? "automatic" : "packet_socket";
                         });

TEST_P(RealKernelTest, APingInsideIsAnArpRequestOnTheLink) {
  auto ping = space->start({.command = "exec ping -c 1 -W 20 10.0.0.2"});
  ASSERT_TRUE(ping);
  ASSERT_TRUE(see(asks_for_10_0_0_2));
  const Octets first = octets(tap.frames[0].packet);
  EXPECT_TRUE(std::equal(first.begin(), first.begin() + 6, Octets(6, 0xff).begin())) << "to everybody";
  EXPECT_TRUE(std::equal(first.begin() + 6, first.begin() + 12, Octets{2, 0, 0, 0, 0, 1}.begin())) << "from alice";
  (*ping)->kill();
}

TEST_P(RealKernelTest, AnEchoRequestFromTheLinkReachesTheKernel) {
  const Octets request = echo_request(7, true);
  Packet packet = pool.make();
  ASSERT_TRUE(packet.append(std::as_bytes(std::span(request))));
  tap_eth0.send(std::move(packet));
  scheduler.run_until(scheduler.now() + 1_ms);
  EXPECT_FALSE(alice.flush());
  EXPECT_TRUE(see(asks_for_10_0_0_2)) << "it wants to answer";
  EXPECT_EQ(space->counters(0).value().rx_packets, 1U);
}

}  // namespace
}  // namespace catenet::live
