// SPDX-License-Identifier: Apache-2.0
// For tests: one paced sender that always has data, over a bottleneck of a given rate, round trip and buffer that may
// lose at random, with a selective acknowledgement for each segment. The scoreboard, loss detection, delivery rates and
// pacing are the real ones; the congestion control is the one under test.
#pragma once
#include <algorithm>
#include <cstdint>
#include <deque>

#include "catenet/base/delegate.h"
#include "catenet/base/rng.h"
#include "catenet/transport/tcp/congestion/congestion.h"
#include "catenet/transport/tcp/rack.h"
#include "catenet/transport/tcp/rtt.h"
#include "catenet/transport/tcp/sent_segments.h"

namespace catenet::transport {

class RatePath {
 public:
  RatePath(CongestionControl& control, std::uint32_t segment, std::uint64_t bytes_per_second, Duration round_trip,
           std::uint64_t seed = 1)
      : cc(control), mss(segment), rate(bytes_per_second), rtt(round_trip), random_(seed) {
    segments.start(0);
    segments.measure_rates(*cc.rate_control());
    rack_.start(0);
    cc.rate_control()->on_start(rtt, seed, now);
  }

  void run_until(Instant end) {
    while (true) {
      send_what_may_go();
      Instant next = arrivals_.empty() ? Instant::never() : arrivals_.front().at;
      if (may_send_window()) {
        next = std::min(next, segments.rates()->pacer().next_send_at());
      }
      next = std::min(next, reorder_at_);
      if (next > end) {
        now = end;
        return;
      }
      now = std::max(now, next);
      while (!arrivals_.empty() && arrivals_.front().at <= now) {
        acknowledged(arrivals_.front().seq);
        arrivals_.pop_front();
      }
      if (reorder_at_ <= now) {
        segments.rates()->begin(now);
        detect();
      }
    }
  }
  /// Bytes per second delivered for the first time, since `from` and `delivered_then`.
  [[nodiscard]] double goodput(Instant from, std::uint64_t delivered_then) const {
    return static_cast<double>(delivered() - delivered_then) / (now - from).to_seconds();
  }
  [[nodiscard]] std::uint64_t delivered() const { return segments.rates()->delivered_total(); }
  /// Bytes that wait in the bottleneck's buffer now.
  [[nodiscard]] std::uint64_t queue() const {
    return free_at_ > now ? static_cast<std::uint64_t>((free_at_ - now).ns()) * rate / 1'000'000'000 : 0;
  }

  CongestionControl& cc;
  std::uint32_t mss;
  std::uint64_t rate;
  Duration rtt;
  std::uint64_t buffer = UINT64_MAX;
  Probability loss;
  Instant now;
  SentSegments segments;
  std::uint64_t sent = 0;  // segments, each transmission
  std::uint64_t lost = 0;
  std::uint64_t recoveries = 0;
  Delegate<void(const RateSample&)> on_sample;

 private:
  struct Arrival {
    Instant at;
    std::uint32_t seq;
  };
  [[nodiscard]] bool may_send_window() const { return segments.pipe() + mss <= cc.cwnd() || segments.pipe() == 0; }

  void send_what_may_go() {
    while (may_send_window() && segments.rates()->pacer().next_send_at() <= now) {
      const std::size_t again = segments.next_lost();
      const std::uint32_t seq = again < segments.size() ? segments.begin_of(again) : segments.end();
      segments.sent(seq, seq + mss, now);
      segments.rates()->pacer().on_sent(mss, cc.rate_control()->pacing_rate(), now);
      ++sent;
      if (segments.pipe() + mss > cc.cwnd()) {
        limited_ = true;
        limited_end_ = segments.end();
      }
      if (random_.chance(loss) || queue() + mss > buffer) {
        ++lost;
        continue;
      }
      free_at_ = std::max(free_at_, now) + BitRate::bps(rate * 8).transmission_time(mss, remainder_);
      arrivals_.push_back({free_at_ + rtt, seq});
    }
  }

  void acknowledged(std::uint32_t seq) {
    DeliveryRate& rates = *segments.rates();
    rates.begin(now);
    const bool was_limited = limited_;
    const auto visit = [&](const SentSegment& s) {
      rack_.on_delivered(s, false, now);
      if (!s.is(SentSegment::kEverRetransmitted)) {
        rtt_.sample(now - s.sent_at);
      }
    };
    (void)segments.sack({seq, seq + mss}, mss, visit);
    const std::size_t first = segments.next_unsacked(0);
    (void)segments.acknowledge(first < segments.size() ? segments.begin_of(first) : segments.end(), visit);
    limited_ = limited_ && seq_before(segments.begin(), limited_end_);
    if (recovering_ && seq_up_to(recover_, segments.begin())) {
      recovering_ = false;
      cc.on_recovery_end(segments.pipe(), now);
    }
    detect();
    RateSample sample = rates.finish(rack_.min_rtt());
    if (sample.newly_acked == 0) {
      return;
    }
    sample.srtt = rtt_.srtt();
    sample.in_flight = segments.pipe();
    sample.is_cwnd_limited = was_limited;
    sample.recovering = recovering_;
    sample.has_sack = true;
    if (cc.rate_control()->on_rate(sample)) {
      rates.mark_app_limited(segments.pipe());
    }
    if (on_sample) {
      on_sample(sample);
    }
  }

  void detect() {
    const Duration wait = rack_.detect(segments, rack_.min_rtt() / 4, now);
    reorder_at_ = wait > Duration{} ? now + wait : Instant::never();
    if (!recovering_ && segments.next_lost() < segments.size()) {
      recovering_ = true;
      recover_ = segments.end();
      ++recoveries;
      cc.save_undo();
      cc.on_fast_retransmit(segments.pipe(), now);
    }
  }

  Rng random_;
  Rack rack_;
  RttEstimator rtt_;
  std::deque<Arrival> arrivals_;
  Instant free_at_;
  Instant reorder_at_ = Instant::never();
  std::uint64_t remainder_ = 0;
  std::uint32_t recover_ = 0;
  std::uint32_t limited_end_ = 0;
  bool recovering_ = false;
  bool limited_ = false;
};

}  // namespace catenet::transport
