// SPDX-License-Identifier: Apache-2.0
// SendWatch: what becomes of bytes that the user wants to hear of. Each entry is the number behind a send's last byte;
// when that has been sent, or acknowledged, there is a notice with the time. It is how a user learns that a buffer is
// free again (Linux's MSG_ZEROCOPY) or when bytes left and arrived (SO_TIMESTAMPING).
//
// Both queues are limited. As on Linux, stamps beyond the limit are lost, while of buffers that are free none is: one
// notice tells of all whose numbers follow each other, and beyond the limit one entry waits for several sends.
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
  static constexpr std::size_t kMost = 1024;  ///< entries with stamps, entries of free buffers, notices with stamps

  /// `end`: one past the last byte.
  void add(std::uint32_t end, TcpSendWish wish) {
    if (wish.stamps() && stamped_ >= kMost) {
      ++lost_;
      wish = {.id = wish.id, .released = wish.released};
    }
    if (!wish.any()) {
      return;
    }
    if (!wish.stamps() && entries_.size() - stamped_ >= kMost && !entries_.back().wish.stamps()) {
      entries_.back().end = end;
      entries_.back().last = wish.id;
      return;
    }
    stamped_ += wish.stamps() ? 1 : 0;
    entries_.push_back({end, wish.id, wish});
  }
  /// Everything below `una` is acknowledged, and below `nxt` sent. True: there are new notices.
  bool advance(std::uint32_t una, std::uint32_t nxt, Instant now) {
    news_ = false;
    for (; sent_ < entries_.size() && seq_up_to(entries_[sent_].end, nxt); ++sent_) {
      const Entry& entry = entries_[sent_];
      tell(entry.wish.scheduled, TcpSendNotice::What::scheduled, entry, now);
      tell(entry.wish.sent, TcpSendNotice::What::sent, entry, now);
    }
    while (!entries_.empty() && seq_up_to(entries_.front().end, una)) {
      finish(now);
    }
    return news_;
  }
  /// The connection is over: nothing will be acknowledged any more, and buffers are free.
  bool end(Instant now) {
    news_ = false;
    while (!entries_.empty()) {
      finish(now, false);
    }
    return news_;
  }
  /// What there is to tell: grows with every send that a notice tells of.
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] const TcpSendNotice* next() const { return notices_.empty() ? nullptr : &notices_.front(); }
  TcpSendNotice take() {
    const TcpSendNotice notice = notices_.pop_front();
    size_ -= notice.last - notice.id + 1;
    stamps_ -= notice.what != TcpSendNotice::What::released ? 1 : 0;
    return notice;
  }
  /// Stamps that found no room.
  [[nodiscard]] std::uint64_t lost() const { return lost_; }

 private:
  struct Entry {
    std::uint32_t end;
    std::uint32_t last;  // of several sends whose buffers are waited for; else the wish's own
    TcpSendWish wish;
  };
  void tell(bool wanted, TcpSendNotice::What what, const Entry& entry, Instant now) {
    if (!wanted) {
      return;
    }
    const bool stamp = what != TcpSendNotice::What::released;
    if (stamp && stamps_ >= kMost) {
      ++lost_;
      return;
    }
    news_ = true;
    const std::uint32_t last = stamp ? entry.wish.id : entry.last;
    size_ += last - entry.wish.id + 1;
    stamps_ += stamp ? 1 : 0;
    if (!stamp && !notices_.empty() && notices_.back().what == what && notices_.back().last + 1 == entry.wish.id) {
      notices_.back().last = last;
      return;
    }
    notices_.push_back({what, entry.wish.id, last, now});
  }
  void finish(Instant now, bool acknowledged = true) {
    const Entry entry = entries_.pop_front();
    sent_ -= sent_ > 0 ? 1 : 0;
    stamped_ -= entry.wish.stamps() ? 1 : 0;
    tell(acknowledged && entry.wish.acknowledged, TcpSendNotice::What::acknowledged, entry, now);
    tell(entry.wish.released, TcpSendNotice::What::released, entry, now);
  }

  Ring<Entry> entries_;  // in the order of their numbers
  Ring<TcpSendNotice> notices_;
  std::size_t sent_ = 0;     // of the entries, from the front: they have been sent
  std::size_t stamped_ = 0;  // of the entries: with stamps
  std::size_t stamps_ = 0;   // of the notices
  std::size_t size_ = 0;
  std::uint64_t lost_ = 0;
  bool news_ = false;
};

}  // namespace catenet::transport
