// SPDX-License-Identifier: Apache-2.0
// RACK's five steps, with the examples of RFC 8985 3.2 and 6, and PRR with those of RFC 6937 and RFC 9937.
#include "catenet/transport/tcp/rack.h"

#include <gtest/gtest.h>

#include "catenet/transport/tcp/prr.h"

namespace catenet::transport {
namespace {

using namespace catenet::literals;

constexpr std::uint32_t kRackMss = 1000;

Instant at(std::int64_t ms) { return Instant::from_ns(ms * 1'000'000); }

struct Sender {
  Sender() {
    segments.start(0);
    rack.start(0);
  }
  void send(std::int64_t ms, int count = 1) {
    for (int i = 0; i < count; ++i) {
      segments.sent(segments.end(), segments.end() + kRackMss, at(ms));
    }
  }
  void resend(std::int64_t ms, std::uint32_t segment) {  // counted from 1
    segments.sent((segment - 1) * kRackMss, segment * kRackMss, at(ms));
  }
  void sack(std::int64_t ms, std::uint32_t segment, bool ambiguous = false) {
    (void)segments.sack({(segment - 1) * kRackMss, segment * kRackMss}, kRackMss,
                        [&](const SentSegment& s) { rack.on_delivered(s, ambiguous, at(ms)); });
  }
  void ack(std::int64_t ms, std::uint32_t segment) {
    (void)segments.acknowledge(segment * kRackMss, [&](const SentSegment& s) { rack.on_delivered(s, false, at(ms)); });
  }
  SentSegments segments;
  Rack rack;
};

TEST(Rack, AnyLaterSegmentShowsALoss) {  // 3.2: P1 to P3, P1 lost; SACK of P2 and P3, one reordering window later
  Sender s;
  s.send(0, 3);
  s.sack(100, 2);
  s.sack(100, 3);
  const Duration window = s.rack.reo_wnd(false, s.segments.sacked_count(), 100_ms);
  EXPECT_EQ(window, 25_ms);  // a quarter of the least round trip: two SACKed are not DupThresh
  EXPECT_EQ(s.rack.detect(s.segments, window, at(100)), 25_ms);
  EXPECT_EQ(s.segments.lost_bytes(), 0U);
  EXPECT_EQ(s.rack.detect(s.segments, window, at(125)), Duration{});
  EXPECT_EQ(s.segments.lost_bytes(), kRackMss);
}

TEST(Rack, ThreeSackedNeedNoWindowWhileNoReorderingWasSeen) {  // 6.2 step 4
  Sender s;
  s.send(0, 5);
  for (const std::uint32_t segment : {2U, 3U, 4U}) {
    s.sack(100, segment);
  }
  EXPECT_EQ(s.rack.reo_wnd(false, 3, 100_ms), Duration{});
  EXPECT_EQ(s.rack.reo_wnd(true, 1, 100_ms), Duration{});
  (void)s.rack.detect(s.segments, {}, at(100));
  EXPECT_TRUE(s.segments[0].is(SentSegment::kLost));
  EXPECT_FALSE(s.segments[4].is(SentSegment::kLost));  // sent after what has arrived
  s.ack(101, 1);                                       // below RACK.fack, and never sent again: reordering
  EXPECT_TRUE(s.rack.reordering_seen());
  EXPECT_EQ(s.rack.reo_wnd(true, 3, 100_ms), 25_ms);
}

TEST(Rack, ALostRetransmissionIsLostAgain) {  // 3.2: what was sent after it has arrived
  Sender s;
  s.send(0, 4);
  s.sack(100, 2);
  s.segments.mark_lost(0);
  s.resend(100, 1);
  s.send(110);
  s.sack(200, 4);
  EXPECT_EQ(s.rack.detect(s.segments, {}, at(200)), Duration{});
  EXPECT_TRUE(s.segments[0].is(SentSegment::kRetransmitted));  // sent later than P4
  s.sack(210, 5);
  (void)s.rack.detect(s.segments, {}, at(210));
  EXPECT_FALSE(s.segments[0].is(SentSegment::kRetransmitted));
  EXPECT_TRUE(s.segments[0].is(SentSegment::kLost));
}

TEST(Rack, WhatWentAgainWentAfterWhatWentForTheFirstTime) {  // as far as the clock can tell at the same moment
  Sender s;
  s.send(0);
  s.send(10, 4);
  s.resend(10, 1);
  s.sack(10, 3);  // no time has passed at all
  EXPECT_EQ(s.rack.detect(s.segments, Duration{}, at(10)), Duration{});
  EXPECT_EQ(s.segments.lost_bytes(), kRackMss) << "segment 2 went before 3, and 1 was sent again after it";
  EXPECT_EQ(s.segments.next_lost(), 1U);
}

TEST(Rack, WhatIsNewWentAfterWhatWentAgainBeforeIt) {  // at the same moment, in the order of sending
  Sender s;
  s.send(0, 4);
  s.sack(40, 2);
  EXPECT_EQ(s.rack.detect(s.segments, Duration{}, at(40)), Duration{});
  EXPECT_EQ(s.segments.next_lost(), 0U);
  s.resend(40, 1);
  s.send(40);
  s.sack(80, 5);  // the new one
  (void)s.rack.detect(s.segments, Duration{}, at(80));
  EXPECT_EQ(s.segments.next_lost(), 0U) << "the retransmission is lost: what went behind it has arrived";
}

TEST(Rack, ReorderingIsMeasuredInSegments) {
  Sender s;
  s.send(0, 9);
  EXPECT_EQ(s.rack.reordering(), SentSegments::kDupThresh);
  s.sack(100, 8);
  s.rack.measure_reordering(5);
  s.rack.measure_reordering(2);
  EXPECT_EQ(s.rack.reordering(), 5U);
  EXPECT_EQ(s.rack.reorderings(), 2U);
}

TEST(Rack, AnAnswerThatIsTooSoonIsToTheFirstTransmission) {  // 6.2 step 2
  Sender s;
  s.send(0, 3);
  s.ack(100, 1);
  s.segments.mark_lost(0);
  s.resend(150, 2);
  s.sack(160, 2);
  EXPECT_EQ(s.rack.rtt(), 100_ms);
  Sender stamped;
  stamped.send(0, 2);
  stamped.segments.mark_lost(0);
  stamped.resend(150, 1);
  stamped.sack(300, 1, true);  // long enough, but the echo says no
  EXPECT_EQ(stamped.rack.rtt(), Duration{});
}

TEST(Rack, EachRoundWithADsackWidensTheWindowAndSixteenRecoveriesNarrowIt) {  // 6.2 step 4
  Sender s;
  s.send(0, 3);
  s.sack(40, 3);
  s.sack(40, 2);  // reordering
  ASSERT_TRUE(s.rack.reordering_seen());
  EXPECT_EQ(s.rack.reo_wnd(false, 2, 100_ms), 10_ms);
  s.rack.on_dsack(0, 3000);
  s.rack.on_dsack(0, 3000);  // in the same round
  EXPECT_EQ(s.rack.reo_wnd(false, 2, 100_ms), 20_ms);
  s.rack.on_dsack(3000, 5000);
  EXPECT_EQ(s.rack.reo_wnd(false, 2, 100_ms), 30_ms);
  EXPECT_EQ(s.rack.reo_wnd(false, 2, 25_ms), 25_ms);  // never more than SRTT
  for (int i = 0; i < 15; ++i) {
    s.rack.on_recovery_end();
  }
  EXPECT_EQ(s.rack.reo_wnd_mult(), 3U);
  s.rack.on_recovery_end();
  EXPECT_EQ(s.rack.reo_wnd_mult(), 1U);
}

TEST(Rack, ATimeoutSparesWhatWasSentLately) {  // 6.3
  Sender s;
  s.send(0);
  s.ack(100, 1);
  s.send(200, 2);
  s.send(390);
  s.rack.mark_losses_on_rto(s.segments, {}, at(400));
  EXPECT_TRUE(s.segments[0].is(SentSegment::kLost));
  EXPECT_TRUE(s.segments[1].is(SentSegment::kLost));
  EXPECT_FALSE(s.segments[2].is(SentSegment::kLost));
}

TEST(Rack, TheLeastRoundTripIsForgottenInTheEnd) {
  Sender s;
  s.send(0);
  s.ack(10, 1);
  s.send(100);
  s.ack(200, 2);
  EXPECT_EQ(s.rack.min_rtt(), 10_ms);
  s.send(400'000);
  s.ack(400'090, 3);
  EXPECT_EQ(s.rack.min_rtt(), 90_ms);
}

// RFC 6937 3.1, first example (RFC 9937 keeps it): one loss of twenty, ssthresh 10.
TEST(Prr, OneLossOfTwentySendsOnEverySecondAck) {
  Prr prr;
  prr.start(10, 20);
  std::uint32_t pipe = 20;
  std::string sent;
  const auto ack = [&](bool lost) {
    pipe -= lost ? 2 : 1;  // what the ACK delivers, and what it shows to be lost
    prr.on_ack(1, pipe, false, 1);
    std::uint32_t n = 0;
    for (; pipe < prr.cwnd(); ++pipe) {
      prr.on_sent(1);
      ++n;
    }
    sent += static_cast<char>('0' + n);
  };
  ack(true);  // the ACK that starts it: one more delivered, and one lost
  for (int i = 0; i < 18; ++i) {
    ack(false);
  }
  EXPECT_EQ(sent, "1010101010101010011");  // the last two by the reduction bound
  EXPECT_EQ(pipe, 10U);
}

// RFC 6937 3.1, second example: fifteen of twenty are lost. The conservative bound sends what is delivered; with
// progress, slow start.
TEST(Prr, HeavyLossFollowsTheBounds) {
  Prr prr;
  prr.start(10, 20);
  prr.on_ack(1, 4, false, 1);  // CRB: prr_delivered - prr_out = 1
  EXPECT_EQ(prr.cwnd(), 5U);
  prr.on_sent(1);
  prr.on_ack(1, 4, false, 1);
  EXPECT_EQ(prr.cwnd(), 5U);
  prr.on_sent(1);
  prr.on_ack(1, 4, true, 1);  // SSRB: one more
  EXPECT_EQ(prr.cwnd(), 6U);
  prr.on_sent(2);
  prr.on_ack(8, 9, true, 1);  // never beyond ssthresh
  EXPECT_EQ(prr.cwnd(), 10U);
}

TEST(Prr, TheFastRetransmitIsAlwaysAllowed) {  // RFC 9937: prr_out is 0 and sndcnt is 0
  Prr prr;
  prr.start(1000, 20'000);
  prr.on_ack(0, 19'000, false, kRackMss);
  EXPECT_EQ(prr.cwnd(), 20'000U);
  prr.on_sent(1000);
  prr.on_timer(5000, kRackMss);
  EXPECT_EQ(prr.cwnd(), 6000U);
}

}  // namespace
}  // namespace catenet::transport
