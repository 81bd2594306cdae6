// SPDX-License-Identifier: Apache-2.0
// DCTCP (RFC 8257): the window shrinks by how much of it was marked, not by half. For networks of one owner, whose
// queues mark early; NewReno in all else. The receiver's half (which marks an acknowledgement tells) is in tcb_ecn.cc.
#pragma once
#include "catenet/transport/tcp/congestion/new_reno.h"
#include "catenet/transport/tcp/congestion/round.h"

namespace catenet::transport {

class Dctcp final : public NewReno {
 public:
  static constexpr std::int64_t kOne = 1 << 20;  ///< alpha is a fraction of this
  static constexpr std::int64_t kGainShift = 4;  ///< g = 1/16 (4.2)

  using NewReno::NewReno;

  [[nodiscard]] CongestionAlgorithm algorithm() const override { return CongestionAlgorithm::dctcp; }
  void on_ack(const AckEvent& event) override;
  void on_ecn(std::uint32_t flight, Instant now) override;

  [[nodiscard]] std::int64_t alpha() const { return alpha_; }

 private:
  RoundTrips rounds_;  // observation windows
  std::int64_t alpha_ = kOne;
  std::uint64_t acked_bytes_ = 0;
  std::uint64_t marked_bytes_ = 0;
};

}  // namespace catenet::transport
