// SPDX-License-Identifier: Apache-2.0
#include "catenet/transport/tcp/tcp_ports.h"

#include <bit>

#include "catenet/base/check.h"

namespace catenet::transport {

void TcpPorts::add(TcpPortUser& user) {
  if ((used_ + 1) * 4 > slots_.size() * 3) {
    grow();
  }
  Port& port = slots_[slot_of(user.tuple().local.port)];
  if (port.first == nullptr) {
    port = {&user, 0, 0, user.tuple().local.port};
    user.next_ = user.prev_ = &user;
    ++used_;
  } else {
    user.next_ = port.first;
    user.prev_ = port.first->prev_;
    user.next_->prev_ = user.prev_->next_ = &user;
    if (!user.has_peer()) {
      port.first = &user;
    }
  }
  port.chosen += user.chosen_by_user_ ? 1 : 0;
  port.unshared += user.has_peer() && !user.reuse_address_ ? 1 : 0;
}

void TcpPorts::remove(TcpPortUser& user) {
  check(user.next_ != nullptr, "a user of a port is in its books");
  const std::size_t slot = slot_of(user.tuple().local.port);
  Port& port = slots_[slot];
  port.chosen -= user.chosen_by_user_ ? 1 : 0;
  port.unshared -= user.has_peer() && !user.reuse_address_ ? 1 : 0;
  if (user.next_ == &user) {
    vacate(slot);
  } else {
    port.first = port.first == &user ? user.next_ : port.first;
    user.next_->prev_ = user.prev_;
    user.prev_->next_ = user.next_;
  }
  user.next_ = user.prev_ = nullptr;
}

bool TcpPorts::conflict(const PortClaim& claim, std::uint16_t port, const TcpPortUser* self, bool automatic) const {
  const Port* users = find(port);
  if (users == nullptr) {
    return false;
  }
  // Whoever has a peer does not listen: nothing of it stands against a claim that shares its address.
  const bool only_alone = claim.reuse_address && users->unshared == 0 && !automatic;
  const TcpPortUser* other = users->first;
  do {
    if (only_alone && other->has_peer()) {
      return false;
    }
    if (other != self && stream_conflict(claim, other->claim(), automatic)) {
      return true;
    }
    other = other->next_;
  } while (other != users->first);
  return false;
}

bool TcpPorts::is_chosen(std::uint16_t port) const {
  const Port* users = find(port);
  return users != nullptr && users->chosen > 0;
}

// Fibonacci hashing: ports in a row and every second port (RFC 6056 picks them at random, users by counting) are
// spread.
std::size_t TcpPorts::home(std::uint16_t number) const {
  const auto bits = static_cast<unsigned>(std::countr_zero(slots_.size()));
  return (std::uint32_t{number} * 0x9e3779b9U) >> (32 - bits);
}

// Where the port stands, or would.
std::size_t TcpPorts::slot_of(std::uint16_t number) const {
  std::size_t slot = home(number);
  while (slots_[slot].first != nullptr && slots_[slot].number != number) {
    slot = next(slot);
  }
  return slot;
}

const TcpPorts::Port* TcpPorts::find(std::uint16_t number) const {
  if (slots_.empty()) {
    return nullptr;
  }
  const Port& port = slots_[slot_of(number)];
  return port.first != nullptr ? &port : nullptr;
}

void TcpPorts::grow() {
  constexpr std::size_t kLeast = 4;
  std::vector<Port> old(slots_.empty() ? kLeast : slots_.size() * 2);
  old.swap(slots_);
  for (const Port& port : old) {
    if (port.first != nullptr) {
      slots_[slot_of(port.number)] = port;
    }
  }
}

// Those behind it that would stand here or before move up, so that no search ends too early.
void TcpPorts::vacate(std::size_t slot) {
  for (std::size_t from = next(slot); slots_[from].first != nullptr; from = next(from)) {
    const std::size_t mask = slots_.size() - 1;
    const std::size_t distance = (from - home(slots_[from].number)) & mask;
    if (distance >= ((from - slot) & mask)) {
      slots_[slot] = slots_[from];
      slot = from;
    }
  }
  slots_[slot] = Port{};
  --used_;
}

}  // namespace catenet::transport
