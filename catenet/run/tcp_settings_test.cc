// SPDX-License-Identifier: Apache-2.0
#include "catenet/run/tcp_settings.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "catenet/run/run_test_bench.h"

namespace catenet::run {
namespace {

transport::TcpConfig configured(std::string_view tcp) {
  return tcp_config(
      load(fmt::format("nodes: {{a: {{kind: host, tcp: {{{}}}}}, b: host}}\nlinks: [a -- b]\n", tcp)).nodes[0].tcp);
}

TEST(TcpSettings, TheDefaultsOfTheLabAreThoseOfTcp) { EXPECT_EQ(configured(""), transport::TcpConfig{}); }

TEST(TcpSettings, EveryOptionDecidesItsField) {
  transport::TcpConfig wanted;
  wanted.nagle = wanted.sack = wanted.timestamps = wanted.window_scaling = false;
  wanted.congestion = transport::CongestionAlgorithm::new_reno;
  wanted.ecn = transport::EcnMode::ask;
  wanted.keepalive = true;
  wanted.send_buffer = 64 << 10;
  wanted.max_send_buffer = 2 << 20;
  wanted.receive_buffer = 128 << 10;
  wanted.max_receive_buffer = 1 << 20;
  wanted.initial_window = 3;
  wanted.max_mss = 536;
  wanted.delayed_ack = Duration::milliseconds(100);
  wanted.initial_rto = Duration::seconds(3);
  wanted.min_rto = Duration::seconds(1);
  wanted.variance_floor = false;
  wanted.max_rto = Duration::seconds(60);
  wanted.syn_retries = 2;
  wanted.retries = 5;
  wanted.keepalive_idle = Duration::seconds(10);
  wanted.keepalive_interval = Duration::seconds(2);
  wanted.user_timeout = Duration::seconds(20);
  wanted.msl = Duration::seconds(120);
  wanted.mtu_probing = transport::MtuProbing::after_black_hole;
  wanted.mtu_base_mss = 512;
  wanted.idle_window = transport::IdleWindow::validate;
  wanted.mtu_probe_interval = Duration::seconds(60);
  EXPECT_EQ(
      configured("nagle: false, sack: false, timestamps: false, window_scaling: false, keepalive: true, "
                 "send_buffer: 64KiB, max_receive_buffer: 1MiB, max_send_buffer: 2MiB, receive_buffer: 128KiB, "
                 "initial_window: 3, max_mss: 536, "
                 "congestion: newreno, ecn: ask, delayed_ack: 100ms, initial_rto: 3s, min_rto: 1s, max_rto: 60s, "
                 "syn_retries: 2, retries: 5, "
                 "keepalive_idle: 10s, keepalive_interval: 2s, user_timeout: 20s, msl: 2min, "
                 "mtu_probing: after_black_hole, mtu_base_mss: 512, mtu_probe_interval: 60s, idle_window: validate"),
      wanted);
  wanted = {};
  wanted.mtu_probing = transport::MtuProbing::always;
  EXPECT_EQ(configured("mtu_probing: always"), wanted);
  wanted.idle_window = transport::IdleWindow::keep;
  EXPECT_EQ(configured("mtu_probing: always, idle_window: keep"), wanted);
  using enum transport::EcnMode;
  EXPECT_EQ(configured("ecn: never").ecn, never);
  EXPECT_EQ(configured("ecn: ask_accurate").ecn, ask_accurate);
  EXPECT_EQ(configured("ecn: ask_answer_accurate").ecn, ask_answer_accurate);
  EXPECT_EQ(configured("ecn: answer_accurate").ecn, answer_accurate);
}

}  // namespace
}  // namespace catenet::run
