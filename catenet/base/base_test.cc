// SPDX-License-Identifier: Apache-2.0
// check.cc, rng.cc and the headers of base.
#include <gtest/gtest.h>

#include <cmath>
#include <deque>
#include <memory>

#include "catenet/base/check.h"
#include "catenet/base/delegate.h"
#include "catenet/base/endian.h"
#include "catenet/base/intrusive_list.h"
#include "catenet/base/rate.h"
#include "catenet/base/result.h"
#include "catenet/base/ring.h"
#include "catenet/base/rng.h"
#include "catenet/base/shared_value.h"

namespace catenet {
namespace {
using namespace literals;

TEST(Check, EndsTheProgramWith70AndNamesThePlace) {
  EXPECT_EXIT(check(false, "two is three"), testing::ExitedWithCode(70), "bug: two is three(.|\n)*base_test.cc");
}

TEST(Time, InstantsSaturateAtNever) {
  EXPECT_TRUE((Instant::never() + 1_s).is_never());
  EXPECT_EQ((Instant::from_ns(5) + 2_us).ns(), 2005);
  EXPECT_EQ(Instant::from_ns(2005) - Instant::from_ns(5), 2_us);
  EXPECT_EQ(7_ms % 2_ms, 1_ms);
}

TEST(BitRate, ExactOverAThousandMillionFrames) {
  // 1538 byte times at 400 Gbit/s are 30.76 ns: only the remainder keeps the sum exact.
  std::uint64_t remainder = 0;
  Duration sum;
  for (int i = 0; i < 1'000'000; ++i) {
    sum += BitRate::gbps(400).transmission_time(1538, remainder);
  }
  EXPECT_EQ(sum, 30'760'000_ns);
  EXPECT_EQ(BitRate::mbps(10).transmission_time(64 + 8), 57'600_ns);
  EXPECT_EQ(BitRate::unlimited().transmission_time(1500), 0_ns);
  EXPECT_EQ(BitRate::bps(1).transmission_time(1'000'000'000).ns(), 8'000'000'000'000'000'000);
}

TEST(Endian, BytesInNetworkOrder) {
  const be32 n = 0x01020304U;
  unsigned char bytes[4];
  std::memcpy(bytes, &n, 4);
  EXPECT_EQ(bytes[0], 1);
  EXPECT_EQ(bytes[3], 4);
  EXPECT_EQ(std::uint32_t{n}, 0x01020304U);
}

TEST(Rng, IsTheSameOnEveryMachine) {
  // xoshiro256** seeded by splitmix64(0): first outputs of the reference implementation.
  Rng rng(0);
  EXPECT_EQ(rng.next(), 0x99ec5f36cb75f2b4ULL);
  EXPECT_EQ(rng.next(), 0xbf6e1f784956452aULL);
}

TEST(Rng, StreamsAreNamed) {
  EXPECT_EQ(Rng(1, "a", "loss").next(), Rng(1, "a", "loss").next());
  EXPECT_NE(Rng(1, "a", "loss").next(), Rng(1, "a", "jitter").next());
  EXPECT_NE(Rng(1, "a", "loss").next(), Rng(1, "b", "loss").next());
  EXPECT_NE(Rng(1, "a", "loss").next(), Rng(2, "a", "loss").next());
}

TEST(Rng, BelowIsUniform) {
  Rng rng(3);
  int counts[7] = {};
  for (int i = 0; i < 70'000; ++i) {
    ++counts[rng.below(7)];
  }
  for (const int n : counts) {
    EXPECT_NEAR(n, 10'000, 500);
  }
  EXPECT_EQ(rng.below(0), 0U);
}

TEST(Rng, ExponentialHasItsMeanAndItsTail) {
  Rng rng(4);
  double sum = 0;
  int beyond = 0;
  for (int i = 0; i < 200'000; ++i) {
    const auto x = static_cast<double>(rng.exponential(1'000'000));
    sum += x;
    beyond += x > 2e6 ? 1 : 0;
  }
  EXPECT_NEAR(sum / 200'000, 1e6, 1e4);
  EXPECT_NEAR(beyond / 200'000.0, std::exp(-2.0), 0.005);
}

TEST(Rng, ChanceFollowsItsProbabilityAndZeroDrawsNothing) {
  Rng rng(5);
  int hits = 0;
  for (int i = 0; i < 100'000; ++i) {
    hits += rng.chance(Probability::from_ppb(300'000'000)) ? 1 : 0;
  }
  EXPECT_NEAR(hits, 30'000, 600);
  Rng a(6);
  Rng b(6);
  EXPECT_FALSE(a.chance(Probability{}));
  EXPECT_EQ(a.next(), b.next());
  EXPECT_TRUE(a.chance(Probability::from_ppb(1'000'000'000)));
}

TEST(Ring, BehavesAsADeque) {
  Ring<std::unique_ptr<int>> ring;
  std::deque<int> model;
  Rng rng(7);
  for (int i = 0; i < 20'000; ++i) {
    switch (rng.below(5)) {
      case 0:
        if (!model.empty()) {
          ASSERT_EQ(*ring.pop_front(), model.front());
          model.pop_front();
        }
        break;
      case 1:
        if (!model.empty()) {
          ASSERT_EQ(*ring.pop_back(), model.back());
          model.pop_back();
        }
        break;
      default:
        ring.push_back(std::make_unique<int>(i));
        model.push_back(i);
    }
    ASSERT_EQ(ring.size(), model.size());
    if (!model.empty()) {
      const std::size_t at = rng.below(model.size());
      ASSERT_EQ(*ring[at], model[at]);
    }
  }
}

TEST(IntrusiveList, ElementsLeaveWhenTheyDie) {
  struct Element : ListNode<> {
    int n = 0;
  };
  IntrusiveList<Element> list;
  Element a;
  a.n = 1;
  {
    Element b;
    list.push_back(b);
    list.push_front(a);
    EXPECT_EQ(&list.back(), &b);
  }
  EXPECT_EQ(&list.back(), &a);
  EXPECT_EQ(list.pop_front().n, 1);
  EXPECT_TRUE(list.empty());
}

struct Adder {
  int sum = 0;
  int add(int n) { return sum += n; }
};

TEST(Delegate, CallsItsMember) {
  Adder adder;
  const auto d = Delegate<int(int)>::to<&Adder::add>(adder);
  EXPECT_EQ(d(2), 2);
  EXPECT_EQ(d(3), 5);
  EXPECT_FALSE(Delegate<int(int)>());
}

TEST(Result, CarriesAnErrno) {
  const Result<int> r = fail(ENETUNREACH, "no route");
  EXPECT_EQ(r.error().code, ENETUNREACH);
  EXPECT_STREQ(r.error().context, "no route");
}

TEST(SharedValue, TheLastToLetGoFreesIt) {
  const auto counted = std::make_shared<int>(5);
  {
    SharedValue<std::shared_ptr<int>> one(counted);
    const SharedValue<std::shared_ptr<int>> other(one);
    EXPECT_EQ(counted.use_count(), 2);
    EXPECT_EQ(&*one, &*other);
    one = SharedValue<std::shared_ptr<int>>(std::make_shared<int>(6));
    EXPECT_EQ(**one, 6);
    EXPECT_EQ(**other, 5);
  }
  EXPECT_EQ(counted.use_count(), 1);
}

}  // namespace
}  // namespace catenet
