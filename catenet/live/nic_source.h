// SPDX-License-Identifier: Apache-2.0
// NicSource: what the driver of real time serves. Something with NICs: frames come from them when they are readable,
// and what was gathered for them is written at the end of a round.
#pragma once
#include <cstddef>

namespace catenet::live {

class NicSource {
 public:
  virtual ~NicSource() = default;
  [[nodiscard]] virtual std::size_t nic_count() const = 0;
  /// Readable when frames wait.
  [[nodiscard]] virtual int fd(std::size_t nic) const = 0;
  /// Takes what the kernel has sent, a few batches at most, so that one busy NIC starves nobody. False when the NIC is
  /// gone.
  virtual bool fetch(std::size_t nic) = 0;
  /// Takes one frame, if one waits: for a driver that asks again and again.
  virtual void poll(std::size_t nic) = 0;
  /// Frames for the kernel are written as they come instead of being gathered: for a driver that spins. What follows
  /// the sending of a frame is then done while the other end is at work already.
  virtual void set_prompt(bool on) = 0;
  /// Writes what waits; true if something still waits because the kernel's queue is full.
  virtual bool flush() = 0;
};

}  // namespace catenet::live
