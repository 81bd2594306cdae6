// SPDX-License-Identifier: Apache-2.0
// Life of a connection: handshakes, options, every way to close, resets, and what the user's calls answer.
#include "catenet/transport/tcp/tcb_script.h"

namespace catenet::transport {
namespace {

TEST(TcbHandshake, ActiveOpenOffersEverythingAndTakesWhatIsAnswered) {
  Script s;
  s.run(R"(
    0 connect
    0 > S 0:0(0) win 65535 <mss 1460,sackOK,TS 0 0,wscale 10>
    0 state SYN-SENT
    0 send 1 fails 11
    0.1 < S. 0:0(0) ack 1 win 30000 <mss 1400,sackOK,TS 77 0,wscale 7>
    0.1 > . 1:1(0) ack 1 win 1024 <TS 100 77>
    0.1 state ESTABLISHED
    0.1 timer none
  )");
  EXPECT_EQ(s.tcb->mss(), 1388U);       // RFC 6691: twelve bytes of timestamps in every segment
  EXPECT_EQ(s.tcb->snd_wnd(), 30000U);  // RFC 7323 2.2: the window of a SYN is not scaled
  EXPECT_TRUE(s.tcb->uses_sack() && s.tcb->uses_timestamps() && s.tcb->uses_window_scaling());
  EXPECT_EQ(s.tcb->rtt().srtt(), 100_ms);
}

TEST(TcbHandshake, PassiveOpenAnswersOnlyWhatWasOffered) {
  Script s;
  s.run(R"(
    0 listen
    0 < S 0:0(0) win 1000
    0 > S. 0:0(0) ack 1 win 65535 <mss 1460>
    0 state SYN-RECEIVED
    0.1 < . 1:1(0) ack 1 win 1000
    0.1 state ESTABLISHED
  )");
  EXPECT_EQ(s.tcb->mss(), 536U);  // RFC 9293 MUST-15
  EXPECT_FALSE(s.tcb->uses_sack() || s.tcb->uses_timestamps() || s.tcb->uses_window_scaling());
}

TEST(TcbHandshake, WindowScaleIsAppliedBothWays) {
  TcpConfig config;
  config.timestamps = false;
  config.fix_receive_buffer(1 << 20);
  Script s(config);
  s.run(R"(
    0 listen
    0 < S 0:0(0) win 1000 <mss 1460,wscale 4>
    0 > S. 0:0(0) ack 1 win 65535 <mss 1460,wscale 5>
    0.1 < . 1:1(0) ack 1 win 1000
    0.1 < P. 1:11(10) ack 1 win 2000
    0.1 > . 1:1(0) ack 11 win 32767
  )");
  EXPECT_EQ(s.tcb->snd_wnd(), 32000U);
  EXPECT_EQ(s.tcb->rcv_wnd(), (1U << 20) - 10);
}

TEST(TcbHandshake, SimultaneousOpen) {  // RFC 9293 figure 8
  Script s(plain_config());
  s.run(R"(
    0 connect
    0 > S 0:0(0)
    0.1 < S 0:0(0) win 65535 <mss 1460>
    0.1 > S. 0:0(0) ack 1
    0.1 state SYN-RECEIVED
    0.2 < S. 0:0(0) ack 1 win 65535 <mss 1460>
    0.2 > . 1:1(0) ack 1
    0.2 state ESTABLISHED
    0.3 < . 1:1(0) ack 1
    0.3 state ESTABLISHED
  )");
}

TEST(TcbHandshake, ALostSynIsRepeatedAndTheFirstWindowIsThenOneSegment) {
  Script s(plain_config());
  s.run(R"(
    0 connect
    0 > S 0:0(0)
    1 > S 0:0(0)
    3 > S 0:0(0)
    3.1 < S. 0:0(0) ack 1 win 65535 <mss 1460>
    3.1 > . 1:1(0) ack 1
    3.1 cwnd 1460
    3.1 send 100
    3.1 > P. 1:101(100) ack 1
    # RFC 6298 5.7: the timer had expired, so data start with 3 s
    6.1 > P. 1:101(100) ack 1
  )");
}

TEST(TcbHandshake, ALostSynAckIsRepeatedByTimerAndByTheSynThatComesAgain) {
  Script s(plain_config());
  s.run(R"(
    0 listen
    0 < S 0:0(0) win 1000 <mss 1460>
    0 > S. 0:0(0) ack 1
    0.9 < S 0:0(0) win 1000 <mss 1460>
    0.9 > S. 0:0(0) ack 1
    1 > S. 0:0(0) ack 1
    1.5 < . 1:1(0) ack 1
    1.5 state ESTABLISHED
  )");
  EXPECT_EQ(s.drops.of(DropReason::tcp_duplicate), 1U);
}

TEST(TcbHandshake, RetriesHaveALimit) {
  TcpConfig config = plain_config();
  config.syn_retries = 2;
  Script s(config);
  s.run(
      "0 connect\n0 > S 0:0(0)\n1 > S 0:0(0)\n3 > S 0:0(0)\n7 error 110\n7 state CLOSED\n7 send 1 fails 110\n"
      "7 send 1 fails 32\n");
}

TEST(TcbHandshake, RefusedByReset) {
  Script s(plain_config());
  s.run("0 connect\n0 > S 0:0(0)\n0.1 < R. 0:0(0) ack 1\n0.1 error 111\n0.1 state CLOSED\n0.1 timer none\n");
}

TEST(TcbHandshake, AResetWithoutAnAcceptableAckIsNotBelieved) {  // 3.10.7.3 second
  Script s(plain_config());
  s.run("0 connect\n0 > S 0:0(0)\n0.1 < R 0:0(0)\n0.1 < R. 0:0(0) ack 5\n0.1 state SYN-SENT\n");
  EXPECT_EQ(s.drops.of(DropReason::tcp_bad_segment), 2U);
}

TEST(TcbHandshake, AnAckForSomethingElseIsAnsweredWithReset) {  // 3.5.1 half-open connections, 3.10.7.3 first
  Script s(plain_config());
  s.run(
      "0 connect\n0 > S 0:0(0)\n0.1 < . 300:300(0) ack 100\n0.1 > R 100:100(0)\n0.1 state SYN-SENT\n"
      "1 > S 0:0(0)\n");
}

TEST(TcbHandshake, AWrongAckInSynReceivedIsAnsweredWithReset) {  // 3.10.7.4 fifth
  Script s(plain_config());
  s.run("0 listen\n0 < S 0:0(0)\n0 > S. 0:0(0) ack 1\n0.1 < . 1:1(0) ack 7\n0.1 > R 7:7(0)\n0.1 state SYN-RECEIVED\n");
}

TEST(TcbHandshake, IcmpUnreachableEndsAHandshakeOnly) {  // RFC 5461, RFC 1122 4.2.3.9
  Script s(plain_config());
  s.run("0 connect\n0 > S 0:0(0)\n");
  s.tcb->on_network_error(EHOSTUNREACH, false);
  EXPECT_EQ(s.tcb->error(), 0);
  s.tcb->on_network_error(ECONNREFUSED, true);
  EXPECT_EQ(s.tcb->error(), ECONNREFUSED);
  Script open(plain_config());
  open.run(established());
  open.tcb->on_network_error(ECONNREFUSED, true);
  EXPECT_EQ(open.tcb->state(), TcpState::established);
}

// --- closing -------------------------------------------------------------------------------------------------------

TEST(TcbClose, WeCloseFirst) {  // figure 12
  Script s(plain_config());
  s.run(established() + R"(
    0.2 close
    0.2 > F. 1:1(0) ack 1
    0.2 state FIN-WAIT-1
    0.3 < . 1:1(0) ack 2
    0.3 state FIN-WAIT-2
    0.4 < F. 1:1(0) ack 2
    0.4 > . 2:2(0) ack 2
    0.4 state TIME-WAIT
    0.4 timer none
  )");
}

TEST(TcbClose, AFinThatComesAgainMayAcknowledge) {  // old itself, with an acknowledgement that is new
  Script s(plain_config());
  s.run(established() + R"(
    0.2 close
    0.2 > F. 1:1(0) ack 1
    0.3 < F. 1:1(0) ack 1
    0.3 > . 2:2(0) ack 2
    0.3 state CLOSING
    0.4 < F. 1:1(0) ack 2
    0.4 > . 2:2(0) ack 2
    0.4 state TIME-WAIT
  )");
}

TEST(TcbClose, AResetIsToldWhileClosing) {
  Script s(plain_config());
  s.run(established() + R"(
    0.2 close
    0.2 > F. 1:1(0) ack 1
    0.3 < F. 1:1(0) ack 1
    0.3 > . 2:2(0) ack 2
    0.4 < R 2:2(0)
    0.4 state CLOSED
  )");
  EXPECT_EQ(s.tcb->error(), 0);  // all that was sent has come
  EXPECT_EQ(s.tcb->take_error(), ECONNRESET);
  EXPECT_EQ(s.tcb->take_error(), 0);
}

TEST(TcbClose, ThePeerClosesFirst) {
  Script s(plain_config());
  s.run(established() + R"(
    0.2 < P. 1:101(100) ack 1
    0.2 > . 1:1(0) ack 101
    0.3 < F. 101:101(0) ack 1
    0.3 > . 1:1(0) ack 102
    0.3 state CLOSE-WAIT
    0.3 read 100
    0.3 eof
    0.4 send 10
    0.4 > P. 1:11(10) ack 102
    0.4 close
    0.4 > F. 11:11(0) ack 102
    0.4 state LAST-ACK
    0.5 < . 102:102(0) ack 12
    0.5 state CLOSED
    0.5 timer none
  )");
}

TEST(TcbClose, BothAtOnce) {  // figure 13
  Script s(plain_config());
  s.run(established() + R"(
    0.2 close
    0.2 > F. 1:1(0) ack 1
    0.25 < F. 1:1(0) ack 1
    0.25 > . 2:2(0) ack 2
    0.25 state CLOSING
    0.3 < . 2:2(0) ack 2
    0.3 state TIME-WAIT
  )");
}

TEST(TcbClose, FinAndItsAckInOneSegment) {
  Script s(plain_config());
  s.run(established() + R"(
    0.2 shutdown
    0.2 > F. 1:1(0) ack 1
    0.3 < FP. 1:101(100) ack 2
    0.3 > . 2:2(0) ack 102
    0.3 state TIME-WAIT
    0.3 read 100
    0.3 eof
  )");
}

TEST(TcbClose, HalfCloseReceivesOn) {
  Script s(plain_config());
  s.run(established() + R"(
    0.2 shutdown
    0.2 > F. 1:1(0) ack 1
    0.2 send 1 fails 32
    0.3 < . 1:1(0) ack 2
    9999 < P. 1:101(100) ack 2
    9999 > . 2:2(0) ack 101
    9999 read 100
    9999 state FIN-WAIT-2
  )");
}

TEST(TcbClose, FinWait2EndsWhenNobodyHoldsTheSocket) {
  Script s(plain_config());
  s.run(established() +
        "0.2 close\n0.2 > F. 1:1(0) ack 1\n0.3 < . 1:1(0) ack 2\n60.2 state FIN-WAIT-2\n60.3 state CLOSED\n");
}

TEST(TcbClose, FinIsSentAgainAndAheadOfAGapIsRemembered) {
  Script s(plain_config());
  s.run(established() + R"(
    0.2 shutdown
    0.2 > F. 1:1(0) ack 1
    1.2 > F. 1:1(0) ack 1
    1.3 < . 1:1(0) ack 2
    1.4 < F. 101:201(100) ack 2
    1.4 > . 2:2(0) ack 1
    1.4 state FIN-WAIT-2
    1.5 < P. 1:101(100) ack 2
    1.5 > . 2:2(0) ack 202
    1.5 state TIME-WAIT
    1.5 read 200
    1.5 eof
  )");
}

TEST(TcbClose, QueuedDataGoBeforeTheFin) {
  TcpConfig config = plain_config();
  config.initial_window = 1;
  Script s(config);
  s.run(established("<mss 1000>") + R"(
    0.2 send 1500
    0.2 close
    0.2 > . 1:1001(1000) ack 1
    0.2 state FIN-WAIT-1
    0.3 < . 1:1(0) ack 1001
    0.3 > FP. 1001:1501(500) ack 1
  )");
}

TEST(TcbClose, AbortSendsReset) {
  Script s(plain_config());
  s.run(established() + "0.2 send 10\n0.2 > P. 1:11(10) ack 1\n0.2 abort\n0.2 > R. 11:11(0) ack 1\n0.2 state CLOSED\n");
  EXPECT_TRUE(s.tcb->was_reset());
}

TEST(TcbClose, UnreadDataTurnACloseIntoAReset) {  // RFC 2525 2.17
  Script s(plain_config());
  s.run(established() + "0.2 < P. 1:101(100) ack 1\n0.2 > . 1:1(0) ack 101\n0.2 close\n0.2 > R. 1:1(0) ack 101\n");
  EXPECT_EQ(s.drops.of(DropReason::socket_closed), 1U);
}

TEST(TcbClose, DataForACloserAreAnsweredWithReset) {  // RFC 1122 4.2.2.13
  Script s(plain_config());
  s.run(established() +
        "0.2 close\n0.2 > F. 1:1(0) ack 1\n0.3 < P. 1:101(100) ack 2\n0.3 > R 2:2(0)\n0.3 state CLOSED\n");
  EXPECT_EQ(s.drops.of(DropReason::tcp_closed), 1U);
}

TEST(TcbClose, TimeWaitIsTheEndOfATcb) {  // its owner keeps the facts
  Script s(plain_config());
  s.run(established() + "0.2 shutdown\n0.2 > F. 1:1(0) ack 1\n0.3 < F. 1:1(0) ack 2\n0.3 > . 2:2(0) ack 2\n");
  const TimeWaitFacts facts = s.tcb->time_wait_facts();
  EXPECT_EQ(facts.snd_nxt, Script::kIss + 2);
  EXPECT_EQ(facts.rcv_nxt, Script::kIrs + 2);
  EXPECT_EQ(facts.window, 65535 - 1);
  EXPECT_FALSE(facts.timestamps);
  s.run("0.4 < F. 1:1(0) ack 2\n0.4 quiet\n");
  EXPECT_EQ(s.drops.of(DropReason::tcp_closed), 1U);
  s.tcb->end_time_wait();
  s.run("0.4 state CLOSED\n0.4 eof\n");
}

// --- resets and attacks (RFC 5961) ---------------------------------------------------------------------------------

TEST(TcbReset, ExactlyTheNextNumberResets) {
  Script s(plain_config());
  s.run(established() + "0.2 < R 1:1(0)\n0.2 error 104\n0.2 state CLOSED\n");
}

TEST(TcbReset, ElsewhereInTheWindowIsChallenged) {
  Script s(plain_config());
  s.run(established() + "0.2 < R 2:2(0)\n0.2 > . 1:1(0) ack 1\n0.2 state ESTABLISHED\n");
}

TEST(TcbReset, OutsideTheWindowIsSilentlyDropped) {
  Script s(plain_config());
  s.run(established() + "0.2 < R 99999:99999(0)\n0.2 quiet\n0.2 state ESTABLISHED\n");
  EXPECT_EQ(s.drops.of(DropReason::tcp_out_of_window), 1U);
}

TEST(TcbReset, ASynInTheWindowIsChallenged) {
  Script s(plain_config());
  s.run(established() + "0.2 < S 5:5(0)\n0.2 > . 1:1(0) ack 1\n0.2 state ESTABLISHED\n");
}

TEST(TcbReset, AnAckOfWhatWasNotSentIsChallenged) {
  Script s(plain_config());
  s.run(established() + "0.2 < . 1:1(0) ack 500\n0.2 > . 1:1(0) ack 1\n");
}

TEST(TcbReset, ChallengesAreRationed) {
  Script s(plain_config());
  std::string text = established();
  for (int i = 0; i < 30; ++i) {
    text += "0.2 < R 2:2(0)\n" + std::string(i < 10 ? "0.2 > . 1:1(0) ack 1\n" : "0.2 quiet\n");
  }
  s.run(text + "1.3 < R 2:2(0)\n1.3 > . 1:1(0) ack 1\n");
}

TEST(TcbReset, SegmentsWithoutAckAreDropped) {
  Script s(plain_config());
  s.run(established() + "0.2 < P 1:11(10)\n0.2 quiet\n");
  EXPECT_EQ(s.drops.of(DropReason::tcp_bad_segment), 1U);
}

// The buffer's limit follows the window. An acknowledgement that makes room and cuts the window must not wake a user
// who then finds none: it would wait for another call that never comes.
TEST(TcbUser, WhoIsWokenFindsRoom) {
  TcpConfig config = plain_config();
  config.sack = true;
  config.send_buffer = 4000;
  Script s(config);
  std::string text = established("<mss 1000,sackOK>") + "1 send 20000\n";
  for (int i = 0; i < 10; ++i) {
    text += "1 > . " + std::to_string(1000 * i + 1) + ":" + std::to_string(1000 * i + 1001) + "(1000) ack 1\n";
  }
  s.run(text + "1 send 1 fails 11\n");
  (void)s.tcb->take_event();
  s.run(
      "1.1 < . 1:1(0) ack 5001 <sack 6001:10001>\n1.1 > . 5001:6001(1000) ack 1\n"
      "1.1 > . 10001:11001(1000) ack 1\n1.1 cwnd 2500\n");
  EXPECT_FALSE(s.tcb->writable()) << "15,000 bytes are queued, and twice the window is 5,000";
  EXPECT_FALSE(s.tcb->take_event());
  bool woken = false;
  for (int i = 1; i < 20 && !woken; ++i) {
    TcpSegment ack;
    ack.flags = wire::TcpFlag::kAck;
    ack.seq = s.tcb->rcv_nxt();
    ack.ack = s.tcb->snd_nxt();
    ack.window = 65535;
    s.now = s.now + 100_ms;
    s.tcb->input(s.pool.make(), ack, s.now);
    for (Packet p = s.tcb->transmit(s.now); p; p = s.tcb->transmit(s.now)) {
      p.consume();
    }
    woken = s.tcb->take_event();
    EXPECT_EQ(woken, s.tcb->writable());
  }
  EXPECT_TRUE(woken);
}

TEST(TcbUser, AConnectionIsSmall) { EXPECT_LE(sizeof(Tcb), 456U); }

TEST(TcbUser, SendBufferHasALimitAndTellsWhenThereIsRoom) {
  TcpConfig config = plain_config();
  config.fix_send_buffer(4000);
  Script s(config);
  s.run(established("<mss 1000>"));
  (void)s.tcb->take_event();
  std::vector<std::byte> bytes(5000);
  EXPECT_EQ(*s.tcb->send(bytes), 4000U);
  EXPECT_FALSE(s.tcb->writable());
  EXPECT_EQ(s.tcb->send(bytes).error().code, EAGAIN);
  for (Packet p = s.tcb->transmit(s.now); p; p = s.tcb->transmit(s.now)) {
    p.consume();
  }
  TcpSegment ack;
  ack.flags = wire::TcpFlag::kAck;
  ack.seq = s.tcb->rcv_nxt();
  ack.ack = s.tcb->snd_una() + 500;
  ack.window = 65535;
  s.tcb->input(s.pool.make(), ack, s.now);
  EXPECT_TRUE(s.tcb->writable());
  EXPECT_FALSE(s.tcb->take_event());  // not for every few bytes
  ack.ack += 1500;
  s.tcb->input(s.pool.make(), ack, s.now);
  EXPECT_TRUE(s.tcb->take_event());
}

}  // namespace
}  // namespace catenet::transport
