// SPDX-License-Identifier: Apache-2.0
// WindowValidation: whether a congestion window has been in use of late (RFC 7661, "new CWV"). A window that the
// application did not fill says little of what the path bears now. It is kept all the same, for five minutes, so that
// who pauses may go on as before; but it does not grow, and when a loss shows that it was too large, what counts is
// what was really under way.
//
// pipeACK (4.2) is the most that was acknowledged within a round trip during the last sampling period (the longer of
// three round trips and a second). The window is validated while that is half of it or more, or not known yet (4.3).
#pragma once
#include <array>
#include <cstdint>
#include <optional>

#include "catenet/base/time.h"

namespace catenet::transport {

class WindowValidation {
 public:
  static constexpr Duration kPatience = Duration::seconds(300);  ///< how long a window is kept unused (4.4.3)

  /// Outside of recovery, `una` became `ack`; the window is `cwnd`.
  void on_ack(std::uint32_t una, std::uint32_t ack, std::uint32_t cwnd, Duration srtt, Instant now);
  /// In bytes; nothing while it is undefined.
  [[nodiscard]] std::optional<std::uint32_t> pipe_ack(Duration srtt, Instant now) const;
  [[nodiscard]] bool is_validated(std::uint32_t cwnd, Duration srtt, Instant now) const;
  /// Data are about to be sent: true once when the window has been unused for longer than kPatience, and shall shrink.
  [[nodiscard]] bool expires(std::uint32_t cwnd, Duration srtt, Instant now);

  /// A loss or a mark: what counts as under way, of `flight` that is (4.4.1). Remembers it for window_after_loss().
  std::uint32_t on_congestion(std::uint32_t flight, std::uint32_t cwnd, Duration srtt, Instant now);
  /// Recovery is over, and `retransmitted` bytes went in it: the largest window that is safe; nothing if it was a
  /// validated one. pipeACK is undefined from now on.
  std::optional<std::uint32_t> window_after_loss(std::uint32_t retransmitted);

 private:
  static constexpr std::size_t kPeriods = 4;  // of measurement, in a sampling period (4.5.1)
  struct Sample {
    Instant at = Instant::never();
    std::uint32_t bytes = 0;
  };
  static Duration sampling_period(Duration srtt);
  void push(std::uint32_t bytes, Duration srtt, Instant at);

  std::array<Sample, kPeriods> samples_;     // the latest comes first
  Instant period_began_ = Instant::never();  // of measurement, the latest
  Instant round_began_ = Instant::never();
  Instant unused_since_ = Instant::never();  // the non-validated phase; never: validated
  std::uint32_t round_bytes_ = 0;
  std::uint32_t loss_flight_ = 0;  // LossFlightSize, of a loss in the non-validated phase
};

}  // namespace catenet::transport
