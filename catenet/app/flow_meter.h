// SPDX-License-Identifier: Apache-2.0
// What a receiver of numbered, time-stamped datagrams can tell of their way: loss, order, duplicates, latency, and the
// interarrival jitter of RFC 3550 6.4.1. Probe is the head of such a datagram, as the generators send it.
#pragma once
#include <bitset>
#include <cstdint>
#include <optional>
#include <span>

#include "catenet/base/endian.h"
#include "catenet/base/time.h"

namespace catenet::app {

/// First bytes of a generator's datagram; the rest is filling.
struct Probe {
  static constexpr std::uint32_t kMagic = 0x43546d70;  // "CTmp"
  be32 magic = kMagic;
  be32 reserved = 0;
  be64 sequence;  ///< from 0
  be64 sent_ns;   ///< the node's time
  /// Nothing when the bytes are no probe.
  static std::optional<Probe> parse(std::span<const std::byte> bytes);
};
static_assert(sizeof(Probe) == 24);

/// Interarrival jitter in the integer form of RFC 3550 A.8: sixteen times the estimate is kept.
class Jitter {
 public:
  /// Transit times in any unit, in the order of arrival.
  void input(std::int64_t transit) {
    if (started_) {
      const std::int64_t d = transit - last_;
      scaled_ += (d < 0 ? -d : d) - ((scaled_ + 8) >> 4);
    }
    started_ = true;
    last_ = transit;
  }
  [[nodiscard]] std::int64_t value() const { return scaled_ >> 4; }

 private:
  bool started_ = false;
  std::int64_t last_ = 0;
  std::int64_t scaled_ = 0;
};

/// One sender's datagrams.
class FlowMeter {
 public:
  /// Numbers that are so far behind the newest count as late, not as duplicates: they are not remembered.
  static constexpr std::uint64_t kWindow = 1024;
  void input(std::uint64_t sequence, Instant sent, Instant arrived);

  [[nodiscard]] std::uint64_t received() const { return received_; }  ///< duplicates included
  [[nodiscard]] std::uint64_t duplicates() const { return duplicates_; }
  [[nodiscard]] std::uint64_t reordered() const { return reordered_; }  ///< came after a later one
  /// Numbers up to the highest one seen that have not come.
  [[nodiscard]] std::uint64_t lost() const;
  /// One way, duplicates not counted.
  [[nodiscard]] Duration latency_sum() const { return latency_sum_; }
  [[nodiscard]] Duration latency_max() const { return latency_max_; }
  [[nodiscard]] Duration jitter() const { return Duration::nanoseconds(jitter_.value()); }
  [[nodiscard]] std::uint64_t unique() const { return received_ - duplicates_; }

 private:
  std::uint64_t received_ = 0;
  std::uint64_t duplicates_ = 0;
  std::uint64_t reordered_ = 0;
  std::uint64_t next_ = 0;     // one above the highest number seen
  std::bitset<kWindow> seen_;  // by number modulo the window
  Duration latency_sum_;
  Duration latency_max_;
  Jitter jitter_;
};

}  // namespace catenet::app
