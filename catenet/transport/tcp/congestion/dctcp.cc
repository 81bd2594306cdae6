// SPDX-License-Identifier: Apache-2.0
#include "catenet/transport/tcp/congestion/dctcp.h"

#include <algorithm>

namespace catenet::transport {

// RFC 8257 3.3 steps 1 to 8.
void Dctcp::on_ack(const AckEvent& event) {
  acked_bytes_ += event.acked;
  marked_bytes_ += event.marked;
  if (rounds_.on_ack(event.ack, event.snd_nxt)) {
    const std::int64_t marked =
        static_cast<std::int64_t>(marked_bytes_) * kOne / static_cast<std::int64_t>(acked_bytes_);
    alpha_ += (marked - alpha_) / (1 << kGainShift);
    acked_bytes_ = marked_bytes_ = 0;
  }
  NewReno::on_ack(event);
}

// Step 9.
void Dctcp::on_ecn(std::uint32_t /*flight*/, Instant /*now*/) {
  const std::uint64_t cut = std::uint64_t{cwnd_} * static_cast<std::uint64_t>(alpha_) / (2 * kOne);
  cwnd_ = std::max(cwnd_ - static_cast<std::uint32_t>(cut), 2 * mss_);
  ssthresh_ = cwnd_;
  acked_ = 0;
}

}  // namespace catenet::transport
