// SPDX-License-Identifier: Apache-2.0
// MessageCounters: ICMP messages by their type, as RFC 4293's icmpMsgStatsTable has them. Flat, ordered by type, no
// memory until the first message.
#pragma once
#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace catenet::ip {

class MessageCounters {
 public:
  void add(std::uint8_t type) {
    auto at = find(type);
    if (at == rows_.end() || at->first != type) {
      at = rows_.insert(at, {type, 0});
    }
    ++at->second;
  }
  [[nodiscard]] std::uint64_t of(std::uint8_t type) const {
    const auto at = std::lower_bound(rows_.begin(), rows_.end(), type, before);
    return at == rows_.end() || at->first != type ? 0 : at->second;
  }
  [[nodiscard]] std::uint64_t total() const {
    std::uint64_t sum = 0;
    for (const auto& row : rows_) {
      sum += row.second;
    }
    return sum;
  }

 private:
  using Row = std::pair<std::uint8_t, std::uint64_t>;
  static bool before(const Row& row, std::uint8_t type) { return row.first < type; }
  std::vector<Row>::iterator find(std::uint8_t type) {
    return std::lower_bound(rows_.begin(), rows_.end(), type, before);
  }

  std::vector<Row> rows_;
};

}  // namespace catenet::ip
