// SPDX-License-Identifier: Apache-2.0
#include "catenet/transport/tcp/path_mtu_probe.h"

#include <algorithm>

namespace catenet::transport {

PathMtuProbe::PathMtuProbe(std::uint32_t low, std::uint32_t high, Instant now)
    : low_(std::min(low, high)), high_(high), began_at_(now) {}

std::uint32_t PathMtuProbe::next_size(std::uint32_t threshold) const {
  return high_ - low_ < std::max(threshold, 2U) ? 0 : low_ + (high_ - low_) / 2;
}

void PathMtuProbe::sent(std::uint32_t size, std::uint32_t seq, std::uint32_t end) {
  size_ = size;
  seq_ = seq;
  end_ = end;
}

void PathMtuProbe::succeeded() {
  low_ = std::clamp(size_, low_, high_);
  size_ = 0;
}

void PathMtuProbe::failed() {
  high_ = std::max(size_ - 1, low_);
  size_ = 0;
}

void PathMtuProbe::limit(std::uint32_t high) {
  high_ = std::min(high_, high);
  low_ = std::min(low_, high_);
}

void PathMtuProbe::suspect(std::uint32_t low) {
  low_ = std::min(low_, low);
  size_ = 0;
}

bool PathMtuProbe::search_again(std::uint32_t high, Duration interval, Instant now) {
  if (now - began_at_ < interval) {
    return false;
  }
  began_at_ = now;
  size_ = 0;
  high_ = std::max(high, low_);
  return true;
}

}  // namespace catenet::transport
