// SPDX-License-Identifier: Apache-2.0
// Networks for the benchmarks, put together from the same parts as a lab's: hosts and routers with Ethernet interfaces
// and first-in-first-out queues, joined by cables.
#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>

#include "catenet/link/ethernet/ethernet_link.h"
#include "catenet/medium/cable.h"
#include "catenet/node/host.h"
#include "catenet/queue/fifo.h"

namespace catenet::bench {

inline constexpr std::uint16_t kPort = 9;

class Wiring {
 public:
  /// An Ethernet interface with a MAC address of its own, not yet plugged in.
  Interface& add_interface(Node& node, std::string_view name) {
    Interface& interface = node.add_interface(name);
    interface.set_link_layer(std::make_unique<link::EthernetLink>());
    interface.set_qdisc(std::make_unique<queue::Fifo>());
    ++stations_;
    interface.set_address(
        wire::MacAddress({0x02, 0, 0, static_cast<std::uint8_t>(stations_ >> 16),
                          static_cast<std::uint8_t>(stations_ >> 8), static_cast<std::uint8_t>(stations_)}));
    return interface;
  }
  /// A cable between two interfaces; it lives as long as this.
  void join(Interface& a, Interface& b, const medium::CableSpec& spec) {
    Environment& a_side = a.node().environment();
    medium::Cable& cable = cables_.emplace_back(a_side, b.node().environment(), next_id(), spec, spec);
    a.attach(cable.a());
    b.attach(cable.b());
  }
  /// For nodes and cables alike.
  SourceId next_id() { return next_id_ += medium::Cable::kSourceIds; }
  void drain(DropReason reason) {
    for (medium::Cable& cable : cables_) {
      cable.drain(reason);
    }
  }

 private:
  std::deque<medium::Cable> cables_;
  SourceId next_id_ = 0;
  std::uint32_t stations_ = 0;
};

}  // namespace catenet::bench
