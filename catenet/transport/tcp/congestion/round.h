// SPDX-License-Identifier: Apache-2.0
// RoundTrips: where one round trip ends and the next begins, told by sequence numbers alone: a round is over when what
// was sent by its start is acknowledged (windowEnd of RFC 9406 4.2, DCTCP.WindowEnd of RFC 8257 3.3).
#pragma once
#include <cstdint>

#include "catenet/transport/tcp/sequence.h"

namespace catenet::transport {

class RoundTrips {
 public:
  /// Tells of an acknowledgement; true when it ends a round. The first one only begins the first round.
  bool on_ack(std::uint32_t ack, std::uint32_t snd_nxt) {
    if (begun_ && seq_before(ack, end_)) {
      return false;
    }
    end_ = snd_nxt;
    const bool over = begun_;
    begun_ = true;
    return over;
  }
  void restart() { begun_ = false; }

 private:
  std::uint32_t end_ = 0;
  bool begun_ = false;
};

}  // namespace catenet::transport
