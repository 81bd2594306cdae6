// SPDX-License-Identifier: Apache-2.0
// struct tcp_info of <linux/tcp.h>, which does not go together with <netinet/tcp.h>: hence a file of its own.
#include "catenet/packetdrill/tcp_info.h"

#include <linux/tcp.h>

#include <cstring>

#include "drill/door.h"

namespace catenet::drill {

std::size_t fill_tcp_info(const transport::TcpPcbInfo& info, void* into, std::size_t size) {
  tcp_info out{};
  const auto field = [&](std::string_view name) { return packetdrill::tcp_info_field(info, name).value_or(0); };
#define CATENET_FIELD(name) out.name = static_cast<decltype(+out.name)>(field(#name))
  CATENET_FIELD(tcpi_state);
  CATENET_FIELD(tcpi_ca_state);
  CATENET_FIELD(tcpi_retransmits);
  CATENET_FIELD(tcpi_backoff);
  CATENET_FIELD(tcpi_options);
  CATENET_FIELD(tcpi_snd_wscale);
  CATENET_FIELD(tcpi_rcv_wscale);
  CATENET_FIELD(tcpi_rto);
  CATENET_FIELD(tcpi_snd_mss);
  CATENET_FIELD(tcpi_unacked);
  CATENET_FIELD(tcpi_sacked);
  CATENET_FIELD(tcpi_lost);
  CATENET_FIELD(tcpi_retrans);
  CATENET_FIELD(tcpi_pmtu);
  CATENET_FIELD(tcpi_rtt);
  CATENET_FIELD(tcpi_rttvar);
  CATENET_FIELD(tcpi_snd_ssthresh);
  CATENET_FIELD(tcpi_snd_cwnd);
  CATENET_FIELD(tcpi_total_retrans);
  CATENET_FIELD(tcpi_bytes_acked);
  CATENET_FIELD(tcpi_bytes_received);
  CATENET_FIELD(tcpi_min_rtt);
  CATENET_FIELD(tcpi_bytes_retrans);
#undef CATENET_FIELD
  out.tcpi_segs_out = static_cast<std::uint32_t>(info.statistics.segments_sent);
  out.tcpi_segs_in = static_cast<std::uint32_t>(info.statistics.segments_received);
  out.tcpi_bytes_sent = info.statistics.bytes_sent;
  out.tcpi_pacing_rate = info.pacing_rate;
  out.tcpi_delivery_rate = info.delivery_rate;
  const std::size_t bytes = std::min(size, sizeof out);
  std::memcpy(into, &out, bytes);
  return bytes;
}

}  // namespace catenet::drill
