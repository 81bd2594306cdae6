// SPDX-License-Identifier: Apache-2.0
#include "catenet/queue/red.h"

#include <algorithm>

#include "catenet/net/interface.h"
#include "catenet/queue/congestion_mark.h"

namespace catenet::queue {
namespace {

using Wide = unsigned __int128;

std::uint64_t fraction(Probability p) { return (std::uint64_t{p.ppb()} << 32) / Probability::kOne; }

/// a * b of numbers in units of 2^-32.
std::uint64_t times(std::uint64_t a, std::uint64_t b) { return static_cast<std::uint64_t>((Wide{a} * b) >> 32); }

/// base^exponent for a base of at most 1, by squaring.
std::uint64_t power(std::uint64_t base, std::uint64_t exponent) {
  std::uint64_t result = std::uint64_t{1} << 32;
  for (; exponent != 0 && result != 0; exponent >>= 1) {
    if ((exponent & 1) != 0) {
      result = times(result, base);
    }
    base = times(base, base);
  }
  return result;
}

}  // namespace

Red::Red(const Config& config, Rng random)
    : config_(config),
      random_(random),
      weight_(std::max<std::uint64_t>(fraction(config.weight), 1)),
      max_chance_(std::max<std::uint64_t>(fraction(config.max_probability), 1)) {
  check(config.min < config.max && config.max <= kMostLength, "RED thresholds");
  check(!config.weight.is_zero() && !config.max_probability.is_zero() && config.mean_packet > 0, "RED settings");
}

void Red::update_average(Instant now) {
  if (weight_ == kOne) {
    average_ = length() << kAverageBits;
    return;
  }
  if (queue_.empty() && config_.idle_packet > Duration{} && average_ != 0) {
    const auto passed = static_cast<std::uint64_t>((now - idle_since_).ns() / config_.idle_packet.ns());
    average_ = times(average_, power(kOne - weight_, passed));
    idle_since_ = now;  // a second packet at once finds nothing more to fade
  }
  const std::uint64_t present = length() << kAverageBits;
  // Rounded to the nearest, or a small weight would never bring the average up to a length that stays the same.
  constexpr Wide kHalf = Wide{1} << 31;
  if (present >= average_) {
    average_ += static_cast<std::uint64_t>((Wide{present - average_} * weight_ + kHalf) >> 32);
  } else {
    average_ -= static_cast<std::uint64_t>((Wide{average_ - present} * weight_ + kHalf) >> 32);
  }
}

/// F&J's pb: that of a packet at this average, before the packets since the last choice count.
std::uint64_t Red::chance() const {
  const std::uint64_t min = config_.min << kAverageBits;
  const std::uint64_t max = config_.max << kAverageBits;
  if (average_ < min) {
    return 0;
  }
  if (average_ < max) {
    return static_cast<std::uint64_t>(Wide{max_chance_} * (average_ - min) / (max - min));
  }
  if (!config_.gentle || average_ >= 2 * max) {
    return kOne;
  }
  return max_chance_ + static_cast<std::uint64_t>(Wide{kOne - max_chance_} * (average_ - max) / max);
}

/// F&J 4, method 2: pa = pb / (1 - count * pb), so that the gaps between choices are uniform and not geometric. The
/// division is turned into a product: the random number r is below pa just if r * (1 - count * pb) < pb. `since_` sums
/// up the pb of the packets that were spared, which is count * pb while that stays the same.
bool Red::chooses(std::uint64_t chance, std::size_t size) {
  if (chance >= kOne) {
    return true;
  }
  if (config_.in_bytes) {  // F&J 4: larger packets are likelier
    chance = static_cast<std::uint64_t>(Wide{chance} * size / config_.mean_packet);
  }
  if (since_ + chance >= kOne || Wide{random_.next32()} * (kOne - since_) < (Wide{chance} << 32)) {
    return true;
  }
  since_ += chance;
  return false;
}

void Red::enqueue(Packet packet, Interface& owner) {
  update_average(owner.node().now());
  const std::uint64_t chance = this->chance();
  if (chance == 0) {
    counting_ = false;
  } else {
    since_ = counting_ ? since_ : 0;
    counting_ = true;
    if (chooses(chance, packet.size())) {
      since_ = 0;
      if (config_.ecn && mark_congestion(packet)) {
        ++counters_.marked;
      } else {
        ++(chance >= kOne ? counters_.forced : counters_.early);
        owner.drop(std::move(packet), DropReason::red);
        return;
      }
    }
  }
  if (!queue_.empty() && (queue_.size() >= config_.limits.packets || bytes_ + packet.size() > config_.limits.bytes)) {
    owner.drop(std::move(packet), DropReason::queue_full);
    return;
  }
  bytes_ += packet.size();
  queue_.push_back(std::move(packet));
}

Packet Red::dequeue(Instant now, Interface& /*owner*/) {
  if (queue_.empty()) {
    return {};
  }
  Packet packet = queue_.pop_front();
  bytes_ -= packet.size();
  if (queue_.empty() && !now.is_never()) {
    idle_since_ = now;
  }
  return packet;
}

}  // namespace catenet::queue
