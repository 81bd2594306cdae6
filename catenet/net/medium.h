// SPDX-License-Identifier: Apache-2.0
// Medium and FrameSink: the seam between an interface and what it is plugged into (OSI 1). A Medium is seen from one
// interface; a cable has two faces, a coax bus one per tap. Impairments and captures are wrappers round either of them.
// A medium never calls receive() from inside transmit(): a frame arrives by an event of its own.
#pragma once
#include "catenet/base/time.h"
#include "catenet/net/drop_reason.h"
#include "catenet/packet/packet.h"

namespace catenet {

/// Where a medium hands frames over: an Interface, or a wrapper in front of one.
class FrameSink {
 public:
  virtual ~FrameSink() = default;
  /// A frame has arrived, its last bit now.
  virtual void receive(Packet frame) = 0;
  /// The medium can take the next frame; called only after request_ready(), once.
  virtual void medium_ready() = 0;
  /// The medium (or a wrapper) loses a frame that was on its way here: it is dropped with that reason at the interface.
  virtual void discard_frame(Packet frame, DropReason reason) = 0;
  /// The medium came up or went down.
  virtual void link_changed() = 0;
};

class Medium {
 public:
  virtual ~Medium() = default;
  /// Where frames that arrive here go.
  virtual void set_sink(FrameSink& sink) = 0;
  /// May transmit() be called now?
  [[nodiscard]] virtual bool is_idle() const = 0;
  /// Takes the frame on the wire. Precondition: is_idle().
  virtual void transmit(Packet frame) = 0;
  /// Asks for one medium_ready() as soon as is_idle().
  virtual void request_ready() = 0;
  /// Does it carry super-segments (PacketMeta::segment_size) whole? Then a frame is not what a wire would carry but a
  /// train of such frames. If not, the interface cuts them (net/segmentation.h).
  [[nodiscard]] virtual bool takes_super_segments() const { return false; }
  /// Cable plugged in and both ends on.
  [[nodiscard]] virtual bool is_up() const = 0;
};

}  // namespace catenet
