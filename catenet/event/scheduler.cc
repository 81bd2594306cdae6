// SPDX-License-Identifier: Apache-2.0
#include "catenet/event/scheduler.h"

#include <algorithm>

#include "catenet/base/check.h"

namespace catenet {

EventSource::~EventSource() {
  if (is_pending()) {
    scheduler_->cancel(*this);
  }
}

Scheduler::~Scheduler() {
  fill_hole();
  for (const Entry& entry : heap_) {  // sources may outlive us
    entry.source->position_ = EventSource::kNotPending;
  }
}

void Scheduler::schedule(EventSource& source, Instant at) {
  if (at.is_never()) {
    cancel(source);
    return;
  }
  const Entry entry{at < now_ ? now_ : at, source.id_, 0, &source};
  if (!source.is_pending()) {
    source.scheduler_ = this;
    if (hole_) [[likely]] {  // most events lead to another one: it moves down instead of the last one, and none up
      hole_ = false;
      sift_down(0, entry);
      return;
    }
    heap_.push_back(entry);
    sift_up(static_cast<std::uint32_t>(heap_.size() - 1), entry);
    if (watched_ && source.position_ == 0) [[unlikely]] {
      on_earlier_();
    }
    return;
  }
  check(source.scheduler_ == this, "an event source is pending in another scheduler");
  fill_hole();
  const std::uint32_t position = source.position_;
  if (entry.before(heap_[position])) {
    sift_up(position, entry);
    if (watched_ && source.position_ == 0) [[unlikely]] {
      on_earlier_();
    }
  } else {
    sift_down(position, entry);
  }
}

void Scheduler::cancel(EventSource& source) {
  if (source.is_pending()) {
    check(source.scheduler_ == this, "an event source is pending in another scheduler");
    fill_hole();
    remove(source.position_);
  }
}

void Scheduler::remove(std::uint32_t position) {
  heap_[position].source->position_ = EventSource::kNotPending;
  const Entry last = heap_.back();
  heap_.pop_back();
  if (position == heap_.size()) {
    return;
  }
  if (position > 0 && last.before(heap_[(position - 1) / 4])) {
    sift_up(position, last);
  } else {
    sift_down(position, last);
  }
}

Instant Scheduler::next_below_hole() const {
  Instant next = Instant::never();
  for (std::size_t child = 1; child <= 4 && child < heap_.size(); ++child) {
    next = std::min(next, heap_[child].at);
  }
  return next;
}

void Scheduler::fill_hole() {
  if (!hole_) {
    return;
  }
  hole_ = false;
  const Entry last = heap_.back();
  heap_.pop_back();
  if (!heap_.empty()) {
    sift_down(0, last);
  }
}

void Scheduler::sift_up(std::uint32_t position, const Entry& entry) {
  while (position > 0) {
    const std::uint32_t parent = (position - 1) / 4;
    if (!entry.before(heap_[parent])) {
      break;
    }
    place(position, heap_[parent]);
    position = parent;
  }
  place(position, entry);
}

void Scheduler::sift_down(std::uint32_t position, const Entry& entry) {
  const Entry* const heap = heap_.data();
  const auto size = static_cast<std::uint32_t>(heap_.size());
  for (;;) {
    const std::uint32_t first = position * 4 + 1;
    std::uint32_t best = first;
    if (first + 4 <= size) [[likely]] {  // a tournament without branches
      const std::uint32_t left = first + (heap[first + 1].before(heap[first]) ? 1U : 0U);
      const std::uint32_t right = first + 2 + (heap[first + 3].before(heap[first + 2]) ? 1U : 0U);
      best = heap[right].before(heap[left]) ? right : left;
    } else if (first < size) {
      for (std::uint32_t child = first + 1; child < size; ++child) {
        best = heap[child].before(heap[best]) ? child : best;
      }
    } else {
      break;
    }
    if (!heap[best].before(entry)) {
      break;
    }
    place(position, heap[best]);
    position = best;
  }
  place(position, entry);
}

void Scheduler::fire_first() {
  const Entry& first = heap_.front();
  EventSource& source = *first.source;
  now_ = first.at;
  source.position_ = EventSource::kNotPending;
  hole_ = true;
  ++events_;
  source.fire(now_);
  fill_hole();
  if (!posted_.empty()) {
    run_posted();
  }
}

void Scheduler::run_posted() {
  while (!posted_.empty()) {
    const Delegate<void()> task = posted_.pop_front();
    if (task) {
      task();
    }
  }
}

void Scheduler::unpost(Delegate<void()> task) {
  for (std::size_t i = 0; i < posted_.size(); ++i) {
    if (posted_[i] == task) {
      posted_[i] = {};  // its place stays: the order of the others is not disturbed
    }
  }
}

bool Scheduler::run_one(Instant horizon) {
  const Unwatched unwatched(*this);
  run_posted();
  if (heap_.empty() || heap_.front().at >= horizon) {
    return false;
  }
  fire_first();
  return true;
}

void Scheduler::run_until(Instant horizon) {
  const Unwatched unwatched(*this);
  run_posted();
  while (!heap_.empty() && heap_.front().at < horizon) {
    fire_first();
  }
  if (now_ < horizon && !horizon.is_never()) {
    now_ = horizon;
  }
}

}  // namespace catenet
