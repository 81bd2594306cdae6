// SPDX-License-Identifier: Apache-2.0
#include "catenet/queue/congestion_mark.h"

#include <gtest/gtest.h>

#include "catenet/net/recorder.h"
#include "catenet/packet/checksum.h"
#include "catenet/queue/fifo.h"
#include "catenet/wire/ipv4.h"
#include "catenet/wire/ipv6.h"

namespace catenet::queue {
namespace {

class MarkTest : public testing::Test {
 protected:
  // A header of 20 bytes with its checksum, behind 14 bytes of Ethernet.
  Packet packet(wire::Ecn ecn, std::uint16_t id = 0) {
    Packet p = pool.make();
    EXPECT_TRUE(p.append_zeros(100));
    auto& header = p.push_header<wire::Ipv4Header>();
    header = wire::Ipv4Header{};
    header.total_length = 120;
    header.id = id;
    header.set_dscp(46);
    header.set_ecn(ecn);
    header.checksum = internet_checksum(p.head().first(wire::kIpv4HeaderSize));
    p.mark_network_header();
    (void)p.push(14);
    return p;
  }
  static wire::Ecn ecn_of(const Packet& p) {
    const auto& header = p.header<wire::Ipv4Header>(14);
    EXPECT_EQ(internet_checksum(p.head().subspan(14, wire::kIpv4HeaderSize)), 0);
    EXPECT_EQ(header.dscp(), 46);
    return header.ecn();
  }
  void TearDown() override { EXPECT_EQ(pool.stats().unaccounted, 0U); }
  Scheduler scheduler;
  PacketPool pool;
  Environment world{scheduler, pool};
  Recorder node{world, 1, "n"};
  Interface& owner = node.add_interface("eth0");
};

TEST_F(MarkTest, OnlyWhoSpeaksItIsMarkedAndTheChecksumStaysRight) {
  for (const auto& [ecn, marked] : {std::pair{wire::Ecn::kNotEct, false}, std::pair{wire::Ecn::kEct0, true},
                                    std::pair{wire::Ecn::kEct1, true}, std::pair{wire::Ecn::kCe, true}}) {
    for (std::uint32_t id = 0; id < 0x10000; id += 257) {
      Packet p = packet(ecn, static_cast<std::uint16_t>(id));
      EXPECT_EQ(mark_congestion(p), marked);
      EXPECT_EQ(ecn_of(p), marked ? wire::Ecn::kCe : ecn);
      p.consume();
    }
  }
}

TEST_F(MarkTest, WithoutANetworkHeaderNothingHappens) {
  Packet p = packet(wire::Ecn::kEct0);
  p.meta().network_header = 0;
  EXPECT_FALSE(mark_congestion(p));
  p.consume();
  Packet tiny = pool.make();
  ASSERT_TRUE(tiny.append_zeros(4));
  tiny.mark_network_header();
  EXPECT_FALSE(mark_congestion(tiny));
  tiny.consume();
}

TEST_F(MarkTest, TheQueueMarksWhatFindsItLong) {
  Fifo fifo({.packets = 5, .mark = 2});
  for (int i = 0; i < 6; ++i) {
    fifo.enqueue(packet(wire::Ecn::kEct0), owner);
  }
  EXPECT_EQ(owner.drops().of(DropReason::queue_full), 1U);
  for (int i = 0; i < 5; ++i) {
    Packet p = fifo.dequeue(Instant::zero(), owner);
    EXPECT_EQ(ecn_of(p), i < 2 ? wire::Ecn::kEct0 : wire::Ecn::kCe) << i;
    p.consume();
  }
}

TEST_F(MarkTest, Ipv6HasItsBitsInTheTrafficClass) {
  for (const auto& [ecn, marked] : {std::pair{wire::Ecn::kNotEct, false}, std::pair{wire::Ecn::kEct0, true}}) {
    Packet p = pool.make();
    auto& header = p.push_header<wire::Ipv6Header>();
    header = wire::Ipv6Header{};
    header.set_traffic_class(46 << 2);
    header.set_flow_label(0x12345);
    header.set_ecn(ecn);
    p.mark_network_header();
    (void)p.push(14);
    EXPECT_EQ(mark_congestion(p), marked);
    const auto& after = p.header<wire::Ipv6Header>(14);
    EXPECT_EQ(after.ecn(), marked ? wire::Ecn::kCe : ecn);
    EXPECT_EQ(after.dscp(), 46);
    EXPECT_EQ(after.flow_label(), 0x12345U);
    p.consume();
  }
}

}  // namespace
}  // namespace catenet::queue
