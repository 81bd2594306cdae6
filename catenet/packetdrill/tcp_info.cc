// SPDX-License-Identifier: Apache-2.0
#include "catenet/packetdrill/tcp_info.h"

#include <netinet/tcp.h>

#include <array>

#include "catenet/packetdrill/symbols.h"

namespace catenet::packetdrill {
namespace {

using transport::TcpPcbInfo;
using transport::TcpState;

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

std::int64_t in_segments(std::uint32_t bytes, std::uint32_t mss) { return mss == 0 ? 0 : bytes / mss; }

struct Field {
  std::string_view name;
  std::int64_t (*value)(const TcpPcbInfo& info);
};
constexpr std::int64_t kInfiniteSsthresh = 0x7fffffff;
constexpr std::array<Field, 8> kFields{{
    {"tcpi_state", [](const TcpPcbInfo& i) { return linux_state(i.state); }},
    {"tcpi_snd_cwnd", [](const TcpPcbInfo& i) { return in_segments(i.cwnd, i.mss); }},
    {"tcpi_snd_ssthresh",
     [](const TcpPcbInfo& i) { return i.ssthresh == 0xffffffff ? kInfiniteSsthresh : in_segments(i.ssthresh, i.mss); }},
    {"tcpi_snd_mss", [](const TcpPcbInfo& i) { return std::int64_t{i.mss}; }},
    {"tcpi_rto", [](const TcpPcbInfo& i) { return i.rto.us(); }},
    {"tcpi_rtt", [](const TcpPcbInfo& i) { return i.srtt.us(); }},
    {"tcpi_total_retrans", [](const TcpPcbInfo& i) { return std::int64_t{i.statistics.retransmits}; }},
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
