// SPDX-License-Identifier: Apache-2.0
#include "catenet/live/driver.h"

#include <algorithm>

namespace catenet::live {
namespace {
constexpr Duration kRetryFullQueue = Duration::milliseconds(1);
constexpr int kFetches = 4;  // of a few batches each: what a long stall has piled up
constexpr int kSpins = 256;  // rounds between two looks at everything else
constexpr Duration kLongestSleep = Duration::milliseconds(100);  // so that a caller's stop request is seen
}  // namespace

Driver::~Driver() {
  for (const auto& watch : watches_) {
    loop_.unwatch(watch->fd);  // the sources may have gone
  }
}

Result<void> Driver::add(NicSource& source) {
  sources_.push_back(&source);
  source.set_prompt(spinning_);
  for (std::size_t nic = 0; nic < source.nic_count(); ++nic) {
    watches_.push_back(std::make_unique<Watch>(Watch{*this, source, nic, source.fd(nic), false}));
    if (auto done = spinning_ ? Result<void>() : watch(*watches_.back()); !done) {
      return done;
    }
  }
  return {};
}

Result<void> Driver::watch(Watch& watch) {
  return loop_.watch(watch.fd, Delegate<void()>::to<&Watch::on_readable>(watch));
}

// A descriptor that epoll watches costs whoever makes it readable a call of epoll's for each frame.
Result<void> Driver::set_spinning(bool on) {
  if (on == spinning_) {
    return {};
  }
  spinning_ = on;
  for (NicSource* source : sources_) {
    source->set_prompt(on);
  }
  for (const auto& each : watches_) {
    if (on) {
      loop_.unwatch(each->fd);
    } else if (auto done = each->gone ? Result<void>() : watch(*each); !done) {
      return done;
    }
  }
  return {};
}

void Driver::Watch::on_readable() {
  driver.catch_up();  // frames are sent at the time they were seen, after everything that was due before
  if (!source.fetch(nic)) {
    gone = true;
    driver.loop_.unwatch(fd);  // the NIC is gone; the namespace's end is told elsewhere
  }
}

void Driver::catch_up() {
  const Instant now = loop_.now();
  const Instant next = scheduler_.next();
  if (!next.is_never() && next < now) {
    latest_ = std::max(latest_, now - next);
    if (now - next >= kStall) {
      fetch_before(next);
    }
  }
  scheduler_.run_until(now);
}

// Somebody else had the processor. What came in the meantime came, for all that anybody knows, before the timers that
// ran out in the meantime: else a peer that did answer in time would be taken for silent, and TCP would send again.
void Driver::fetch_before(Instant next) {
  scheduler_.run_until(next - Duration::nanoseconds(1));
  for (const auto& watch : watches_) {
    for (int i = 0; i < kFetches && watch->source.fetch(watch->nic); ++i) {  // one that is gone is noticed by its watch
    }
  }
}

Result<void> Driver::run_until(Instant end) {
  while (!stopped_) {
    catch_up();
    Instant deadline = std::min({end, stop_at_, scheduler_.next(), scheduler_.now() + kLongestSleep});
    for (NicSource* source : sources_) {
      if (source->flush()) {
        deadline = std::min(deadline, scheduler_.now() + kRetryFullQueue);
      }
    }
    if (on_round_) {
      on_round_(scheduler_.now());
    }
    if (scheduler_.now() >= std::min(end, stop_at_)) {
      break;
    }
    if (auto woken = rest(deadline); !woken) {
      return woken;
    }
  }
  return {};
}

// Until the deadline, a frame, or something else that the loop watches.
Result<void> Driver::rest(Instant deadline) {
  for (int i = 0; spinning_ && i < kSpins; ++i) {
    catch_up();
    for (const auto& watch : watches_) {
      watch->source.poll(watch->nic);
    }
    for (NicSource* source : sources_) {
      if (source->flush()) {
        break;  // its queue is full: a round of the loop lets time pass
      }
    }
  }
  for (const auto& watch : watches_) {  // poll() leaves errors to fetch(), and nobody else asks for them now
    if (spinning_ && !watch->gone) {
      watch->on_readable();
    }
  }
  if (auto woken = loop_.wait_until(spinning_ ? loop_.now() : deadline); !woken) {
    return fail(woken.error().code, woken.error().context);
  }
  return {};
}

}  // namespace catenet::live
