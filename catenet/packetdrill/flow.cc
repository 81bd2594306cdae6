// SPDX-License-Identifier: Apache-2.0
#include "catenet/packetdrill/flow.h"

#include "catenet/wire/tcp.h"

namespace catenet::packetdrill {
namespace {

using wire::TcpFlag;

std::uint32_t get32(const std::vector<std::uint8_t>& b, std::size_t at) {
  return std::uint32_t{b[at]} << 24 | std::uint32_t{b[at + 1]} << 16 | std::uint32_t{b[at + 2]} << 8 | b[at + 3];
}
void set32(std::vector<std::uint8_t>& b, std::size_t at, std::uint32_t v) {
  for (std::size_t i = 0; i < 4; ++i) {
    b[at + i] = static_cast<std::uint8_t>(v >> (24 - 8 * i));
  }
}

constexpr std::size_t kTimestampsBody = 8;

}  // namespace

std::optional<Timestamps> timestamps_of(const TcpFields& tcp) {
  if (tcp.options) {
    for (const TcpOption& o : *tcp.options) {
      if (o.kind == option_kind::kTimestamps && o.body.size() == kTimestampsBody) {
        return Timestamps{get32(o.body, 0), get32(o.body, 4)};
      }
    }
  }
  return std::nullopt;
}

TcpFields Flow::to_wire(const TcpFields& script) {
  TcpFields out = script;
  const bool syn = (script.flags & TcpFlag::kSyn) != 0;
  const bool ack = (script.flags & TcpFlag::kAck) != 0;
  if (syn && counted_) {
    if (remote_isn_ && newest_isn_ != script.seq) {
      known_ = false;  // a new connection between the same ends: so will be our number
    }
    newest_isn_ = script.seq;
    remote_isn_ = ack ? script.seq : remote_isn_.value_or(script.seq);
  } else if (!script.wire_seq) {
    out.seq = script.seq + remote_isn_.value_or(0);
  }
  if (ack) {
    out.ack = script.ack + local_shift(syn);
  }
  for (TcpOption& o : *out.options) {
    if (o.kind == option_kind::kSack) {
      for (std::size_t at = 0; at + 4 <= o.body.size(); at += 4) {
        set32(o.body, at, get32(o.body, at) + local_shift(syn));
      }
    } else if (o.kind == option_kind::kTimestamps && o.body.size() == kTimestampsBody && ack) {
      const std::uint32_t echo = get32(o.body, 4);
      const auto known = timestamps_.find(echo);
      if (known != timestamps_.end()) {
        set32(o.body, 4, known->second);
      } else if (timestamp_shift_) {
        set32(o.body, 4, echo + *timestamp_shift_);
      }
    }
  }
  return out;
}

TcpFields Flow::to_script(const TcpFields& wire, const TcpFields& expected) {
  const bool syn = (wire.flags & TcpFlag::kSyn) != 0;
  if (syn && (expected.flags & TcpFlag::kSyn) != 0 && !known_) {
    counted_ = true;
    shift_ = wire.seq - expected.seq;
    isn_ = wire.seq;
    known_ = true;
    timestamps_.clear();
    timestamp_shift_.reset();
  }
  if (syn && (wire.flags & TcpFlag::kAck) != 0) {
    remote_isn_ = newest_isn_;  // the answer to the latest SYN: what follows counts from there
  }
  TcpFields out = wire;
  out.seq = expected.wire_seq ? wire.seq : wire.seq - local_shift(syn);
  if (!syn) {
    out.ack -= (wire.flags & TcpFlag::kAck) != 0 ? remote_isn_.value_or(0) : 0;
    for (std::size_t i = 0; i < out.options->size(); ++i) {
      TcpOption& o = (*out.options)[i];
      for (std::size_t at = 0; o.kind == option_kind::kSack && at + 4 <= o.body.size(); at += 4) {
        set32(o.body, at, get32(o.body, at) - remote_isn_.value_or(0));
      }
    }
  }
  const auto wanted = timestamps_of(expected);
  const auto got = timestamps_of(wire);
  if (wanted && got) {
    timestamps_[wanted->value] = got->value;
    if (!timestamp_shift_) {
      timestamp_shift_ = got->value - wanted->value;
    }
    for (TcpOption& o : *out.options) {  // its own value is not compared
      if (o.kind == option_kind::kTimestamps) {
        set32(o.body, 0, wanted->value);
      }
    }
  }
  return out;
}

}  // namespace catenet::packetdrill
