// SPDX-License-Identifier: Apache-2.0
// Path MTU discovery without ICMP (RFC 4821, with the search of RFC 8899; path_mtu_probe.h), as Linux does it:
//
//   always             segments begin at mtu_base_mss, and probes find out what the path takes
//   after_black_hole   as ICMP says, until several timeouts in a row of a large segment make it likely that a router on
//                      the way drops what is too big and does not tell (RFC 2923); from then on as above
//
// Each further timeout halves the segment, down to mtu_probe_floor. A probe carries new data, so nothing is sent that
// the peer does not need; one that is lost is sent again in segments of the present size, and is no sign of congestion
// (RFC 4821 7.6.2) unless something else was lost with it.
#include <algorithm>

#include "catenet/transport/tcp/tcb.h"

namespace catenet::transport {
namespace {

constexpr std::uint8_t kBlackHoleTimeouts = 3;     // in a row, before the path is suspected: Linux's tcp_retries1
constexpr std::uint32_t kLeastWindow = 11;         // segments; a smaller one has no room for a probe's being lost
constexpr std::uint32_t kSegmentsBehindProbe = 4;  // so that its loss is seen by what arrives behind it (RFC 4821 7.4)

}  // namespace

// What is known to arrive, or believed to; for set_mss().
std::uint32_t Tcb::probed_segment() const {
  if (const PathMtuProbe* probe = mtu_probe()) {
    return probe->low();
  }
  return config_->mtu_probing == MtuProbing::always ? config_->mtu_base_mss + option_bytes() : 0xffffffff;
}

// The search begins.
PathMtuProbe& Tcb::start_mtu_probing(Instant now) {
  const std::uint32_t base = config_->mtu_base_mss + option_bytes();
  return *(rare().mtu_probe = std::make_unique<PathMtuProbe>(base, largest_segment(), now));
}

// New data are about to be sent from `start` on: as a probe, or not, or not yet?
Tcb::ProbePlan Tcb::plan_mtu_probe(Plan& out, std::uint32_t start, Instant now) {
  if (!mtu_probe() && (config_->mtu_probing != MtuProbing::always || !is_synchronized())) {
    return ProbePlan::none;
  }
  PathMtuProbe& probe = mtu_probe() ? *mtu_probe() : start_mtu_probing(now);
  if (recovery_ != Recovery::none || probe.is_out() || probe_out_ || dup_acks_ > 0 || segments_.sacked_count() > 0 ||
      received_.has_gap() || cwnd() < kLeastWindow * mss_) {
    return ProbePlan::none;
  }
  const std::uint32_t size = probe.next_size(config_->mtu_probe_threshold);
  if (size == 0) {
    (void)probe.search_again(largest_segment(), config_->mtu_probe_interval, now);
    return ProbePlan::none;
  }
  const std::uint32_t length = size - option_bytes();
  const std::uint32_t needed = length + kSegmentsBehindProbe * mss_;
  if (length <= mss_ || length > cwnd() || data_end() - start < needed || snd_wnd_ < needed) {
    return ProbePlan::none;
  }
  if (usable_window(start) < needed || room_in_cwnd() < length) {
    return pipe() > 0 ? ProbePlan::wait : ProbePlan::none;  // what is under way makes room
  }
  out = Plan{};
  out.seq = start;
  out.length = length;
  out.mtu_probe = true;
  return ProbePlan::send;
}

void Tcb::note_mtu_probe_sent(const Plan& plan) {
  mtu_probe()->sent(plan.length + option_bytes(), plan.seq, plan.seq + plan.length);
}

// Something was acknowledged.
void Tcb::note_mtu_probe_answer() {
  PathMtuProbe& probe = *mtu_probe();
  if (!probe.is_out() || seq_before(snd_una_, probe.end())) {
    return;
  }
  probe.succeeded();
  count(&TcpCounters::mtu_probe_success);
  set_mss();
}

// A loss was noticed that nobody has reacted to. True: it was the probe's, and only the probe's, and it goes again in
// smaller pieces. The window stays: not the path was full, the probe was too big.
bool Tcb::mtu_probe_lost() {
  PathMtuProbe* probe = mtu_probe();
  if (probe == nullptr || !probe->is_out()) {
    return false;
  }
  const std::uint32_t length = probe->end() - probe->seq();
  if (snd_una_ != probe->seq() || segments_.lost_bytes() > length) {
    probe->abandon();  // RFC 4821 7.6.3: lost with others; the path may have been full
    return false;
  }
  give_up_mtu_probe();
  return true;
}

void Tcb::give_up_mtu_probe() {
  PathMtuProbe& probe = *mtu_probe();
  for (std::size_t i = segments_.find(probe.seq());
       i < segments_.size() && seq_before(segments_.begin_of(i), probe.end()); ++i) {
    if (!segments_[i].is(SentSegment::kSacked)) {
      segments_.mark_lost(i);
    }
  }
  probe.failed();
  count(&TcpCounters::mtu_probe_fail);
  send_lost_again();
}

// The path was said to take no more than `bytes`.
void Tcb::limit_mtu_probe(std::uint32_t bytes) {
  PathMtuProbe& probe = *mtu_probe();
  const bool too_big = probe.is_out() && probe.size() > bytes;
  if (too_big && recovery_ == Recovery::none) {
    give_up_mtu_probe();
  } else if (too_big) {
    probe.abandon();
  }
  probe.limit(bytes);
}

// The retransmission timer has expired, for the `retries_ + 1`th time in a row.
void Tcb::suspect_black_hole(Instant now) {
  if (config_->mtu_probing == MtuProbing::never || retries_ < kBlackHoleTimeouts || segments_.empty()) {
    return;
  }
  const std::uint32_t before = mss_;
  if (PathMtuProbe* probe = mtu_probe()) {
    const std::uint32_t half = (probe->low() - option_bytes()) / 2;
    const std::uint32_t smaller =
        std::max<std::uint32_t>(std::min<std::uint32_t>(config_->mtu_base_mss, half), config_->mtu_probe_floor);
    if (std::min(segments_.length_of(0), mss_) > smaller) {  // the loss of a small segment says nothing about sizes
      probe->suspect(smaller + option_bytes());
    }
  } else if (std::min(segments_.length_of(0), mss_) > config_->mtu_base_mss) {
    (void)start_mtu_probing(now);
  }
  set_mss();
  if (mss_ < before) {
    count(&TcpCounters::mtu_black_holes);
  }
}

}  // namespace catenet::transport
