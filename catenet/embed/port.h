// SPDX-License-Identifier: Apache-2.0
// Port: the medium of a Stack. It has no wire: a packet leaves when the user takes one, not before, so what waits to be
// taken waits in the interface's queue, under the queue's limit and its drop reason.
#pragma once
#include <utility>

#include "catenet/net/medium.h"

namespace catenet::embed {

class Port final : public Medium {
 public:
  explicit Port(bool takes_super_segments) : takes_super_segments_(takes_super_segments) {}

  // Medium
  void set_sink(FrameSink& sink) override { sink_ = &sink; }
  [[nodiscard]] bool is_idle() const override { return asked_; }
  void transmit(Packet frame) override {
    asked_ = false;
    taken_ = std::move(frame);
  }
  void request_ready() override { waiting_ = true; }
  [[nodiscard]] bool takes_super_segments() const override { return takes_super_segments_; }
  [[nodiscard]] bool is_up() const override { return true; }

  [[nodiscard]] FrameSink& sink() const { return *sink_; }
  /// Something can be taken.
  [[nodiscard]] bool has_output() const { return waiting_; }
  /// The oldest packet of the queue; null if none waits.
  [[nodiscard]] Packet take() {
    if (!waiting_) {
      return {};
    }
    waiting_ = false;
    asked_ = true;
    sink_->medium_ready();  // which calls transmit(), and request_ready() if there is more
    asked_ = false;
    return std::move(taken_);
  }

 private:
  FrameSink* sink_ = nullptr;
  Packet taken_;
  bool asked_ = false;    // the user wants one
  bool waiting_ = false;  // the interface has one
  bool takes_super_segments_;
};

}  // namespace catenet::embed
