// SPDX-License-Identifier: Apache-2.0
#include "catenet/socket/pcb_view.h"

#include <algorithm>
#include <array>

#include "catenet/socket/descriptor.h"
#include "catenet/socket/socket_table.h"

namespace catenet::socket {
namespace {

// A socket that is CLOSED may be held beside the TIME-WAIT of its connection, which is a row of its own.
bool same_block(const PcbRow& held, const PcbRow& row) {
  return held.protocol == row.protocol && held.local == row.local && held.foreign == row.foreign &&
         (row.state != name(transport::TcpState::time_wait) || held.state == row.state);
}

PcbRow row_of(const transport::TcpPcbInfo& info) {
  PcbRow row;
  row.protocol = "tcp";
  row.local = info.tuple.local;
  row.foreign = info.tuple.foreign;
  row.listening = info.state == transport::TcpState::listen;
  row.state = name(info.state);
  row.receive_queue = info.receive_queue;
  row.send_queue = info.send_queue;
  return row;
}

}  // namespace

PcbRow row_of(const transport::UdpPcb& pcb) {
  PcbRow row;
  row.protocol = pcb.flavour() == transport::UdpFlavour::lite ? "udplite" : "udp";
  row.local = pcb.local();
  row.foreign = pcb.foreign();
  row.receive_queue = pcb.queued_bytes();
  row.queued = pcb.queued();
  row.receive_limit = pcb.options().receive_limit;
  row.dropped = pcb.dropped();
  return row;
}

std::vector<PcbRow> pcb_rows(const SocketTable& table) {
  std::vector<PcbRow> rows;
  for (int fd = SocketTable::kFirstDescriptor; fd < table.end_of_descriptors(); ++fd) {
    if (const Descriptor* d = table.find(fd)) {
      rows.push_back(d->row());
      rows.back().fd = fd;
    }
  }
  const std::size_t held = rows.size();
  const auto add_unless_held = [&](const PcbRow& row) {
    const auto end = rows.begin() + static_cast<std::ptrdiff_t>(held);
    const bool unbound = row.local.port == 0;  // only a descriptor makes an unbound one of interest
    if (!unbound && std::none_of(rows.begin(), end, [&](const PcbRow& r) { return same_block(r, row); })) {
      rows.push_back(row);
    }
  };
  for (const transport::TcpPcbInfo& info : table.protocols().tcp.snapshot()) {
    add_unless_held(row_of(info));
  }
  for (transport::Udp* udp : {&table.protocols().udp, table.protocols().udp_lite}) {
    if (udp != nullptr) {
      udp->for_each([&](const transport::UdpPcb& pcb) { add_unless_held(row_of(pcb)); });
    }
  }
  return rows;
}

std::string pcb_text(const std::vector<PcbRow>& rows) {
  using Cells = std::array<std::string, 5>;
  std::vector<Cells> lines = {{"local address", "local port", "foreign address", "foreign port", "listening"}};
  for (const PcbRow& row : rows) {
    const bool bound = row.local.port != 0;
    const bool connected = row.foreign.port != 0 || !row.foreign.address.is_unspecified();
    lines.push_back({bound ? row.local.address.to_string() : "-", bound ? std::to_string(row.local.port) : "-",
                     connected ? row.foreign.address.to_string() : "-",
                     row.foreign.port != 0 ? std::to_string(row.foreign.port) : "-", row.listening ? "*" : ""});
  }
  std::array<std::size_t, 5> widths{};
  for (const Cells& cells : lines) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      widths[i] = std::max(widths[i], cells[i].size());
    }
  }
  std::string text;
  for (const Cells& cells : lines) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      line += cells[i] + std::string(widths[i] - cells[i].size() + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

}  // namespace catenet::socket
