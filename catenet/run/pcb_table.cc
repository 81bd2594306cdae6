// SPDX-License-Identifier: Apache-2.0
// Table pcb: the textbook's five columns, and for TCP and UDP what `ss -tie` and `ss -uie` show on Linux. Keys end with
// their unit; those without one that are bytes (cwnd, ssthresh, recv_q, send_q) are older than that rule.
#include <fmt/format.h>

#include <algorithm>

#include "catenet/run/tables.h"
#include "catenet/socket/pcb_view.h"

namespace catenet::run {
namespace {

using transport::TcpPcbInfo;

std::string dash_if_any(const wire::IpAddress& address) { return address.is_unspecified() ? "-" : address.to_string(); }

double milliseconds(Duration d) { return static_cast<double>(d.us()) / 1000.0; }
Json milliseconds_if_any(Duration d) { return d == Duration{} ? Json() : Json(milliseconds(d)); }

/// As Linux counts what it sent: a piece is a segment too.
std::uint32_t segments(std::uint32_t bytes, std::uint32_t mss) { return mss == 0 ? 0 : (bytes + mss - 1) / mss; }

void add_timer(Json& out, const TcpPcbInfo& info, Instant now) {
  if (!info.timer.empty()) {
    out["timer"] = info.timer;
    out["timer_left_ms"] = milliseconds(std::max(info.timer_at - now, Duration{}));
    out["timer_retries"] = info.retries;
  }
}

/// Of a connection that has a control block of its own.
void add_connection(Json& out, const TcpPcbInfo& info, Instant now) {
  const transport::TcpStatistics& s = info.statistics;
  const bool never_lost = info.ssthresh == UINT32_MAX;
  out["cwnd"] = info.cwnd;
  out["ssthresh"] = never_lost ? Json("-") : Json(info.ssthresh);
  out["srtt_ms"] = milliseconds(info.srtt);
  out["rto_ms"] = milliseconds(info.rto);
  out["retransmits"] = s.retransmits;
  out["algorithm"] = info.algorithm;
  out["cwnd_segments"] = info.mss == 0 ? 0 : info.cwnd / info.mss;
  out["ssthresh_segments"] = never_lost || info.mss == 0 ? Json() : Json(info.ssthresh / info.mss);
  out["rttvar_ms"] = milliseconds(info.rttvar);
  out["min_rtt_ms"] = milliseconds_if_any(info.min_rtt);
  out["mss_bytes"] = info.mss;
  out["pmtu_bytes"] = info.pmtu;
  out["in_flight_bytes"] = info.in_flight;
  out["in_flight_segments"] = segments(info.in_flight, info.mss);
  out["unacked_bytes"] = info.unacked;
  out["unacked_segments"] = segments(info.unacked, info.mss);
  out["lost_bytes"] = info.lost;
  out["lost_segments"] = segments(info.lost, info.mss);
  out["sacked_bytes"] = info.sacked;
  out["sacked_segments"] = segments(info.sacked, info.mss);
  out["retransmits_in_flight_bytes"] = info.retransmitted;
  out["retransmits_in_flight_segments"] = segments(info.retransmitted, info.mss);
  out["send_window_bytes"] = info.send_window;
  out["receive_window_bytes"] = info.receive_window;
  out["send_scale_bits"] = info.send_scale;
  out["receive_scale_bits"] = info.receive_scale;
  if (info.pacing_rate != 0) {  // its congestion control goes by rates
    out["pacing_rate_bps"] = info.pacing_rate * 8;
    out["delivery_rate_bps"] = info.delivery_rate * 8;
    out["app_limited"] = info.delivery_rate_app_limited;
  }
  out["recovery"] = info.recovery.empty() ? "none" : info.recovery;
  out["reordering_seen"] = info.reordering_seen;
  out["options"] = Json::array();
  for (const auto& [on, word] :
       {std::pair{info.timestamps, "ts"}, {info.sack, "sack"}, {info.ecn, "ecn"}, {info.window_scaling, "wscale"}}) {
    if (on) {
      out["options"].push_back(word);
    }
  }
  out["bytes_sent"] = s.bytes_sent;
  out["bytes_retransmitted"] = s.bytes_retransmitted;
  out["bytes_acked"] = s.bytes_acked;
  out["bytes_received"] = s.bytes_received;
  out["segments_out"] = s.segments_sent;
  out["segments_in"] = s.segments_received;
  out["fast_recoveries"] = s.fast_retransmits;
  out["timeouts"] = s.timeouts;
  add_timer(out, info, now);
}

/// A socket that is CLOSED may be held beside the TIME-WAIT of its connection.
const TcpPcbInfo* find_info(const std::vector<TcpPcbInfo>& sorted, const socket::PcbRow& row) {
  const wire::FourTuple tuple{row.local, row.foreign};
  auto at = std::lower_bound(sorted.begin(), sorted.end(), tuple,
                             [](const TcpPcbInfo& info, const wire::FourTuple& t) { return info.tuple < t; });
  while (at != sorted.end() && at->tuple == tuple && name(at->state) != row.state) {
    ++at;
  }
  return at == sorted.end() || at->tuple != tuple ? nullptr : &*at;
}

std::string of(const Json& row, std::string_view key) {
  const auto at = row.find(key);
  return at == row.end() || at->is_null() ? "" : at->is_string() ? at->get<std::string>() : at->dump();
}
std::int64_t number(const Json& row, std::string_view key) {
  const auto at = row.find(key);
  return at == row.end() || !at->is_number() ? 0 : at->get<std::int64_t>();
}

void add_word(std::string& line, const std::string& word) { line += (line.empty() ? "" : " ") + word; }
/// "key:value", for numbers that are not 0.
void add_count(std::string& line, std::string_view word, const Json& row, std::string_view key) {
  if (number(row, key) != 0) {
    add_word(line, fmt::format("{}:{}", word, of(row, key)));
  }
}

std::string tcp_line(const Json& row) {
  std::string line;
  if (row.contains("algorithm")) {
    add_word(line, of(row, "algorithm"));
    for (const Json& option : row["options"]) {
      add_word(line, option == "wscale"
                         ? fmt::format("wscale:{},{}", of(row, "send_scale_bits"), of(row, "receive_scale_bits"))
                         : option.get<std::string>());
    }
    add_word(line, fmt::format("rto:{}ms", of(row, "rto_ms")));
    add_word(line, fmt::format("rtt:{}/{}ms", of(row, "srtt_ms"), of(row, "rttvar_ms")));
    if (const std::string least = of(row, "min_rtt_ms"); !least.empty()) {
      add_word(line, fmt::format("minrtt:{}ms", least));
    }
    add_word(line, fmt::format("mss:{} pmtu:{}", of(row, "mss_bytes"), of(row, "pmtu_bytes")));
    add_word(line, fmt::format("cwnd:{} ({} bytes)", of(row, "cwnd_segments"), of(row, "cwnd")));
    if (const std::string threshold = of(row, "ssthresh_segments"); !threshold.empty()) {
      add_word(line, fmt::format("ssthresh:{} ({} bytes)", threshold, of(row, "ssthresh")));
    }
    for (const auto& [word, key] : {std::pair{"bytes_sent", "bytes_sent"},
                                    {"bytes_retrans", "bytes_retransmitted"},
                                    {"bytes_acked", "bytes_acked"},
                                    {"bytes_received", "bytes_received"},
                                    {"segs_out", "segments_out"},
                                    {"segs_in", "segments_in"},
                                    {"inflight_bytes", "in_flight_bytes"},
                                    {"unacked", "unacked_segments"},
                                    {"lost", "lost_segments"},
                                    {"sacked", "sacked_segments"}}) {
      add_count(line, word, row, key);
    }
    if (number(row, "retransmits") != 0) {
      add_word(line, fmt::format("retrans:{}/{}", of(row, "retransmits_in_flight_segments"), of(row, "retransmits")));
    }
    if (row["reordering_seen"] == true) {
      add_word(line, "reordering");
    }
    if (row["recovery"] != "none") {
      add_word(line, "recovery:" + of(row, "recovery"));
    }
    if (row.contains("pacing_rate_bps")) {
      add_word(line, fmt::format("pacing_rate:{}bps delivery_rate:{}bps", of(row, "pacing_rate_bps"),
                                 of(row, "delivery_rate_bps")));
      if (row["app_limited"] == true) {
        add_word(line, "app_limited");
      }
    }
    add_word(line, fmt::format("snd_wnd:{} rcv_wnd:{}", of(row, "send_window_bytes"), of(row, "receive_window_bytes")));
  }
  if (row.contains("timer")) {
    add_word(line,
             fmt::format("timer:({},{}ms,{})", of(row, "timer"), of(row, "timer_left_ms"), of(row, "timer_retries")));
  }
  return line;
}

std::string udp_line(const Json& row) {
  std::string line;
  add_count(line, "datagrams", row, "queued_datagrams");
  add_count(line, "rcvbuf", row, "receive_limit_bytes");
  add_count(line, "dropped", row, "dropped_datagrams");
  return line;
}

/// The columns that the line below does not repeat.
constexpr TableKind::Column kShort[] = {{"protocol", "proto"},
                                        {"local_address", "local address"},
                                        {"local_port", "port", true},
                                        {"foreign_address", "foreign address"},
                                        {"foreign_port", "port", true},
                                        {"listening", "listening"},
                                        {"state", "state"},
                                        {"recv_q", "recv-q", true},
                                        {"send_q", "send-q", true}};

}  // namespace

Json pcb_rows(node::Host& host) {
  Json rows = Json::array();
  if (!host.has_sockets()) {
    return rows;
  }
  const std::vector<TcpPcbInfo> details = host.tcp().snapshot();  // sorted
  for (const socket::PcbRow& row : host.sockets().pcb_table()) {
    Json out = {{"protocol", row.protocol},
                {"local_address", row.local.address.to_string()},
                {"local_port", row.local.port},
                {"foreign_address", dash_if_any(row.foreign.address)},
                {"foreign_port", row.foreign.port},
                {"listening", row.listening ? "*" : ""},
                {"state", row.state},
                {"recv_q", row.receive_queue},
                {"send_q", row.send_queue}};
    if (row.protocol.starts_with("udp")) {  // or UDP-Lite
      out["queued_datagrams"] = row.queued;
      out["receive_limit_bytes"] = row.receive_limit;
      out["dropped_datagrams"] = row.dropped;
    } else if (row.protocol == "tcp" && !row.listening && row.foreign.port != 0) {
      const TcpPcbInfo* info = find_info(details, row);
      if (info != nullptr && !info->algorithm.empty()) {
        add_connection(out, *info, host.now());
      } else if (info != nullptr) {  // half open, or TIME-WAIT
        add_timer(out, *info, host.now());
      }
    }
    rows.push_back(std::move(out));
  }
  return rows;
}

std::string render_pcb_info(const Json& rows) {
  constexpr TableKind kKind{"pcb", "", kShort};
  const std::string table = render_table(kKind, rows);
  std::string text;
  std::size_t begin = 0;
  for (std::size_t i = 0; begin < table.size(); ++i) {  // line 0 has the headings, or says that nothing is there
    const std::size_t end = table.find('\n', begin) + 1;
    text += table.substr(begin, end - begin);
    begin = end;
    if (i > 0 && i <= rows.size()) {
      const Json& row = rows[i - 1];
      const std::string line = row.contains("queued_datagrams") ? udp_line(row) : tcp_line(row);
      text += line.empty() ? "" : "       " + line + "\n";
    }
  }
  return text;
}

}  // namespace catenet::run
