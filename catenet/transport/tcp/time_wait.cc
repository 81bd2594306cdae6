// SPDX-License-Identifier: Apache-2.0
#include "catenet/transport/tcp/time_wait.h"

#include "catenet/transport/tcp/sequence.h"

namespace catenet::transport {

bool TcpTimeWait::gives_way_to(const TcpSegment& syn, bool timestamps_wanted) const {
  if (!syn.syn() || syn.rst() || syn.has_ack()) {
    return false;
  }
  if (syn.options.timestamps && facts_.timestamps && syn.options.timestamps->value != facts_.ts_recent) {
    return seq_before(facts_.ts_recent, syn.options.timestamps->value);
  }
  if (syn.options.timestamps && !facts_.timestamps && timestamps_wanted) {
    return true;  // what is left of the old connection has no timestamps, and PAWS keeps it out of the new one
  }
  return seq_before(facts_.rcv_nxt, syn.seq);
}

TcpTimeWait::Judgement TcpTimeWait::judge(const TcpSegment& segment, std::uint32_t bytes, bool protected_from_resets,
                                          bool timestamps_wanted, Instant now) {
  const bool stamped = facts_.timestamps && segment.options.timestamps.has_value();
  const bool too_old = stamped && seq_before(segment.options.timestamps->value, facts_.ts_recent);
  if (segment.rst()) {
    // RFC 5961 3.2: only at exactly the next number. RFC 1337 3: even that is TIME-WAIT's assassination.
    if (segment.seq == facts_.rcv_nxt && !too_old && !protected_from_resets) {
      return {Verdict::end, DropReason::tcp_closed};
    }
    return {Verdict::drop, DropReason::tcp_bad_segment};
  }
  if (gives_way_to(segment, timestamps_wanted)) {
    return {Verdict::reopen};
  }
  const bool bare = bytes == 0 && !segment.fin();
  if (too_old) {
    return answer({Verdict::answer, DropReason::tcp_old_timestamp, segment.fin()}, bare, now);
  }
  if (bare && !segment.syn() && segment.seq == facts_.rcv_nxt) {  // the last acknowledgement again
    if (stamped) {
      facts_.ts_recent = segment.options.timestamps->value;
      facts_.ts_recent_at = now;
    }
    return {Verdict::drop, DropReason::tcp_duplicate};
  }
  // 3.10.7.4 eighth: a FIN that comes again restarts the 2 MSL, and is acknowledged as everything else is.
  const DropReason reason = segment.syn() || !segment.has_ack()       ? DropReason::tcp_bad_segment
                            : seq_before(facts_.rcv_nxt, segment.seq) ? DropReason::tcp_out_of_window
                                                                      : DropReason::tcp_duplicate;
  return answer({Verdict::answer, reason, segment.fin() && segment.has_ack()}, bare, now);
}

TcpTimeWait::Judgement TcpTimeWait::answer(Judgement judgement, bool may_be_skipped, Instant now) {
  if (may_be_skipped && answered_ && now - answered_at_ < kAnswerGap) {
    judgement.verdict = Verdict::drop;
    judgement.skipped = true;
    return judgement;
  }
  answered_ = true;
  answered_at_ = now;
  return judgement;
}

std::uint32_t TcpTimeWait::next_iss(const TimeWaitFacts& former, std::uint32_t clock_iss) {
  constexpr std::uint32_t kGap = 65'535 + 2;  // beyond any window that was not scaled, as in Linux and BSD
  return seq_before(former.snd_nxt + kGap, clock_iss) ? clock_iss : former.snd_nxt + kGap;
}

}  // namespace catenet::transport
