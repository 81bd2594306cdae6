// SPDX-License-Identifier: Apache-2.0
// cable.cc and impairment.cc, with two recorders at the ends.
#include <gtest/gtest.h>

#include <algorithm>

#include "catenet/medium/cable.h"
#include "catenet/medium/impairment.h"
#include "catenet/net/recorder.h"
#include "catenet/wire/fcs.h"

namespace catenet::medium {
namespace {
using namespace literals;

/// The smallest queue and link layer that an interface can have: queue/ and link/ are on the floor above.
struct PlainQueue final : Qdisc {
  void enqueue(Packet packet, Interface&) override { ring.push_back(std::move(packet)); }
  Packet dequeue(Instant, Interface&) override { return ring.empty() ? Packet() : ring.pop_front(); }
  Instant ready_at(Instant now) const override { return ring.empty() ? Instant::never() : now; }
  std::size_t packets() const override { return ring.size(); }
  std::size_t bytes() const override { return 0; }
  Ring<Packet> ring;
};
struct PlainLink final : LinkLayer {
  std::size_t header_size() const override { return 0; }
  bool needs_resolution() const override { return false; }
  bool encapsulate(Packet&, const wire::LinkAddress&, const wire::LinkAddress&, std::uint16_t) override { return true; }
  std::expected<Arrival, DropReason> decapsulate(Packet&, const wire::LinkAddress&) override { return Arrival{}; }
  bool verify(Packet& frame) override {
    std::vector<std::byte> bytes(frame.size());
    frame.copy_out(0, bytes);
    frame.meta().fcs_present = false;
    return wire::fcs_ok(bytes);
  }
};

class MediumTest : public testing::Test {
 protected:
  void connect(const CableSpec& spec) {
    cable = std::make_unique<Cable>(world, world, 10, spec, spec);
    for (Recorder* node : {&left, &right}) {
      Interface& i = node->add_interface("eth0");
      i.set_qdisc(std::make_unique<PlainQueue>());
      i.set_link_layer(std::make_unique<PlainLink>());
    }
    left.interfaces()[0]->attach(cable->a());
    right.interfaces()[0]->attach(cable->b());
  }
  void impair(const ImpairmentSpec& spec) {
    impairment = std::make_unique<Impairment>(world, 20, "left->right", *right.interfaces()[0], spec);
    cable->b().set_sink(*impairment);
  }
  Packet frame(std::size_t size, std::uint8_t fill = 0) {
    Packet p = pool.make();
    const std::vector<std::byte> bytes(size, std::byte{fill});
    EXPECT_TRUE(p.append(bytes));
    return p;
  }
  void send(std::size_t size, std::uint8_t fill = 0) { left.interfaces()[0]->send(frame(size, fill)); }
  void run() { scheduler.run_until(scheduler.now() + 1000_s); }
  void TearDown() override {
    left.clear();
    right.clear();
    EXPECT_EQ(pool.stats().alive(), 0U);
    EXPECT_EQ(pool.stats().unaccounted, 0U);
  }

