// SPDX-License-Identifier: Apache-2.0
// Recorder: a node that keeps every frame it receives and its time. For the tests of the lower rooms, and for an
// embedder who wants to look at frames. Its packets end with clear() or with the recorder.
#pragma once
#include <utility>
#include <vector>

#include "catenet/net/interface.h"
#include "catenet/net/node.h"

namespace catenet {

class Recorder : public Node {
 public:
  using Node::Node;
  ~Recorder() override { clear(); }
  void receive(Interface& in, Packet frame) override { frames.push_back({now(), &in, std::move(frame)}); }
  void clear() {
    for (auto& frame : frames) {
      frame.packet.consume();
    }
    frames.clear();
  }
  struct Frame {
    Instant at;
    Interface* in;
    Packet packet;
  };
  std::vector<Frame> frames;
};

}  // namespace catenet
