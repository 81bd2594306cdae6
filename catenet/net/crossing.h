// SPDX-License-Identifier: Apache-2.0
// Crossing and Outbox: how frames pass between nodes that different threads run. Packets never change the thread,
// copies of them do, and nobody waits for anybody inside a window:
//
//   window k      the sender's thread puts frames into the crossing's box of parity k, and the crossing into its Outbox
//   window k + 1  the receiver's thread takes copies out of that box as the window begins
//   window k + 2  the sender's thread ends the originals as the window begins, and the box is used again
//
// Between two windows everybody meets (sim/), so no box is written and read at once. Nodes of one thread need none of
// this: a frame that one of them sends is on the wire to the other at once.
#pragma once
#include <algorithm>
#include <vector>

#include "catenet/base/time.h"

namespace catenet {

/// One direction of a medium whose ends belong to different threads.
class Crossing {
 public:
  /// By the receiver's thread: takes copies of what is in the box of that parity, which was filled a window ago.
  virtual void take(unsigned parity) = 0;
  /// By the sender's thread: ends what was copied from that box.
  virtual void release(unsigned parity) = 0;

 protected:
  ~Crossing() = default;
};

/// The crossings into which one thread has put something, by parity of the window and receiving thread.
class Outbox {
 public:
  explicit Outbox(unsigned threads) : full_{std::vector<List>(threads), std::vector<List>(threads)} {}
  [[nodiscard]] unsigned parity() const { return parity_; }
  /// `crossing` has its first frame of this window, which arrives at thread `to` at `arrival` (later ones arrive
  /// later).
  void note(Crossing& crossing, unsigned to, Instant arrival) {
    full_[parity_][to].push_back(&crossing);
    earliest_ = std::min(earliest_, arrival);
  }
  /// The earliest arrival of what this window has sent.
  [[nodiscard]] Instant earliest() const { return earliest_; }

  /// A new window: ends what the window before the last has sent, and which was taken in the last one.
  void turn() {
    parity_ ^= 1U;
    earliest_ = Instant::never();
    for (List& list : full_[parity_]) {
      for (Crossing* crossing : list) {
        crossing->release(parity_);
      }
      list.clear();
    }
  }
  /// For thread `to`: takes what was sent in the window of that parity.
  void take(unsigned to, unsigned parity) {
    for (Crossing* crossing : full_[parity][to]) {
      crossing->take(parity);
    }
  }

 private:
  using List = std::vector<Crossing*>;
  unsigned parity_ = 0;
  Instant earliest_ = Instant::never();
  std::vector<List> full_[2];
};

}  // namespace catenet
