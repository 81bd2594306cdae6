// SPDX-License-Identifier: Apache-2.0
// Accurate ECN (RFC 9768): handshakes of every kind, the counter on the wire, boxes that tamper, options, and two hosts
// on a path that marks.
#include "catenet/transport/tcp/tcb_script.h"
#include "catenet/transport/tcp/tcp_test_net.h"

namespace catenet::transport {
namespace {

TcpConfig accurate(bool options = false) {
  TcpConfig config = plain_config();
  config.ecn = EcnMode::ask_accurate;
  config.accurate_ecn_options = options;
  return config;
}

// --- the client --------------------------------------------------------------------------------------------------

struct Answer {
  const char* flags;
  bool accurate;
  bool ecn;
  bool ect;
};

TEST(TcbAccurateEcn,
     EveryAnswerToTheSyn) {  // table 2; ours went without ECT: who says otherwise has been tampered with
  const Answer answers[] = {{"S.", false, false, false}, {"S.E", false, true, true},    {"S.W", true, true, true},
                            {"S.EW", true, true, false}, {"S.A", true, true, false},    {"S.EA", false, true, true},
                            {"S.WA", true, true, false}, {"S.EWA", false, false, false}};
  for (const Answer& answer : answers) {
    SCOPED_TRACE(answer.flags);
    Script s(accurate());
    s.run("0 connect\n0 > SEWA 0:0(0)\n0.1 < " + std::string(answer.flags) +
          " 0:0(0) ack 1 win 65535 <mss 1000>\n0.1 > ." + (answer.accurate ? "W" : "") +
          " 1:1(0) ack 1\n0.2 send 1000\n" + "0.2 > P." + (answer.accurate ? "EA" : "") + " 1:1001(1000) ack 1" +
          (answer.ect ? " ect" : "") + "\n");
    EXPECT_EQ(s.tcb->uses_ecn(), answer.ecn);
    EXPECT_EQ(s.tcb->accurate_feedback() != nullptr, answer.accurate);
  }
}

TEST(TcbAccurateEcn, ASynAckThatWasMarked) {  // table 3: the acknowledgement tells, and so does the counter
  Script s(accurate());
  s.run(R"(
    0 connect
    0 > SEWA 0:0(0)
    0.1 < S.W 0:0(0) ack 1 win 65535 <mss 1000>
    0.1 > .W 1:1(0) ack 1
  )");
  Script marked(accurate());
  marked.run(R"(
    0 connect
    0 > SEWA 0:0(0)
    0.1 < S.W 0:0(0) ack 1 win 65535 ce <mss 1000>
    0.1 > .WA 1:1(0) ack 1
    0.2 send 1000
    0.2 > P.WA 1:1001(1000) ack 1 ect
  )");
}

TEST(TcbAccurateEcn, ASynAckThatComesAgainIsAnsweredInTheSameWay) {  // 3.2.2.1
  Script s(accurate());
  s.run(R"(
    0 connect
    0 > SEWA 0:0(0)
    0.1 < S.W 0:0(0) ack 1 win 65535 <mss 1000>
    0.1 > .W 1:1(0) ack 1
    0.2 send 1000
    0.2 > P.EA 1:1001(1000) ack 1 ect
    0.3 < S.W 0:0(0) ack 1 win 65535 <mss 1000>
    0.3 > .W 1001:1001(0) ack 1
  )");
}

TEST(TcbAccurateEcn, TwoSynsAskTheThirdDoesNot) {  // 3.1.4.1
  Script s(accurate());
  s.run(R"(
    0 connect
    0 > SEWA 0:0(0)
    1 > SEWA 0:0(0)
    3 > S 0:0(0)
    3.1 < S.W 0:0(0) ack 1 <mss 1000>
    3.1 > . 1:1(0) ack 1
  )");
  EXPECT_FALSE(s.tcb->uses_ecn());
  Script again(accurate());
  again.run(R"(
    0 connect
    0 > SEWA 0:0(0)
    1 > SEWA 0:0(0)
    1.1 < S.W 0:0(0) ack 1 <mss 1000>
    1.1 > .W 1:1(0) ack 1
  )");
  EXPECT_NE(again.tcb->accurate_feedback(), nullptr);
}

std::string ten_sent(const std::string& peer_options) {
  std::string text = "0 connect\n0 > SEWA 0:0(0)\n0.1 < S.W 0:0(0) ack 1 win 65535 " + peer_options +
                     "\n0.1 > .W 1:1(0) ack 1\n1 send 10000\n";
  for (int i = 0; i < 10; ++i) {
    text += "1 > " + std::string(i == 9 ? "P" : "") + ".EA " + std::to_string(i * 1000 + 1) + ":" +
            std::to_string(i * 1000 + 1001) + "(1000) ack 1 ect\n";
  }
  return text;
}

TEST(TcbAccurateEcn, MarksThatThePeerReportsCutTheWindowOncePerRound) {
  Script s(accurate());
  s.run(ten_sent("<mss 1000>") + R"(
    1.1 < .EA 1:1(0) ack 1001
    1.1 cwnd 11000
    1.1 < .WA 1:1(0) ack 2001
    1.1 ssthresh 7200
    1.1 < .EWA 1:1(0) ack 3001
    1.1 < . 1:1(0) ack 4001
    1.1 < .E 1:1(0) ack 5001
    1.1 ssthresh 7200
    1.1 < .E 1:1(0) ack 10001
  )");
  EXPECT_EQ(s.tcb->statistics().mark_cuts, 1U);
  EXPECT_EQ(s.tcb->accurate_feedback()->reported_marks(), 5U + 4);
}

TEST(TcbAccurateEcn, MarksThatSackToldCountForTheFractionToo) {  // RFC 8257 3.3, of what the next cut is made
  TcpConfig config = accurate();
  config.congestion = CongestionAlgorithm::dctcp;
  config.sack = true;
  Script s(config);
  s.run(ten_sent("<mss 1000,sackOK>") + R"(
    1.1 < .EA 1:1(0) ack 1001
    1.1 cwnd 11000
    1.1 < .WA 1:1(0) ack 1001 <sack 2001:3001>
    1.1 ssthresh 5500
    1.1 < .WA 1:1(0) ack 3001
    1.1 < .WA 1:1(0) ack 10001
    1.2 send 1000
    1.2 > P.EA 10001:11001(1000) ack 1 ect
    1.3 < .EWA 1:1(0) ack 11001
    1.3 ssthresh 3422
  )");
}

// --- the server --------------------------------------------------------------------------------------------------

std::string served(const char* syn = "SEWA", const char* answer = "S.W", const char* ack = ".W") {
  return "0 listen\n0 < " + std::string(syn) + " 0:0(0) win 65535 <mss 1000>\n0 > " + answer + " 0:0(0) ack 1\n0.1 < " +
         ack + " 1:1(0) ack 1 win 65535\n";
}

TEST(TcbAccurateEcn, TheCounterGoesWithEverySegment) {  // 3.2.2; the marked ones are counted, whatever they carry
  Script s(accurate());
  s.run(served() + R"(
    0.2 < P.EA 1:1001(1000) ack 1
    0.2 > .EA 1:1(0) ack 1001
    0.3 < P.EA 1001:2001(1000) ack 1 ce
    0.3 > .WA 1:1(0) ack 2001
    0.4 < P.EA 2001:3001(1000) ack 1 ce
    0.4 > .EWA 1:1(0) ack 3001
    0.5 < .EA 3001:3001(0) ack 1 ce
    0.6 send 100
    0.6 > P. 1:101(100) ack 3001 ect
    0.7 < P.EA 3001:4001(1000) ack 101 ce
    0.7 > .E 101:101(0) ack 4001
    0.8 < P.EA 4001:5001(1000) ack 101
    0.8 > .E 101:101(0) ack 5001
  )");
  EXPECT_EQ(s.tcb->statistics().marks, 4U);
}

TEST(TcbAccurateEcn, AMarkIsAcknowledgedAtOnce) {  // 3.2.2.5.1, where others wait for a second segment
  TcpConfig config = accurate();
  config.quick_acks = 0;
  Script s(config);
  s.run(served() + R"(
    0.2 < P.EA 1:1001(1000) ack 1
    0.2 < P.EA 1001:2001(1000) ack 1
    0.2 > .EA 1:1(0) ack 2001
    0.3 < P.EA 2001:3001(1000) ack 1
    0.34 > .EA 1:1(0) ack 3001
    0.4 < P.EA 3001:4001(1000) ack 1 ce
    0.4 > .WA 1:1(0) ack 4001
  )");
}

TEST(TcbAccurateEcn, ServersAnswerAccordingToTheSyn) {
  Script marked(accurate());  // with the handshake's code, and the counter
  marked.run(
      "0 listen\n0 < SEWA 0:0(0) win 65535 ce <mss 1000>\n0 > S.WA 0:0(0) ack 1\n0.1 < .W 1:1(0) ack 1\n"
      "0.2 < P.EA 1:1001(1000) ack 1\n0.2 > .WA 1:1(0) ack 1001\n");
  for (const char* syn : {"SE", "SW", "SA", "SEA", "SWA"}) {  // 3.1.3: forward compatibility
    Script s(accurate());
    s.run(served(syn));
    EXPECT_NE(s.tcb->accurate_feedback(), nullptr) << syn;
  }
  Script classic(accurate());
  classic.run(served("SEW", "S.E", ".") + "0.2 < P. 1:1001(1000) ack 1 ce\n0.2 > .E 1:1(0) ack 1001\n" +
              "0.3 < P.W 1001:2001(1000) ack 1\n0.3 > . 1:1(0) ack 2001\n");
  EXPECT_TRUE(classic.tcb->uses_ecn());
  EXPECT_EQ(classic.tcb->accurate_feedback(), nullptr);
  Script none(accurate());
  none.run(served("S", "S.", "."));
  EXPECT_FALSE(none.tcb->uses_ecn());
  Script old(plain_config());  // RFC 3168 only: the third flag means nothing to it
  old.run(served("SEWA", "S.E", "."));
  EXPECT_EQ(old.tcb->accurate_feedback(), nullptr);
}

TEST(TcbAccurateEcn,
     ACounterThatIsClearedOnItsWay) {  // 3.2.2.4: then what we send is not marked; their marks still count
  Script s(accurate());
  s.run(served("SEWA", "S.W", ".") + R"(
    0.2 send 100
    0.2 > P.EA 1:101(100) ack 1
    0.3 < P. 1:1001(1000) ack 101 ce
    0.3 > .WA 101:101(0) ack 1001
  )");
}

TEST(TcbAccurateEcn, OptionsInHandshakesAndAcknowledgements) {  // 3.2.3
  Script s(accurate(true));
  s.run(R"(
    0 listen
    0 < SEWA 0:0(0) win 65535 <mss 1000>
    0 > S.W 0:0(0) ack 1 <mss 1460,ecn 1 0 1>
    0.1 < .W 1:1(0) ack 1 win 65535
    0.2 < P.EA 1:1001(1000) ack 1 ce
    0.2 > .WA 1:1(0) ack 1001 <ecn 1 1000 1>
    0.2 < P.EA 1001:2001(1000) ack 1 ce
    0.2 > .EWA 1:1(0) ack 2001 <ecn 1 2000 1>
    0.2 < P.EA 2001:3001(1000) ack 1 ce
    0.2 > . 1:1(0) ack 3001 <>
    0.3 < P.EA 3001:4001(1000) ack 1 ce
    0.3 > .E 1:1(0) ack 4001 <ecn 1 4000 1>
  )");
  Script again(accurate(true));  // 3.2.3.2.2: a box may not like them
  again.run(R"(
    0 listen
    0 < SEWA 0:0(0) win 65535 <mss 1000>
    0 > S.W 0:0(0) ack 1 <mss 1460,ecn 1 0 1>
    0.5 < SEWA 0:0(0) win 65535 <mss 1000>
    0.5 > S.W 0:0(0) ack 1 <mss 1460>
  )");
}

// --- two hosts ---------------------------------------------------------------------------------------------------

struct EcnPair {
  EcnPair(EcnMode asking, EcnMode answering, CongestionAlgorithm algorithm = CongestionAlgorithm::cubic) {
    TcpConfig config;
    config.congestion = algorithm;
    config.ecn = answering;
    net.b->tcp.set_config(config);
    config.ecn = asking;
    net.a->tcp.set_config(config);
  }
  void transfer(std::size_t bytes, Duration time) {
    TcpPcb& listener = **net.b->tcp.listen(endpoint("0.0.0.0:80"), 1);
    client = *net.a->tcp.connect({}, endpoint("10.0.0.2:80"));
    net.run_for(1_s);
    server = *listener.accept();
    std::size_t sent = 0;
    const std::vector<std::byte> data(64 << 10);
    std::vector<std::byte> out(64 << 10);
    for (const Instant end = net.scheduler.now() + time; net.scheduler.now() < end; net.run_for(1_ms)) {
      if (const auto n = client->send(std::span(data).first(std::min(data.size(), bytes - sent)))) {
        sent += *n;
      }
      while (const auto n = server->receive(out)) {
        received += *n;
      }
    }
    EXPECT_EQ(received, bytes);
  }
  TwoTcps net;
  TcpPcb* client = nullptr;
  TcpPcb* server = nullptr;
  std::size_t received = 0;
};

TEST(TcpAccurateEcn, EveryPairOfModes) {
  using enum EcnMode;
  const EcnMode modes[] = {ask, answer, never, ask_accurate, ask_answer_accurate, answer_accurate};
  for (const EcnMode asking : modes) {
    for (const EcnMode answering : modes) {
      EcnPair pair(asking, answering);
      pair.transfer(100'000, 1_s);
      const bool asks = asking == ask || asking == ask_accurate || asking == ask_answer_accurate;
      const bool ecn = asks && answering != never;
      const bool both = asking == ask_accurate && answers_accurate_ecn(answering);
      for (const TcpPcb* end : {pair.client, pair.server}) {
        EXPECT_EQ(end->tcb()->uses_ecn(), ecn) << int(asking) << int(answering);
        EXPECT_EQ(end->tcb()->accurate_feedback() != nullptr, both) << int(asking) << int(answering);
      }
      EXPECT_EQ(pair.net.a->tcp.totals().mark_cuts, 0U);
    }
  }
}

TEST(TcpAccurateEcn, TheSenderKnowsEveryMark) {
  for (const auto algorithm : {CongestionAlgorithm::cubic, CongestionAlgorithm::dctcp, CongestionAlgorithm::new_reno}) {
    EcnPair pair(EcnMode::ask_accurate, EcnMode::answer_accurate, algorithm);
    std::uint64_t marked = 0;
    Rng rng(5);
    pair.net.a->pipe.mark = [&] {
      const bool now = rng.below(50) == 0;
      marked += now ? 1 : 0;
      return now;
    };
    pair.transfer(3'000'000, 20_s);
    EXPECT_GT(marked, 20U);
    EXPECT_EQ(pair.net.b->tcp.totals().marks, marked);
    EXPECT_EQ(pair.server->tcb()->accurate_feedback()->received_marks(), 5 + marked);
    EXPECT_EQ(pair.client->tcb()->accurate_feedback()->reported_marks(), 5 + marked);
    EXPECT_GT(pair.net.a->tcp.totals().mark_cuts, 10U);
    EXPECT_EQ(pair.net.a->tcp.totals().retransmits, 0U);
  }
}

TEST(TcpAccurateEcn, EvenIfAcknowledgementsGetLost) {
  EcnPair pair(EcnMode::ask_accurate, EcnMode::answer_accurate);
  std::uint64_t marked = 0;
  Rng rng(6);
  pair.net.a->pipe.mark = [&] {
    const bool now = rng.below(20) == 0;
    marked += now ? 1 : 0;
    return now;
  };
  pair.net.b->pipe.lose = [&](const Packet&, std::uint64_t number) { return number > 2 && rng.below(4) == 0; };
  pair.transfer(1'000'000, 30_s);
  pair.net.b->pipe.lose = nullptr;
  pair.net.a->pipe.mark = nullptr;
  EXPECT_EQ(*pair.client->send(std::vector<std::byte>(1)), 1U);
  pair.net.run_for(1_s);
  EXPECT_EQ(pair.server->tcb()->accurate_feedback()->received_marks(), 5 + marked);
  // Where no option has come with an acknowledgement of many segments, too many marks were assumed, never too few.
  const std::uint32_t reported = pair.client->tcb()->accurate_feedback()->reported_marks();
  EXPECT_GE(reported, 5 + marked);
  EXPECT_EQ(reported % 8, (5 + marked) % 8);
}

// A path that marks one packet in 25 costs DCTCP a fiftieth of its window in a round trip, NewReno a fifth.
TEST(TcpAccurateEcn, DctcpGoesByItsFraction) {
  std::uint32_t cwnd[2] = {};
  for (const auto algorithm : {CongestionAlgorithm::dctcp, CongestionAlgorithm::new_reno}) {
    EcnPair pair(EcnMode::ask_accurate, EcnMode::answer_accurate, algorithm);
    std::uint64_t n = 0;
    pair.net.a->pipe.mark = [&n] { return ++n % 25 == 0; };
    pair.transfer(4'000'000, 30_s);
    cwnd[algorithm == CongestionAlgorithm::dctcp ? 0 : 1] = pair.client->tcb()->cwnd();
  }
  EXPECT_GT(cwnd[0], cwnd[1]);
}

}  // namespace
}  // namespace catenet::transport
