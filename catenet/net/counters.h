// SPDX-License-Identifier: Apache-2.0
// Counters of an interface and of a node. Bytes are frame bytes without FCS, preamble and gap, as Linux counts them.
#pragma once
#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "catenet/net/drop_reason.h"

namespace catenet {

/// Drops by reason: flat, ordered by reason, no memory until the first drop.
class DropCounters {
 public:
  void add(DropReason reason, std::uint64_t n = 1) {
    auto at = std::lower_bound(rows_.begin(), rows_.end(), reason,
                               [](const auto& row, DropReason r) { return row.first < r; });
    if (at == rows_.end() || at->first != reason) {
      at = rows_.insert(at, {reason, 0});
    }
    at->second += n;
  }
  [[nodiscard]] std::uint64_t of(DropReason reason) const {
    const auto at = std::lower_bound(rows_.begin(), rows_.end(), reason,
                                     [](const auto& row, DropReason r) { return row.first < r; });
    return at == rows_.end() || at->first != reason ? 0 : at->second;
  }
  [[nodiscard]] std::uint64_t total() const {
    std::uint64_t sum = 0;
    for (const auto& row : rows_) {
      sum += row.second;
    }
    return sum;
  }
  [[nodiscard]] auto begin() const { return rows_.begin(); }
  [[nodiscard]] auto end() const { return rows_.end(); }

 private:
  std::vector<std::pair<DropReason, std::uint64_t>> rows_;
};

struct InterfaceCounters {
  std::uint64_t tx_packets = 0;
  std::uint64_t tx_bytes = 0;
  std::uint64_t rx_packets = 0;
  std::uint64_t rx_bytes = 0;
  /// Frames that ended on the wire: those that were on their way here, and own ones that it did not take. The rest of
  /// what is dropped here was never on it.
  std::uint64_t lost_on_wire = 0;
};

}  // namespace catenet
