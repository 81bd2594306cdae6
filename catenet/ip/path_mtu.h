// SPDX-License-Identifier: Apache-2.0
// PathMtuCache: what ICMP taught us about paths ("fragmentation needed", RFC 1191; "packet too big", RFC 8201), for a
// limited time and a limited number of destinations. Costs no memory until the first lesson.
#pragma once
#include <cstdint>
#include <vector>

#include "catenet/base/time.h"
#include "catenet/wire/address.h"

namespace catenet::ip {

class PathMtuCache {
 public:
  struct Entry {
    wire::IpAddress destination;
    std::uint16_t mtu = 0;
    /// The report was below the limit that we believe (a router may send any number): packets are then sent without DF,
    /// so that a link which really is that narrow still gets them.
    bool locked = false;
    Instant expires;
  };

  /// Null when nothing is known (any more).
  template <typename A>
  [[nodiscard]] const Entry* find(const A& destination, Instant now) const {
    return entries_.empty() ? nullptr : find_slow(wire::IpAddress(destination), now);
  }
  /// Learns, or lowers and refreshes, an entry; never raises one. With `limit` entries the one that ends first goes.
  void learn(const Entry& lesson, Instant now, std::size_t limit);
  /// In the order of destinations; entries may have expired.
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  void clear() { entries_.clear(); }

  /// The next plateau below a packet of `length` bytes, for reports without an MTU (RFC 1191 7.1).
  [[nodiscard]] static std::uint16_t plateau_below(std::uint32_t length);

 private:
  [[nodiscard]] const Entry* find_slow(const wire::IpAddress& destination, Instant now) const;
  std::vector<Entry> entries_;
};

}  // namespace catenet::ip
