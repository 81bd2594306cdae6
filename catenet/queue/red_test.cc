// SPDX-License-Identifier: Apache-2.0
#include "catenet/queue/red.h"

#include <gtest/gtest.h>

#include <vector>

#include "catenet/net/recorder.h"
#include "catenet/wire/ipv4.h"

namespace catenet::queue {
namespace {

constexpr double kAverageUnit = 1 << 24;

class RedTest : public testing::Test {
 protected:
  Packet packet(std::size_t size = 100, wire::Ecn ecn = wire::Ecn::kNotEct) {
    Packet p = pool.make();
    EXPECT_TRUE(p.append_zeros(size - wire::kIpv4HeaderSize));
    auto& header = p.push_header<wire::Ipv4Header>();
    header = wire::Ipv4Header{};
    header.set_ecn(ecn);
    p.mark_network_header();
    return p;
  }
  std::uint64_t drops(DropReason reason) const { return owner.drops().of(reason); }
  static void drain(Red& red, Interface& owner, Instant now = Instant::never()) {
    while (Packet p = red.dequeue(now, owner)) {
      p.consume();
    }
  }
  /// Enqueues; true if the packet was neither dropped nor marked.
  bool spared(Red& red, std::size_t size = 100, wire::Ecn ecn = wire::Ecn::kNotEct) {
    const std::uint64_t before = red.counters().marked + red.counters().early + red.counters().forced;
    red.enqueue(packet(size, ecn), owner);
    return red.counters().marked + red.counters().early + red.counters().forced == before;
  }
  void TearDown() override { EXPECT_EQ(pool.stats().unaccounted, 0U); }
  Scheduler scheduler;
  PacketPool pool;
  Environment world{scheduler, pool};
  Recorder node{world, 1, "n"};
  Interface& owner = node.add_interface("eth0");
};

// Floyd and Jacobson 1993, section 6: an average that starts at zero and sees a burst of L packets, of which the i-th
// finds the queue i long, comes to L + 1 + ((1 - w)^(L + 1) - 1) / w.
TEST_F(RedTest, AverageAfterABurst) {
  for (const auto& [ppb, expected] : {std::pair{1'000'000, 1.25}, {2'000'000, 2.47}, {4'200'000, 5.0}}) {
    Red red({.min = 500, .max = 1000, .weight = Probability::from_ppb(static_cast<std::uint64_t>(ppb))}, Rng(1));
    for (int i = 0; i <= 50; ++i) {  // the first finds nobody
      red.enqueue(packet(), owner);
    }
    EXPECT_NEAR(static_cast<double>(red.average()) / kAverageUnit, expected, expected * 0.01);
    drain(red, owner);
  }
}

// Section 4, method 2: at an average in the middle of [5, 15] with a maximum of 2 % the gaps are uniform on 1 to 100.
TEST_F(RedTest, GapsBetweenChoicesAreUniform) {
  // The average stays at the length, 10, as every packet that is taken replaces one.
  Red red({.max_probability = Probability::from_ppb(20'000'000), .weight = Probability::from_ppb(1'000'000'000)},
          Rng(7));
  while (red.packets() < 10) {
    red.enqueue(packet(), owner);
  }
  std::vector<unsigned> gaps;
  unsigned gap = 0;
  while (gaps.size() < 4000) {
    ++gap;
    if (spared(red)) {
      red.dequeue(scheduler.now(), owner).consume();
    } else {
      gaps.push_back(gap);
      gap = 0;
    }
  }
  gaps.erase(gaps.begin());
  double sum = 0;
  std::vector<unsigned> tenths(11);
  for (const unsigned g : gaps) {
    ASSERT_LE(g, 101U);
    sum += g;
    ++tenths[(g - 1) / 10];
  }
  EXPECT_NEAR(sum / static_cast<double>(gaps.size()), 50.5, 50.5 * 0.02);
  for (std::size_t i = 0; i < 10; ++i) {  // 400 each, a standard deviation of 19
    EXPECT_NEAR(tenths[i], 400, 80) << i;
  }
  EXPECT_EQ(drops(DropReason::red), 4000U);
  drain(red, owner);
}

TEST_F(RedTest, BelowTheMinimumNobodyAndBeyondTheMaximumEverybody) {
  const Probability all = Probability::from_ppb(1'000'000'000);
  Red red({.min = 5, .max = 15, .weight = all, .gentle = false}, Rng(1));
  for (int i = 0; i < 6; ++i) {  // the sixth finds five: a chance of zero
    EXPECT_TRUE(spared(red));
  }
  while (red.packets() < 15) {
    red.enqueue(packet(), owner);
  }
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(spared(red));
  }
  EXPECT_EQ(red.counters().forced, 100U);
  drain(red, owner);
}

TEST_F(RedTest, GentleGrowsToTwiceTheMaximum) {
  const Probability all = Probability::from_ppb(1'000'000'000);
  // At 1.5 times the maximum the chance is half way between 10 % and 1; gaps are uniform on 1 to 1 / 0.55.
  Red red({.min = 5, .max = 20, .max_probability = Probability::from_ppb(100'000'000), .weight = all}, Rng(3));
  while (red.packets() < 30) {
    red.enqueue(packet(), owner);
  }
  unsigned chosen = 0;
  for (int i = 0; i < 3000; ++i) {
    if (spared(red)) {
      red.dequeue(scheduler.now(), owner).consume();
    } else {
      ++chosen;
    }
  }
  // A packet is chosen at once with 0.55, and always as the second one: 1 / (0.55 + 2 * 0.45) = 0.69 of all.
  EXPECT_NEAR(chosen, 3000 * 0.69, 90);
  while (red.packets() < 40) {
    red.enqueue(packet(), owner);
  }
  EXPECT_FALSE(spared(red));
  drain(red, owner);
}

TEST_F(RedTest, MarksWhoUnderstandsIt) {
  const Probability all = Probability::from_ppb(1'000'000'000);
  Red red({.min = 1, .max = 2, .weight = all, .gentle = false}, Rng(1));
  for (int i = 0; i < 5; ++i) {
    red.enqueue(packet(100, wire::Ecn::kEct0), owner);
  }
  EXPECT_EQ(red.packets(), 5U);
  EXPECT_EQ(red.counters().marked, 3U);
  EXPECT_EQ(drops(DropReason::red), 0U);
  red.enqueue(packet(), owner);
  EXPECT_EQ(drops(DropReason::red), 1U);
  for (int i = 0; i < 5; ++i) {
    Packet p = red.dequeue(scheduler.now(), owner);
    EXPECT_EQ(p.header<wire::Ipv4Header>().ecn(), i < 2 ? wire::Ecn::kEct0 : wire::Ecn::kCe);
    p.consume();
  }
  Red deaf({.min = 1, .max = 2, .weight = all, .gentle = false, .ecn = false}, Rng(1));
  for (int i = 0; i < 5; ++i) {
    deaf.enqueue(packet(100, wire::Ecn::kEct0), owner);
  }
  EXPECT_EQ(deaf.packets(), 2U);
  drain(deaf, owner);
}

TEST_F(RedTest, TheLimitHoldsForMarkedPacketsToo) {
  const Probability all = Probability::from_ppb(1'000'000'000);
  Red red({.min = 1, .max = 2, .weight = all, .gentle = false, .limits = {.packets = 4}}, Rng(1));
  for (int i = 0; i < 9; ++i) {
    red.enqueue(packet(100, wire::Ecn::kEct0), owner);
  }
  EXPECT_EQ(red.packets(), 4U);
  EXPECT_EQ(drops(DropReason::queue_full), 5U);
  drain(red, owner);
}

TEST_F(RedTest, InBytesLargePacketsAreLikelier) {
  const Probability all = Probability::from_ppb(1'000'000'000);
  Red red({.in_bytes = true,
           .min = 10'000,
           .max = 30'000,
           .max_probability = Probability::from_ppb(20'000'000),
           .weight = all,
           .mean_packet = 1000},
          Rng(5));
  while (red.bytes() < 20'000) {
    red.enqueue(packet(1000), owner);
  }
  unsigned large = 0;
  unsigned small = 0;
  for (int i = 0; i < 60'000; ++i) {
    const std::size_t size = i % 2 == 0 ? 1500 : 100;
    if (!spared(red, size)) {
      ++(size == 100 ? small : large);
    }
    while (red.bytes() > 20'000) {
      red.dequeue(scheduler.now(), owner).consume();
    }
  }
  EXPECT_GT(small, 30U);
  EXPECT_NEAR(static_cast<double>(large) / small, 15, 5);
  drain(red, owner);
}

// Section 4: after m packet times of silence the average is (1 - w)^m of what it was.
TEST_F(RedTest, TheAverageFadesWhileNothingWaits) {
  Red red({.min = 500, .max = 1000, .weight = Probability::from_ppb(10'000'000), .idle_packet = 10_us}, Rng(1));
  for (int i = 0; i < 200; ++i) {
    red.enqueue(packet(), owner);
  }
  drain(red, owner, scheduler.now());
  const double before = static_cast<double>(red.average());
  scheduler.run_until(Instant::zero() + 1_ms);  // a hundred packets
  red.enqueue(packet(), owner);
  const double faded = before * 0.36603 * 0.99;  // 0.99^100, and the arrival that found nobody
  EXPECT_NEAR(static_cast<double>(red.average()), faded, faded * 0.001);
  drain(red, owner);
}

TEST_F(RedTest, OnlyThePresentLengthLetsPacketsPassBy) {
  EXPECT_FALSE(Red({}, Rng(1)).is_transparent());
  EXPECT_TRUE(Red({.weight = Probability::from_ppb(1'000'000'000)}, Rng(1)).is_transparent());
}

}  // namespace
}  // namespace catenet::queue
