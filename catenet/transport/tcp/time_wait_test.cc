// SPDX-License-Identifier: Apache-2.0
#include "catenet/transport/tcp/time_wait.h"

#include <gtest/gtest.h>

namespace catenet::transport {
namespace {

using namespace catenet::literals;
using wire::TcpFlag;
using Verdict = TcpTimeWait::Verdict;

class User final : public TcpPortUser {
 public:
  User()
      : TcpPortUser(Kind::connection,
                    {*wire::Endpoint::parse("10.0.0.2:80"), *wire::Endpoint::parse("10.0.0.1:5000")}) {
    reuse_address_ = true;
  }
};

class TimeWait : public testing::Test {
 protected:
  static constexpr std::uint32_t kNext = 0xffffff00;  // rcv_nxt
  TcpTimeWait make(bool timestamps) {
    TimeWaitFacts facts;
    facts.snd_nxt = 1000;
    facts.rcv_nxt = kNext;
    facts.timestamps = timestamps;
    facts.ts_recent = 500;
    return {user, facts, now + 60_s, 60_s};
  }
  static TcpSegment segment(std::uint8_t flags, std::uint32_t seq, std::uint32_t stamp = 0) {
    TcpSegment s;
    s.flags = flags;
    s.seq = seq;
    if (stamp != 0) {
      s.options.timestamps = wire::TcpTimestamps{stamp, 0};
    }
    return s;
  }
  User user;
  Instant now = Instant::zero() + 10_s;
};

TEST_F(TimeWait, IsSmallAndInheritsTheClaim) {
  const TcpTimeWait row = make(true);
  EXPECT_LE(sizeof row, 176U);
  EXPECT_TRUE(row.claim().reuse_address);
  EXPECT_EQ(row.tuple(), user.tuple());
}

TEST_F(TimeWait, AFinThatComesAgainIsAcknowledgedAndRestartsTheWait) {
  TcpTimeWait row = make(false);
  const auto judgement = row.judge(segment(TcpFlag::kFin | TcpFlag::kAck, kNext - 1), 0, false, true, now);
  EXPECT_EQ(judgement.verdict, Verdict::answer);
  EXPECT_EQ(judgement.reason, DropReason::tcp_duplicate);
  EXPECT_TRUE(judgement.restart);
  row.restart(now + 5_s);
  EXPECT_EQ(row.expires(), now + 65_s);
}

TEST_F(TimeWait, TheLastAcknowledgementNeedsNoAnswer) {
  TcpTimeWait row = make(false);
  const auto judgement = row.judge(segment(TcpFlag::kAck, kNext), 0, false, true, now);
  EXPECT_EQ(judgement.verdict, Verdict::drop);
  EXPECT_FALSE(judgement.restart || judgement.skipped);
}

TEST_F(TimeWait, OldDataAreAcknowledged) {
  TcpTimeWait row = make(false);
  const auto judgement = row.judge(segment(TcpFlag::kAck, kNext - 100), 100, false, true, now);
  EXPECT_EQ(judgement.verdict, Verdict::answer);
  EXPECT_FALSE(judgement.restart);
}

TEST_F(TimeWait, BareSegmentsAreAnsweredTwiceASecond) {
  TcpTimeWait row = make(false);
  const TcpSegment odd = segment(TcpFlag::kAck, kNext + 7);
  EXPECT_EQ(row.judge(odd, 0, false, true, now).verdict, Verdict::answer);
  const auto second = row.judge(odd, 0, false, true, now + 499_ms);
  EXPECT_EQ(second.verdict, Verdict::drop);
  EXPECT_TRUE(second.skipped);
  EXPECT_EQ(second.reason, DropReason::tcp_out_of_window);
  EXPECT_EQ(row.judge(odd, 0, false, true, now + 500_ms).verdict, Verdict::answer);
  EXPECT_EQ(row.judge(odd, 1, false, true, now + 501_ms).verdict, Verdict::answer);  // data are not part of a loop
}

TEST_F(TimeWait, OnlyTheNextNumberResetsAndOnlyIfItMay) {  // RFC 9293 3.10.7.4, RFC 5961 3.2, RFC 1337
  TcpTimeWait row = make(true);
  EXPECT_EQ(row.judge(segment(TcpFlag::kRst, kNext + 1), 0, false, true, now).verdict, Verdict::drop);
  EXPECT_EQ(row.judge(segment(TcpFlag::kRst, kNext, 499), 0, false, true, now).verdict, Verdict::drop);
  EXPECT_EQ(row.judge(segment(TcpFlag::kRst, kNext), 0, true, true, now).verdict, Verdict::drop);
  EXPECT_EQ(row.judge(segment(TcpFlag::kRst, kNext), 0, false, true, now).verdict, Verdict::end);
}

TEST_F(TimeWait, GivesWayToALaterSyn) {  // RFC 6191 2
  const auto verdict = [&](bool old_stamps, std::uint32_t seq, std::uint32_t stamp, bool wanted = true) {
    TcpTimeWait row = make(old_stamps);
    return row.judge(segment(TcpFlag::kSyn, seq, stamp), 0, false, wanted, now).verdict;
  };
  // Both with timestamps: the timestamp decides, and the number where the timestamp has not moved.
  EXPECT_EQ(verdict(true, kNext - 5, 501), Verdict::reopen);
  EXPECT_EQ(verdict(true, kNext + 5, 499), Verdict::answer);
  EXPECT_EQ(verdict(true, kNext + 5, 500), Verdict::reopen);
  EXPECT_EQ(verdict(true, kNext - 5, 500), Verdict::answer);
  // The SYN has none: the number decides.
  EXPECT_EQ(verdict(true, kNext + 5, 0), Verdict::reopen);
  EXPECT_EQ(verdict(true, kNext - 5, 0), Verdict::answer);
  EXPECT_EQ(verdict(false, kNext + 5, 0), Verdict::reopen);
  EXPECT_EQ(verdict(false, kNext, 0), Verdict::answer);
  // The old connection had none, the new one would: nothing of the old can pass PAWS.
  EXPECT_EQ(verdict(false, kNext - 5, 7), Verdict::reopen);
  EXPECT_EQ(verdict(false, kNext - 5, 7, false), Verdict::answer);
  // Not a SYN that opens anything.
  TcpTimeWait row = make(false);
  EXPECT_EQ(row.judge(segment(TcpFlag::kSyn | TcpFlag::kAck, kNext + 5), 0, false, true, now).verdict, Verdict::answer);
  EXPECT_EQ(row.judge(segment(TcpFlag::kSyn | TcpFlag::kRst, kNext + 5), 0, false, true, now).verdict, Verdict::drop);
}

TEST_F(TimeWait, AnOldTimestampIsAnsweredAndNeverBelieved) {
  TcpTimeWait row = make(true);
  const auto judgement = row.judge(segment(TcpFlag::kAck, kNext, 400), 10, false, true, now);
  EXPECT_EQ(judgement.verdict, Verdict::answer);
  EXPECT_EQ(judgement.reason, DropReason::tcp_old_timestamp);
  (void)row.judge(segment(TcpFlag::kAck, kNext, 600), 0, false, true, now);
  EXPECT_EQ(row.facts().ts_recent, 600U);
  EXPECT_EQ(row.judge(segment(TcpFlag::kSyn, kNext + 5, 600 - 1), 0, false, true, now + 1_s).verdict, Verdict::answer);
}

TEST_F(TimeWait, TheNextConnectionStartsBeyondTheOldNumbers) {
  TimeWaitFacts former;
  former.snd_nxt = 0xfffffff0;
  EXPECT_EQ(TcpTimeWait::next_iss(former, 0xfffffff0), 0xfffffff0 + 65'537);
  EXPECT_EQ(TcpTimeWait::next_iss(former, 0x80000), 0x80000U);
}

}  // namespace
}  // namespace catenet::transport
