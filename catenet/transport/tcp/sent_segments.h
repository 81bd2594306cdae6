// SPDX-License-Identifier: Apache-2.0
// SentSegments: one record for each segment that was sent and is not acknowledged: when it last went, and what is known
// of its fate. It holds the scoreboard of RFC 6675 and the per-segment state of RFC 8985 5.2 in one flat ring.
//
//   sacked          the peer has it (RFC 2018)
//   lost            its first transmission, and each later one that is not flagged `retransmitted`, is gone
//   retransmitted   a retransmission of it is presumed under way
//
// `pipe` is what these flags say: bytes not sacked and not lost, and once more those that are under way again. The sums
// are kept up in the one place that changes flags, and verify() counts them afresh.
//
// A run of sacked records is passed over in one step: its first remembers how long it is at least. A window with few
// holes thus costs a few steps, however long it is.
#pragma once
#include <cstdint>
#include <memory>

#include "catenet/base/ring.h"
#include "catenet/base/time.h"
#include "catenet/transport/tcp/delivery_rate.h"
#include "catenet/transport/tcp/sequence.h"
#include "catenet/wire/tcp.h"

namespace catenet::transport {

struct SentSegment {
  enum Flag : std::uint8_t {
    kSacked = 1,
    kLost = 2,
    kRetransmitted = 4,
    kEverRetransmitted = 8,
  };
  Instant sent_at;        ///< the latest transmission
  std::uint32_t end = 0;  ///< one past its last number; it begins where the record before it ends
  std::uint16_t run = 1;  ///< if sacked: at least so many records from this one on are
  std::uint8_t flags = 0;
  std::uint8_t turn = 0;  ///< tells what went at the same moment apart: it rises with each retransmission, modulo 256

  [[nodiscard]] bool is(Flag flag) const { return (flags & flag) != 0; }
};

class SentSegments {
 public:
  /// Beyond this the newest record grows instead: a sender of tiny segments costs a bounded amount of memory.
  static constexpr std::size_t kMaxSegments = 1U << 16;
  static constexpr std::uint32_t kDupThresh = 3;  ///< RFC 6675 2, RFC 8985 6.1

  /// Nothing is under way, and the next number is `seq`.
  void start(std::uint32_t seq);

  [[nodiscard]] bool empty() const { return segments_.empty(); }
  [[nodiscard]] std::size_t size() const { return segments_.size(); }
  [[nodiscard]] const SentSegment& operator[](std::size_t i) const { return segments_[i]; }
  [[nodiscard]] std::uint32_t begin_of(std::size_t i) const { return i == 0 ? una_ : segments_[i - 1].end; }
  [[nodiscard]] std::uint32_t length_of(std::size_t i) const { return segments_[i].end - begin_of(i); }
  [[nodiscard]] std::uint32_t begin() const { return una_; }
  [[nodiscard]] std::uint32_t end() const { return empty() ? una_ : segments_[size() - 1].end; }

  /// Bytes presumed under way.
  [[nodiscard]] std::uint32_t pipe() const { return end() - una_ - sacked_bytes_ - lost_bytes_ + retransmitted_bytes_; }
  [[nodiscard]] std::uint32_t sacked_bytes() const { return sacked_bytes_; }
  [[nodiscard]] std::uint32_t lost_bytes() const { return lost_bytes_; }
  [[nodiscard]] std::uint32_t retransmitted_bytes() const { return retransmitted_bytes_; }
  [[nodiscard]] std::uint32_t sacked_count() const { return sacked_count_; }
  /// Nothing that was not SACKed in order, and nothing sent twice: what is left was sent after all that arrived.
  [[nodiscard]] bool in_order() const { return sacked_count_ == 0 && ever_count_ == 0; }

  /// [seq, end) was sent; what of it lies below end() was sent again. seq <= end().
  void sent(std::uint32_t seq, std::uint32_t end, Instant now);

  /// Cumulative acknowledgement up to `una`, at most end(). Each record that is news of (not sacked before) is shown to
  /// `visit(const SentSegment&)` as it was, also the part of a record. Returns the bytes that are news.
  template <typename Visit>
  std::uint32_t acknowledge(std::uint32_t una, Visit&& visit) {
    std::uint32_t delivered = 0;
    while (!segments_.empty() && seq_up_to(segments_.front().end, una)) {
      const SentSegment segment = segments_.front();
      const std::uint32_t length = segment.end - una_;
      if (rates_ != nullptr) [[unlikely]] {
        rate_front(length, true);
      }
      (void)segments_.pop_front();
      uncount(segment.flags, length);
      uncount_record(segment.flags);
      una_ = segment.end;
      if (!segment.is(SentSegment::kSacked)) {
        delivered += length;
        visit(segment);
      }
    }
    if (!segments_.empty() && seq_before(una_, una)) {
      SentSegment part = segments_.front();
      part.end = una;
      if (rates_ != nullptr) [[unlikely]] {
        rate_front(una - una_, false);
      }
      if (!part.is(SentSegment::kSacked)) {
        visit(part);
      }
    }
    return delivered + trim_front(una);
  }

