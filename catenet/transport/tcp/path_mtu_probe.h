// SPDX-License-Identifier: Apache-2.0
// PathMtuProbe: the search for the largest segment that a path takes, by sending larger ones and seeing whether they
// arrive (RFC 4821; the words and the search are those of RFC 8899 5.2: a base, halves, a pause once it is complete).
// Nothing depends on ICMP. One probe is out at a time; what it means that it is lost or that nothing arrives at all is
// decided in tcb_mtu_probe.cc.
//
// Sizes are bytes behind a TCP header without options, as everywhere where a path is spoken of (TcbOrigin).
#pragma once
#include <cstdint>

#include "catenet/base/time.h"

namespace catenet::transport {

class PathMtuProbe {
 public:
  /// `low` is believed to arrive, nothing above `high` can.
  PathMtuProbe(std::uint32_t low, std::uint32_t high, Instant now);

  [[nodiscard]] std::uint32_t low() const { return low_; }
  [[nodiscard]] std::uint32_t high() const { return high_; }
  /// What to try next; 0: what is left to be found is less than `threshold`.
  [[nodiscard]] std::uint32_t next_size(std::uint32_t threshold) const;

  [[nodiscard]] bool is_out() const { return size_ != 0; }
  [[nodiscard]] std::uint32_t size() const { return size_; }
  [[nodiscard]] std::uint32_t seq() const { return seq_; }
  [[nodiscard]] std::uint32_t end() const { return end_; }

  /// A probe of `size` is on its way: the data [seq, end).
  void sent(std::uint32_t size, std::uint32_t seq, std::uint32_t end);
  /// It arrived (RFC 4821 7.6.1).
  void succeeded();
  /// It, and nothing else, was lost (7.6.2).
  void failed();
  /// Nobody will ever know (7.6.3, 7.6.4): it may be tried again.
  void abandon() { size_ = 0; }

  /// Somebody who knows says that nothing above `high` arrives.
  void limit(std::uint32_t high);
  /// What was believed to arrive does not (RFC 4821 7.7, RFC 8899 4.3).
  void suspect(std::uint32_t low);
  /// The path may have become larger: true once `interval` has passed since the search began, and it begins anew.
  [[nodiscard]] bool search_again(std::uint32_t high, Duration interval, Instant now);

 private:
  std::uint32_t low_;
  std::uint32_t high_;
  std::uint32_t size_ = 0;  // of the probe that is out; 0: none is
  std::uint32_t seq_ = 0;
  std::uint32_t end_ = 0;
  Instant began_at_;
};

}  // namespace catenet::transport
