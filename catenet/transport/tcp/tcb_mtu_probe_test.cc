// SPDX-License-Identifier: Apache-2.0
// Path MTU discovery by probing (RFC 4821): the probe on the wire, what its loss does and does not do, and whole
// transfers over a path that drops what is too big and tells nobody.
#include "catenet/transport/tcp/tcb_script.h"
#include "catenet/transport/tcp/tcp_test_net.h"

namespace catenet::transport {
namespace {

TcpConfig probing(MtuProbing how = MtuProbing::always) {
  TcpConfig config = plain_config();
  config.mtu_probing = how;
  config.initial_window = 20;
  return config;
}

// 10 segments of the base, with a probe of (1024 + 1460) / 2 in front.
const char* const kProbeGoes = R"(
  1 send 10458
  1 > . 1:1243(1242) ack 1
  1 > . 1243:2267(1024) ack 1
  1 > . 2267:3291(1024) ack 1
  1 > . 3291:4315(1024) ack 1
  1 > . 4315:5339(1024) ack 1
  1 > . 5339:6363(1024) ack 1
  1 > . 6363:7387(1024) ack 1
  1 > . 7387:8411(1024) ack 1
  1 > . 8411:9435(1024) ack 1
  1 > P. 9435:10459(1024) ack 1
)";

TEST(TcbMtuProbe, AProbeThatArrivesRaisesTheSegmentSize) {
  Script s(probing());
  s.run(established() + kProbeGoes + R"(
    1.1 < . 1:1(0) ack 1243
    1.1 < . 1:1(0) ack 10459
    2 send 20000
    2 > . 10459:11810(1351) ack 1
    2 > . 11810:13052(1242) ack 1
  )" + [] {
    std::string rest;
    std::uint32_t at = 13052;
    for (; at + 1242 < 30459; at += 1242) {
      rest += "2 > . " + std::to_string(at) + ":" + std::to_string(at + 1242) + "(1242) ack 1\n";
    }
    return rest + "2 > P. " + std::to_string(at) + ":30459(" + std::to_string(30459 - at) + ") ack 1\n";
  }());
  EXPECT_EQ(s.tcb->mss(), 1242U);
}

TEST(TcbMtuProbe, AProbeThatIsLostCostsNothingButItself) {  // RFC 4821 7.6.2
  Script s(probing());
  s.run(established() + kProbeGoes + R"(
    1 cwnd 20480
    1.1 < . 1:1(0) ack 1
    1.1 < . 1:1(0) ack 1
    1.1 < . 1:1(0) ack 1
    1.1 > . 1:1025(1024) ack 1
    1.1 > . 1025:1243(218) ack 1
    1.1 cwnd 20480
    1.1 < . 1:1(0) ack 1
    1.2 < . 1:1(0) ack 10459
    1.2 ssthresh 4294967295
  )");
  EXPECT_EQ(s.tcb->mss(), 1024U);
  EXPECT_GE(s.tcb->cwnd(), 20480U);
  EXPECT_EQ(s.tcb->statistics().fast_retransmits, 0U);
}

TEST(TcbMtuProbe, BySackToo) {
  TcpConfig config = probing();
  config.sack = true;
  Script s(config);
  s.run(established("<mss 1460,sackOK>") + kProbeGoes + R"(
    1.1 < . 1:1(0) ack 1 <sack 1243:2267>
    1.1 < . 1:1(0) ack 1 <sack 1243:3291>
    1.1 < . 1:1(0) ack 1 <sack 1243:4315>
    1.1 > . 1:1025(1024) ack 1
    1.1 > . 1025:1243(218) ack 1
    1.1 cwnd 20480
    1.2 < . 1:1(0) ack 10459
    1.2 ssthresh 4294967295
    2 send 6000
    # (1024 + 1241) / 2
    2 > . 10459:11591(1132) ack 1
    2 > . 11591:12615(1024) ack 1
    2 > . 12615:13639(1024) ack 1
    2 > . 13639:14663(1024) ack 1
    2 > . 14663:15687(1024) ack 1
    2 > P. 15687:16459(772) ack 1
  )");
}

