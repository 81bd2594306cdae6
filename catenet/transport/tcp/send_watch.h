// SPDX-License-Identifier: Apache-2.0
// SendWatch: what becomes of bytes that the user wants to hear of. Each entry is the number behind a send's last byte;
// when that has been sent, or acknowledged, there is a notice with the time. It is how a user learns that a buffer is
// free again (Linux's MSG_ZEROCOPY) or when bytes left and arrived (SO_TIMESTAMPING).
#pragma once
#include <cstdint>
#include <optional>

#include "catenet/base/ring.h"
#include "catenet/base/time.h"
#include "catenet/transport/tcp/sequence.h"
#include "catenet/transport/tcp/tcb_types.h"

namespace catenet::transport {

class SendWatch {
 public:
  /// `end`: one past the last byte.
  void add(std::uint32_t end, const TcpSendWish& wish) { entries_.push_back({end, wish, false}); }
  /// Everything below `una` is acknowledged, and below `nxt` sent. True: there are new notices.
  bool advance(std::uint32_t una, std::uint32_t nxt, Instant now) {
    const std::size_t before = notices_.size();
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      Entry& entry = entries_[i];
      if (seq_before(nxt, entry.end)) {
        break;
      }
      if (!entry.sent) {
        entry.sent = true;
        tell(entry.wish.scheduled, TcpSendNotice::What::scheduled, entry, now);
        tell(entry.wish.sent, TcpSendNotice::What::sent, entry, now);
      }
    }
    while (!entries_.empty() && seq_up_to(entries_.front().end, una)) {
      finish(now);
    }
    return notices_.size() > before;
  }
  /// The connection is over: nothing will be acknowledged any more, and buffers are free.
  bool end(Instant now) {
    const std::size_t before = notices_.size();
    while (!entries_.empty()) {
      entries_.front().wish.acknowledged = false;
      finish(now);
    }
    return notices_.size() > before;
  }
  [[nodiscard]] std::size_t size() const { return notices_.size(); }
  [[nodiscard]] const TcpSendNotice* next() const { return notices_.empty() ? nullptr : &notices_.front(); }
  TcpSendNotice take() { return notices_.pop_front(); }

 private:
  struct Entry {
    std::uint32_t end;
    TcpSendWish wish;
    bool sent;
  };
  void tell(bool wanted, TcpSendNotice::What what, const Entry& entry, Instant now) {
    if (wanted) {
      notices_.push_back({what, entry.wish.id, now});
    }
  }
  void finish(Instant now) {
    const Entry entry = entries_.pop_front();
    tell(entry.wish.acknowledged, TcpSendNotice::What::acknowledged, entry, now);
    tell(entry.wish.released, TcpSendNotice::What::released, entry, now);
  }

  Ring<Entry> entries_;  // in the order of their numbers
  Ring<TcpSendNotice> notices_;
};

}  // namespace catenet::transport
