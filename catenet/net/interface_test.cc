// SPDX-License-Identifier: Apache-2.0
#include "catenet/net/interface.h"

#include <gmock/gmock.h>

#include "catenet/net/net_test_bench.h"

namespace catenet {
namespace {
using namespace literals;
using testing::ElementsAre;

class InterfaceTest : public testing::Test, protected NetBench {
 protected:
  void TearDown() override {
    eth.drain(DropReason::run_ended);
    node.clear();
    for (Packet& packet : medium.sent) {
      packet.consume();
    }
    medium.sent.clear();
    EXPECT_EQ(pool.stats().alive(), 0U);
    EXPECT_EQ(pool.stats().unaccounted, 0U);
  }
  std::vector<std::size_t> sizes_sent() const {
    std::vector<std::size_t> sizes;
    for (const Packet& packet : medium.sent) {
      sizes.push_back(packet.size());
    }
    return sizes;
  }
  GatedQueue& queue() { return const_cast<GatedQueue&>(dynamic_cast<const GatedQueue&>(eth.qdisc())); }
  std::uint64_t digest_of(std::size_t size, std::uint8_t fill, Duration after) {
    Recorder other(world, 9, "other");
    ScriptedMedium wire;
    Interface& interface = plug(other, wire);
    scheduler.run_until(Instant::from_ns(1'000) + after);
    interface.receive(frame(size, fill));
    return interface.digest();
  }

  Recorder node{world, 1, "alice"};
  ScriptedMedium medium;
  Interface& eth = plug(node, medium);
};

TEST_F(InterfaceTest, AFrameForAnIdleMediumGoesAtOnceAndAsksForNothing) {
  eth.send(frame(100));
  EXPECT_THAT(sizes_sent(), ElementsAre(100));
  EXPECT_EQ(medium.requests, 0);
  EXPECT_EQ(eth.qdisc().packets(), 0U);
  EXPECT_EQ(eth.counters().tx_packets, 1U);
  EXPECT_EQ(eth.counters().tx_bytes, 100U);
}

TEST_F(InterfaceTest, FramesWaitForABusyMediumInOrderWithOneRequest) {
  eth.send(frame(1));
  eth.send(frame(2));
  eth.send(frame(3));
  EXPECT_THAT(sizes_sent(), ElementsAre(1));
  EXPECT_EQ(medium.requests, 1) << "one medium_ready() is enough for any number of frames";
  EXPECT_EQ(eth.counters().tx_packets, 1U) << "what waits has not been sent";
  medium.free();
  EXPECT_THAT(sizes_sent(), ElementsAre(1, 2));
  EXPECT_EQ(medium.requests, 1) << "one more waits";
  medium.free();
  EXPECT_THAT(sizes_sent(), ElementsAre(1, 2, 3));
  EXPECT_EQ(medium.requests, 0);
}

TEST_F(InterfaceTest, AFrameDoesNotOvertakeWhatWaits) {
  eth.send(frame(1));
  eth.send(frame(2));
  medium.idle = true;  // free, and medium_ready() still to come: the order of two events at one instant
  eth.send(frame(3));
  EXPECT_THAT(sizes_sent(), ElementsAre(1));
  medium.free();
  medium.free();
  EXPECT_THAT(sizes_sent(), ElementsAre(1, 2, 3));
}

TEST_F(InterfaceTest, AFullQueueDropsAtTheInterface) {
  for (std::size_t size = 1; size <= 5; ++size) {
    eth.send(frame(size));
  }
  EXPECT_EQ(eth.drops().of(DropReason::queue_full), 2U);
  EXPECT_EQ(node.drops().total(), 0U);
  EXPECT_EQ(pool.stats().dropped, 2U);
}

TEST_F(InterfaceTest, AShaperIsAskedAgainWhenItSaid) {
  queue().gate = Instant::from_ns(5'000);
  eth.send(frame(1));
  eth.send(frame(2));
  medium.free();  // a medium that is ready changes nothing
  EXPECT_TRUE(medium.sent.empty());
  scheduler.run_until(Instant::from_ns(5'000));
  EXPECT_TRUE(medium.sent.empty()) << "not before its time";
  scheduler.run_until(Instant::from_ns(5'001));
  EXPECT_THAT(sizes_sent(), ElementsAre(1));
  EXPECT_EQ(medium.requests, 1);
  medium.free();
  EXPECT_THAT(sizes_sent(), ElementsAre(1, 2));
}

TEST_F(InterfaceTest, AShaperWhoseTimeComesWhileTheMediumIsBusyWaitsForIt) {
  queue().gate = Instant::from_ns(5'000);
  eth.send(frame(1));
  medium.idle = false;
  scheduler.run_until(Instant::from_ns(6'000));
  EXPECT_TRUE(medium.sent.empty());
  EXPECT_EQ(medium.requests, 1);
  medium.free();
  EXPECT_THAT(sizes_sent(), ElementsAre(1));
}

TEST_F(InterfaceTest, DrainEndsWhatWaitsEvenBehindAShaper) {
  queue().gate = Instant::from_ns(5'000);
  eth.send(frame(1));
  eth.send(frame(2));
  eth.drain(DropReason::run_ended);
  EXPECT_EQ(eth.drops().of(DropReason::run_ended), 2U);
  scheduler.run_until(Instant::from_ns(9'000));
  EXPECT_TRUE(medium.sent.empty()) << "the timer of the shaper finds nothing";
}

TEST_F(InterfaceTest, OutputPutsTheLinkHeaderInFront) {
  eth.output(frame(10, 7), {}, 0x42);
  ASSERT_EQ(medium.sent.size(), 1U);
  EXPECT_EQ(medium.sent[0].size(), 11U);
  EXPECT_EQ(medium.sent[0].peek(0), std::byte{0x42});
  EXPECT_EQ(eth.counters().tx_bytes, 11U) << "a frame's bytes, not a packet's";
  dynamic_cast<ByteLink&>(eth.link_layer()).refuse = true;
  eth.output(frame(10), {}, 0x42);
  EXPECT_EQ(eth.drops().of(DropReason::no_memory), 1U);
}

TEST_F(InterfaceTest, WithoutAMediumEverythingIsDropped) {
  Interface& loose = node.add_interface("loose");
  loose.set_link_layer(std::make_unique<ByteLink>());
  EXPECT_FALSE(loose.is_up());
  loose.output(frame(10), {}, 0);
  loose.send(frame(10));
  EXPECT_EQ(loose.drops().of(DropReason::no_medium), 2U);
  EXPECT_EQ(loose.counters().tx_packets, 0U);
  loose.drain(DropReason::run_ended);  // no queue either
}

TEST_F(InterfaceTest, SwitchedOffItDropsWhatWaitsComesAndGoes) {
  eth.send(frame(1));
  eth.send(frame(2));
  eth.set_enabled(false);
  EXPECT_FALSE(eth.is_up());
  EXPECT_EQ(eth.medium(), &medium) << "it is plugged in all the same";
  eth.send(frame(3));
  medium.sink->receive(frame(4));
  EXPECT_EQ(eth.drops().of(DropReason::link_down), 3U);
  EXPECT_EQ(eth.counters().rx_packets, 0U);
  medium.free();  // as it was asked to say
  EXPECT_THAT(sizes_sent(), ElementsAre(1));
  eth.set_enabled(true);
  EXPECT_TRUE(eth.is_up());
  medium.sink->receive(frame(4));
  EXPECT_EQ(node.frames.size(), 1U);
  eth.send(frame(5));
  eth.send(frame(6));
  eth.set_enabled(false);
  eth.set_enabled(true);
  eth.send(frame(7));  // the medium has still to say that it is ready, for the frame that was dropped
  medium.free();
  EXPECT_THAT(sizes_sent(), ElementsAre(1, 5, 7));
}

TEST_F(InterfaceTest, AShapersTimeComesWhileItIsOff) {
  queue().gate = Instant::from_ns(5'000);
  eth.send(frame(1));
  eth.set_enabled(false);
  scheduler.run_until(Instant::from_ns(9'000));
  EXPECT_TRUE(medium.sent.empty());
  EXPECT_EQ(eth.drops().of(DropReason::link_down), 1U);
}

TEST_F(InterfaceTest, ReceivedFramesAreCountedStampedAndNumbered) {
  Interface& second = plug(node, medium);
  scheduler.run_until(Instant::from_ns(777));
  second.receive(frame(60));
  ASSERT_EQ(node.frames.size(), 1U);
  const PacketMeta& meta = node.frames[0].packet.meta();
  EXPECT_EQ(meta.arrival_interface, 2U) << "1 + index: 0 means made here";
  EXPECT_EQ(meta.stamp.ns(), 777);
  EXPECT_EQ(node.frames[0].in, &second);
  EXPECT_EQ(second.counters().rx_packets, 1U);
  EXPECT_EQ(second.counters().rx_bytes, 60U);
  EXPECT_EQ(eth.counters().rx_packets, 0U);
}

TEST_F(InterfaceTest, OnlyFramesThatCarryACheckSequenceAreVerified) {
  eth.receive(frame(60, 1));  // its last byte would be wrong
  Packet good = frame(60);
  good.meta().fcs_present = true;
  eth.receive(std::move(good));
  Packet bad = frame(60, 1);
  bad.meta().fcs_present = true;
  const std::uint64_t digest = eth.digest();
  eth.receive(std::move(bad));
  ASSERT_EQ(node.frames.size(), 2U);
  EXPECT_EQ(node.frames[1].packet.size(), 59U) << "the check sequence is gone";
  EXPECT_EQ(eth.drops().of(DropReason::fcs_error), 1U);
  EXPECT_EQ(eth.counters().rx_packets, 2U) << "a damaged frame is not received";
  EXPECT_EQ(eth.counters().rx_bytes, 119U);
  EXPECT_EQ(eth.digest(), digest);
}

TEST_F(InterfaceTest, FramesThatTheMediumLosesAreDroppedHere) {
  medium.sink->discard_frame(frame(60), DropReason::link_loss);
  EXPECT_EQ(eth.drops().of(DropReason::link_loss), 1U);
  EXPECT_EQ(eth.counters().rx_packets, 0U);
}

TEST_F(InterfaceTest, TheDigestIsAFunctionOfContentTimeAndOrder) {
  const std::uint64_t once = digest_of(60, 1, 0_ns);
  EXPECT_NE(once, 0U);
  EXPECT_EQ(digest_of(60, 1, 0_ns), once);
  EXPECT_NE(digest_of(60, 2, 0_ns), once) << "other bytes";
  EXPECT_NE(digest_of(61, 1, 0_ns), once) << "another length";
  EXPECT_NE(digest_of(60, 1, 1_ns), once) << "a nanosecond later";
  eth.receive(frame(60, 1));
  eth.receive(frame(60, 2));
  Interface& second = plug(node, medium);
  second.receive(frame(60, 2));
  second.receive(frame(60, 1));
  EXPECT_NE(eth.digest(), second.digest()) << "the other way round";
}

}  // namespace
}  // namespace catenet
