// SPDX-License-Identifier: Apache-2.0
// The short way of the expected segment (Tcb::input_expected() in tcb_input.cc, acknowledge_expected() in tcb_ack.cc)
// beside the long one: the same conversation, by seed, with and without header prediction. Every packet, its time, and
// all that the connections know of themselves after each step must be the same.
#include <gtest/gtest.h>

#include "catenet/transport/tcp/tcp_test_net.h"

namespace catenet::transport {
namespace {

bool one_in(Rng& rng, unsigned of) { return rng.below(of) == 0; }

TcpConfig peaceful_config(Rng& rng) {
  TcpConfig config;
  config.send_buffer = config.receive_buffer = 8192U << rng.below(7);
  config.max_send_buffer = config.max_receive_buffer = config.send_buffer << rng.below(3);
  for (bool TcpConfig::* on : {&TcpConfig::nagle, &TcpConfig::sack, &TcpConfig::timestamps, &TcpConfig::tlp,
                               &TcpConfig::window_scaling, &TcpConfig::super_segments, &TcpConfig::variance_floor}) {
    config.*on = !one_in(rng, 4);
  }
  for (bool TcpConfig::* on : {&TcpConfig::half_window_counts, &TcpConfig::growth_by_delivery,
                               &TcpConfig::boundless_growth, &TcpConfig::keepalive}) {
    config.*on = one_in(rng, 4);
  }
  config.congestion = static_cast<CongestionAlgorithm>(rng.below(5));
  config.idle_window = static_cast<IdleWindow>(rng.below(3));
  config.delayed_ack = Duration::milliseconds(static_cast<std::int64_t>(rng.below(3) * 40));
  config.quick_acks = static_cast<std::uint8_t>(rng.below(20));
  return config;
}

class Conversation {
 public:
  Conversation(std::uint64_t seed, bool prediction) : rng_(seed, "prediction", "shape"), net_(seed) {
    Impairments wire;
    wire.delay = Duration::microseconds(static_cast<std::int64_t>(100 + rng_.below(30'000)));
    wire.loss = one_in(rng_, 4) ? Probability::from_ppb(5'000'000) : Probability();
    wire.reorder = one_in(rng_, 8) ? Probability::from_ppb(5'000'000) : Probability();
    net_.set_impairments(wire);
    for (TestHost* host : {net_.a.get(), net_.b.get()}) {
      TcpConfig config = peaceful_config(rng_);
      config.header_prediction = prediction;
      host->tcp.set_config(config);
      host->pipe.lose = [this](const Packet& packet, std::uint64_t) {
        mix(checksum_fold_native(checksum_native(packet, 0)), packet.size(), net_.scheduler.now().ns());
        return false;
      };
    }
  }

  /// A number that tells two conversations apart.
  std::uint64_t hold() {
    const auto listener = net_.b->tcp.listen({wire::Ipv4Address(), 80}, 5);
    const auto client = net_.a->tcp.connect({}, {net_.b->own_address, 80});
    net_.run_for(10_s);
    const auto server = (*listener)->accept();
    EXPECT_TRUE(client && server);
    if (!client || !server) {
      return 0;
    }
    TcpPcb* const both[] = {*client, *server};
    for (int step = 0; step < 150; ++step) {
      TcpPcb& pcb = *both[rng_.below(2)];
      one_in(rng_, 2) ? write(pcb) : read(pcb);
      net_.run_for(Duration::microseconds(static_cast<std::int64_t>(1 + rng_.below(1ULL << (4 + rng_.below(16))))));
      note(**client);
      note(**server);
    }
    (*client)->abort();
    (*server)->abort();
    (*listener)->close();
    net_.run_for(300_s);
    return digest_;
  }

 private:
  template <typename... Numbers>
  void mix(Numbers... numbers) {
    ((digest_ = digest_ * 0x100000001b3 ^ static_cast<std::uint64_t>(numbers)), ...);
  }
  void write(TcpPcb& pcb) {
    const auto sent = pcb.send(random_bytes(1 + rng_.below(1ULL << (1 + rng_.below(15))), rng_.next()));
    mix(sent ? *sent : 0);
  }
  void read(TcpPcb& pcb) {
    std::vector<std::byte> buffer(1 + rng_.below(1ULL << (1 + rng_.below(16))));
    const auto got = pcb.receive(buffer);
    mix(got ? *got : 0);
  }
  void note(const TcpPcb& pcb) {
    const TcpPcbInfo i = pcb.info();
    const TcpStatistics& s = i.statistics;
    mix(i.cwnd, i.ssthresh, i.srtt.ns(), i.rttvar.ns(), i.rto.ns(), i.min_rtt.ns(), i.in_flight, i.unacked,
        i.send_window, i.receive_window, i.receive_queue, i.send_queue, i.timer_at.ns(), i.retries, i.busy_time.ns(),
        i.delivered, i.buffer_limited_time.ns(), i.window_limited_time.ns(), i.since_data.ns(), i.receive_segment,
        s.bytes_acked, s.bytes_received, s.segments_received, s.segments_sent, s.retransmits, pcb.readable(),
        pcb.writable());
  }

  std::uint64_t digest_ = 0xcbf29ce484222325;
  Rng rng_;
  TwoTcps net_;
};

TEST(HeaderPrediction, ChangesNothing) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    EXPECT_EQ(Conversation(seed, true).hold(), Conversation(seed, false).hold()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace catenet::transport