  /// One SACK block. Blocks that are empty or not within (begin(), end()] are not believed (RFC 2018 5). A record that
  /// is covered in part is cut at a multiple of `mss` from its beginning if it is longer than that; else it is not
  /// marked, which only makes pipe cautious. `visit` and result as above.
  template <typename Visit>
  std::uint32_t sack(wire::SackBlock block, std::uint32_t mss, Visit&& visit) {
    std::uint32_t delivered = 0;
    for (std::size_t i = first_covered(block, mss); i < size(); i = next_unsacked(i)) {
      if (!fit_end(i, block.right, mss)) {
        break;
      }
      const SentSegment segment = segments_[i];
      delivered += length_of(i);
      if (rates_ != nullptr) [[unlikely]] {
        rate(i, length_of(i));
      }
      set_flags(i, static_cast<std::uint8_t>((segment.flags & SentSegment::kEverRetransmitted) | SentSegment::kSacked));
      visit(segment);
    }
    return delivered;
  }

  /// The first record from `i` on that is not sacked; size() if there is none.
  std::size_t next_unsacked(std::size_t i);
  /// The first record that is lost and not under way again; size() if there is none.
  std::size_t next_lost();
  /// The record that `seq` is in; size() if there is none.
  [[nodiscard]] std::size_t find(std::uint32_t seq) const;

  /// All transmissions of record `i` are lost. It must not be sacked.
  void mark_lost(std::size_t i);
  /// Of its first `mss` bytes only.
  void mark_first_lost(std::size_t i, std::uint32_t mss);
  /// `congestion` false: not that the network lost them, but they must go again.
  void mark_all_lost(bool congestion = true);
  /// By IsLost() of RFC 6675 4: three separate runs above, or more than two segments' worth of sacked bytes. Returns
  /// whether there was news.
  bool mark_lost_by_count(std::uint32_t mss);
  /// It was all a mistake: what was marked lost is under way.
  void unmark_lost();
  /// The peer has thrown away what it had reported (RFC 2018 8).
  void forget_sacks();

  /// From now on each record has a stamp, and rates are told to `control`, which outlives this. Nothing is under way.
  void measure_rates(RateControl& control);
  /// Null unless measure_rates() was called.
  [[nodiscard]] DeliveryRate* rates() { return rates_.get(); }
  [[nodiscard]] const DeliveryRate* rates() const { return rates_.get(); }

  /// check()s the sums against a count of the records. For tests and the fuzzer.
  void verify() const;

 private:
  void count(std::uint8_t flags, std::uint32_t length) {
    sacked_bytes_ += (flags & SentSegment::kSacked) != 0 ? length : 0;
    lost_bytes_ += (flags & SentSegment::kLost) != 0 ? length : 0;
    retransmitted_bytes_ += (flags & SentSegment::kRetransmitted) != 0 ? length : 0;
  }
  void uncount(std::uint8_t flags, std::uint32_t length) {
    if (flags != 0) [[unlikely]] {
      count(flags, 0U - length);
    }
  }
  void uncount_record(std::uint8_t flags) {
    sacked_count_ -= (flags & SentSegment::kSacked) != 0 ? 1 : 0;
    ever_count_ -= (flags & SentSegment::kEverRetransmitted) != 0 ? 1 : 0;
  }
  void mark_lost(std::size_t i, bool congestion);
  void rate(std::size_t i, std::uint32_t length);
  void rate_front(std::uint32_t length, bool whole);
  std::uint32_t trim_front(std::uint32_t una);
  void append(std::uint32_t end, Instant now);
  void set_flags(std::size_t i, std::uint8_t flags);
  [[nodiscard]] bool split(std::size_t i, std::uint32_t at);
  [[nodiscard]] std::size_t first_covered(wire::SackBlock block, std::uint32_t mss);
  [[nodiscard]] bool fit_end(std::size_t i, std::uint32_t right, std::uint32_t mss);

  Ring<SentSegment> segments_;
  std::unique_ptr<DeliveryRate> rates_;  // of connections whose congestion control goes by them
  std::uint32_t una_ = 0;
  std::uint32_t sacked_bytes_ = 0;
  std::uint32_t lost_bytes_ = 0;
  std::uint32_t retransmitted_bytes_ = 0;
  std::uint32_t sacked_count_ = 0;  // records
  std::uint32_t ever_count_ = 0;    // records that were retransmitted
  std::uint8_t turn_ = 0;           // of the latest transmission
  std::uint32_t lost_hint_ = 0;     // no record that begins before it is lost and not under way again
};

}  // namespace catenet::transport
