// SPDX-License-Identifier: Apache-2.0
// What others may do to a host that serves: segments at random, tiny ones, overlapping ones, options of nonsense, ICMP
// errors about nothing. Its connections go on, its memory stays within limits, whatever was in vain has a name. (A
// flood of SYNs: tcp_listen_test.cc. All of it at once, by seed: tcp_schedules_test.cc.)
#include <algorithm>

#include "catenet/transport/tcp/tcp_test_net.h"

namespace catenet::transport {
namespace {

using wire::TcpFlag;

class HostileInput : public testing::Test {
 protected:
  // b serves, a talks to it over 10 ms, and both know it.
  void SetUp() override {
    TcpConfig config;
    config.timestamps = false;  // a segment without one would not count
    net.a->tcp.set_config(config);
    const auto listener = net.b->tcp.listen(endpoint("0.0.0.0:80"), 5);
    ASSERT_TRUE(listener);
    const auto pcb = net.a->tcp.connect({}, endpoint("10.0.0.2:80"));
    ASSERT_TRUE(pcb);
    net.run_for(1_s);
    client = *pcb;
    server = *(*listener)->accept();
    before = net.b->node.drops().total();
    net.b->pipe.lose = [this](const Packet&, std::uint64_t) {
      ++answers;
      return false;
    };
  }
  [[nodiscard]] const Tcb& tcb() const { return *server->tcb(); }
  [[nodiscard]] Forged next_to_server() const { return {server->tuple(), tcb().rcv_nxt(), tcb().snd_una()}; }
  [[nodiscard]] std::uint64_t dropped(DropReason reason) const { return net.b->node.drops().of(reason); }
  [[nodiscard]] std::uint64_t newly_dropped() const { return net.b->node.drops().total() - before; }
  [[nodiscard]] std::uint64_t packets() const { return net.pool.stats().alive(); }
  // What is sent now is what comes.
  void expect_it_works() {
    const std::vector<std::byte> bytes = random_bytes(3000, 5);
    ASSERT_TRUE(client->send(bytes));
    net.run_for(5_s);
    std::vector<std::byte> got(5000);
    const auto n = server->receive(got);
    ASSERT_TRUE(n);
    got.resize(*n);
    EXPECT_TRUE(got == bytes);
  }