TEST(TcbMtuProbe, LostTogetherWithOthersItIsCongestion) {  // RFC 4821 7.6.3
  TcpConfig config = probing();
  config.sack = true;
  Script s(config);
  s.run(established("<mss 1460,sackOK>") + kProbeGoes + R"(
    1.1 < . 1:1(0) ack 1 <sack 2267:5339>
    1.1 > . 1:1025(1024) ack 1
    1.1 ssthresh 5229
    1.1 < . 1:1(0) ack 1 <sack 2267:10459>
    1.1 > . 1025:1243(218) ack 1
    1.1 > . 1243:2267(1024) ack 1
    1.2 < . 1:1(0) ack 10459
  )");
  EXPECT_EQ(s.tcb->statistics().fast_retransmits, 1U);
}

TEST(TcbMtuProbe, NotWithoutEnoughBehindItNorInASmallWindow) {
  Script few(probing());
  few.run(established() + "1 send 5000\n1 > . 1:1025(1024) ack 1\n1 > . 1025:2049(1024) ack 1\n" +
          "1 > . 2049:3073(1024) ack 1\n1 > . 3073:4097(1024) ack 1\n1 > P. 4097:5001(904) ack 1\n");
  TcpConfig narrow = probing();
  narrow.initial_window = 2;
  Script window(narrow);
  window.run(established() + "1 send 10000\n1 > . 1:1025(1024) ack 1\n1 > . 1025:2049(1024) ack 1\n");
}

TEST(TcbMtuProbe, TimeoutsOfALargeSegmentMakeItSmaller) {
  TcpConfig config = probing(MtuProbing::after_black_hole);
  Script s(config);
  s.run(established() + R"(
    1 send 1460
    1 > P. 1:1461(1460) ack 1
    2 > P. 1:1461(1460) ack 1
    4 > P. 1:1461(1460) ack 1
    8 > P. 1:1461(1460) ack 1
    16 > . 1:1025(1024) ack 1
    32 > . 1:513(512) ack 1
    32.1 < . 1:1(0) ack 513
    32.1 > . 513:1025(512) ack 1
    32.1 > P. 1025:1461(436) ack 1
    32.2 < . 1:1(0) ack 1461
  )");
  EXPECT_EQ(s.tcb->mss(), 512U);
}

TEST(TcbMtuProbe, TimeoutsOfASmallSegmentDoNot) {
  Script s(probing(MtuProbing::after_black_hole));
  s.run(established() + R"(
    1 send 800
    1 > P. 1:801(800) ack 1
    2 > P. 1:801(800) ack 1
    4 > P. 1:801(800) ack 1
    8 > P. 1:801(800) ack 1
    16 > P. 1:801(800) ack 1
    32 > P. 1:801(800) ack 1
    32.1 < . 1:1(0) ack 801
  )");
  EXPECT_EQ(s.tcb->mss(), 1460U);
}

TEST(TcbMtuProbe, ThePathsFloor) {
  TcpConfig config = probing(MtuProbing::after_black_hole);
  config.max_rto = 1_s;
  Script s(config);
  std::string text = established() + "1 send 1460\n1 > P. 1:1461(1460) ack 1\n";
  for (const char* data : {"P. 1:1461(1460)", "P. 1:1461(1460)", "P. 1:1461(1460)", ". 1:1025(1024)", ". 1:513(512)",
                           ". 1:257(256)", ". 1:129(128)", ". 1:65(64)", ". 1:49(48)", ". 1:49(48)"}) {
    static int at = 1;
    text += std::to_string(++at) + " > " + data + " ack 1\n";
  }
  s.run(text);
}

TEST(TcbMtuProbe, AMessageAboutTheProbeEndsIt) {  // ICMP is heard as ever
  Script s(probing());
  s.run(established() + kProbeGoes);
  s.tcb->set_max_segment(1200);
  s.run(R"(
    1.05 read 0
    1.05 > . 1:1025(1024) ack 1
    1.05 > . 1025:1243(218) ack 1
    1.05 cwnd 20480
    1.1 < . 1:1(0) ack 10459
  )");
  EXPECT_EQ(s.tcb->mss(), 1024U);
  s.tcb->set_max_segment(900);
  EXPECT_EQ(s.tcb->mss(), 900U);
}

// --- over a path -------------------------------------------------------------------------------------------------

