// SPDX-License-Identifier: Apache-2.0
// Observer: the one seam through which a run is watched. Rooms report drops and notes (the story: link up, ARP
// resolved, connection opened); trace/ and lab/ listen. With no observer nothing is formatted and nothing is paid.
#pragma once
#include <cstdint>
#include <string_view>

#include "catenet/base/time.h"
#include "catenet/net/drop_reason.h"

namespace catenet {

class Node;
class Interface;
class Packet;

/// What kind of note it is; the name goes to events.jsonl and is stable.
enum class NoteKind : std::uint8_t {
  link_up,
  link_down,
  arp_resolved,
  arp_failed,
  ndp_resolved,
  ndp_failed,
  address_duplicate,
  mac_learned,
  connection_opened,
  connection_closed,
  connection_reset,
  connection_failed,
  listening,
  program_started,
  program_ready,
  program_output,
  program_exited,
  event,  ///< one of the lab's events begins, or what it did is taken back
  step,   ///< a step of a walk-through (`--step`)
};
[[nodiscard]] std::string_view name(NoteKind kind);

class Observer {
 public:
  virtual ~Observer() = default;
  /// `interface` is null when no interface was involved. The packet still has all its bytes; it is gone after the call.
  virtual void dropped(Instant now, const Node& node, const Interface* interface, const Packet& packet,
                       DropReason reason) = 0;
  virtual void noted(Instant now, const Node& node, NoteKind kind, std::string_view text) = 0;
};

}  // namespace catenet
