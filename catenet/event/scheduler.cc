// SPDX-License-Identifier: Apache-2.0
#include "catenet/event/scheduler.h"

#include "catenet/base/check.h"

namespace catenet {

EventSource::~EventSource() {
  if (is_pending()) {
    scheduler_->cancel(*this);
  }
}

Scheduler::~Scheduler() {
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
    heap_.push_back(entry);
    sift_up(static_cast<std::uint32_t>(heap_.size() - 1), entry);
    if (watched_ && source.position_ == 0) [[unlikely]] {
      on_earlier_();
    }
    return;
  }
  check(source.scheduler_ == this, "an event source is pending in another scheduler");
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

void Scheduler::sift_up(std::uint32_t position, Entry entry) {
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

void Scheduler::sift_down(std::uint32_t position, Entry entry) {
  const auto size = static_cast<std::uint32_t>(heap_.size());
  for (;;) {
    const std::uint32_t first = position * 4 + 1;
    if (first >= size) {
      break;
    }
    const std::uint32_t end = first + 4 < size ? first + 4 : size;
    std::uint32_t best = first;
    for (std::uint32_t child = first + 1; child < end; ++child) {
      if (heap_[child].before(heap_[best])) {
        best = child;
      }
    }
    if (!heap_[best].before(entry)) {
      break;
    }
    place(position, heap_[best]);
    position = best;
  }
  place(position, entry);
}

void Scheduler::fire_first() {
  const Entry first = heap_.front();
  now_ = first.at;
  remove(0);
  ++events_;
  first.source->fire(now_);
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
