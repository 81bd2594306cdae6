// SPDX-License-Identifier: Apache-2.0
#include "catenet/bridge/switch.h"

#include "catenet/wire/ethernet.h"

namespace catenet::bridge {
namespace {
/// 01-80-C2-00-00-00 to -0F: never forwarded by a bridge (IEEE 802.1D table 7-10).
bool is_reserved_group(const wire::MacAddress& a) { return (a.to_u64() & ~std::uint64_t{0xf}) == 0x0180c2000000; }
}  // namespace

LearningSwitch::LearningSwitch(Environment& environment, SourceId id, std::string_view name, const Config& config)
    : Node(environment, id, name),
      config_(config),
      addresses_(Rng(environment.seed, name, "mac table").next(), config.max_addresses, config.ageing) {}

void LearningSwitch::receive(Interface& in, Packet frame) {
  if (!frame.pullup(wire::kEthernetHeaderSize)) {
    drop(std::move(frame), DropReason::frame_too_short, &in);
    return;
  }
  if (frame.size() > in.link_layer().max_frame(in.mtu())) {
    drop(std::move(frame), DropReason::frame_too_long, &in);
    return;
  }
  const auto& header = frame.header<wire::EthernetHeader>();
  if (header.source.is_multicast()) {
    drop(std::move(frame), DropReason::bad_source_address, &in);
    return;
  }
  const Instant at = now();
  const MacTable::Learned learned = addresses_.learn(header.source, in.index(), at);
  if (learned == MacTable::Learned::fresh || learned == MacTable::Learned::moved) {
    note(NoteKind::mac_learned, [&] { return header.source.to_string() + " is behind " + in.name(); });
  }
  if (is_reserved_group(header.destination)) {
    drop(std::move(frame), DropReason::reserved_group, &in);
    return;
  }
  const std::uint16_t port =
      header.destination.is_multicast() ? MacTable::kNoPort : addresses_.find(header.destination, at);
  if (port == MacTable::kNoPort) {
    flood(in, std::move(frame));
  } else if (port == in.index()) {
    drop(std::move(frame), DropReason::same_port, &in);
  } else {
    interfaces()[port]->send(std::move(frame));
  }
}

void LearningSwitch::flood(Interface& in, Packet frame) {
  Interface* last = nullptr;  // gets the original, the others a clone: the last one costs nothing
  for (const auto& port : interfaces()) {
    if (port.get() == &in || !port->is_up()) {
      continue;
    }
    if (last != nullptr) {
      Packet copy = frame.clone();
      if (copy) {
        last->send(std::move(copy));
      }
    }
    last = port.get();
  }
  if (last == nullptr) {
    drop(std::move(frame), DropReason::no_port, &in);
    return;
  }
  last->send(std::move(frame));
}

void LearningSwitch::link_changed(Interface& interface) {
  Node::link_changed(interface);
  if (!interface.is_up()) {
    addresses_.forget_port(interface.index());
  }
}

std::vector<LearningSwitch::TableRow> LearningSwitch::table() const {
  std::vector<TableRow> rows;
  for (const MacTable::Entry& entry : addresses_.snapshot(now())) {
    rows.push_back({entry.address, interfaces()[entry.port].get(), now() - entry.heard});
  }
  return rows;
}

}  // namespace catenet::bridge
