// SPDX-License-Identifier: Apache-2.0
// Fifo: first in, first out, drop-tail, with a limit in packets, in bytes, or in both. The default queue of every
// interface. It can mark packets of transports that speak ECN before it has to drop them.
#pragma once
#include <cstdint>

#include "catenet/base/ring.h"
#include "catenet/net/qdisc.h"

namespace catenet::queue {

class Fifo final : public Qdisc {
 public:
  /// What may wait, not counting the frame on the wire. A frame that would exceed either limit is dropped (queue-full);
  /// the first frame always fits.
  struct Limits {
    std::uint32_t packets = 1000;
    std::uint64_t bytes = UINT64_MAX;
    std::uint32_t mark = 0;  ///< packets that find this many waiting are marked, not dropped (RFC 8257 3.1); 0: never
  };
  Fifo() = default;
  explicit Fifo(Limits limits) : limits_(limits) {}

  void enqueue(Packet packet, Interface& owner) override;
  [[nodiscard]] Packet dequeue(Instant now, Interface& owner) override;
  [[nodiscard]] Instant ready_at(Instant now) const override { return queue_.empty() ? Instant::never() : now; }
  [[nodiscard]] bool is_transparent() const override { return true; }
  [[nodiscard]] std::size_t packets() const override { return queue_.size(); }
  [[nodiscard]] std::size_t bytes() const override { return bytes_; }

 private:
  Limits limits_;
  std::uint64_t bytes_ = 0;
  Ring<Packet> queue_;
};

}  // namespace catenet::queue
