// SPDX-License-Identifier: Apache-2.0
// TcpPorts: who occupies which local port, for bind() and for the choice of a port of our own. A server's million
// connections occupy one port; whether its next listener may have it too is answered without looking at them.
#pragma once
#include <cstdint>
#include <map>

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

 private:
  struct Port {
    IntrusiveList<TcpPortUser, TcpSamePort> alone;      // bound, listening
    IntrusiveList<TcpPortUser, TcpSamePort> with_peer;  // connections, TIME-WAIT
    std::uint32_t chosen = 0;
    std::uint32_t unshared = 0;  // of those with a peer: do not allow SO_REUSEADDR
  };
  std::map<std::uint16_t, Port> ports_;
};

}  // namespace catenet::transport
