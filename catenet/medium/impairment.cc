// SPDX-License-Identifier: Apache-2.0
#include "catenet/medium/impairment.h"

#include <algorithm>
#include <array>

#include "catenet/packet/checksum.h"
#include "catenet/wire/fcs.h"

namespace catenet::medium {
namespace {
constexpr std::size_t kFcsBytes = 4;
constexpr std::size_t kPreambleBytes = 8;  // errors there go unnoticed: they end in the silence before the frame
}  // namespace

Impairment::Impairment(Environment& world, SourceId id, std::string_view link, FrameSink& inner,
                       const ImpairmentSpec& spec)
    : EventSource(id),
      world_(world),
      inner_(inner),
      spec_(spec),
      loss_rng_(world.seed, link, "loss"),
      duplicate_rng_(world.seed, link, "duplicate"),
      corrupt_rng_(world.seed, link, "corrupt"),
      reorder_rng_(world.seed, link, "reorder"),
      jitter_rng_(world.seed, link, "jitter"),
      bit_rng_(world.seed, link, "bit errors"),
      burst_rng_(world.seed, link, "burst") {
  if (spec_.bits_per_error != 0) {
    bits_to_error_ = bit_rng_.exponential(spec_.bits_per_error);
  }
}

Impairment::~Impairment() = default;

void Impairment::set_spec(const ImpairmentSpec& spec) {
  if (spec.bits_per_error != 0 && spec.bits_per_error != spec_.bits_per_error) {
    bits_to_error_ = bit_rng_.exponential(spec.bits_per_error);
  }
  in_burst_ = in_burst_ && spec.burst == spec_.burst;
  spec_ = spec;
}

void Impairment::remove_rule(std::uint64_t number) {
  std::erase_if(rules_, [&](const FrameRule& rule) { return rule.number == number; });
}

void Impairment::receive(Packet frame) {
  if (!rules_.empty()) [[unlikely]] {
    obey_rules(std::move(frame));
  } else {
    impair(std::move(frame), {});
  }
}

// Each rule sees the frame as it came in.
void Impairment::obey_rules(Packet frame) {
  Duration hold;
  bool twice = false;
  bool damaged = false;
  for (FrameRule& rule : rules_) {
    if (!rule.takes(frame)) {
      continue;
    }
    switch (rule.action) {
      case FrameRule::Action::drop:
        inner_.discard_frame(std::move(frame), rule.reason);
        return;
      case FrameRule::Action::delay:
        hold += rule.delay;
        break;
      case FrameRule::Action::duplicate:
        twice = true;
        break;
      case FrameRule::Action::corrupt:
        damaged = true;
        break;
    }
  }
  if (damaged) {
    corrupt(frame);
  }
  if (twice) {
    if (Packet copy = frame.clone(); copy) {
      ++counters_.duplicated;
      impair(std::move(copy), hold);
    }
  }
  impair(std::move(frame), hold);
}

bool Impairment::is_lost() {
  bool lost = loss_rng_.chance(spec_.loss);
  if (spec_.burst.any()) {
    lost = burst_rng_.chance(in_burst_ ? spec_.burst.loss_bad : spec_.burst.loss_good) || lost;
    if (burst_rng_.chance(in_burst_ ? spec_.burst.to_good : spec_.burst.to_bad)) {
      in_burst_ = !in_burst_;
    }
  }
  return lost;
}

void Impairment::impair(Packet frame, Duration hold) {
  if (spec_.bits_per_error != 0) {
    damage_wire_bits(frame);
  }
  if (is_lost()) {
    ++counters_.lost;
    inner_.discard_frame(std::move(frame), DropReason::link_loss);
    return;
  }
  if (corrupt_rng_.chance(spec_.corrupt)) {
    corrupt(frame);
  }
  if (duplicate_rng_.chance(spec_.duplicate)) {
    Packet copy = frame.clone();
    if (copy) {
      ++counters_.duplicated;
      pass(std::move(copy), hold);
    }
  }
  pass(std::move(frame), hold);
}

void Impairment::pass(Packet frame, Duration hold) {
  if (spec_.jitter > Duration{}) {
    hold += jitter_rng_.between(Duration{}, spec_.jitter);
  }
  if (reorder_rng_.chance(spec_.reorder)) {
    ++counters_.reordered;
    hold += spec_.reorder_delay;
  }
  if (hold <= Duration{}) {  // overtakes what is held: that is the point
    inner_.receive(std::move(frame));
    return;
  }
  held_.push_back({world_.scheduler.now() + hold, next_sequence_++, std::move(frame)});
  std::push_heap(held_.begin(), held_.end(), [](const Held& a, const Held& b) { return a.after(b); });
  world_.scheduler.schedule(*this, held_.front().at);
}

void Impairment::fire(Instant now) {
  while (!held_.empty() && held_.front().at <= now) {
    std::pop_heap(held_.begin(), held_.end(), [](const Held& a, const Held& b) { return a.after(b); });
    Packet frame = std::move(held_.back().frame);
    held_.pop_back();
    inner_.receive(std::move(frame));
  }
  if (!held_.empty()) {
    world_.scheduler.schedule(*this, held_.front().at);
  }
}

void Impairment::damage_wire_bits(Packet& frame) {
  const std::uint64_t bits = (kPreambleBytes + frame.size() + kFcsBytes) * 8;
  if (bits_to_error_ >= bits) [[likely]] {
    bits_to_error_ -= bits;
    return;
  }
  complete_checksum(frame);
  if (!frame.meta().fcs_present) {
    wire::Crc32 crc;
    frame.for_each_piece(0, [&](std::span<const std::byte> piece) { crc.update(piece); });
    std::array<std::byte, kFcsBytes> fcs{};
    wire::emit_fcs(crc.value(), fcs);
    if (!frame.append(fcs)) {
      bits_to_error_ = bit_rng_.exponential(spec_.bits_per_error);
      return;  // no memory for the trailer: the frame passes undamaged and the pool counts the refusal
    }
    frame.meta().fcs_present = true;
  }
  std::uint64_t at = bits_to_error_;
  while (at < bits) {
    ++counters_.bit_errors;
    if (at >= kPreambleBytes * 8) {
      const std::size_t byte = static_cast<std::size_t>(at / 8) - kPreambleBytes;
      (void)frame.poke(byte, frame.peek(byte) ^ static_cast<std::byte>(1U << (at % 8)));
    }
    at += 1 + bit_rng_.exponential(spec_.bits_per_error);
  }
  bits_to_error_ = at - bits;
  frame.meta().checksum = ChecksumState::unverified;
}

void Impairment::corrupt(Packet& frame) {
  complete_checksum(frame);
  const std::uint64_t bit = corrupt_rng_.below(frame.size() * 8);
  const auto byte = static_cast<std::size_t>(bit / 8);
  if (frame.poke(byte, frame.peek(byte) ^ static_cast<std::byte>(1U << (bit % 8)))) {
    ++counters_.corrupted;
    frame.meta().checksum = ChecksumState::unverified;
  }
}

void Impairment::drain(DropReason reason) {
  world_.scheduler.cancel(*this);
  for (Held& held : held_) {
    inner_.discard_frame(std::move(held.frame), reason);
  }
  held_.clear();
}

}  // namespace catenet::medium
