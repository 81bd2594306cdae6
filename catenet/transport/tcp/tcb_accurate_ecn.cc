// SPDX-License-Identifier: Apache-2.0
// Accurate ECN (RFC 9768): who negotiates it, and how its counters (accurate_ecn.h) get into segments and out of them.
//
// A SYN asks with all three flags; the SYN,ACK answers with one of four combinations that say how the SYN arrived, and
// any other is the answer of a peer that knows RFC 3168 only, or nothing. The second SYN without answer still asks, the
// third does not ask for any ECN (3.1.4.1).
//
// What we leave out unless the configuration says otherwise: what is sent again goes without ECT, as handshakes do and
// RFC 3168 has it; options go with segments that carry no data, where they cost no payload. And acknowledgements of
// what was already acknowledged are not read, since an old one among them would look like seven marks.
#include <algorithm>

#include "catenet/transport/tcp/tcb.h"

namespace catenet::transport {
namespace {

constexpr std::uint8_t kAllAceFlags = 7;
constexpr std::uint8_t kClassicAsk = 3;      // ECE and CWR (RFC 3168 6.1.1)
constexpr std::uint8_t kClearsAfterGso = 2;  // CWR: whoever cuts super-segments leaves it in the first one only
constexpr std::size_t kOptionRoom = 12;
constexpr std::uint8_t kAskingSyns = 2;

}  // namespace

bool Tcb::asks_for_accurate_ecn() const {
  return state_ == TcpState::syn_sent && config_->ecn == EcnMode::ask_accurate && retries_ < kAskingSyns;
}

// The peer's SYN, or its answer to ours. True: both ends speak it.
bool Tcb::negotiate_accurate_ecn(const TcpSegment& syn) {
  const std::uint8_t ace = syn.ace();
  if (rare_) {
    rare_->accurate_ecn.reset();
  }
  if (syn.has_ack()) {
    if (!asks_for_accurate_ecn() || !AccurateEcn::is_accurate_answer(ace)) {
      return false;
    }
  } else if (!answers_accurate_ecn(config_->ecn) || ace == 0 || ace == kClassicAsk) {
    return false;  // any other combination is of a future that this is good enough for (3.1.3)
  }
  rare().accurate_ecn = std::make_unique<AccurateEcn>(syn.ecn);
  if (syn.options.accurate_ecn) {
    (void)accurate_ecn()->hear_option();
  }
  if (syn.has_ack()) {
    accurate_ecn()->take_handshake(ace, true);
    accurate_ecn()->owe_handshake_ack();
  }
  return true;
}

// What ends the handshake of who has received the SYN: it says how our SYN,ACK arrived (3.2.2.1).
void Tcb::note_handshake_ace(const TcpSegment& segment, bool has_data) {
  const bool pure = !has_data && segment.options.sack_count == 0;
  accurate_ecn()->take_handshake(segment.ace(), pure);
  if (pure && is_early()) {
    accurate_ecn()->pass_over();  // it may acknowledge data too
  }
}

// The flags of a segment that is about to go. `pure`: neither data nor SACK.
void Tcb::set_ecn_flags(wire::TcpHeader& header, bool pure) {
  if (header.has(wire::TcpFlag::kRst)) {
    return;
  }
  const bool ack = header.has(wire::TcpFlag::kAck);
  AccurateEcn* accurate = accurate_ecn();
  if (header.has(wire::TcpFlag::kSyn)) {
    if (!ack && asks_for_accurate_ecn()) {
      header.set_ace(kAllAceFlags);
    } else if (ack && accurate != nullptr) {
      header.set_ace(AccurateEcn::handshake_ace(accurate->syn_field()));
    }
  } else if (accurate != nullptr) {
    header.set_ace(accurate->next_ace(pure));
  } else if (ece_ && ack) {
    header.flags |= wire::TcpFlag::kEce;
  }
}

bool Tcb::owes_handshake_ack() const { return accurate_ecn() != nullptr && accurate_ecn()->owes_handshake_ack(); }

// A super-segment would lose a flag of the counter on its way to the wire.
bool Tcb::may_send_super_segments() const {
  return accurate_ecn() == nullptr || (accurate_ecn()->received_marks() & kClearsAfterGso) == 0;
}

std::uint32_t Tcb::delivered_marked() const {
  constexpr std::uint32_t kNone = 5;  // where the counter begins
  if (const AccurateEcn* accurate = accurate_ecn()) {
    return accurate->reported_marks() - kNone;
  }
  return sending_ ? sending_->marked : 0;
}

void Tcb::add_accurate_ecn(wire::TcpOptions& options, Instant now) {
  AccurateEcn* accurate = accurate_ecn();
  const bool always = accurate != nullptr && config_->accurate_ecn_always;
  if (always && !accurate->peer_sends_options() && state_ != TcpState::syn_received) {
    return;
  }
  const std::size_t taken = options.size() + (signs() ? rare_->signature.size() : 0);
  if (accurate != nullptr && config_->accurate_ecn_options && taken + kOptionRoom <= wire::kTcpMaxOptions &&
      (always || accurate->option_is_due(config_->accurate_ecn_beacons, rtt_.srtt(), now))) {
    options.accurate_ecn = accurate->option(now);
    options.accurate_ecn->e1b_first = options.accurate_ecn->e1b_first || config_->accurate_ecn_always;
  }
}

// The receiver: acceptable segments came, as one packet of `each` bytes each or as one segment.
void Tcb::note_accurate_marks(const TcpSegment& segment, std::uint32_t length, std::uint32_t each) {
  if (segment.options.accurate_ecn && accurate_ecn()->hear_option() && config_->accurate_ecn_always) {
    set_mss();  // ours will take their room
  }
  const std::uint32_t segments = each != 0 && length > each ? (length + each - 1) / each : 1;
  if (segment.ecn == AccurateEcn::kCe) {
    troubles().marks += segments;
  }
  if (accurate_ecn()->received(segment.ecn, segments, length)) {
    ack_due_ = true;
  }
}

// The sender: `acked` bytes are known to have arrived, which is news. Fills what it says of marks.
void Tcb::read_accurate_marks(const TcpSegment& segment, std::uint32_t acked, AckNews& news) {
  const auto marks =
      accurate_ecn()->take_feedback(segment.ace(), segment.options.accurate_ecn, (acked + mss_ - 1) / mss_, mss_);
  news.ece = marks.packets > 0;
  news.marked = std::min(marks.bytes, acked);
}

}  // namespace catenet::transport
