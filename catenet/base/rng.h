// SPDX-License-Identifier: Apache-2.0
// Random numbers, integers only: the same bits on every machine. A stream is named by (run seed, entity, purpose), for
// instance (7, "link alice--sw1", "loss"), so adding a node disturbs no other stream.
// Generator: xoshiro256** (Blackman and Vigna), seeded by splitmix64. Not for secrets against a real adversary.
#pragma once
#include <cstdint>
#include <string_view>

#include "catenet/base/hash.h"
#include "catenet/base/time.h"

namespace catenet {

/// A probability as a 64-bit fraction; resolution 1e-9 when made from parts per billion.
class Probability {
 public:
  constexpr Probability() = default;
  /// 0 = never, 1'000'000'000 (or more) = always.
  static constexpr Probability from_ppb(std::uint64_t ppb) {
    Probability p;
    p.ppb_ = ppb > kOne ? kOne : static_cast<std::uint32_t>(ppb);
    return p;
  }
  [[nodiscard]] constexpr std::uint32_t ppb() const { return ppb_; }
  [[nodiscard]] constexpr bool is_zero() const { return ppb_ == 0; }
  constexpr auto operator<=>(const Probability&) const = default;
  static constexpr std::uint32_t kOne = 1'000'000'000;

 private:
  std::uint32_t ppb_ = 0;
};

class Rng {
 public:
  explicit Rng(std::uint64_t seed) {
    for (auto& word : state_) {
      seed += 0x9e3779b97f4a7c15ULL;
      std::uint64_t z = seed;
      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
      z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
      word = z ^ (z >> 31);
    }
  }
  Rng(std::uint64_t run_seed, std::string_view entity, std::string_view purpose)
      : Rng(hash_text(purpose, hash_text(entity, run_seed))) {}

  std::uint64_t next() {
    const std::uint64_t result = rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = rotl(state_[3], 45);
    return result;
  }
  std::uint32_t next32() { return static_cast<std::uint32_t>(next() >> 32); }

  /// Uniform in [0, bound); 0 when bound is 0. Lemire's multiply-shift with rejection: unbiased.
  std::uint64_t below(std::uint64_t bound);
  /// True with probability p. A zero probability draws nothing, so an impairment that is off disturbs no stream.
  bool chance(Probability p) { return !p.is_zero() && below(Probability::kOne) < p.ppb(); }
  /// Uniform in [low, high].
  Duration between(Duration low, Duration high) {
    return high <= low ? low
                       : low + Duration::nanoseconds(
                                   static_cast<std::int64_t>(below(static_cast<std::uint64_t>((high - low).ns()) + 1)));
  }
  /// Exponentially distributed with the given mean (any unit), by integer arithmetic only; at most 44 means.
  std::uint64_t exponential(std::uint64_t mean);

 private:
  static constexpr std::uint64_t rotl(std::uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }
  std::uint64_t state_[4];
};

}  // namespace catenet
