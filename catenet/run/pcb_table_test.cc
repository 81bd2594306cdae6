// SPDX-License-Identifier: Apache-2.0
// What table pcb tells of connections under way, at moments of a run whose figures follow from the lab.
#include <gmock/gmock.h>

#include "catenet/run/run_test_bench.h"

namespace catenet::run {
namespace {

using testing::HasSubstr;

/// 10 Mbit/s and 20 ms of round trip: slow start fills the path within half a second. What is to be sent does not fit
/// into the send buffer: a sender that has written everything closes, and is in FIN-WAIT-1 while most waits to go.
constexpr std::string_view kBulk = R"(
until: 3s
nodes:
  a: {kind: host, run: [{run: bulk b bytes=2MB, name: send, at: 100ms}]}
  b: {kind: host, run: [bulk-server, udp-sink port=9]}
  c: {kind: host, run: [{run: cbr b port=9 time=100ms, name: cbr}]}
  gw: router
links: [{a -- gw: {rate: 100Mbit}}, {gw -- b: {rate: 10Mbit, delay: 10ms, queue: 100p}}, c -- gw]
)";

Json row_of(const Ran& ran, std::string_view node, std::string_view moment, std::string_view state) {
  for (const Json& line : ran.folder.read_lines("tables.jsonl")) {
    if (line["node"] == node && line["moment"] == moment) {
      for (const Json& row : line["pcb"]) {
        if (row["state"] == state) {
          return row;
        }
      }
    }
  }
  ADD_FAILURE() << "no row " << state << " of " << node << " at " << moment;
  return Json::object();
}

TEST(PcbTable, TellsOfAConnectionUnderWayAsItsPathIs) {
  RunOptions options;
  options.tables_at = {Instant::zero() + Duration::milliseconds(500)};
  const Ran ran(kBulk, options);
  ASSERT_FALSE(ran.failed_to_run) << ran.failure.text;
  const Json a = row_of(ran, "a", "0.500000000", "ESTABLISHED");
  EXPECT_EQ(a["mss_bytes"], 1448);
  EXPECT_EQ(a["pmtu_bytes"], 1500);
  EXPECT_EQ(a["algorithm"], "cubic");
  EXPECT_EQ(a["options"], Json::parse(R"(["ts", "sack", "wscale"])"));
  EXPECT_GE(a["min_rtt_ms"].get<double>(), 20.0);
  EXPECT_LT(a["min_rtt_ms"].get<double>(), 22.5) << "what the first segments saw: no queue";
  EXPECT_GE(a["srtt_ms"].get<double>(), a["min_rtt_ms"].get<double>());
  EXPECT_EQ(a["cwnd_segments"].get<int>(), a["cwnd"].get<int>() / 1448);
  EXPECT_GT(a["in_flight_bytes"].get<int>(), 20'000) << "10 Mbit/s for 20 ms is 25,000 bytes";
  EXPECT_LE(a["in_flight_bytes"].get<int>(), a["cwnd"].get<int>() + 1448);
  EXPECT_EQ(a["unacked_bytes"].get<std::int64_t>(),
            a["bytes_sent"].get<std::int64_t>() - a["bytes_acked"].get<std::int64_t>());
  EXPECT_EQ(a["timer"], "loss-probe");
  EXPECT_GT(a["timer_left_ms"].get<double>(), 0.0);
  EXPECT_EQ(a["recovery"], "none");
  EXPECT_EQ(a["reordering_seen"], false);
  const Json b = row_of(ran, "b", "0.500000000", "ESTABLISHED");
  EXPECT_GT(b["bytes_received"].get<std::int64_t>(), 300'000);
  EXPECT_LE(b["bytes_received"].get<std::int64_t>(), a["bytes_sent"].get<std::int64_t>());
  EXPECT_GE(b["bytes_received"].get<std::int64_t>(), a["bytes_acked"].get<std::int64_t>());
  EXPECT_EQ(b["send_scale_bits"], a["receive_scale_bits"]);
  EXPECT_GT(a["segments_out"].get<int>(), b["segments_in"].get<int>()) << "some are under way";
  const Json end = row_of(ran, "a", "end", "TIME-WAIT");
  EXPECT_EQ(end["timer"], "time-wait");
  EXPECT_FALSE(end.contains("cwnd"));
}

TEST(PcbTable, ShowsTheRatesOfAPacedConnection) {
  std::string text(kBulk);
  const std::string from = "nodes:";
  text.replace(text.find(from), from.size(), "defaults: {host: {tcp: {congestion: bbr}}}\nnodes:");
  RunOptions options;
  options.tables_at = {Instant::zero() + Duration::milliseconds(500)};
  const Ran ran(text, options);
  ASSERT_FALSE(ran.failed_to_run) << ran.failure.text;
  const Json a = row_of(ran, "a", "0.500000000", "ESTABLISHED");
  EXPECT_EQ(a["algorithm"], "bbr");
  EXPECT_NEAR(a["delivery_rate_bps"].get<double>(), 10e6 * 1448 / 1538, 0.05 * 10e6);
  EXPECT_NEAR(a["pacing_rate_bps"].get<double>(), 10e6 * 1448 / 1538, 0.3 * 10e6) << "0.5 to 1.25 times";
  EXPECT_EQ(a["app_limited"], false);
  Json rows = Json::array({a});
  rows[0]["app_limited"] = true;
  const std::string shown = render_pcb_info(rows);
  EXPECT_NE(shown.find(" pacing_rate:" + a["pacing_rate_bps"].dump() +
                       "bps delivery_rate:" + a["delivery_rate_bps"].dump() + "bps app_limited snd_wnd:"),
            std::string::npos)
      << shown;
}

TEST(PcbTable, CountsWhatAUdpSocketDropped) {
  const Ran ran(kBulk);
  const Json sink = row_of(ran, "b", "end", "");
  EXPECT_EQ(sink["protocol"], "udp");
  EXPECT_EQ(sink["dropped_datagrams"], 0);
  EXPECT_EQ(sink["queued_datagrams"], 0);
  EXPECT_EQ(sink["receive_limit_bytes"], 212'992);
}

TEST(PcbTable, TheInfoLineIsWhatSsPrints) {
  const Json rows = Json::parse(R"([
    {"protocol": "tcp", "local_address": "0.0.0.0", "local_port": 80, "foreign_address": "-", "foreign_port": 0,
     "listening": "*", "state": "LISTEN", "recv_q": 0, "send_q": 5},
    {"protocol": "tcp", "local_address": "10.0.0.1", "local_port": 80, "foreign_address": "10.0.0.2",
     "foreign_port": 4000, "listening": "", "state": "ESTABLISHED", "recv_q": 0, "send_q": 2896, "cwnd": 14480,
     "ssthresh": "-", "srtt_ms": 20.5, "rto_ms": 200.0, "retransmits": 3, "algorithm": "cubic", "cwnd_segments": 10,
     "ssthresh_segments": null, "rttvar_ms": 1.25, "min_rtt_ms": 20.0, "mss_bytes": 1448, "pmtu_bytes": 1500,
     "in_flight_bytes": 2896, "unacked_segments": 2, "lost_segments": 0, "sacked_segments": 0,
     "retransmits_in_flight_segments": 1, "send_window_bytes": 65535, "receive_window_bytes": 32768,
     "send_scale_bits": 7, "receive_scale_bits": 5, "recovery": "fast", "reordering_seen": true,
     "options": ["ts", "sack", "wscale"], "bytes_sent": 5000, "bytes_retransmitted": 0, "bytes_acked": 2104,
     "bytes_received": 0, "segments_out": 8, "segments_in": 5, "timer": "retransmit", "timer_left_ms": 150.5,
     "timer_retries": 0},
    {"protocol": "udp", "local_address": "0.0.0.0", "local_port": 53, "foreign_address": "-", "foreign_port": 0,
     "listening": "", "state": "", "recv_q": 300, "send_q": 0, "queued_datagrams": 1, "receive_limit_bytes": 212992,
     "dropped_datagrams": 7}])");
  EXPECT_EQ(render_pcb_info(rows),
            "  proto  local address  port  foreign address  port  listening  state        recv-q  send-q\n"
            "  tcp    0.0.0.0          80  -                   -  *          LISTEN            0       5\n"
            "  tcp    10.0.0.1         80  10.0.0.2         4000             ESTABLISHED       0    2896\n"
            "       cubic ts sack wscale:7,5 rto:200.0ms rtt:20.5/1.25ms minrtt:20.0ms mss:1448 pmtu:1500 "
            "cwnd:10 (14480 bytes) bytes_sent:5000 bytes_acked:2104 segs_out:8 segs_in:5 inflight_bytes:2896 unacked:2 "
            "retrans:1/3 reordering recovery:fast snd_wnd:65535 rcv_wnd:32768 timer:(retransmit,150.5ms,0)\n"
            "  udp    0.0.0.0          53  -                   -                             300       0\n"
            "       datagrams:1 rcvbuf:212992 dropped:7\n");
  EXPECT_EQ(render_pcb_info(Json::array()), "  (empty)\n");
}

}  // namespace
}  // namespace catenet::run
