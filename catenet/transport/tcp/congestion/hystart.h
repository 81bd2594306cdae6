// SPDX-License-Identifier: Apache-2.0
// HyStart++ (RFC 9406): leaves slow start when round trips grow longer, before packets are lost. A conservative phase
// (CSS) of slower growth first tells whether the delay stays; if not, slow start goes on. For the initial slow start.
#pragma once
#include <cstdint>

#include "catenet/base/time.h"
#include "catenet/transport/tcp/congestion/round.h"

namespace catenet::transport {

class HyStart {
 public:
  static constexpr Duration kMinRttThresh = Duration::milliseconds(4);  // RFC 9406 4.3
  static constexpr Duration kMaxRttThresh = Duration::milliseconds(16);
  static constexpr int kMinRttDivisor = 8;
  static constexpr std::uint32_t kRttSamples = 8;
  static constexpr std::uint32_t kCssGrowthDivisor = 4;
  static constexpr std::uint32_t kCssRounds = 5;
  static constexpr std::uint32_t kLimit = 8;  ///< segments of growth per acknowledgement, without pacing

  enum class Phase : std::uint8_t { slow_start, css, over };

  /// `rtt` zero: this acknowledgement measured nothing.
  void on_ack(std::uint32_t ack, std::uint32_t snd_nxt, Duration rtt);
  [[nodiscard]] Phase phase() const { return phase_; }

 private:
  void end_round();

  RoundTrips rounds_;
  Phase phase_ = Phase::slow_start;
  std::uint32_t samples_ = 0;
  std::uint32_t css_rounds_ = 0;
  Duration last_min_ = Duration::max();     // lastRoundMinRTT; max() is RFC 9406's infinity
  Duration current_min_ = Duration::max();  // currentRoundMinRTT
  Duration baseline_ = Duration::max();     // cssBaselineMinRtt
};

}  // namespace catenet::transport
