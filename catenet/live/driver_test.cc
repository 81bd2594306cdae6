// SPDX-License-Identifier: Apache-2.0
// The driver of real time. A machine may be late by any amount, never early: tests ask for order and for "not before".
#include "catenet/live/driver.h"

#include "catenet/live/nic_medium.h"
#include "catenet/live/test_bench.h"
#include "catenet/live/test_wire.h"

namespace catenet::live {
namespace {

using namespace bench;
using namespace catenet::literals;

constexpr Duration kHour = Duration::seconds(3600);  // a run that lasts so long has missed its stop

class DriverTest : public WireTest {
 protected:
  /// Calls something of the test at a time, and keeps what the clocks showed.
  struct Alarm final : EventSource {
    Alarm(DriverTest& t, SourceId id, Duration at, Delegate<void()> call = {}) : EventSource(id), test(t), then(call) {
      test.scheduler.schedule(*this, Instant::zero() + at);
    }
    void fire(Instant now) override {
      fired_at = now;
      wall = test.loop.now();
      test.order.push_back(source_id());
      if (then) {
        then();
      }
    }
    DriverTest& test;
    Delegate<void()> then;
    Instant fired_at = Instant::never();
    Instant wall = Instant::never();
  };
  void join() {
    alice.join(alice_eth0, kernel);
    ASSERT_TRUE(driver.add(alice));
  }
  void run_for(Duration time) { ASSERT_TRUE(driver.run_until(loop.now() + time)); }

