// SPDX-License-Identifier: Apache-2.0
#include "catenet/net/node.h"

#include "catenet/net/interface.h"

namespace catenet {

Node::Node(Environment& environment, SourceId id, std::string_view name)
    : environment_(environment), timers_(environment.scheduler, id), name_(name) {}

Node::~Node() = default;

void Node::link_changed(Interface& interface) {
  note(interface.is_up() ? NoteKind::link_up : NoteKind::link_down, [&] { return interface.name(); });
}

Interface& Node::add_interface(std::string_view name) {
  interfaces_.push_back(std::make_unique<Interface>(*this, static_cast<std::uint16_t>(interfaces_.size()), name));
  return *interfaces_.back();
}

Interface* Node::find_interface(std::string_view name) const {
  for (const auto& interface : interfaces_) {
    if (interface->name() == name) {
      return interface.get();
    }
  }
  return nullptr;
}

Rng Node::random_stream(std::string_view purpose) const {
  return crashes_ == 0 ? Rng(environment_.seed, name_, purpose)
                       : Rng(environment_.seed, name_ + " after crash " + std::to_string(crashes_), purpose);
}

void Node::drop(Packet packet, DropReason reason, Interface* interface) {
  reason = drops_as_.value_or(reason);
  (interface != nullptr ? interface->drops_ : drops_).add(reason);
  if (environment_.observer != nullptr) {
    environment_.observer->dropped(now(), *this, interface, packet, reason);
  }
  packet.discard();
}

std::string_view name(NoteKind kind) {
  switch (kind) {
    case NoteKind::link_up:
      return "link-up";
    case NoteKind::link_down:
      return "link-down";
    case NoteKind::arp_resolved:
      return "arp-resolved";
    case NoteKind::arp_failed:
      return "arp-failed";
    case NoteKind::ndp_resolved:
      return "ndp-resolved";
    case NoteKind::ndp_failed:
      return "ndp-failed";
    case NoteKind::address_duplicate:
      return "address-duplicate";
    case NoteKind::mac_learned:
      return "mac-learned";
    case NoteKind::connection_opened:
      return "connection-opened";
    case NoteKind::connection_closed:
      return "connection-closed";
    case NoteKind::connection_reset:
      return "connection-reset";
    case NoteKind::connection_failed:
      return "connection-failed";
    case NoteKind::listening:
      return "listening";
    case NoteKind::program_started:
      return "program-started";
    case NoteKind::program_ready:
      return "program-ready";
    case NoteKind::program_output:
      return "program-output";
    case NoteKind::program_exited:
      return "program-exited";
    case NoteKind::event:
      return "event";
    case NoteKind::step:
      return "step";
  }
  return "unknown";
}

}  // namespace catenet