  Scheduler scheduler;
  PacketPool pool;
  Environment world{scheduler, pool, 7, nullptr};
  Recorder left{world, 1, "left"};
  Recorder right{world, 2, "right"};
  std::unique_ptr<Cable> cable;
  std::unique_ptr<Impairment> impairment;
};

TEST_F(MediumTest, OneFrameTakesPreambleFrameFcsAndPropagation) {
  connect({.rate = BitRate::mbps(100), .delay = 5_us});
  send(1514);
  run();
  ASSERT_EQ(right.frames.size(), 1U);
  EXPECT_EQ(right.frames[0].at.ns(), 122'080 + 5'000) << "(1514 + 12) * 8 bits at 100 Mbit/s";
}

TEST_F(MediumTest, LineRateIsThatOfRfc5180) {
  // 64-byte frames (60 without FCS) at 100 Mbit/s: 148,809 a second; 1518-byte ones: 8,127.
  connect({.rate = BitRate::mbps(100), .delay = 0_ns});
  for (int i = 0; i < 149'000; ++i) {
    send(60);
  }
  scheduler.run_until(Instant::from_ns(1'000'000'000));
  EXPECT_EQ(right.frames.size(), 148'809U);
  run();
  EXPECT_EQ(right.frames.size(), 149'000U);
}

TEST_F(MediumTest, BothDirectionsAtOnce) {
  connect({.rate = BitRate::mbps(10), .delay = 1_us});
  send(1000);
  right.interfaces()[0]->send(frame(1000));
  run();
  EXPECT_EQ(left.frames.at(0).at, right.frames.at(0).at);
}

TEST_F(MediumTest, PullingTheCableLosesWhatIsOnIt) {
  connect({.rate = BitRate::mbps(10), .delay = 1_ms});
  send(100);
  send(100);
  scheduler.run_until(Instant::from_ns(500'000));
  cable->set_up(false);
  run();
  EXPECT_TRUE(right.frames.empty());
  EXPECT_EQ(right.interfaces()[0]->drops().of(DropReason::link_down), 2U);
  EXPECT_FALSE(left.interfaces()[0]->is_up());
  send(100);
  run();
  EXPECT_TRUE(right.frames.empty()) << "nothing passes a pulled cable";
  EXPECT_EQ(left.interfaces()[0]->drops().of(DropReason::link_down), 1U);
  cable->set_up(true);
  send(100);
  run();
  EXPECT_EQ(right.frames.size(), 1U);
}

TEST_F(MediumTest, LossFollowsItsProbabilityAndIsRepeatable) {
  connect({.rate = BitRate::gbps(1), .delay = 1_us});
  impair({.loss = Probability::from_ppb(100'000'000)});
  for (int i = 0; i < 20'000; ++i) {
    send(100);
  }
  run();
  EXPECT_NEAR(static_cast<double>(right.frames.size()), 18'000, 150);
  EXPECT_EQ(right.frames.size() + right.interfaces()[0]->drops().of(DropReason::link_loss), 20'000U);
  EXPECT_EQ(impairment->counters().lost, right.interfaces()[0]->drops().of(DropReason::link_loss));
}

TEST_F(MediumTest, BitErrorsAreCaughtByTheFcsAtTheRateOfTheBits) {
  connect({.rate = BitRate::gbps(1), .delay = 1_us});
  impair({.bits_per_error = 1'000'000});  // bit error rate 1e-6
  const int frames = 20'000;
  for (int i = 0; i < frames; ++i) {
    send(1000, 0x55);
  }
  run();
  // P(frame damaged) = 1 - (1 - 1e-6)^((1000 + 4) * 8) = 0.8 %
  const auto bad = right.interfaces()[0]->drops().of(DropReason::fcs_error);
  EXPECT_NEAR(static_cast<double>(bad), frames * 0.008, 45);
  EXPECT_EQ(right.frames.size() + bad, static_cast<std::size_t>(frames));
  EXPECT_TRUE(std::all_of(right.frames.begin(), right.frames.end(), [](const auto& f) {
    return f.packet.size() == 1000 && f.packet.peek(999) == std::byte{0x55};
  }));
}

TEST_F(MediumTest, CorruptionFlipsOneBitAndNoFcsSeesIt) {
  connect({.rate = BitRate::gbps(1), .delay = 1_us});
  impair({.corrupt = Probability::from_ppb(1'000'000'000)});
  send(1000);
  run();
  ASSERT_EQ(right.frames.size(), 1U);
  int ones = 0;
  for (std::size_t i = 0; i < 1000; ++i) {
    ones += std::popcount(std::to_integer<unsigned>(right.frames[0].packet.peek(i)));
  }
  EXPECT_EQ(ones, 1);
}

TEST_F(MediumTest, DuplicatesAndReordering) {
  connect({.rate = BitRate::gbps(1), .delay = 1_us});
  impair({.duplicate = Probability::from_ppb(100'000'000),
          .reorder = Probability::from_ppb(100'000'000),
          .reorder_delay = 100_us});
  for (int i = 0; i < 5000; ++i) {
    send(100, static_cast<std::uint8_t>(i % 251));
  }
  run();
  EXPECT_EQ(right.frames.size(), 5000 + impairment->counters().duplicated);
  EXPECT_NEAR(static_cast<double>(impairment->counters().duplicated), 500, 80);
  EXPECT_GT(impairment->counters().reordered, 400U);
}

TEST_F(MediumTest, JitterHoldsBackButLosesNothing) {
  connect({.rate = BitRate::gbps(1), .delay = 1_us});
  impair({.jitter = 1_ms});
  for (int i = 0; i < 1000; ++i) {
    send(100);
  }
  run();
  EXPECT_EQ(right.frames.size(), 1000U);
  EXPECT_TRUE(std::is_sorted(right.frames.begin(), right.frames.end(),
                             [](const auto& a, const auto& b) { return a.at < b.at; }));
}

TEST_F(MediumTest, BurstsHaveTheMeanLengthsAskedFor) {
  connect({.rate = BitRate::gbps(1), .delay = 1_us});
  // Means: 50 frames good, 5 bad, in which every one is lost: 1 in 11, in runs of 5.
  impair({.burst = {.to_bad = Probability::from_ppb(20'000'000),
                    .to_good = Probability::from_ppb(200'000'000),
                    .loss_bad = Probability::from_ppb(1'000'000'000)}});
  constexpr int kFrames = 110'000;
  for (int i = 0; i < kFrames; ++i) {
    send(60 + static_cast<std::size_t>(i % 2));
  }
  run();
  const auto lost = static_cast<double>(impairment->counters().lost);
  EXPECT_NEAR(lost, kFrames / 11.0, 500);
  int bursts = 0;  // a gap in the alternation of two sizes is a burst of odd length; half of the even ones hide
  std::size_t expected = 60;
  for (const auto& f : right.frames) {
    bursts += f.packet.size() != expected ? 1 : 0;
    expected = f.packet.size() == 60 ? 61 : 60;
  }
  // A burst has n frames with probability 0.8^(n-1) * 0.2, so it is odd with 0.2 / (1 - 0.64) = 5/9.
  EXPECT_NEAR(bursts, lost / 5 * 5 / 9, 80);
}

TEST_F(MediumTest, SettingsChangeWhileFramesCome) {
  connect({.rate = BitRate::gbps(1), .delay = 1_us});
  impair({});
  send(100);
  run();
  impairment->set_spec({.bits_per_error = 1});
  send(100);
  run();
  EXPECT_EQ(right.interfaces()[0]->drops().of(DropReason::fcs_error), 1U);
  impairment->set_spec({.loss = Probability::from_ppb(1'000'000'000)});
  send(100);
  run();
  EXPECT_EQ(right.interfaces()[0]->drops().of(DropReason::link_loss), 1U);
  impairment->set_spec({});
  send(100);
  run();
  EXPECT_EQ(right.frames.size(), 2U);
}

TEST_F(MediumTest, RulesAreObeyedUntilTheyAreTakenAway) {
  connect({.rate = BitRate::gbps(1), .delay = 1_us});
  impair({});
  Interface& in = *right.interfaces()[0];
  impairment->add_rule({.number = 7, .action = FrameRule::Action::drop, .reason = DropReason::link_filtered});
  send(100);
  run();
  EXPECT_EQ(in.drops().of(DropReason::link_filtered), 1U);
  impairment->remove_rule(8);
  send(100);
  run();
  EXPECT_EQ(in.drops().of(DropReason::link_filtered), 2U) << "another one's number";
  impairment->remove_rule(7);
  impairment->add_rule({.number = 1, .action = FrameRule::Action::duplicate});
  impairment->add_rule({.number = 2, .action = FrameRule::Action::delay, .delay = 5_ms});
  impairment->add_rule({.number = 3, .action = FrameRule::Action::corrupt});
  const Instant start = scheduler.now();
  send(100);
  scheduler.run_until(start + 1_ms);
  EXPECT_EQ(impairment->in_flight(), 2U);
  run();
  ASSERT_EQ(right.frames.size(), 2U);
  EXPECT_EQ(impairment->counters().duplicated, 1U);
  EXPECT_EQ(impairment->counters().corrupted, 1U) << "then copied";
  EXPECT_EQ(right.frames[0].at, right.frames[1].at);
  EXPECT_GE(right.frames[0].at, start + 5_ms);
}

TEST_F(MediumTest, ACableKeepsItsPromiseOfDelay) {
  Scheduler there_scheduler;
  Environment there{there_scheduler, pool, 7, nullptr};
  Cable crossing(world, there, 30, {.delay = 5_ms}, {.delay = 7_ms});
  EXPECT_EQ(crossing.lookahead(), 5_ms);
  crossing.promise_delay(2_ms);
  EXPECT_EQ(crossing.lookahead(), 2_ms);
  crossing.set_spec(true, {.delay = 2_ms});
  EXPECT_EQ(crossing.lookahead(), 2_ms);
  EXPECT_DEATH(crossing.set_spec(false, {.delay = 1_ms}), "shorter than the windows");
}

TEST_F(MediumTest, DrainNamesWhatWasUnderWay) {
  connect({.rate = BitRate::gbps(1), .delay = 1_ms});
  send(100);
  EXPECT_EQ(cable->in_flight(), 1U);
  cable->drain(DropReason::run_ended);
  EXPECT_EQ(right.interfaces()[0]->drops().of(DropReason::run_ended), 1U);
}

}  // namespace
}  // namespace catenet::medium
