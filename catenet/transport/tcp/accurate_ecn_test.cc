// SPDX-License-Identifier: Apache-2.0
#include "catenet/transport/tcp/accurate_ecn.h"

#include <gtest/gtest.h>

#include "catenet/base/rng.h"

namespace catenet::transport {
namespace {

constexpr auto kNotEct = AccurateEcn::kNotEct;
constexpr auto kEct0 = AccurateEcn::kEct0;
constexpr auto kEct1 = AccurateEcn::kEct1;
constexpr auto kCe = AccurateEcn::kCe;

wire::TcpAccurateEcn option_with(std::uint32_t e0b, std::uint32_t ceb, std::uint32_t e1b) {
  wire::TcpAccurateEcn option;
  option.e0b = e0b;
  option.ceb = ceb;
  option.e1b = e1b;
  option.fields = 3;
  return option;
}

TEST(AccurateEcn, TheHandshakesCode) {  // RFC 9768 tables 2 and 3
  EXPECT_EQ(AccurateEcn::handshake_ace(kNotEct), 0b010);
  EXPECT_EQ(AccurateEcn::handshake_ace(kEct1), 0b011);
  EXPECT_EQ(AccurateEcn::handshake_ace(kEct0), 0b100);
  EXPECT_EQ(AccurateEcn::handshake_ace(kCe), 0b110);
  for (std::uint8_t ace = 0; ace < 8; ++ace) {
    EXPECT_EQ(AccurateEcn::is_accurate_answer(ace), ace == 2 || ace == 3 || ace == 4 || ace == 6) << int{ace};
  }
}

TEST(AccurateEcn, CountersBegin) {  // 3.2.1
  AccurateEcn plain(kNotEct);
  EXPECT_EQ(plain.next_ace(true), 5);
  AccurateEcn marked(kCe);
  EXPECT_EQ(marked.next_ace(true), 6);
  const auto option = plain.option(Instant::zero());
  EXPECT_EQ(option.e0b, 1U);
  EXPECT_EQ(option.ceb, 0U);
  EXPECT_EQ(option.e1b, 1U);
}

TEST(AccurateEcn, ThePureAckOfTheSynAckTellsOfIt) {  // 3.2.2.1
  AccurateEcn client(kEct0);
  client.owe_handshake_ack();
  EXPECT_EQ(client.next_ace(true), 0b100);
  EXPECT_EQ(client.next_ace(true), 5);
  client.repeat_handshake_ack();
  EXPECT_EQ(client.next_ace(true), 0b100);
  AccurateEcn hasty(kEct0);  // its data come first: whatever follows would be read as marks
  hasty.owe_handshake_ack();
  EXPECT_EQ(hasty.next_ace(false), 5);
  EXPECT_EQ(hasty.next_ace(true), 5);
}

TEST(AccurateEcn, CountsPacketsAndBytesByField) {
  AccurateEcn ecn(kNotEct);
  (void)ecn.received(kEct0, 1, 1000);
  (void)ecn.received(kEct1, 1, 200);
  (void)ecn.received(kCe, 4, 3500);  // a super-segment
  (void)ecn.received(kCe, 1, 0);     // an acknowledgement may be marked too
  (void)ecn.received(kNotEct, 1, 700);
  EXPECT_EQ(ecn.next_ace(true), (5 + 5) & 7);
  const auto option = ecn.option(Instant::zero());
  EXPECT_EQ(option.e0b, 1001U);
  EXPECT_EQ(option.e1b, 201U);
  EXPECT_EQ(option.ceb, 3500U);
}

TEST(AccurateEcn, WhenToAcknowledgeAtOnce) {  // 3.2.2.5.1
  AccurateEcn ecn(kNotEct);
  EXPECT_FALSE(ecn.received(kEct0, 1, 100));
  EXPECT_TRUE(ecn.received(kCe, 1, 100));  // the first mark
  (void)ecn.next_ace(true);
  EXPECT_FALSE(ecn.received(kCe, 1, 100));  // one more
  EXPECT_TRUE(ecn.received(kCe, 1, 100));   // and the second
  (void)ecn.next_ace(true);
  EXPECT_FALSE(ecn.received(kCe, 1, 0));
  EXPECT_FALSE(ecn.received(kCe, 1, 0));
  EXPECT_TRUE(ecn.received(kCe, 1, 0));
}

TEST(AccurateEcn, OptionsOnChangeAndAsBeacons) {
  AccurateEcn ecn(kNotEct);
  const Duration rtt = Duration::milliseconds(30);
  Instant now = Instant::zero();
  EXPECT_TRUE(ecn.option_is_due(3, rtt, now));
  (void)ecn.option(now);
  EXPECT_FALSE(ecn.option_is_due(3, rtt, now + Duration::milliseconds(9)));
  EXPECT_TRUE(ecn.option_is_due(3, rtt, now + Duration::milliseconds(10)));
  EXPECT_FALSE(ecn.option_is_due(0, rtt, now + Duration::seconds(10)));
  (void)ecn.received(kEct0, 1, 100);
  for (int i = 0; i < 2; ++i) {  // in case one gets lost
    EXPECT_TRUE(ecn.option_is_due(0, rtt, now));
    (void)ecn.option(now);
  }
  (void)ecn.received(kEct0, 1, 100);
  EXPECT_FALSE(ecn.option_is_due(0, rtt, now));
  (void)ecn.received(kCe, 1, 100);
  EXPECT_TRUE(ecn.option_is_due(0, rtt, now));
}

// --- the sender --------------------------------------------------------------------------------------------------

TEST(AccurateEcn, EveryCountUpToSevenIsClear) {
  for (std::uint32_t marks = 0; marks <= 7; ++marks) {
    AccurateEcn ecn(kNotEct);
    ecn.take_handshake(0b010, true);
    const auto news = ecn.take_feedback((5 + marks) & 7, std::nullopt, 7, 1000);
    EXPECT_EQ(news.packets, marks);
    EXPECT_EQ(news.bytes, marks * 1000);
    EXPECT_EQ(ecn.take_feedback((5 + marks) & 7, std::nullopt, 1, 1000).packets, 0U);
  }
}

TEST(AccurateEcn, AWrapIsAssumedUnlessTheBytesTell) {  // 3.2.2.5.2, appendix A.2
  AccurateEcn ecn(kNotEct);
  EXPECT_EQ(ecn.take_feedback(6, std::nullopt, 10, 1000).packets, 9U);
  AccurateEcn none(kNotEct);
  EXPECT_EQ(none.take_feedback(5, option_with(10'001, 0, 1), 10, 1000).packets, 0U);
  AccurateEcn one(kNotEct);
  EXPECT_EQ(one.take_feedback(6, option_with(9'001, 1000, 1), 10, 1000).packets, 1U);
  AccurateEcn nine(kNotEct);
  const auto marks = nine.take_feedback(6, option_with(1'001, 9000, 1), 10, 1000);
  EXPECT_EQ(marks.packets, 9U);
  EXPECT_EQ(marks.bytes, 9000U);
}

TEST(AccurateEcn, NotWhereAcknowledgementsAreAlwaysFew) {
  AccurateEcn ecn(kNotEct);
  for (int i = 0; i < 200; ++i) {
    (void)ecn.take_feedback(5, option_with(1, 0, 1), 20, 1000);
  }
  EXPECT_EQ(ecn.take_feedback(6, std::nullopt, 20, 1000).packets, 1U);
}

TEST(AccurateEcn, ClearedFieldsAreNotBelieved) {  // 3.2.3.2.4
  AccurateEcn ecn(kNotEct);
  EXPECT_EQ(ecn.take_feedback(6, option_with(0, 0, 0), 1, 1000).bytes, 1000U);
  EXPECT_EQ(ecn.take_feedback(7, option_with(500, 77, 1), 1, 1000).bytes, 1000U);
}

TEST(AccurateEcn, AnOldOptionSaysNothing) {
  AccurateEcn ecn(kNotEct);
  EXPECT_EQ(ecn.take_feedback(6, option_with(1, 600, 1), 1, 1000).bytes, 600U);
  EXPECT_EQ(ecn.take_feedback(7, option_with(1, 500, 1), 1, 1000).bytes, 1000U);
}

TEST(AccurateEcn, CountersOfBytesWrap) {
  AccurateEcn ecn(kNotEct);
  std::uint32_t ceb = 0;
  for (int i = 1; i < 40; ++i) {
    ceb += 1'000'000;
    EXPECT_EQ(ecn.take_feedback((5 + i) & 7, option_with(1, ceb & 0xffffff, 1), 1, 1000).bytes, 1'000'000U);
  }
}

TEST(AccurateEcn, WhatTellsOfABoxThatTampers) {  // table 4, 3.2.2.3, 3.2.2.4: ours went without ECT
  for (std::uint8_t ace = 0; ace < 8; ++ace) {
    AccurateEcn ecn(kNotEct);
    ecn.take_handshake(ace, true);
    const bool tampered = ace == 0 || ace == 3 || ace == 4 || ace == 6;
    EXPECT_EQ(ecn.may_send_ect(), !tampered) << int{ace};
    EXPECT_EQ(ecn.reported_marks(), ace == 6 ? 6U : 5U);
  }
  AccurateEcn with_data(kNotEct);
  with_data.take_handshake(0, false);
  EXPECT_TRUE(with_data.may_send_ect());
  (void)with_data.take_feedback(0, std::nullopt, 1, 1000);
  EXPECT_FALSE(with_data.may_send_ect());
  AccurateEcn later(kNotEct);
  (void)later.take_feedback(5, std::nullopt, 1, 1000);
  (void)later.take_feedback(0, std::nullopt, 3, 1000);  // three marks, as it may be
  EXPECT_TRUE(later.may_send_ect());
}

// What one end counts, the other end learns, whatever is lost between them, as long as some options arrive.
TEST(AccurateEcn, BothEndsAgree) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Rng rng(seed);
    AccurateEcn receiver(kNotEct);
    AccurateEcn sender(kNotEct);
    sender.take_handshake(0b010, true);
    std::uint32_t unacknowledged = 0;
    for (int i = 0; i < 5000; ++i) {
      ++unacknowledged;
      const bool marked = rng.below(100) < 20;
      (void)receiver.received(marked ? kCe : kEct0, 1, 1000);
      if (rng.below(4) == 0) {
        const Instant now = Instant::zero() + Duration::milliseconds(i);
        const auto option = receiver.option(now);
        (void)sender.take_feedback(receiver.next_ace(true), option, unacknowledged, 1000);
        unacknowledged = 0;
        EXPECT_EQ(sender.reported_marks(), receiver.received_marks()) << seed << ' ' << i;
      }
    }
  }
}

}  // namespace
}  // namespace catenet::transport
