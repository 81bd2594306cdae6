// SPDX-License-Identifier: Apache-2.0
// The table of protocol control blocks of a host as textbooks print it: local address, local port, foreign address,
// foreign port, listening. TCP, UDP, and sockets that have no address yet.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "catenet/transport/udp/udp_pcb.h"
#include "catenet/wire/endpoint.h"

namespace catenet::socket {

class SocketTable;

struct PcbRow {
  int fd = -1;  ///< -1: no program holds it (in a listener's queue, closing, TIME-WAIT; or another room's)
  std::string_view protocol;  ///< "tcp", "udp", "udplite", "icmp"
  wire::Endpoint local;       ///< port 0: not bound (for icmp the port is the echo identifier)
  wire::Endpoint foreign;     ///< port 0: none
  bool listening = false;
  std::string_view state;         ///< "ESTABLISHED", ... ; empty for udp and icmp
  std::size_t receive_queue = 0;  ///< bytes; for a listener: connections not accepted
  std::size_t send_queue = 0;     ///< bytes; for a listener: its backlog
  // UDP and UDP-Lite alone:
  std::size_t queued = 0;         ///< datagrams not read
  std::size_t receive_limit = 0;  ///< what receive_queue may reach
  std::uint64_t dropped = 0;      ///< datagrams that found the queue full
};

[[nodiscard]] PcbRow row_of(const transport::UdpPcb& pcb);
/// Descriptors in the order of their numbers, then what no program holds.
[[nodiscard]] std::vector<PcbRow> pcb_rows(const SocketTable& table);
/// Five columns under their headings, "-" where there is nothing; one line per row, each ending in a newline.
[[nodiscard]] std::string pcb_text(const std::vector<PcbRow>& rows);

}  // namespace catenet::socket
