// SPDX-License-Identifier: Apache-2.0
// EtherType -> network protocol: the first of the three tables through which packets go up. node/ fills it; a Host's or
// Router's receive() is `ether_types_.dispatch(in, std::move(frame))`.
#pragma once
#include <cstdint>
#include <utility>
#include <vector>

#include "catenet/net/interface.h"

namespace catenet::ip {

/// A network-layer protocol as its node sees it.
class NetworkProtocol {
 public:
  virtual ~NetworkProtocol() = default;
  /// A packet without its link header; meta().cast says how the frame was addressed, `from` by whom.
  virtual void receive(Interface& in, Packet packet, const wire::LinkAddress& from) = 0;
};

class EtherTable {
 public:
  /// One protocol per EtherType; the last one registered counts. Protocols outlive the table's use.
  void add(std::uint16_t ether_type, NetworkProtocol& protocol) {
    for (Row& row : rows_) {
      if (row.ether_type == ether_type) {
        row.protocol = &protocol;
        return;
      }
    }
    rows_.push_back({ether_type, &protocol});
  }

  /// Takes the link header off and hands the packet to its protocol, or drops it with the link layer's reason.
  void dispatch(Interface& in, Packet frame) const {
    const auto arrival = in.link_layer().decapsulate(frame, in.address());
    if (!arrival) [[unlikely]] {
      in.drop(std::move(frame), arrival.error());
      return;
    }
    for (const Row& row : rows_) {  // two or three rows
      if (row.ether_type == arrival->protocol) {
        row.protocol->receive(in, std::move(frame), arrival->source);
        return;
      }
    }
    in.drop(std::move(frame), DropReason::unknown_ethertype);
  }

 private:
  struct Row {
    std::uint16_t ether_type;
    NetworkProtocol* protocol;
  };
  std::vector<Row> rows_;
};

}  // namespace catenet::ip