struct BlackHole {
  explicit BlackHole(std::uint32_t path_mtu, bool v6 = false) : net(1, v6), mtu(path_mtu) {
    net.a->pipe.lose = [this](const Packet& packet, std::uint64_t) {
      const bool too_big = packet.size() + net.a->header_size() > mtu;
      dropped += too_big ? 1 : 0;
      return too_big;
    };
  }
  // How much of `bytes` has arrived after `time`.
  std::size_t transfer(std::size_t bytes, Duration time) {
    TcpPcb& listener = **net.b->tcp.listen({net.b->own_address, 80}, 1);
    sink = std::make_unique<Talker>(std::vector<std::byte>{}, 2);
    const Acceptor acceptor(listener, *sink);
    source = std::make_unique<Talker>(random_bytes(bytes, 3), 4);
    pcb = *net.a->tcp.connect({}, {net.b->own_address, 80});
    source->attach(*pcb);
    net.run_for(time);
    const bool same = std::equal(sink->received.begin(), sink->received.end(), source->to_send.begin());
    EXPECT_TRUE(same);
    return sink->received.size();
  }
  // With these buffers 3 MB/s, so that a transfer is still under way when it is looked at.
  void configure(MtuProbing how, Duration interval = 600_s) {
    TcpConfig config;
    config.mtu_probing = how;
    config.mtu_probe_interval = interval;
    config.fix_send_buffer(64 << 10);
    net.a->tcp.set_config(config);
  }
  TwoTcps net;
  std::uint32_t mtu;
  std::uint64_t dropped = 0;
  std::unique_ptr<Talker> sink;
  std::unique_ptr<Talker> source;
  TcpPcb* pcb = nullptr;
};

TEST(TcpBlackHole, WithoutProbingNothingArrives) {
  BlackHole hole(1300);
  EXPECT_EQ(hole.transfer(1'000'000, 60_s), 0U);
}

TEST(TcpBlackHole, ProbingFindsAWayThrough) {
  for (const bool v6 : {false, true}) {
    for (const std::uint32_t mtu : {1300U, 1076U + 20, 700U, 300U}) {
      BlackHole hole(mtu, v6);
      hole.configure(MtuProbing::after_black_hole);
      EXPECT_EQ(hole.transfer(1'000'000, 90_s), 1'000'000U) << mtu;
      EXPECT_GE(hole.net.a->tcp.counters().mtu_black_holes, 1U);
      EXPECT_LE(hole.dropped, 60U) << mtu;
    }
  }
}

TEST(TcpBlackHole, AndThenTheLargestSegment) {
  for (const bool v6 : {false, true}) {
    BlackHole hole(1300, v6);
    hole.configure(MtuProbing::always);
    EXPECT_GT(hole.transfer(20'000'000, 3_s), 1'000'000U);
    const std::uint32_t fits = 1300 - 20 - 12 - static_cast<std::uint32_t>(hole.net.a->header_size());
    EXPECT_LE(hole.pcb->tcb()->mss(), fits);
    EXPECT_GT(hole.pcb->tcb()->mss() + 8, fits);
    const TcpCounters& counters = hole.net.a->tcp.counters();
    EXPECT_EQ(counters.mtu_probe_fail, hole.dropped);  // nothing else was ever too big
    EXPECT_GE(counters.mtu_probe_success, 1U);
    EXPECT_EQ(counters.mtu_black_holes, 0U);
    EXPECT_EQ(hole.net.a->tcp.totals().timeouts, 0U);
    EXPECT_EQ(hole.net.a->tcp.totals().fast_retransmits, 0U);
  }
}

TEST(TcpBlackHole, AnOpenPathIsSearchedToItsEnd) {
  BlackHole open(1500);
  open.configure(MtuProbing::always);
  EXPECT_GT(open.transfer(20'000'000, 3_s), 1'000'000U);
  EXPECT_GT(open.pcb->tcb()->mss() + 8, 1448U);
  EXPECT_EQ(open.dropped, 0U);
}

TEST(TcpBlackHole, APathThatGrowsIsFoundOut) {
  BlackHole hole(1200);
  hole.configure(MtuProbing::always, 3_s);
  (void)hole.transfer(40'000'000, 2_s);
  EXPECT_LE(hole.pcb->tcb()->mss(), 1148U);
  hole.mtu = 1500;
  hole.net.run_for(3_s);
  EXPECT_GT(hole.pcb->tcb()->mss() + 8, 1448U);
}

}  // namespace
}  // namespace catenet::transport
