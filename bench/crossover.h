// SPDX-License-Identifier: Apache-2.0
// Two interfaces joined in memory: no rate, no delay, no event per frame. Each frame waits in a queue until pump()
// hands it over. Checksums are completed on the way in and verified on the way out, as on a wire between two machines.
#pragma once
#include <utility>

#include "catenet/base/ring.h"
#include "catenet/net/interface.h"
#include "catenet/packet/checksum.h"

namespace catenet::bench {

class Crossover {
 public:
  /// `whole`: super-segments cross as they are, as through two interfaces with segmentation offload.
  Crossover(Interface& a, Interface& b, bool whole = false) {
    a_.far = &b_;
    b_.far = &a_;
    a_.whole = b_.whole = whole;
    a.attach(a_);
    b.attach(b_);
  }
  /// Hands over what waits, the answers it provokes too, `limit` frames at most; how many it were.
  std::size_t pump(std::size_t limit) {
    std::size_t done = 0;
    while (done < limit && (a_.deliver() || b_.deliver())) {
      ++done;
    }
    return done;
  }

 private:
  struct End final : Medium {
    void set_sink(FrameSink& to) override { sink = &to; }
    [[nodiscard]] bool is_idle() const override { return true; }
    void transmit(Packet frame) override {
      complete_checksum(frame);
      frame.meta().checksum = ChecksumState::unverified;
      far->waiting.push_back(std::move(frame));
    }
    void request_ready() override { sink->medium_ready(); }
    [[nodiscard]] bool is_up() const override { return true; }
    [[nodiscard]] bool takes_super_segments() const override { return whole; }
    bool deliver() {
      if (waiting.empty()) {
        return false;
      }
      sink->receive(waiting.pop_front());
      return true;
    }
    End* far = nullptr;
    bool whole = false;
    FrameSink* sink = nullptr;
    Ring<Packet> waiting;
  };
  End a_;
  End b_;
};

}  // namespace catenet::bench
