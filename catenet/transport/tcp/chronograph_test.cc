// SPDX-License-Identifier: Apache-2.0
#include "catenet/transport/tcp/chronograph.h"

#include <gtest/gtest.h>

namespace catenet::transport {
namespace {

TEST(Chronograph, EveryMomentCountsOnce) {
  using enum Chronograph::State;
  const auto at = [](std::int64_t ms) { return Instant::zero() + Duration::milliseconds(ms); };
  Chronograph time;
  time.set(busy, at(10));
  time.set(window_limited, at(15));
  time.set(window_limited, at(20));
  time.set(buffer_limited, at(40));
  EXPECT_EQ(time.in(buffer_limited, at(41)), Duration::milliseconds(1)) << "also while it lasts";
  time.set(idle, at(47));
  EXPECT_EQ(time.in(busy, at(100)), Duration::milliseconds(5));
  EXPECT_EQ(time.in(window_limited, at(100)), Duration::milliseconds(25));
  EXPECT_EQ(time.in(buffer_limited, at(100)), Duration::milliseconds(7));
  EXPECT_EQ(time.busy_time(at(100)), Duration::milliseconds(37));
}

}  // namespace
}  // namespace catenet::transport
