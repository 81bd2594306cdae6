// SPDX-License-Identifier: Apache-2.0
// Qdisc: an interface's transmit queue and the discipline by which it is served.
#pragma once
#include <cstddef>

#include "catenet/base/time.h"
#include "catenet/packet/packet.h"

namespace catenet {

class Interface;

class Qdisc {
 public:
  virtual ~Qdisc() = default;
  /// Takes the packet, or drops it (or another one) through Interface::drop with its reason.
  virtual void enqueue(Packet packet, Interface& owner) = 0;
  /// The packet to send now; null if none may be sent now.
  [[nodiscard]] virtual Packet dequeue(Instant now, Interface& owner) = 0;
  /// When dequeue() will have a packet: now or earlier if it has one, never() if empty, later for a shaper.
  [[nodiscard]] virtual Instant ready_at(Instant now) const = 0;
  /// While nothing waits, a packet comes out as it went in, at once: an interface may send it without asking.
  [[nodiscard]] virtual bool is_transparent() const { return false; }
  [[nodiscard]] virtual std::size_t packets() const = 0;
  [[nodiscard]] virtual std::size_t bytes() const = 0;
};

}  // namespace catenet
