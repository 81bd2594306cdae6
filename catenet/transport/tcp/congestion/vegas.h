// SPDX-License-Identifier: Apache-2.0
// Vegas (Brakmo, O'Malley and Peterson, "TCP Vegas", SIGCOMM 1994): keeps between alpha and beta segments of its own
// waiting in the path's queues, told by how much longer than the shortest a round trip has become. Loss is NewReno's.
#pragma once
#include "catenet/transport/tcp/congestion/new_reno.h"
#include "catenet/transport/tcp/congestion/round.h"

namespace catenet::transport {

class Vegas final : public NewReno {
 public:
  static constexpr std::uint32_t kAlpha = 2;  ///< segments in the queue: below, one more per round trip
  static constexpr std::uint32_t kBeta = 4;   ///< above, one less
  static constexpr std::uint32_t kGamma = 1;  ///< more than this ends slow start

  using NewReno::NewReno;

  [[nodiscard]] CongestionAlgorithm algorithm() const override { return CongestionAlgorithm::vegas; }
  void on_ack(const AckEvent& event) override;
  void on_timeout(std::uint32_t flight, bool first, Instant now) override;

  [[nodiscard]] Duration base_rtt() const { return base_rtt_; }

 private:
  void end_round(bool cwnd_limited);

  RoundTrips rounds_;
  Duration base_rtt_ = Duration::max();
  Duration round_rtt_ = Duration::max();  // the shortest of this round
  bool hold_ = false;                     // slow start doubles every other round trip, and measures in between
};

}  // namespace catenet::transport
