// SPDX-License-Identifier: Apache-2.0
// TcpPorts: who occupies which local port, for bind() and for the choice of a port of our own. A server's million
// connections occupy one port; whether its next listener may have it too is answered without looking at them. A
// client's connections occupy a port each: a table of ports without an allocation for any of them.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "catenet/transport/tcp/tcp_entry.h"

namespace catenet::transport {

class TcpPorts {
 public:
  /// By its tuple's local port. Precondition: it is nowhere in here.
  void add(TcpPortUser& user);
  /// Precondition: it was added, and its tuple is as it was.
  void remove(TcpPortUser& user);
  /// The user says other things of itself now than when it was added (it connects, listens, allows more or less).
  void changed(TcpPortUser& user) {
    remove(user);
    add(user);
  }
  /// Somebody else's claim on the port stands against `claim` (which may be one of `self`). `automatic`: see
  /// stream_conflict().
  [[nodiscard]] bool conflict(const PortClaim& claim, std::uint16_t port, const TcpPortUser* self,
                              bool automatic) const;
  /// A socket has been bound to it by its user.
  [[nodiscard]] bool is_chosen(std::uint16_t port) const;
  /// Ports that are occupied.
  [[nodiscard]] std::size_t size() const { return used_; }

 private:
  struct Port {                    // a slot of the table; free while nobody is in its ring
    TcpPortUser* first = nullptr;  // first those alone (bound, listening), then those with a peer (TIME-WAIT too)
    std::uint32_t chosen = 0;
    std::uint32_t unshared = 0;  // of those with a peer: do not allow SO_REUSEADDR
    std::uint16_t number = 0;
  };
  // Open addressing: a port stands at the first free slot from its home on.
  [[nodiscard]] std::size_t home(std::uint16_t number) const;
  [[nodiscard]] std::size_t next(std::size_t slot) const { return (slot + 1) & (slots_.size() - 1); }
  [[nodiscard]] std::size_t slot_of(std::uint16_t number) const;
  [[nodiscard]] const Port* find(std::uint16_t number) const;
  void grow();
  void vacate(std::size_t slot);

  std::vector<Port> slots_;  // a power of two, or none
  std::size_t used_ = 0;
};

}  // namespace catenet::transport
