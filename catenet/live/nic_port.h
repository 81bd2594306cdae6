// SPDX-License-Identifier: Apache-2.0
// NicPort: packets on one side, a NicChannel's frames on the other. Frames for the kernel are gathered and written in
// batches; where the channel has offloads, consecutive segments of a connection go as one (net/coalescing.h), without
// their sums. Frames from the kernel are received straight into pooled chunks; a short one is
// copied, so that it does not hold a chunk. Without offloads what the kernel gets is what a wire would carry: checksums
// are completed and super-segments cut.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "catenet/base/delegate.h"
#include "catenet/base/ring.h"
#include "catenet/live/nic_channel.h"
#include "catenet/net/drop_reason.h"
#include "catenet/packet/packet.h"

namespace catenet::live {

class NicPort {
 public:
  /// Frames that wait for the kernel before more are refused.
  static constexpr std::size_t kMaxWaiting = 1024;
  /// Ends a frame with a reason.
  using Drop = Delegate<void(Packet, DropReason)>;

  /// Both outlive the port.
  NicPort(NicChannel& channel, PacketPool& pool, Drop drop);
  ~NicPort();
  NicPort(const NicPort&) = delete;
  NicPort& operator=(const NicPort&) = delete;

  [[nodiscard]] NicChannel& channel() const { return channel_; }

  /// Takes what the kernel has sent, a few batches at most, so that one busy NIC starves nobody, and hands each frame
  /// to `deliver`, stamped `now`. False when the NIC is gone.
  bool fetch(Instant now, Delegate<void(Packet)> deliver);
  /// Takes one frame, if one waits. An error is left for fetch() to find.
  void poll(Instant now, Delegate<void(Packet)> deliver) {
    std::size_t got = 0;
    (void)fetch_batch(now, deliver, 1, got);
  }
  /// Gathers a frame for the kernel; writes when there are many. Dropped under send-failed when too many wait.
  void queue(Packet frame);
  /// queue() writes at once, unless frames wait already.
  void set_prompt(bool on) { prompt_ = on; }
  /// Writes what waits; true if something still waits because the kernel's queue is full.
  bool flush();
  /// Ends the frames that wait.
  void drain(DropReason reason);
  /// Frames from inside that never became packets: lost by a packet socket because they were not fetched in time, or
  /// refused because the pool was at its limit.
  [[nodiscard]] std::uint64_t overruns() const { return channel_.overruns() + refused_; }

 private:
  struct Batch;
  bool fetch_batch(Instant now, Delegate<void(Packet)> deliver, std::size_t most, std::size_t& got);
  [[nodiscard]] bool prepare(std::size_t place);
  [[nodiscard]] Packet wrap(std::size_t buffer, const RxFrame& received);
  [[nodiscard]] bool take_bytes(Packet& frame, std::size_t buffer, std::uint32_t length);
  [[nodiscard]] static bool take_offload(Packet& frame, const FrameOffload& offload);
  void enqueue(Packet frame);
  void gather(Batch& batch);
  void gather_run(Batch& batch, std::size_t& next) const;

  NicChannel& channel_;
  PacketPool& pool_;
  Drop drop_;
  Ring<Packet> waiting_;
  std::vector<RxFrame> frames_;    // places for the frames of a batch
  std::vector<ChunkRef> buffers_;  // what they point into; used ones are replaced
  std::unique_ptr<Batch> batch_;
  bool prompt_ = false;
  std::uint64_t refused_ = 0;  // frames for which the pool had no packet
};

}  // namespace catenet::live
