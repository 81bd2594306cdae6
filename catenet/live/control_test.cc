// SPDX-License-Identifier: Apache-2.0
#include "catenet/live/control.h"

#include <gtest/gtest.h>

#include <array>

namespace catenet::live {
namespace {

TEST(Control, ArrivesAsItWasSent) {
  auto pair = message_pair().value();
  const int passed = pair.first.get();
  const Control sent{Verb::start, -3, 1'000'000'000'000, 42, {"/srv", "", "echo \"a b\""}, {}};
  ASSERT_TRUE(send_control(pair.first.get(), sent, {&passed, 1}));
  auto got = receive_control(pair.second.get());
  ASSERT_TRUE(got);
  EXPECT_EQ(got->verb, Verb::start);
  EXPECT_EQ(got->code, -3);
  EXPECT_EQ(got->value, 1'000'000'000'000);
  EXPECT_EQ(got->grace_ns, 42);
  EXPECT_EQ(got->texts, sent.texts);
  EXPECT_EQ(got->fds.size(), 1U);
}

TEST(Control, ATextWithAZeroByteIsRefusedBeforeItIsCut) {
  auto pair = message_pair().value();
  EXPECT_EQ(send_control(pair.first.get(), {Verb::start, 0, 0, -1, {std::string("a\0b", 3)}, {}}).error().code, EINVAL);
}

TEST(Control, NonsenseIsEproto) {
  auto pair = message_pair().value();
  std::array<std::uint8_t, 30> bytes{};
  for (std::size_t size : {std::size_t{1}, std::size_t{23}, std::size_t{24}}) {  // short, short, verb 0
    ASSERT_TRUE(send_message(pair.first.get(), std::span(bytes).first(size)));
    EXPECT_EQ(receive_control(pair.second.get()).error().code, EPROTO) << size;
  }
  bytes[0] = 1;
  bytes[29] = 'x';  // a text without its end
  ASSERT_TRUE(send_message(pair.first.get(), bytes));
  EXPECT_EQ(receive_control(pair.second.get()).error().code, EPROTO);
}

}  // namespace
}  // namespace catenet::live
