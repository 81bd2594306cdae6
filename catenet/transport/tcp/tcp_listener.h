// SPDX-License-Identifier: Apache-2.0
// What a listening socket has: handshakes that peers have begun (the SYN queue), connections that wait for accept()
// (the accept queue), and, with others that share address and port by SO_REUSEPORT, its place in a group.
#pragma once
#include <cstdint>
#include <vector>

#include "catenet/base/intrusive_list.h"
#include "catenet/base/time.h"
#include "catenet/transport/tcp/tcp_entry.h"
#include "catenet/transport/tcp/tcp_request.h"

namespace catenet::transport {

class TcpPcb;
struct TcpAcceptQueue;

/// Both queues have the listener's backlog as their limit, in the way of Linux: one more than that may wait for
/// accept(); as many as that may be half open (and when there are more, cookies take over: syn_cookie.h).
struct TcpListener {
  std::uint32_t backlog = 0;
  std::uint32_t half_open = 0;
  std::uint32_t young = 0;  ///< of them: whose SYN,ACK was sent once
  std::uint32_t ready = 0;
  std::vector<TcpPcb*> early;         ///< connections by Fast Open whose handshake has not ended
  std::vector<Instant> early_resets;  ///< until when those that were reset count as such (RFC 7413 5.1)
  IntrusiveList<TcpPcb, TcpAcceptQueue> accept_queue;
  IntrusiveList<TcpRequest, TcpSynQueue> syn_queue;

  [[nodiscard]] bool accept_queue_is_full() const { return ready > backlog; }
  [[nodiscard]] bool syn_queue_is_full() const { return half_open >= backlog; }
};

/// All that listen on one address and port.
class TcpListenGroup final : public TcpEntry {
 public:
  explicit TcpListenGroup(const wire::FourTuple& key) : TcpEntry(Kind::listeners, key) {}
  void join(TcpPcb& listener) { members_.push_back(&listener); }
  void leave(const TcpPcb& listener);
  [[nodiscard]] bool empty() const { return members_.empty(); }
  [[nodiscard]] const std::vector<TcpPcb*>& members() const { return members_; }
  /// Whose connection it is that comes in at `arrival` over `family`: who is bound to that device goes before who is
  /// bound to none; between several, the hash of the four-tuple decides. Null: nobody's.
  [[nodiscard]] TcpPcb* choose(std::uint64_t hash, const Interface* arrival, wire::Family family) const;

 private:
  std::vector<TcpPcb*> members_;
};

}  // namespace catenet::transport
