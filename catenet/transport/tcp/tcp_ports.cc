// SPDX-License-Identifier: Apache-2.0
#include "catenet/transport/tcp/tcp_ports.h"

#include "catenet/base/check.h"

namespace catenet::transport {

void TcpPorts::add(TcpPortUser& user) {
  Port& port = ports_[user.tuple().local.port];
  (user.has_peer() ? port.with_peer : port.alone).push_back(user);
  port.chosen += user.chosen_by_user_ ? 1 : 0;
  port.unshared += user.has_peer() && !user.reuse_address_ ? 1 : 0;
}

void TcpPorts::remove(TcpPortUser& user) {
  const auto at = ports_.find(user.tuple().local.port);
  check(at != ports_.end(), "a user of a port is in its books");
  Port& port = at->second;
  static_cast<ListNode<TcpSamePort>&>(user).unlink();
  port.chosen -= user.chosen_by_user_ ? 1 : 0;
  port.unshared -= user.has_peer() && !user.reuse_address_ ? 1 : 0;
  if (port.alone.empty() && port.with_peer.empty()) {
    ports_.erase(at);
  }
}

bool TcpPorts::conflict(const PortClaim& claim, std::uint16_t port, const TcpPortUser* self, bool automatic) const {
  const auto at = ports_.find(port);
  if (at == ports_.end()) {
    return false;
  }
  auto& users = const_cast<Port&>(at->second);  // the lists have no const iterator
  for (const TcpPortUser& other : users.alone) {
    if (&other != self && stream_conflict(claim, other.claim(), automatic)) {
      return true;
    }
  }
  if (claim.reuse_address && users.unshared == 0 && !automatic) {
    return false;  // whoever has a peer does not listen: nothing of it stands against such a claim
  }
  for (const TcpPortUser& other : users.with_peer) {
    if (&other != self && stream_conflict(claim, other.claim(), automatic)) {
      return true;
    }
  }
  return false;
}

bool TcpPorts::is_chosen(std::uint16_t port) const {
  const auto at = ports_.find(port);
  return at != ports_.end() && at->second.chosen > 0;
}

}  // namespace catenet::transport