  EpollLoop loop = EpollLoop::create().value();
  Driver driver{scheduler, loop};
  std::vector<SourceId> order;
};

TEST_F(DriverTest, RunsEventsInOrderAndNotBeforeTheirTime) {
  Alarm late(*this, 100, 9_ms);
  Alarm early(*this, 101, 3_ms);
  Alarm middle(*this, 102, 6_ms);
  ASSERT_TRUE(driver.run_until(Instant::zero() + 12_ms));
  EXPECT_EQ(order, (std::vector<SourceId>{101, 102, 100}));
  for (const Alarm* alarm : {&early, &middle, &late}) {
    EXPECT_GE(alarm->wall, alarm->fired_at);
  }
  EXPECT_EQ(late.fired_at, Instant::zero() + 9_ms) << "an event sees exactly the time it was scheduled for";
  EXPECT_GE(loop.now(), Instant::zero() + 12_ms);
  EXPECT_GE(scheduler.now(), Instant::zero() + 12_ms) << "the scheduler's clock follows the loop's";
}

TEST_F(DriverTest, ReachesTheEndWithoutAnyEvent) {
  ASSERT_TRUE(driver.run_until(Instant::zero() + 3_ms));
  EXPECT_GE(scheduler.now(), Instant::zero() + 3_ms);
  ASSERT_TRUE(driver.run_until(Instant::zero() + 6_ms)) << "and may be asked again";
  EXPECT_GE(scheduler.now(), Instant::zero() + 6_ms);
}

TEST_F(DriverTest, StopsWhenAnEventAsksForIt) {
  Alarm stopping(*this, 100, 3_ms, Delegate<void()>::to<&Driver::stop>(driver));
  Alarm never_reached(*this, 101, kHour);
  EXPECT_FALSE(driver.is_stopped());
  ASSERT_TRUE(driver.run_until(Instant::zero() + kHour + kHour));
  EXPECT_TRUE(driver.is_stopped());
  EXPECT_EQ(order, std::vector<SourceId>{100});
  const Instant stopped = scheduler.now();
  ASSERT_TRUE(driver.run_until(Instant::zero() + kHour + kHour));
  EXPECT_EQ(scheduler.now(), stopped) << "it stays stopped";
}

TEST_F(DriverTest, StopsAtTheTimeAskedForByARound) {
  struct Round {
    Driver& driver;
    std::uint64_t rounds = 0;
    Instant last;
    void on_round(Instant now) {
      EXPECT_GE(now, last);
      last = now;
      if (++rounds == 2) {
        driver.stop_at(Instant::zero() + 5_ms);
      }
    }
  } round{driver};
  Alarm waking(*this, 100, 1_ms);
  driver.set_on_round(Delegate<void(Instant)>::to<&Round::on_round>(round));
  ASSERT_TRUE(driver.run_until(Instant::zero() + kHour));
  EXPECT_GE(round.rounds, 2U);
  EXPECT_GE(scheduler.now(), Instant::zero() + 5_ms);
  EXPECT_FALSE(driver.is_stopped());
}

TEST_F(DriverTest, TellsHowLateTheLatestEventWas) {
  Alarm alarm(*this, 100, 1_ms);
  while (loop.now() < Instant::zero() + 5_ms) {  // the machine is busy elsewhere
    ASSERT_TRUE(loop.wait_until(Instant::zero() + 5_ms));
  }
  EXPECT_EQ(driver.latest(), Duration{});
  run_for(1_ms);
  EXPECT_EQ(order.size(), 1U);
  EXPECT_GE(driver.latest(), 4_ms);
}

TEST_F(DriverTest, TakesFramesInBatchesAtTheTimeTheyAreSeen) {
  join();
  for (int i = 0; i < 300; ++i) {
    kernel.sends(Octets(60, static_cast<std::uint8_t>(i)));
  }
  const Instant sent = loop.now();
  run_for(20_ms);
  ASSERT_EQ(tap.frames.size(), 300U);
  EXPECT_GE(tap.frames[0].at, sent);
  EXPECT_EQ(octets(tap.frames[299].packet)[0], static_cast<std::uint8_t>(299));
  EXPECT_GE(kernel.receive_calls, 5) << "300 frames are five batches";
}

TEST_F(DriverTest, EventsThatWereDueRunBeforeAFrameIsTaken) {
  join();
  struct Watcher {
    FakeChannel& kernel;
    std::size_t seen = 0;
    void look() { seen = kernel.incoming.size(); }
  } watcher{kernel};
  Alarm due(*this, 100, 1_ms, Delegate<void()>::to<&Watcher::look>(watcher));
  while (loop.now() < Instant::zero() + 2_ms) {
    ASSERT_TRUE(loop.wait_until(Instant::zero() + 2_ms));
  }
  kernel.sends(Octets(60, 1));
  ASSERT_TRUE(loop.wait_until(loop.now())) << "what run_until() does when the frame wakes it";
  EXPECT_EQ(order.size(), 1U);
  EXPECT_TRUE(kernel.incoming.empty());
  if (driver.latest() >= Driver::kStall) {
    GTEST_SKIP() << "the machine was too busy for this";
  }
  EXPECT_EQ(watcher.seen, 1U) << "the frame was still in the kernel";
}

TEST_F(DriverTest, AfterAStallTheFramesThatWaitAreTakenFirst) {
  join();
  struct Watcher {
    FakeChannel& kernel;
    std::size_t seen = 99;
    void look() { seen = kernel.incoming.size(); }
  } watcher{kernel};
  Alarm due(*this, 100, 5_ms, Delegate<void()>::to<&Watcher::look>(watcher));
  kernel.sends(Octets(60, 1));
  while (loop.now() < Instant::zero() + 5_ms + Driver::kStall) {  // the process does not run
  }
  run_for(1_ms);
  ASSERT_EQ(tap.frames.size(), 1U);
  EXPECT_EQ(watcher.seen, 0U) << "a timer that ran out in the meantime finds the frame taken";
  EXPECT_LT(tap.frames[0].at, due.fired_at + 1_ms) << "not when it was seen";
}

TEST_F(DriverTest, WritesFramesAtTheEndOfTheRound) {
  join();
  to_alice(60, 1);
  to_alice(60, 2);
  run_for(5_ms);
  ASSERT_EQ(kernel.taken.size(), 2U);
  EXPECT_EQ(kernel.batches.front(), 2U) << "in one batch";
}

TEST_F(DriverTest, TriesAgainWhenTheKernelsQueueWasFull) {
  join();
  kernel.room = 0;
  struct Reader {
    FakeChannel& kernel;
    void on_round(Instant) {
      if (kernel.batches.size() >= 3) {  // offered three times: a program inside has read meanwhile
        kernel.room = SIZE_MAX;
      }
    }
  } reader{kernel};
  driver.set_on_round(Delegate<void(Instant)>::to<&Reader::on_round>(reader));
  to_alice(60, 1);
  to_alice(60, 2);
  for (int i = 0; i < 1'000 && kernel.taken.empty(); ++i) {
    run_for(5_ms);
  }
  ASSERT_EQ(kernel.taken.size(), 2U);
  EXPECT_EQ(kernel.taken[0], Octets(60, 1));
  EXPECT_EQ(alice_eth0.drops().total(), 0U);
}

TEST_F(DriverTest, SpinningCarriesFramesBothWaysAndStillEnds) {
  join();
  ASSERT_TRUE(driver.set_spinning(true));
  for (int i = 0; i < 300; ++i) {
    kernel.sends(Octets(60, static_cast<std::uint8_t>(i)));
  }
  to_alice(60, 9);
  Alarm alarm(*this, 100, 5_ms);
  run_for(20_ms);
  EXPECT_EQ(tap.frames.size(), 300U);
  EXPECT_EQ(kernel.taken, std::vector<Octets>{Octets(60, 9)});
  EXPECT_EQ(alarm.fired_at, Instant::zero() + 5_ms);
  kernel.vanish();
  run_for(5_ms);
  EXPECT_FALSE(driver.is_stopped());
}

TEST_F(DriverTest, AFrameOfASpinningDriverGoesAtOnce) {
  tap.clear();
  Recorder host(world, 3, "host");
  Interface& interface = plug(host);
  NicMedium medium(interface, kernel);
  ASSERT_TRUE(driver.add(medium));
  interface.send(frame(61, 1));
  EXPECT_TRUE(kernel.taken.empty()) << "gathered";
  run_for(1_ms);
  ASSERT_TRUE(driver.set_spinning(true));
  interface.send(frame(61, 2));
  EXPECT_EQ(kernel.taken, (std::vector<Octets>{Octets(61, 1), Octets(61, 2)}));
  ASSERT_TRUE(driver.set_spinning(false));
  interface.send(frame(61, 3));
  EXPECT_EQ(kernel.taken.size(), 2U) << "gathered again";
  kernel.sends(Octets(60, 4));
  run_for(5_ms);
  EXPECT_EQ(kernel.taken.size(), 3U);
  EXPECT_EQ(host.frames.size(), 1U) << "its NIC is watched again";
}

TEST_F(DriverTest, ANicAsTheWireOfAnInterface) {
  tap.clear();
  Recorder host(world, 3, "host");
  Interface& interface = plug(host);
  NicMedium medium(interface, kernel);
  ASSERT_TRUE(driver.add(medium));
  kernel.sends(Octets(60, 1));
  interface.send(frame(61, 2));
  run_for(5_ms);
  ASSERT_EQ(host.frames.size(), 1U);
  EXPECT_EQ(octets(host.frames[0].packet), Octets(60, 1));
  EXPECT_EQ(kernel.taken, std::vector<Octets>{Octets(61, 2)});
  kernel.room = 0;
  interface.send(frame(60));
  medium.drain(DropReason::run_ended);
  EXPECT_EQ(interface.drops().of(DropReason::run_ended), 1U);
  host.clear();
  loop.unwatch(kernel.fd());
}

TEST_F(DriverTest, ANicThatIsGoneIsNotWatchedAnyMore) {
  join();
  kernel.vanish();
  run_for(5_ms);
  EXPECT_EQ(kernel.receive_calls, 1);
}

TEST_F(DriverTest, LeavesTheLoopAsItFoundIt) {
  alice.join(alice_eth0, kernel);
  {
    Driver other(scheduler, loop);
    ASSERT_TRUE(other.add(alice));
    EXPECT_EQ(driver.add(alice).error().code, EEXIST) << "one driver at a time";
  }
  EXPECT_TRUE(loop.watch(kernel.fd(), {})) << "the first driver has gone and watches no more";
  loop.unwatch(kernel.fd());
}

TEST_F(DriverTest, CarriesAPingToTheLink) {
  if (const std::string why = why_no_namespace(); !why.empty()) {
    GTEST_SKIP() << why;
  }
  auto made = Namespace::create(one_nic(Attachment::automatic));
  ASSERT_TRUE(made) << made.error().text;
  space = std::move(*made);
  alice.join(alice_eth0, space->nic(0));
  ASSERT_TRUE(driver.add(alice));
  auto ping = space->start({.command = "exec ping -c 1 -W 20 10.0.0.2"});
  ASSERT_TRUE(ping);
  for (int i = 0; i < 2'000 && tap.frames.empty(); ++i) {
    run_for(10_ms);
  }
  ASSERT_FALSE(tap.frames.empty());
  const Octets first = octets(tap.frames[0].packet);
  ASSERT_GE(first.size(), 42U);
  EXPECT_EQ(first[12] << 8 | first[13], 0x0806) << "ARP";
  (*ping)->kill();
}

}  // namespace
}  // namespace catenet::live
