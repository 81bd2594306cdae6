// SPDX-License-Identifier: Apache-2.0
#include "catenet/packetdrill/tcp_info.h"

#include <netinet/tcp.h>

#include <algorithm>
#include <array>

#include "catenet/packetdrill/symbols.h"

namespace catenet::packetdrill {
namespace {

using transport::TcpPcbInfo;
using transport::TcpState;

}  // namespace

std::int64_t linux_state(TcpState state) {
  switch (state) {
    case TcpState::closed:
      return TCP_CLOSE;
    case TcpState::listen:
      return TCP_LISTEN;
    case TcpState::syn_sent:
      return TCP_SYN_SENT;
    case TcpState::syn_received:
      return TCP_SYN_RECV;
    case TcpState::established:
      return TCP_ESTABLISHED;
    case TcpState::fin_wait_1:
      return TCP_FIN_WAIT1;
    case TcpState::fin_wait_2:
      return TCP_FIN_WAIT2;
    case TcpState::close_wait:
      return TCP_CLOSE_WAIT;
    case TcpState::closing:
      return TCP_CLOSING;
    case TcpState::last_ack:
      return TCP_LAST_ACK;
    case TcpState::time_wait:
      return TCP_TIME_WAIT;
  }
  return 0;
}

namespace {

std::int64_t in_segments(std::uint32_t bytes, std::uint32_t mss) { return mss == 0 ? 0 : bytes / mss; }

struct Field {
  std::string_view name;
  std::int64_t (*value)(const TcpPcbInfo& info);
};
std::int64_t up_to_segments(std::uint32_t bytes, std::uint32_t mss) {
  return mss == 0 ? 0 : (std::int64_t{bytes} + mss - 1) / mss;
}

// Which state Linux's recovery machine would be in.
std::int64_t congestion_state(const TcpPcbInfo& i) {
  return i.recovery == "fast"               ? TCP_CA_Recovery
         : i.recovery == "timeout"          ? TCP_CA_Loss
         : i.cutting                        ? TCP_CA_CWR
         : i.sacked > 0 || i.duplicate_acks ? TCP_CA_Disorder
                                            : TCP_CA_Open;
}

std::int64_t options(const TcpPcbInfo& i) {
  return (i.timestamps ? TCPI_OPT_TIMESTAMPS : 0) | (i.sack ? TCPI_OPT_SACK : 0) |
         (i.window_scaling ? TCPI_OPT_WSCALE : 0) | (i.ecn ? TCPI_OPT_ECN : 0) | (i.syn_data ? TCPI_OPT_SYN_DATA : 0);
}

constexpr std::int64_t kInfiniteSsthresh = 0x7fffffff;
constexpr std::array<Field, 40> kFields{{
    {"tcpi_state", [](const TcpPcbInfo& i) { return linux_state(i.state); }},
    {"tcpi_snd_cwnd", [](const TcpPcbInfo& i) { return in_segments(i.cwnd, i.mss); }},
    {"tcpi_snd_ssthresh",
     [](const TcpPcbInfo& i) { return i.ssthresh == 0xffffffff ? kInfiniteSsthresh : in_segments(i.ssthresh, i.mss); }},
    {"tcpi_snd_mss", [](const TcpPcbInfo& i) { return std::int64_t{i.mss}; }},
    {"tcpi_rto", [](const TcpPcbInfo& i) { return i.rto.us(); }},
    {"tcpi_rtt", [](const TcpPcbInfo& i) { return i.srtt.us(); }},
    {"tcpi_rttvar", [](const TcpPcbInfo& i) { return i.rttvar.us(); }},
    {"tcpi_min_rtt", [](const TcpPcbInfo& i) { return i.min_rtt.us(); }},
    {"tcpi_ca_state", congestion_state},
    {"tcpi_options", options},
    {"tcpi_unacked", [](const TcpPcbInfo& i) { return up_to_segments(i.unacked, i.mss); }},
    {"tcpi_sacked", [](const TcpPcbInfo& i) { return up_to_segments(i.sacked, i.mss); }},
    {"tcpi_lost", [](const TcpPcbInfo& i) { return up_to_segments(i.lost, i.mss); }},
    {"tcpi_retrans", [](const TcpPcbInfo& i) { return up_to_segments(i.retransmitted, i.mss); }},
    {"tcpi_backoff", [](const TcpPcbInfo& i) { return std::int64_t{i.retries}; }},
    {"tcpi_retransmits", [](const TcpPcbInfo& i) { return std::int64_t{i.retries}; }},
    {"tcpi_advmss", [](const TcpPcbInfo& i) { return std::int64_t{i.advertised_mss}; }},
    {"tcpi_pmtu", [](const TcpPcbInfo& i) { return std::int64_t{i.pmtu}; }},
    {"tcpi_snd_wnd", [](const TcpPcbInfo& i) { return std::int64_t{i.send_window}; }},
    {"tcpi_rcv_wscale", [](const TcpPcbInfo& i) { return std::int64_t{i.receive_scale}; }},
    {"tcpi_snd_wscale", [](const TcpPcbInfo& i) { return std::int64_t{i.send_scale}; }},
    {"tcpi_bytes_acked", [](const TcpPcbInfo& i) { return static_cast<std::int64_t>(i.statistics.bytes_acked); }},
    {"tcpi_bytes_retrans",
     [](const TcpPcbInfo& i) { return static_cast<std::int64_t>(i.statistics.bytes_retransmitted); }},
    {"tcpi_total_retrans", [](const TcpPcbInfo& i) { return std::int64_t{i.statistics.retransmits}; }},
    {"tcpi_delivered", [](const TcpPcbInfo& i) { return std::int64_t{i.delivered}; }},
    {"tcpi_delivered_ce", [](const TcpPcbInfo& i) { return std::int64_t{i.delivered_marked}; }},
    {"tcpi_busy_time", [](const TcpPcbInfo& i) { return i.busy_time.us(); }},
    {"tcpi_rwnd_limited", [](const TcpPcbInfo& i) { return i.window_limited_time.us(); }},
    {"tcpi_sndbuf_limited", [](const TcpPcbInfo& i) { return i.buffer_limited_time.us(); }},
    {"tcpi_reordering", [](const TcpPcbInfo& i) { return std::int64_t{i.reordering}; }},
    {"tcpi_reord_seen", [](const TcpPcbInfo& i) { return std::int64_t{i.reorderings}; }},
    {"tcpi_rcv_mss", [](const TcpPcbInfo& i) { return std::int64_t{i.receive_segment}; }},
    {"tcpi_last_data_recv", [](const TcpPcbInfo& i) { return i.since_data.ms(); }},
    {"tcpi_probes", [](const TcpPcbInfo& i) { return std::int64_t{i.probes}; }},
    {"tcpi_segs_out", [](const TcpPcbInfo& i) { return static_cast<std::int64_t>(i.statistics.segments_sent); }},
    {"tcpi_segs_in", [](const TcpPcbInfo& i) { return static_cast<std::int64_t>(i.statistics.segments_received); }},
    {"tcpi_notsent_bytes",
     [](const TcpPcbInfo& i) { return std::int64_t{i.send_queue} - std::min(i.send_queue, i.unacked); }},
    {"tcpi_dsack_dups", [](const TcpPcbInfo& i) { return std::int64_t{i.statistics.dsack_recv}; }},
    {"tcpi_rcv_ooopack", [](const TcpPcbInfo& i) { return std::int64_t{i.statistics.out_of_order}; }},
    {"tcpi_bytes_received", [](const TcpPcbInfo& i) { return static_cast<std::int64_t>(i.statistics.bytes_received); }},
}};

}  // namespace

std::optional<std::int64_t> tcp_info_field(const TcpPcbInfo& info, std::string_view name) {
  for (const Field& field : kFields) {
    if (field.name == name) {
      return field.value(info);
    }
  }
  // A constant, but no other field.
  return name.starts_with("tcpi_") ? std::nullopt : symbol(name);
}

}  // namespace catenet::packetdrill
