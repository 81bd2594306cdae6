// SPDX-License-Identifier: Apache-2.0
// DeliveryRate: samples of how fast the path delivers (draft-ietf-ccwg-bbr-06 4.1, formerly
// draft-cheng-iccrg-delivery-rate-estimation). For each record of SentSegments it keeps a stamp: what had been
// delivered and lost when the segment was sent, and when the interval began that its acknowledgement ends. The sample
// is what was delivered since, over the longer of the time in which it was sent and the time in which it was
// acknowledged.
//
// A sample is limited by the application if at some moment of its interval the window had room and nothing was there to
// be sent: it says little of the path.
//
// Only connections whose congestion control asks for rates have one (congestion/rate_control.h): SentSegments keeps the
// stamps in step with its records, the Tcb says when an acknowledgement begins and ends. The names are the draft's.
#pragma once
#include <cstddef>
#include <cstdint>

#include "catenet/base/ring.h"
#include "catenet/base/time.h"
#include "catenet/transport/tcp/congestion/rate_control.h"
#include "catenet/transport/tcp/pacer.h"

namespace catenet::transport {

class DeliveryRate {
 public:
  explicit DeliveryRate(RateControl& control) : control_(control) {}

  // --- SentSegments tells; records by their place in its ring
  // ---------------------------------------------------------
  void clear() { stamps_.clear(); }
  /// Something is sent. `pipe`: bytes under way before it.
  void begin_sending(std::uint32_t pipe, Instant now);
  /// A new record, and `pipe` bytes under way with it.
  void append(std::uint32_t pipe);
  /// Record `i` went again, or grew.
  void restamp(std::size_t i, std::uint32_t pipe);
  /// Record `i` became two.
  void split(std::size_t i);
  /// `length` bytes of record `i` are known to have arrived. `again`: it has ever been retransmitted.
  void delivered(std::size_t i, Instant sent_at, std::uint32_t end, bool again, std::uint32_t length);
  /// Record `i`, [begin, begin + length), is presumed lost.
  void lost(std::size_t i, std::uint32_t begin, std::uint32_t length);
  void pop_front() { (void)stamps_.pop_front(); }
  [[nodiscard]] std::size_t size() const { return stamps_.size(); }

  // --- the Tcb tells
  // --------------------------------------------------------------------------------------------------
  /// An acknowledgement came, or a timer ran out: what happens next happens now.
  void begin(Instant now);
  /// The acknowledgement has been digested. Fills what DeliveryRate knows of the sample; newly_acked 0: nothing was
  /// delivered. Intervals shorter than `min_rtt` are believed to be mistakes (4.1.3.5: a retransmission, answered
  /// before it can have arrived) and give no rate.
  [[nodiscard]] RateSample finish(Duration min_rtt);
  /// There is nothing to be sent though `pipe` leaves room in the window (4.1.2.4).
  void mark_app_limited(std::uint32_t pipe);

  [[nodiscard]] RateControl& control() { return control_; }
  [[nodiscard]] const RateControl& control() const { return control_; }
  [[nodiscard]] Pacer& pacer() { return pacer_; }
  [[nodiscard]] std::uint64_t delivered_total() const { return delivered_; }
  [[nodiscard]] bool is_app_limited() const { return app_limited_ != 0; }
  /// For people, as Linux tells it: the latest sample that was not limited by the application, or one that was and is
  /// larger. Bytes per second; 0: none yet.
  [[nodiscard]] std::uint64_t latest_rate() const { return latest_rate_; }
  [[nodiscard]] bool latest_is_app_limited() const { return latest_is_app_limited_; }

 private:
  struct Stamp {                     // P.* of a record; modulo 2^32 where a window's worth is what can be between
    Instant delivered_at;            // P.delivered_time
    Instant first_sent_at;           // P.first_send_time
    std::uint32_t delivered = 0;     // P.delivered
    std::uint32_t lost = 0;          // P.lost
    std::uint32_t tx_in_flight = 0;  // P.tx_in_flight
    bool is_app_limited = false;
  };
  [[nodiscard]] Stamp stamp(std::uint32_t pipe) const;

  RateControl& control_;
  Ring<Stamp> stamps_;
  Pacer pacer_;
  std::uint64_t delivered_ = 0;    // C.delivered
  std::uint64_t app_limited_ = 0;  // C.app_limited: the bubble has left when so much is delivered; 0: there is none
  Instant delivered_at_;           // C.delivered_time
  Instant first_sent_at_;          // C.first_send_time
  Instant now_;
  std::uint64_t latest_rate_ = 0;
  std::uint32_t lost_ = 0;      // C.lost
  std::uint32_t lost_end_ = 0;  // one past the record that was last marked lost

  // RS, while an acknowledgement is digested
  Stamp newest_;  // of the newest record that it delivered
  Duration send_elapsed_;
  Duration rtt_;
  std::uint32_t newest_end_ = 0;  // RS.last_acked_packet_id
  std::uint32_t newly_acked_ = 0;
  std::uint32_t lost_before_ = 0;
  bool latest_is_app_limited_ = false;
};

}  // namespace catenet::transport
