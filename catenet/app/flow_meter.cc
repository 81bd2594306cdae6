// SPDX-License-Identifier: Apache-2.0
#include "catenet/app/flow_meter.h"

#include <algorithm>
#include <cstring>

namespace catenet::app {

std::optional<Probe> Probe::parse(std::span<const std::byte> bytes) {
  Probe probe;
  if (bytes.size() < sizeof probe) {
    return std::nullopt;
  }
  std::memcpy(&probe, bytes.data(), sizeof probe);
  // A number or a time of 2^62 and above would overflow our sums: nobody sends them.
  constexpr std::uint64_t kMost = std::uint64_t{1} << 62;
  if (probe.magic != kMagic || probe.sequence >= kMost || probe.sent_ns >= kMost) {
    return std::nullopt;
  }
  return probe;
}

void FlowMeter::input(std::uint64_t sequence, Instant sent, Instant arrived) {
  ++received_;
  if (sequence >= next_) {
    // The window slides: the numbers that enter it have not been seen.
    const std::uint64_t entering = std::min(sequence + 1 - next_, kWindow);
    for (std::uint64_t i = 0; i < entering; ++i) {
      seen_.reset((sequence - i) % kWindow);
    }
    next_ = sequence + 1;
  } else if (next_ - sequence <= kWindow && seen_.test(sequence % kWindow)) {
    ++duplicates_;
    return;
  } else {
    ++reordered_;
  }
  if (next_ - sequence <= kWindow) {
    seen_.set(sequence % kWindow);
  }
  const Duration latency = arrived - sent;
  latency_sum_ += latency;
  latency_max_ = unique() == 1 ? latency : std::max(latency_max_, latency);
  jitter_.input(latency.ns());
}

std::uint64_t FlowMeter::lost() const {
  // A duplicate too old to be known as one may have been counted as a late arrival: then nothing is missing at least.
  return next_ > unique() ? next_ - unique() : 0;
}

}  // namespace catenet::app
