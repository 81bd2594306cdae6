// SPDX-License-Identifier: Apache-2.0
// RateControl: the other half of an algorithm that goes by how fast the path delivers, and not by losses alone
// (draft-ietf-ccwg-bbr-06). It gets a RateSample for each acknowledgement that shows something delivered, and says how
// fast to send. Only connections whose CongestionControl answers rate_control() keep what samples are made of
// (../delivery_rate.h). Names in capitals are the draft's.
#pragma once
#include <cstdint>

#include "catenet/base/time.h"

namespace catenet::transport {

/// RS: what one acknowledgement told of the path. Bytes, and bytes per second.
struct RateSample {
  Instant now;
  std::uint64_t delivered_total = 0;  ///< C.delivered: bytes known to have arrived since the connection began
  std::uint64_t prior_delivered = 0;  ///< RS.prior_delivered: the same when the newest of what arrived was sent
  std::uint64_t delivery_rate = 0;    ///< RS.delivery_rate; 0: this acknowledgement gave none
  Duration interval;                  ///< RS.interval
  Duration rtt;                       ///< RS.rtt, the shortest of this acknowledgement; zero: none
  Duration srtt;                      ///< zero: no sample yet
  std::uint32_t delivered = 0;        ///< RS.delivered: over the interval
  std::uint32_t newly_acked = 0;      ///< RS.newly_acked, by acknowledgement or SACK; never 0
  std::uint32_t newly_lost = 0;       ///< RS.newly_lost
  std::uint32_t tx_in_flight = 0;     ///< RS.tx_in_flight: under way when the newest was sent, it included
  std::uint32_t lost = 0;             ///< RS.lost: marked lost since then
  std::uint32_t in_flight = 0;        ///< C.inflight, after this acknowledgement
  bool is_app_limited = false;        ///< RS.is_app_limited
  bool is_cwnd_limited = false;       ///< C.is_cwnd_limited
  bool recovering = false;            ///< losses are being repaired, after fast retransmit or timeout
  bool has_sack = false;              ///< C.has_selective_acks
};

/// P: a record that has just been marked lost, as it was when it was sent.
struct LostSegment {
  Instant now;
  std::uint64_t delivered_total = 0;
  std::uint32_t bytes = 0;
  std::uint32_t tx_in_flight = 0;  ///< P.tx_in_flight
  std::uint32_t lost = 0;          ///< C.lost - P.lost, it included
  bool is_app_limited = false;
  bool follows = false;  ///< it begins where the one before it that was lost ended
};

class RateControl {
 public:
  static constexpr std::uint32_t kNoQuantum = 0xffffffff;

  /// The connection is established. `seed` is for what must be random; srtt zero: no sample yet.
  virtual void on_start(Duration srtt, std::uint64_t seed, Instant now) = 0;
  /// True: what is sent from now on is held back on purpose, and its samples count as limited by the application.
  [[nodiscard]] virtual bool on_rate(const RateSample& sample) = 0;
  virtual void on_lost(const LostSegment& segment) = 0;
  /// Something is about to be sent; nothing is under way, and there was nothing to send.
  virtual void on_restart(Instant now) = 0;
  /// C.pacing_rate, bytes per second; 0: as fast as the window lets.
  [[nodiscard]] virtual std::uint64_t pacing_rate() const = 0;
  /// C.send_quantum: bytes that go at once at most.
  [[nodiscard]] virtual std::uint32_t send_quantum() const = 0;

 protected:
  ~RateControl() = default;
};

}  // namespace catenet::transport
