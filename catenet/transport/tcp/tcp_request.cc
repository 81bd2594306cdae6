// SPDX-License-Identifier: Apache-2.0
#include "catenet/transport/tcp/tcp_request.h"

#include "catenet/transport/tcp/sequence.h"
#include "catenet/transport/tcp/tcp.h"

namespace catenet::transport {

static_assert(sizeof(TcpRequest) <= 176, "a half-open connection is small");

TcpRequest::TcpRequest(Tcp& tcp, TcpPcb& listener, const wire::FourTuple& tuple, const TcpSegment& syn,
                       std::uint32_t iss, Interface* arrival)
    : TcpEntry(Kind::request, tuple),
      tcp_(tcp),
      listener_(listener),
      arrival_(arrival),
      timer_(tcp.node().timers(), Delegate<void(Instant)>::to<&TcpRequest::on_timer>(*this)),
      answered_at_(tcp.node().now()),
      irs_(syn.seq),
      iss_(iss),
      timestamp_(syn.options.timestamps ? syn.options.timestamps->value : 0),
      window_(syn.window),
      mss_(syn.options.mss.value_or(0)),
      flags_(syn.flags),
      ecn_(syn.ecn),
      window_scale_(syn.options.window_scale.value_or(0)),
      key_id_(syn.options.signature.key_id),
      next_key_id_(syn.options.signature.next_key_id),
      ae_(syn.ae),
      has_mss_(syn.options.mss.has_value()),
      has_window_scale_(syn.options.window_scale.has_value()),
      has_timestamp_(syn.options.timestamps.has_value()),
      sack_permitted_(syn.options.sack_permitted) {}

TcpSegment TcpRequest::syn() const {
  TcpSegment syn;
  syn.seq = irs_;
  syn.window = window_;
  syn.flags = flags_;
  syn.ecn = ecn_;
  syn.ae = ae_;
  syn.options.sack_permitted = sack_permitted_;
  if (has_mss_) {
    syn.options.mss = mss_;
  }
  if (has_window_scale_) {
    syn.options.window_scale = window_scale_;
  }
  if (has_timestamp_) {
    syn.options.timestamps = wire::TcpTimestamps{timestamp_, 0};
  }
  return syn;
}

bool TcpRequest::is_completed_by(const TcpSegment& segment, std::uint32_t bytes, std::uint32_t window,
                                 const TcpConfig& config) const {
  if (!segment.has_ack() || segment.syn() || segment.rst() || segment.ack != iss_ + 1) {
    return false;
  }
  const auto& stamps = segment.options.timestamps;
  if (config.timestamps && has_timestamp_ &&
      (stamps ? seq_before(stamps->value, timestamp_) : !config.missing_timestamps)) {
    return false;
  }
  const std::uint32_t next = irs_ + 1;
  const std::uint32_t length = bytes + (segment.fin() ? 1 : 0);
  if (length == 0) {
    return seq_up_to(next, segment.seq) && seq_up_to(segment.seq, next + window);
  }
  return seq_before(segment.seq, next + window) && seq_before(next, segment.seq + length);
}

void TcpRequest::note_answer(Instant now) {
  answered_at_ = now;
  retransmits_ += retransmits_ < 0xff ? 1 : 0;
}

void TcpRequest::on_timer(Instant now) { tcp_.on_request_timer(*this, now); }

}  // namespace catenet::transport
