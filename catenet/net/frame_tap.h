// SPDX-License-Identifier: Apache-2.0
// FrameTap: who sees every frame of an interface beside the node: packet sockets. At most one per interface.
#pragma once
#include "catenet/packet/packet.h"

namespace catenet {

class Interface;

class FrameTap {
 public:
  /// A whole frame that has come in and is about to be handed to the node, verified and counted. What the tap wants to
  /// keep it clones.
  virtual void frame_came(Interface& in, Packet& frame) = 0;
  /// A whole frame that is about to go onto the medium.
  virtual void frame_goes(Interface& out, const Packet& frame) = 0;

 protected:
  ~FrameTap() = default;
};

}  // namespace catenet
