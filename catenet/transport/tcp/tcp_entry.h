// SPDX-License-Identifier: Apache-2.0
// What a segment's four-tuple leads to in the host's table. Four kinds share it, so that one look-up answers for all of
// them: a connection (TcpPcb), a handshake that a peer has begun (TcpRequest), a connection that is over and waits for
// its last segments (TcpTimeWait), and those who listen on an address and port (TcpListenGroup).
#pragma once
#include <cstdint>

#include "catenet/transport/port_claim.h"
#include "catenet/wire/endpoint.h"

namespace catenet::transport {

class TcpEntry {
 public:
  enum class Kind : std::uint8_t { connection, request, time_wait, listeners };

  TcpEntry(const TcpEntry&) = delete;
  TcpEntry& operator=(const TcpEntry&) = delete;
  /// Does not change while the entry is in the table.
  [[nodiscard]] const wire::FourTuple& tuple() const { return tuple_; }
  [[nodiscard]] Kind entry_kind() const { return kind_; }

 protected:
  TcpEntry(Kind kind, const wire::FourTuple& tuple) : tuple_(tuple), kind_(kind) {}
  ~TcpEntry() = default;

  wire::FourTuple tuple_;  // first: the look-up compares it
  Kind kind_;
};

/// An entry that occupies its local port. tcp_ports.h keeps the books.
class TcpPortUser : public TcpEntry {
 public:
  /// The local address is the tuple's.
  [[nodiscard]] PortClaim claim() const {
    return {tuple_.local.address, device_, reuse_address_, reuse_port_, v6_only_, listening_};
  }
  [[nodiscard]] const Interface* device() const { return device_; }
  /// It has a peer, or had one.
  [[nodiscard]] bool has_peer() const { return tuple_.foreign.port != 0; }

 protected:
  TcpPortUser(Kind kind, const wire::FourTuple& tuple) : TcpEntry(kind, tuple) {}
  TcpPortUser(Kind kind, const TcpPortUser& heir_of) : TcpEntry(kind, heir_of.tuple_) { inherit(heir_of); }
  ~TcpPortUser() = default;
  void inherit(const TcpPortUser& from) {
    device_ = from.device_;
    reuse_address_ = from.reuse_address_;
    reuse_port_ = from.reuse_port_;
    v6_only_ = from.v6_only_;
    chosen_by_user_ = from.chosen_by_user_;
  }

  bool reuse_address_ = false;
  bool reuse_port_ = false;
  bool v6_only_ = false;
  bool listening_ = false;
  bool has_keys_ = false;        // TcpAuthentication has keys of this entry
  bool chosen_by_user_ = false;  // by bind(): nobody else gets this port for a connection of his own
  Interface* device_ = nullptr;

 private:
  friend class TcpPorts;
  TcpPortUser* next_ = nullptr;  // of the same port, in a ring
  TcpPortUser* prev_ = nullptr;
};

}  // namespace catenet::transport
