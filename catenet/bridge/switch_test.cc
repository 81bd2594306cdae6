// SPDX-License-Identifier: Apache-2.0
// switch.cc and mac_table.cc.
#include "catenet/bridge/switch.h"

#include <gtest/gtest.h>

#include "catenet/link/ethernet/ethernet_link.h"
#include "catenet/medium/cable.h"
#include "catenet/net/recorder.h"
#include "catenet/queue/fifo.h"
#include "catenet/wire/ethernet.h"

namespace catenet::bridge {
namespace {
using namespace literals;

class SwitchTest : public testing::Test {
 protected:
  static constexpr int kStations = 4;
  SwitchTest() {
    for (int i = 0; i < kStations; ++i) {
      stations.push_back(
          std::make_unique<Recorder>(world, static_cast<SourceId>(10 + i), std::string(1, static_cast<char>('a' + i))));
      Interface& nic = stations.back()->add_interface("eth0");
      Interface& port = sw.add_interface(stations.back()->name());
      const medium::CableSpec spec{.rate = BitRate::mbps(100), .delay = 0_ns};
      cables.push_back(std::make_unique<medium::Cable>(world, world, static_cast<SourceId>(100 + 4 * i), spec, spec));
      for (Interface* end : {&nic, &port}) {
        end->set_link_layer(std::make_unique<link::EthernetLink>());
        end->set_qdisc(std::make_unique<queue::Fifo>());
      }
      nic.attach(cables.back()->a());
      port.attach(cables.back()->b());
    }
  }
  static wire::MacAddress mac(int i) {
    return wire::MacAddress::from_u64(0x020000000000 + static_cast<std::uint64_t>(i));
  }
  void send(int from, const wire::MacAddress& to, std::size_t payload = 46) { send_as(from, mac(from), to, payload); }
  void send_as(int from, const wire::MacAddress& source, const wire::MacAddress& to, std::size_t payload = 46) {
    Packet p = pool.make();
    ASSERT_TRUE(p.append_zeros(payload));
    stations[static_cast<std::size_t>(from)]->interfaces()[0]->set_address(source);
    stations[static_cast<std::size_t>(from)]->interfaces()[0]->output(std::move(p), to, 0x88b5);
  }
  std::vector<std::size_t> heard() {
    scheduler.run_until(scheduler.now() + 1_ms);
    std::vector<std::size_t> counts;
    for (auto& s : stations) {
      counts.push_back(s->frames.size());
      s->clear();
    }
    return counts;
  }
  void TearDown() override {
    (void)heard();
    EXPECT_EQ(pool.stats().alive(), 0U);
    EXPECT_EQ(pool.stats().unaccounted, 0U);
  }
  using Counts = std::vector<std::size_t>;

