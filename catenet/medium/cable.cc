// SPDX-License-Identifier: Apache-2.0
#include "catenet/medium/cable.h"

#include <algorithm>

#include "catenet/base/check.h"
#include "catenet/net/interface.h"
#include "catenet/net/segmentation.h"

namespace catenet::medium {

Cable::Direction::Direction(Cable& cable, Environment& from, Environment& to, SourceId id, const CableSpec& spec)
    : cable_(cable),
      from_(from),
      to_(to),
      spec_(spec),
      gap_time_(spec.rate.transmission_time(spec.gap)),
      boxes_(from.outbox != to.outbox ? std::make_unique<Boxes>() : nullptr),
      transmitter_(*this, id),
      receiver_(*this, id + 1) {}

bool Cable::Direction::is_up() const { return cable_.up_; }

// Byte times that the frame, or each frame of a train, keeps the sender busy.
std::size_t Cable::Direction::wire_bytes(const Packet& frame) const {
  const std::size_t around = spec_.overhead + spec_.gap;
  if (frame.meta().segment_size == 0) [[likely]] {
    return frame.size() + around;
  }
  const Segmentation train(frame);
  return frame.size() + train.count() * around + (train.count() - 1) * train.header_size();
}

void Cable::Direction::transmit(Packet frame) {
  const Instant now = from_.scheduler.now();
  check(now >= free_at_, "transmit on a busy wire");
  if (!cable_.up_) [[unlikely]] {
    own_sink_->discard_frame(std::move(frame), DropReason::link_down);
    return;
  }
  free_at_ = now + spec_.rate.transmission_time(wire_bytes(frame), remainder_);
  Instant arrival = free_at_ - gap_time_ + spec_.delay;
  arrival = std::max(arrival, last_arrival_);  // a shortened delay does not let frames overtake
  last_arrival_ = arrival;
  if (boxes_ != nullptr) {
    const unsigned parity = from_.outbox->parity();
    if (boxes_->box[parity].empty()) {
      from_.outbox->note(*this, to_.thread, arrival);
    }
    boxes_->box[parity].push_back({arrival, std::move(frame)});
    return;
  }
  fly(arrival, std::move(frame));
}

void Cable::Direction::fly(Instant arrival, Packet&& frame) {
  const bool first = flying_.empty();
  flying_.push_back({arrival, std::move(frame)});
  if (first) {
    to_.scheduler.schedule(receiver_, arrival);
  }
}

void Cable::Direction::request_ready() { from_.scheduler.schedule(transmitter_, free_at_); }

void Cable::Direction::Transmitter::fire(Instant /*now*/) { direction.own_sink_->medium_ready(); }

void Cable::Direction::Receiver::fire(Instant now) {
  Direction& d = direction;
  // Take the frame and rearm first: receive() may pull the cable.
  while (!d.flying_.empty() && d.flying_.front().arrival <= now) {
    Packet frame = std::move(d.flying_.pop_front().frame);
    if (!d.flying_.empty()) {
      d.to_.scheduler.schedule(*this, d.flying_.front().arrival);
    }
    d.opposite_->own_sink_->receive(std::move(frame));
  }
}

void Cable::Direction::take(unsigned parity) {
  const std::vector<InFlight>& box = boxes_->box[parity];
  for (std::size_t& taken = boxes_->taken[parity]; taken < box.size(); ++taken) {
    Packet copy = box[taken].frame.copy_to(to_.pool);
    if (!copy) [[unlikely]] {
      break;
    }
    fly(box[taken].arrival, std::move(copy));
  }
}

void Cable::Direction::release(unsigned parity) {
  std::vector<InFlight>& box = boxes_->box[parity];
  for (std::size_t i = 0; i < box.size(); ++i) {
    if (i < boxes_->taken[parity]) [[likely]] {
      box[i].frame.forget_copied();
    } else {  // there was no memory for a copy
      own_sink_->discard_frame(std::move(box[i].frame), DropReason::no_memory);
    }
  }
  box.clear();
  boxes_->taken[parity] = 0;
}

void Cable::Direction::drain(DropReason reason) {
  for (const unsigned parity : {0U, 1U}) {
    if (boxes_ != nullptr) {
      take(parity);
      release(parity);
    }
  }
  to_.scheduler.cancel(receiver_);
  while (!flying_.empty()) {
    Packet frame = std::move(flying_.pop_front().frame);
    opposite_->own_sink_->discard_frame(std::move(frame), reason);
  }
}

Cable::Cable(Environment& a_side, Environment& b_side, SourceId first_id, const CableSpec& a_to_b,
             const CableSpec& b_to_a)
    : ab_(*this, a_side, b_side, first_id, a_to_b), ba_(*this, b_side, a_side, first_id + 2, b_to_a) {
  ab_.opposite_ = &ba_;
  ba_.opposite_ = &ab_;
}

Cable::~Cable() = default;

Duration Cable::lookahead() const { return std::min({ab_.spec_.delay, ba_.spec_.delay, least_delay_}); }

void Cable::set_up(bool up) {
  if (up == up_) {
    return;
  }
  up_ = up;
  if (!up) {
    drain(DropReason::link_down);
  }
  for (Direction* d : {&ab_, &ba_}) {
    if (d->own_sink_ != nullptr) {
      d->own_sink_->link_changed();
    }
  }
}

void Cable::set_spec(bool a_to_b, const CableSpec& spec) {
  check(&ab_.from_ == &ab_.to_ || spec.delay >= lookahead(), "a delay shorter than the windows of partitions allow");
  Direction& d = a_to_b ? ab_ : ba_;
  const bool trains = d.spec_.trains;  // senders may have made some that no longer fit
  d.spec_ = spec;
  d.spec_.trains = trains;
  d.gap_time_ = spec.rate.transmission_time(spec.gap);
}

void Cable::drain(DropReason reason) {
  ab_.drain(reason);
  ba_.drain(reason);
}

}  // namespace catenet::medium
