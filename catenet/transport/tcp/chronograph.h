// SPDX-License-Identifier: Apache-2.0
// Chronograph: how long a connection had something to send, and what held it up (RFC 4898's SndLim group; Linux's
// tcpi_busy_time, tcpi_rwnd_limited, tcpi_sndbuf_limited). One of four things is true at any time.
#pragma once
#include <array>
#include <cstdint>

#include "catenet/base/time.h"

namespace catenet::transport {

class Chronograph {
 public:
  enum class State : std::uint8_t {
    idle,            ///< nothing is queued or under way
    busy,            ///< the path, or the congestion window, decides
    window_limited,  ///< the peer's window does
    buffer_limited,  ///< all is sent, and the user waits for room to give more
  };
  void set(State state, Instant now) {
    if (state != state_) {
      sums_[static_cast<std::size_t>(state_)] += now - since_;
      state_ = state;
      since_ = now;
    }
  }
  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] Duration in(State state, Instant now) const {
    return sums_[static_cast<std::size_t>(state)] + (state == state_ ? now - since_ : Duration{});
  }
  /// All but idle.
  [[nodiscard]] Duration busy_time(Instant now) const {
    return in(State::busy, now) + in(State::window_limited, now) + in(State::buffer_limited, now);
  }

 private:
  std::array<Duration, 4> sums_{};
  Instant since_;
  State state_ = State::idle;
};

}  // namespace catenet::transport
