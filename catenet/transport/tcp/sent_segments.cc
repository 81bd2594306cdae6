// SPDX-License-Identifier: Apache-2.0
#include "catenet/transport/tcp/sent_segments.h"

#include <algorithm>
#include <limits>

#include "catenet/base/check.h"

namespace catenet::transport {
namespace {

constexpr std::uint8_t kFate = SentSegment::kSacked | SentSegment::kLost | SentSegment::kRetransmitted;

}  // namespace

void SentSegments::start(std::uint32_t seq) {
  segments_.clear();
  una_ = lost_hint_ = seq;
  sacked_bytes_ = lost_bytes_ = retransmitted_bytes_ = sacked_count_ = ever_count_ = 0;
  if (rates_ != nullptr) {
    rates_->clear();
  }
}

void SentSegments::measure_rates(RateControl& control) {
  check(empty(), "rates are measured from the start");
  rates_ = std::make_unique<DeliveryRate>(control);
}

// News about `length` bytes of record `i`.
void SentSegments::rate(std::size_t i, std::uint32_t length) {
  const SentSegment& segment = segments_[i];
  rates_->delivered(i, segment.sent_at, segment.end, segment.is(SentSegment::kEverRetransmitted), length);
}

// The first record is acknowledged, as a `whole` or so many bytes of it.
void SentSegments::rate_front(std::uint32_t length, bool whole) {
  if (!segments_.front().is(SentSegment::kSacked)) {
    rate(0, length);
  }
  if (whole) {
    rates_->pop_front();
  }
}

void SentSegments::sent(std::uint32_t seq, std::uint32_t end, Instant now) {
  const std::uint32_t newest = this->end();
  if (rates_ != nullptr) {
    rates_->begin_sending(pipe(), now);
  }
  if (seq_before(seq, newest)) {
    ++turn_;
    std::size_t i = find(seq);
    if (begin_of(i) != seq && split(i, seq)) {
      ++i;
    }
    for (; i < size() && seq_before(begin_of(i), end); ++i) {
      if (segments_[i].is(SentSegment::kSacked)) {
        continue;
      }
      if (seq_before(end, segments_[i].end)) {
        (void)split(i, end);
      }
      segments_[i].sent_at = now;
      segments_[i].turn = turn_;
      set_flags(i, segments_[i].flags | SentSegment::kRetransmitted | SentSegment::kEverRetransmitted);
      if (rates_ != nullptr) {
        rates_->restamp(i, pipe());
      }
    }
  }
  if (seq_before(newest, end)) {
    append(end, now);
  }
}

void SentSegments::append(std::uint32_t end, Instant now) {
  if (size() >= kMaxSegments && segments_.back().flags == 0) [[unlikely]] {
    segments_.back().end = end;
    segments_.back().sent_at = now;
    segments_.back().turn = turn_;
    if (rates_ != nullptr) {
      rates_->restamp(size() - 1, pipe());
    }
    return;
  }
  SentSegment segment;
  segment.sent_at = now;
  segment.end = end;
  segment.turn = turn_;
  segments_.push_back(segment);
  if (rates_ != nullptr) {
    rates_->append(pipe());
  }
}

// What is left of a cumulative acknowledgement: it ends within the first record, or nothing is under way.
std::uint32_t SentSegments::trim_front(std::uint32_t una) {
  if (segments_.empty() || una == una_) {
    una_ = una;
    return 0;
  }
  const std::uint32_t length = una - una_;
  const SentSegment& front = segments_.front();
  uncount(front.flags, length);
  una_ = una;
  return front.is(SentSegment::kSacked) ? 0 : length;
}

std::size_t SentSegments::find(std::uint32_t seq) const {
  std::size_t low = 0;
  std::size_t high = size();
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (seq_before(seq, segments_[middle].end)) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

void SentSegments::set_flags(std::size_t i, std::uint8_t flags) {
  SentSegment& segment = segments_[i];
  uncount(segment.flags, length_of(i));
  uncount_record(segment.flags);
  segment.flags = flags;
  count(flags, length_of(i));
  sacked_count_ += (flags & SentSegment::kSacked) != 0 ? 1 : 0;
  ever_count_ += (flags & SentSegment::kEverRetransmitted) != 0 ? 1 : 0;
}

// Two records for one, with the same history. Only records that are not sacked are split, so no run is cut.
bool SentSegments::split(std::size_t i, std::uint32_t at) {
  if (size() >= 2 * kMaxSegments) {
    return false;
  }
  segments_.push_back(SentSegment{});
  for (std::size_t k = size() - 1; k > i; --k) {
    segments_[k] = segments_[k - 1];
  }
  if (rates_ != nullptr) {
    rates_->split(i);
  }
  segments_[i].end = at;
  ever_count_ += segments_[i].is(SentSegment::kEverRetransmitted) ? 1 : 0;
  return true;
}

std::size_t SentSegments::first_covered(wire::SackBlock block, std::uint32_t mss) {
  if (!seq_before(block.left, block.right) || seq_before(end(), block.right) || !seq_before(una_, block.right) ||
      seq_before(block.left, una_)) {
    return size();
  }
  const std::size_t i = find(block.left);
  if (segments_[i].is(SentSegment::kSacked)) {
    return next_unsacked(i);
  }
  const std::uint32_t begin = begin_of(i);
  if (begin == block.left) {
    return i;
  }
  const std::uint32_t cut = begin + (block.left - begin + mss - 1) / mss * mss;
  if (length_of(i) > mss && seq_before(cut, segments_[i].end)) {
    (void)split(i, cut);
  }
  return next_unsacked(i + 1);
}

// Whether record `i`, or what can be cut off its beginning, ends at `right` or before.
bool SentSegments::fit_end(std::size_t i, std::uint32_t right, std::uint32_t mss) {
  if (seq_up_to(segments_[i].end, right)) {
    return true;
  }
  const std::uint32_t begin = begin_of(i);
  if (!seq_before(begin, right) || length_of(i) <= mss) {
    return false;
  }
  const std::uint32_t cut = begin + (right - begin) / mss * mss;
  return cut != begin && split(i, cut);
}

std::size_t SentSegments::next_unsacked(std::size_t i) {
  const std::size_t first = i;
  while (i < size() && segments_[i].is(SentSegment::kSacked)) {
    i += segments_[i].run;
  }
  if (i > first + 1) {
    segments_[first].run =
        static_cast<std::uint16_t>(std::min<std::size_t>(i - first, std::numeric_limits<std::uint16_t>::max()));
  }
  return i;
}

std::size_t SentSegments::next_lost() {
  if (lost_bytes_ == 0) {
    return size();
  }
  std::size_t i = next_unsacked(seq_before(una_, lost_hint_) ? find(lost_hint_) : 0);
  while (i < size() && (segments_[i].flags & kFate) != SentSegment::kLost) {
    i = next_unsacked(i + 1);
  }
  lost_hint_ = i < size() ? begin_of(i) : end();
  return i;
}

void SentSegments::mark_lost(std::size_t i) { mark_lost(i, true); }

void SentSegments::mark_lost(std::size_t i, bool congestion) {
  if (rates_ != nullptr && congestion && (segments_[i].flags & kFate) != SentSegment::kLost) {
    rates_->lost(i, begin_of(i), length_of(i));
  }
  if (lost_bytes_ == 0) {
    lost_hint_ = begin_of(i);  // an older hint may be so old that numbers have wrapped
  }
  set_flags(i, static_cast<std::uint8_t>((segments_[i].flags & ~SentSegment::kRetransmitted) | SentSegment::kLost));
  lost_hint_ = seq_before(una_, lost_hint_) ? seq_min(lost_hint_, begin_of(i)) : una_;
}

void SentSegments::mark_first_lost(std::size_t i, std::uint32_t mss) {
  if (length_of(i) > mss) {
    (void)split(i, begin_of(i) + mss);
  }
  mark_lost(i);
}

void SentSegments::mark_all_lost(bool congestion) {
  for (std::size_t i = next_unsacked(0); i < size(); i = next_unsacked(i + 1)) {
    mark_lost(i, congestion);
  }
}

bool SentSegments::mark_lost_by_count(std::uint32_t mss) {
  if (sacked_bytes_ == 0) {
    return false;
  }
  std::uint32_t runs = 0;
  for (std::size_t i = next_unsacked(0); i < size(); i = next_unsacked(i + 1)) {
    runs += i + 1 < size() && segments_[i + 1].is(SentSegment::kSacked) ? 1 : 0;
  }
  bool news = false;
  std::size_t i = next_unsacked(0);
  std::uint32_t above = sacked_bytes_ - (begin_of(i) - una_);
  while (i < size() && (runs >= kDupThresh || above > (kDupThresh - 1) * mss)) {
    if (!segments_[i].is(SentSegment::kLost)) {
      mark_lost(i);
      news = true;
    }
    const std::size_t next = next_unsacked(i + 1);
    if (next > i + 1) {
      --runs;
      above -= begin_of(next) - segments_[i].end;
    }
    i = next;
  }
  return news;
}

void SentSegments::unmark_lost() {
  for (std::size_t i = next_unsacked(0); i < size(); i = next_unsacked(i + 1)) {
    set_flags(i, static_cast<std::uint8_t>(segments_[i].flags & ~SentSegment::kLost));
  }
}

void SentSegments::forget_sacks() {
  for (std::size_t i = 0; i < size(); ++i) {
    set_flags(i, static_cast<std::uint8_t>(segments_[i].flags & ~SentSegment::kSacked));
    segments_[i].run = 1;
  }
}

void SentSegments::verify() const {
  SentSegments sum;
  for (std::size_t i = 0; i < size(); ++i) {
    check(seq_before(begin_of(i), segments_[i].end), "a record has a length");
    check(!segments_[i].is(SentSegment::kSacked) || (segments_[i].flags & kFate) == SentSegment::kSacked,
          "what has arrived is neither lost nor under way");
    check(!segments_[i].is(SentSegment::kSacked) || i + segments_[i].run <= size(), "a run lies within the records");
    for (std::size_t k = i; segments_[i].is(SentSegment::kSacked) && k < i + segments_[i].run; ++k) {
      check(segments_[k].is(SentSegment::kSacked), "a run is sacked from end to end");
    }
    sum.count(segments_[i].flags, length_of(i));
    sum.sacked_count_ += segments_[i].is(SentSegment::kSacked) ? 1 : 0;
    sum.ever_count_ += segments_[i].is(SentSegment::kEverRetransmitted) ? 1 : 0;
  }
  check(rates_ == nullptr || rates_->size() == size(), "each record has its stamp");
  check(sum.sacked_bytes_ == sacked_bytes_ && sum.lost_bytes_ == lost_bytes_ &&
            sum.retransmitted_bytes_ == retransmitted_bytes_ && sum.sacked_count_ == sacked_count_ &&
            sum.ever_count_ == ever_count_,
        "pipe is what the records say");
}

}  // namespace catenet::transport
