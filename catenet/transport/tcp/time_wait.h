// SPDX-License-Identifier: Apache-2.0
// TcpTimeWait: a connection in TIME-WAIT (RFC 9293 3.3.2) as a row of its own. Its Tcb is gone; what is left is what it
// takes to acknowledge a FIN that comes again, and to tell an old segment from a SYN that opens the next connection
// between the same two ends (RFC 6191). Tcp keeps the rows in the order in which they end, with one timer for all.
#pragma once
#include <cstdint>

#include "catenet/base/intrusive_list.h"
#include "catenet/base/time.h"
#include "catenet/net/drop_reason.h"
#include "catenet/transport/tcp/tcb_types.h"
#include "catenet/transport/tcp/tcp_entry.h"

namespace catenet::transport {

struct TcpTimeWaitQueue;

class TcpTimeWait final : public TcpPortUser, public ListNode<TcpTimeWaitQueue> {
 public:
  /// Answers to segments without data are this far apart, so that two ends that disagree do not talk for ever.
  static constexpr Duration kAnswerGap = Duration::milliseconds(500);

  enum class Verdict : std::uint8_t {
    drop,    ///< say nothing
    answer,  ///< acknowledge, drop
    end,     ///< a reset that counts: CLOSED
    reopen,  ///< a SYN that may begin a new connection; this one gives way
  };
  struct Judgement {
    Verdict verdict = Verdict::drop;
    DropReason reason = DropReason::tcp_duplicate;
    bool restart = false;  ///< the 2 MSL begin anew
    bool skipped = false;  ///< an answer was due and held back
  };

  /// The row of `connection`, which had its port and its say about sharing it.
  TcpTimeWait(const TcpPortUser& connection, const TimeWaitFacts& facts, Instant expires, Duration length)
      : TcpPortUser(Kind::time_wait, connection), facts_(facts), expires_(expires), length_(length) {}

  /// RFC 9293 3.10.7.4 with RFC 6191 2. `bytes` of data came with the segment; `protected_from_resets`: RFC 1337's
  /// first fix; `timestamps_wanted`: the next connection would use them if the SYN does.
  [[nodiscard]] Judgement judge(const TcpSegment& segment, std::uint32_t bytes, bool protected_from_resets,
                                bool timestamps_wanted, Instant now);

  [[nodiscard]] const TimeWaitFacts& facts() const { return facts_; }
  [[nodiscard]] Instant expires() const { return expires_; }
  void restart(Instant now) { expires_ = now + length_; }
  /// Larger than any number that the old connection used, should the clock's not be (RFC 9293 3.10.7.4 fourth).
  [[nodiscard]] static std::uint32_t next_iss(const TimeWaitFacts& former, std::uint32_t clock_iss);

 private:
  friend class Tcp;
  [[nodiscard]] bool gives_way_to(const TcpSegment& syn, bool timestamps_wanted) const;
  [[nodiscard]] Judgement answer(Judgement judgement, bool may_be_skipped, Instant now);

  TimeWaitFacts facts_;
  Instant expires_;
  Duration length_;
  Instant answered_at_ = Instant::zero();
  bool answered_ = false;
};

}  // namespace catenet::transport
