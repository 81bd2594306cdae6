// SPDX-License-Identifier: Apache-2.0
#include "catenet/sim/agenda.h"

namespace catenet::sim {
namespace {

// Work that was posted from outside runs at the partition's own time, before anything else.
Instant next_of(const Scheduler& scheduler) { return scheduler.has_posted() ? scheduler.now() : scheduler.next(); }

}  // namespace

Partition::Partition(Agenda& in, PacketPool& pool, std::uint64_t seed, Observer* observer)
    : environment{scheduler, pool, seed, observer}, agenda(in) {
  scheduler.set_on_earlier(Delegate<void()>::to<&Partition::on_earlier>(*this));
}

void Partition::on_earlier() { agenda.advance(*this); }

Partition& Agenda::take() {
  Partition& first = *heap_.front().partition;
  const Entry last = heap_.back();
  heap_.pop_back();
  if (!heap_.empty()) {
    sift_down(0, last);
  }
  first.position = Partition::kRunning;
  return first;
}

void Agenda::put(Partition& partition) {
  const Entry entry{next_of(partition.scheduler), &partition};
  heap_.push_back(entry);
  sift_up(static_cast<std::uint32_t>(heap_.size() - 1), entry);
}

void Agenda::advance(Partition& partition) {
  if (partition.position != Partition::kRunning) {
    sift_up(partition.position, {next_of(partition.scheduler), &partition});
  }
}

void Agenda::sift_up(std::uint32_t position, Entry entry) {
  while (position > 0) {
    const std::uint32_t parent = (position - 1) / 4;
    if (entry.at >= heap_[parent].at) {
      break;
    }
    place(position, heap_[parent]);
    position = parent;
  }
  place(position, entry);
}

void Agenda::sift_down(std::uint32_t position, Entry entry) {
  const auto size = static_cast<std::uint32_t>(heap_.size());
  for (;;) {
    const std::uint32_t first = position * 4 + 1;
    if (first >= size) {
      break;
    }
    const std::uint32_t end = first + 4 < size ? first + 4 : size;
    std::uint32_t best = first;
    for (std::uint32_t child = first + 1; child < end; ++child) {
      if (heap_[child].at < heap_[best].at) {
        best = child;
      }
    }
    if (heap_[best].at >= entry.at) {
      break;
    }
    place(position, heap_[best]);
    position = best;
  }
  place(position, entry);
}

}  // namespace catenet::sim
