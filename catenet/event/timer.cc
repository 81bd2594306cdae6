// SPDX-License-Identifier: Apache-2.0
#include "catenet/event/timer.h"

namespace catenet {

Timer::~Timer() {
  if (position_ != kNotQueued) {
    queue_.remove(position_);
  }
}

void Timer::arm(Instant deadline) {
  if (deadline < queue_.now()) {
    deadline = queue_.now();
  }
  deadline_ = deadline;
  if (deadline.is_never()) {
    return;
  }
  if (position_ == kNotQueued || deadline < queue_.heap_[position_].at) {
    queue_.enqueue(*this);
  }
}

TimerQueue::~TimerQueue() {
  for (const Entry& entry : heap_) {
    entry.timer->position_ = Timer::kNotQueued;
  }
}

void TimerQueue::enqueue(Timer& timer) {
  const Entry entry{timer.deadline_, next_sequence_++, &timer};
  if (timer.position_ == Timer::kNotQueued) {
    heap_.push_back(entry);
    timer.position_ = static_cast<std::uint32_t>(heap_.size() - 1);
  }
  settle(timer.position_, entry);
  if (!firing_) {
    scheduler_.schedule(*this, heap_.front().at);
  }
}

void TimerQueue::remove(std::uint32_t position) {
  heap_[position].timer->position_ = Timer::kNotQueued;
  const Entry last = heap_.back();
  heap_.pop_back();
  if (position < heap_.size()) {
    settle(position, last);
  }
  // The queue always waits for its first timer: how often it wakes does not depend on who arms what in the meantime.
  if (position == 0 && !firing_) {
    scheduler_.schedule(*this, heap_.empty() ? Instant::never() : heap_.front().at);
  }
  // A crowd that has gone (a million handshakes, each with its timer) gives its memory back, not so a few.
  constexpr std::size_t kKeep = 1024;
  if (heap_.capacity() > kKeep && heap_.size() < heap_.capacity() / 8) [[unlikely]] {
    std::vector<Entry> smaller;
    smaller.reserve(heap_.capacity() / 4);
    smaller.assign(heap_.begin(), heap_.end());
    heap_ = std::move(smaller);
  }
}

void TimerQueue::settle(std::uint32_t position, const Entry& entry) {
  while (position > 0 && entry.before(heap_[(position - 1) / 2])) {
    place(position, heap_[(position - 1) / 2]);
    position = (position - 1) / 2;
  }
  const auto size = static_cast<std::uint32_t>(heap_.size());
  for (;;) {
    std::uint32_t child = position * 2 + 1;
    if (child >= size) {
      break;
    }
    if (child + 1 < size && heap_[child + 1].before(heap_[child])) {
      ++child;
    }
    if (!heap_[child].before(entry)) {
      break;
    }
    place(position, heap_[child]);
    position = child;
  }
  place(position, entry);
}

void TimerQueue::fire(Instant now) {
  firing_ = true;
  while (!heap_.empty() && heap_.front().at <= now) {
    Timer& timer = *heap_.front().timer;
    if (timer.deadline_ > now) {  // rearmed to later, or cancelled, since it was queued
      if (timer.deadline_.is_never()) {
        remove(0);
      } else {
        settle(0, Entry{timer.deadline_, next_sequence_++, &timer});
      }
      continue;
    }
    remove(0);
    timer.deadline_ = Instant::never();
    timer.on_fire_(now);  // may arm, cancel or destroy any timer, this one included
  }
  firing_ = false;
  if (!heap_.empty()) {
    scheduler_.schedule(*this, heap_.front().at);
  }
}

}  // namespace catenet