  TwoTcps net;
  TcpPcb* client = nullptr;
  TcpPcb* server = nullptr;
  std::uint64_t before = 0;   // drops
  std::uint64_t answers = 0;  // segments that b sent
};

// 100,000 segments a second with numbers at random, for a second.
TEST_F(HostileInput, SegmentsAtRandomIntoALiveConnection) {
  constexpr std::uint32_t kCount = 100'000;
  Rng rng(1);
  std::uint64_t most = 0;
  std::uint64_t owed = 0;  // data and FINs are answered: their sender may have missed an acknowledgement
  for (std::uint32_t i = 0; i < kCount; ++i) {
    Forged forged{server->tuple(), static_cast<std::uint32_t>(rng.next()), static_cast<std::uint32_t>(rng.next()),
                  static_cast<std::uint8_t>(rng.next())};
    if (forged.seq - tcb().rcv_nxt() < tcb().rcv_wnd()) {
      forged.seq += 1U << 31;  // who sees the connection is another matter
    }
    forged.data.resize(rng.below(3) == 0 ? rng.below(1000) : 0);
    const bool text = !forged.data.empty() || (forged.flags & TcpFlag::kFin) != 0;
    owed += text && (forged.flags & (TcpFlag::kSyn | TcpFlag::kRst)) == 0 ? 1 : 0;
    inject(*net.b, forged);
    net.run_for(10_us);
    most = std::max(most, packets());
  }
  EXPECT_EQ(newly_dropped(), kCount);
  EXPECT_LE(answers, owed + 20);  // the rest is rationed (RFC 5961 7)
  EXPECT_LE(most, 1000U);         // answers of the latest 10 ms, under way
  EXPECT_TRUE(server->is_connected());
  expect_it_works();
}

// A peer that sends its stream byte by byte, into a buffer that nobody reads.
TEST_F(HostileInput, TinySegmentsTakeLittleMoreThanTheirBytes) {
  constexpr std::uint32_t kCount = 200'000;
  Forged forged = next_to_server();
  forged.data.resize(1);
  for (std::uint32_t i = 0; i < kCount; ++i, ++forged.seq) {
    inject(*net.b, forged);
  }
  EXPECT_EQ(server->info().receive_queue, kCount);
  net.run_for(1_s);
  EXPECT_LE(packets(), kCount / 256);
}

// Every second byte of the window, so that no two of them touch, from the far end to the near one.
TEST_F(HostileInput, TinySegmentsBehindGapsAreCounted) {
  Forged forged = next_to_server();
  forged.data.resize(1);
  const std::uint32_t count = tcb().rcv_wnd() / 2 - 1;
  const std::size_t most = ReceiveBuffer::most_out_of_order(tcb().receive_limit());
  ASSERT_GT(count, most);
  std::uint64_t alive = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    forged.seq = tcb().rcv_nxt() + 2 * (count - i);
    inject(*net.b, forged);
    alive = std::max(alive, packets());
  }
  EXPECT_LE(alive, most + count + 10);  // the acknowledgements are under way
  net.run_for(1_s);
  EXPECT_LE(packets(), most + 1);
  EXPECT_EQ(dropped(DropReason::tcp_reassembly_full), count - most);
  server->abort();  // all of it comes back
  net.run_for(1_s);
  EXPECT_EQ(packets(), 0U);
}

// Two copies of the stream that differ, in pieces that overlap in every way. The first copy of each byte counts.
TEST_F(HostileInput, OverlappingDataNeverChange) {
  constexpr std::uint32_t kLength = 20'000;
  Rng rng(3);
  const std::uint32_t start = tcb().rcv_nxt();
  std::vector<std::byte> expected(kLength);
  std::vector<bool> there(kLength);
  while (tcb().rcv_nxt() - start < kLength) {
    const std::uint32_t done = tcb().rcv_nxt() - start;
    const auto ahead = static_cast<std::uint32_t>(rng.below(3) == 0 ? 0 : rng.below(std::min(3000U, kLength - done)));
    const std::uint32_t from = done + ahead - std::min(done + ahead, static_cast<std::uint32_t>(rng.below(50)));
    Forged forged = next_to_server();
    forged.seq = start + from;
    forged.data = random_bytes(std::min<std::size_t>(1 + rng.below(1400), kLength - from), rng.next());
    for (std::uint32_t i = 0; i < forged.data.size(); ++i) {
      if (!there[from + i]) {
        there[from + i] = true;
        expected[from + i] = forged.data[i];
      }
    }
    inject(*net.b, forged);
    tcb().check_invariants();
  }
  std::vector<std::byte> got(kLength);
  ASSERT_EQ(server->receive(got).value_or(0), kLength);
  EXPECT_TRUE(got == expected);
}

// Options at random, on segments that are in order otherwise: taken or dropped as malformed, nothing else.
TEST_F(HostileInput, OptionsOfNonsense) {
  constexpr int kCount = 50'000;
  net.a->pipe.lose = [](const Packet&, std::uint64_t) { return true; };  // it has something to say about this
  Rng rng(4);
  std::uint64_t taken = 0;
  for (int i = 0; i < kCount; ++i) {
    Forged forged = next_to_server();
    forged.raw_options = random_bytes(1 + rng.below(40), rng.next());
    for (std::byte& b : forged.raw_options) {
      if (rng.below(2) == 0) {
        b = std::byte(rng.below(40));  // kinds and lengths that mean something
      }
    }
    forged.data.resize(1);
    const std::uint32_t next = tcb().rcv_nxt();
    inject(*net.b, forged);
    ASSERT_LE(tcb().rcv_nxt() - next, 1U);
    taken += tcb().rcv_nxt() - next;
    tcb().check_invariants();
    if (i % 100 == 0) {
      net.run_for(10_ms);
    }
  }
  EXPECT_EQ(taken + newly_dropped(), static_cast<std::uint64_t>(kCount));
  EXPECT_GT(dropped(DropReason::bad_tcp_option), 1000U);
  EXPECT_TRUE(server->is_connected());
}

// About connections that do not exist, and about numbers that are not under way (RFC 5927).
TEST_F(HostileInput, IcmpErrorsAboutNothing) {
  constexpr std::uint64_t kCount = 100'000;
  Rng rng(5);
  for (std::uint64_t i = 0; i < kCount; ++i) {
    std::byte quoted[8]{};
    const bool ours = rng.below(2) == 0;
    wire::store16(quoted, 0, 80);
    wire::store16(quoted, 2, ours ? server->foreign().port : static_cast<std::uint16_t>(rng.below(40'000)));
    wire::store32(quoted, 4, tcb().snd_nxt() + static_cast<std::uint32_t>(rng.below(1U << 31)));
    ip::ErrorReport report;
    report.kind = static_cast<ip::ErrorReport::Kind>(rng.below(10));
    report.mtu = static_cast<std::uint32_t>(rng.below(1500));
    report.source = address("10.0.0.2");
    report.destination = address(ours ? "10.0.0.1" : "10.0.0.77");
    report.transport_header = quoted;
    net.b->tcp.on_error(report);
  }
  EXPECT_EQ(answers, 0U);
  EXPECT_EQ(packets(), 0U);
  EXPECT_EQ(server->error(), 0);
  EXPECT_EQ(tcb().mss(), 1460U);
  EXPECT_GT(net.b->tcp.counters().stale_icmps, kCount / 3);
  expect_it_works();
}

}  // namespace
}  // namespace catenet::transport
