// SPDX-License-Identifier: Apache-2.0
#include "catenet/queue/fifo.h"

#include <gtest/gtest.h>

#include "catenet/net/recorder.h"

namespace catenet::queue {
namespace {

class FifoTest : public testing::Test {
 protected:
  Packet packet(std::size_t size) {
    Packet p = pool.make();
    EXPECT_TRUE(p.append_zeros(size));
    return p;
  }
  void TearDown() override { EXPECT_EQ(pool.stats().unaccounted, 0U); }
  Scheduler scheduler;
  PacketPool pool;
  Environment world{scheduler, pool};
  Recorder node{world, 1, "n"};
  Interface& owner = node.add_interface("eth0");
};

TEST_F(FifoTest, KeepsOrderAndCountsBytes) {
  Fifo fifo;
  EXPECT_TRUE(fifo.ready_at(Instant::zero()).is_never());
  fifo.enqueue(packet(10), owner);
  fifo.enqueue(packet(20), owner);
  EXPECT_EQ(fifo.packets(), 2U);
  EXPECT_EQ(fifo.bytes(), 30U);
  Packet first = fifo.dequeue(Instant::zero(), owner);
  EXPECT_EQ(first.size(), 10U);
  first.consume();
  fifo.dequeue(Instant::zero(), owner).consume();
  EXPECT_FALSE(fifo.dequeue(Instant::zero(), owner));
}

TEST_F(FifoTest, LimitInPackets) {
  Fifo fifo({.packets = 2});
  for (int i = 0; i < 5; ++i) {
    fifo.enqueue(packet(1), owner);
  }
  EXPECT_EQ(fifo.packets(), 2U);
  EXPECT_EQ(owner.drops().of(DropReason::queue_full), 3U);
  while (fifo.packets() > 0) {
    fifo.dequeue(Instant::zero(), owner).consume();
  }
}

TEST_F(FifoTest, LimitInBytesAndTheFirstFrameAlwaysFits) {
  Fifo fifo({.bytes = 100});
  fifo.enqueue(packet(1500), owner);
  EXPECT_EQ(fifo.packets(), 1U);
  fifo.enqueue(packet(1), owner);
  EXPECT_EQ(owner.drops().of(DropReason::queue_full), 1U);
  fifo.dequeue(Instant::zero(), owner).consume();
  fifo.enqueue(packet(60), owner);
  fifo.enqueue(packet(40), owner);
  fifo.enqueue(packet(1), owner);
  EXPECT_EQ(fifo.packets(), 2U);
  while (fifo.packets() > 0) {
    fifo.dequeue(Instant::zero(), owner).consume();
  }
}

}  // namespace
}  // namespace catenet::queue