  Scheduler scheduler;
  PacketPool pool;
  Environment world{scheduler, pool};
  LearningSwitch sw{world, 1, "sw"};
  std::vector<std::unique_ptr<Recorder>> stations;
  std::vector<std::unique_ptr<medium::Cable>> cables;
};

TEST_F(SwitchTest, FloodsTheUnknownThenForwards) {
  send(0, mac(1));
  EXPECT_EQ(heard(), (Counts{0, 1, 1, 1}));
  send(1, mac(0));
  EXPECT_EQ(heard(), (Counts{1, 0, 0, 0}));
  send(0, mac(1));
  EXPECT_EQ(heard(), (Counts{0, 1, 0, 0}));
  ASSERT_EQ(sw.table().size(), 2U);
  EXPECT_EQ(sw.table()[0].address, mac(0));
  EXPECT_EQ(sw.table()[0].port->name(), "a");
}

TEST_F(SwitchTest, StoreAndForwardTakesTwoWholeFrames) {
  // Two 100 Mbit/s links, no propagation: a 1518-byte frame is at the receiver after 244.16 us.
  send(0, wire::MacAddress::broadcast(), 1500);
  scheduler.run_until(Instant::from_ns(1'000'000));
  ASSERT_EQ(stations[1]->frames.size(), 1U);
  EXPECT_EQ(stations[1]->frames[0].at.ns(), 244'160);
}

TEST_F(SwitchTest, GroupsGoEverywhereReservedOnesNowhere) {
  send(2, wire::MacAddress::broadcast());
  EXPECT_EQ(heard(), (Counts{1, 1, 0, 1}));
  send(2, wire::MacAddress{1, 0, 0x5e, 0, 0, 1});
  EXPECT_EQ(heard(), (Counts{1, 1, 0, 1}));
  send(2, wire::MacAddress::from_u64(0x0180c2000003));
  EXPECT_EQ(heard(), (Counts{0, 0, 0, 0}));
  EXPECT_EQ(sw.interfaces()[2]->drops().of(DropReason::reserved_group), 1U);
}

TEST_F(SwitchTest, AStationThatMovesIsFollowedAtOnce) {
  send_as(0, mac(9), mac(1));
  (void)heard();
  send_as(3, mac(9), mac(1));
  (void)heard();
  send(1, mac(9));
  EXPECT_EQ(heard(), (Counts{0, 0, 0, 1}));
}

TEST_F(SwitchTest, FiltersWhatStaysOnItsPort) {
  send_as(0, mac(7), mac(1));
  (void)heard();
  send_as(0, mac(8), mac(7));
  EXPECT_EQ(heard(), (Counts{0, 0, 0, 0}));
  EXPECT_EQ(sw.interfaces()[0]->drops().of(DropReason::same_port), 1U);
}

TEST_F(SwitchTest, ForgetsAfterTheAgeingTime) {
  send(0, mac(1));
  (void)heard();
  scheduler.run_until(scheduler.now() + 301_s);
  EXPECT_TRUE(sw.table().empty());
  send(1, mac(0));
  EXPECT_EQ(heard(), (Counts{1, 0, 1, 1}));
}

TEST_F(SwitchTest, ForgetsAPortThatGoesDown) {
  send(0, mac(1));
  send(1, mac(0));
  (void)heard();
  cables[0]->set_up(false);
  ASSERT_EQ(sw.table().size(), 1U);
  EXPECT_EQ(sw.table()[0].address, mac(1));
}

TEST_F(SwitchTest, RefusesBadFrames) {
  send_as(0, wire::MacAddress{1, 0, 0, 0, 0, 1}, mac(1));
  EXPECT_EQ(heard(), (Counts{0, 0, 0, 0}));
  EXPECT_EQ(sw.interfaces()[0]->drops().of(DropReason::bad_source_address), 1U);
  send(0, mac(1), 1501);
  (void)heard();
  EXPECT_EQ(sw.interfaces()[0]->drops().of(DropReason::frame_too_long), 1U);
  Packet runt = pool.make();
  ASSERT_TRUE(runt.append_zeros(5));
  stations[0]->interfaces()[0]->send(std::move(runt));
  (void)heard();
  EXPECT_EQ(sw.interfaces()[0]->drops().of(DropReason::frame_too_short), 1U);
}

TEST(MacTable, IsBoundedAndAgreesWithAMap) {
  MacTable table(1, 500, 10_s);
  Instant now = Instant::from_ns(1);
  for (std::uint64_t i = 0; i < 500; ++i) {
    ASSERT_EQ(table.learn(wire::MacAddress::from_u64(i * 977), static_cast<std::uint16_t>(i % 48), now),
              MacTable::Learned::fresh);
  }
  EXPECT_EQ(table.learn(wire::MacAddress::from_u64(3), 1, now), MacTable::Learned::full);
  for (std::uint64_t i = 0; i < 500; ++i) {
    ASSERT_EQ(table.find(wire::MacAddress::from_u64(i * 977), now), i % 48);
  }
  now += 11_s;
  EXPECT_EQ(table.find(wire::MacAddress::from_u64(977), now), MacTable::kNoPort);
  EXPECT_EQ(table.learn(wire::MacAddress::from_u64(3), 1, now), MacTable::Learned::fresh) << "the aged make room";
  EXPECT_EQ(table.snapshot(now).size(), 1U);
}

}  // namespace
}  // namespace catenet::bridge
