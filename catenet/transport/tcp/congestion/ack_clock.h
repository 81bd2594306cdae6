// SPDX-License-Identifier: Apache-2.0
// For tests: a path that gives back one acknowledgement for each segment, evenly over a fixed round-trip time, to one
// congestion control that always has data. What the published response functions speak of.
#pragma once
#include <algorithm>
#include <cstdint>

#include "catenet/transport/tcp/congestion/congestion.h"

namespace catenet::transport {

struct AckClock {
  AckClock(CongestionControl& control, std::uint32_t segment, Duration round_trip)
      : cc(control), mss(segment), rtt(round_trip) {}

  /// One acknowledgement of `bytes` (0: one segment).
  void ack(std::uint32_t bytes = 0) {
    bytes = bytes == 0 ? mss : bytes;
    AckEvent event;
    event.flight = cc.cwnd();
    now += rtt * static_cast<std::int64_t>(bytes) / static_cast<std::int64_t>(cc.cwnd());
    snd_una += bytes;
    event.now = now;
    event.acked = bytes;
    event.cwnd_limited = limited;
    event.marked = ece ? bytes : 0;
    event.ack = snd_una;
    event.snd_nxt = snd_una + cc.cwnd();
    event.rtt = event.srtt = rtt;
    cc.on_ack(event);
    ++acks;
  }
  void run_until(Instant end) {
    while (now < end) {
      ack();
    }
  }
  /// Average window in segments when exactly every `period`th segment is lost, over `cycles` losses after as many.
  double average_window(std::uint64_t period, int cycles) {
    for (int half = 0; half < 2; ++half) {
      started = now;
      acks = 0;
      for (int i = 0; i < cycles; ++i) {
        for (std::uint64_t n = 0; n < period; ++n) {
          ack();
        }
        cc.on_fast_retransmit(cc.cwnd(), now);
        cc.on_recovery_end(cc.cwnd(), now);
      }
    }
    const double rounds = (now - started).to_seconds() / rtt.to_seconds();
    return static_cast<double>(acks) / rounds;
  }

  CongestionControl& cc;
  std::uint32_t mss;
  Duration rtt;
  Instant now;
  Instant started;
  std::uint32_t snd_una = 0;
  std::uint64_t acks = 0;
  bool limited = true;
  bool ece = false;
};

}  // namespace catenet::transport
