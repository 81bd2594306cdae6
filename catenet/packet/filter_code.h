// SPDX-License-Identifier: Apache-2.0
// A condition on a frame as a tree, and its translation into classic BPF. Private to filter_expression.cc.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "catenet/packet/packet_filter.h"

namespace catenet {

inline constexpr std::uint32_t kFilterNetworkAt = 14;  // behind an Ethernet header

struct FilterCondition;
using FilterTree = std::unique_ptr<FilterCondition>;

struct FilterCondition {
  enum class Kind : std::uint8_t { always, never, test, both, either, negated };
  enum class Compare : std::uint8_t { equal, greater, at_least };
  enum class From : std::uint8_t { frame, ipv4_payload, length };

  Kind kind = Kind::always;
  // of a test: (bytes at offset, behind the IPv4 header if asked for) & mask compared with value
  From from = From::frame;
  std::uint32_t offset = 0;
  std::uint8_t size = 1;  // 1, 2, 4
  std::uint32_t mask = 0xffff'ffff;
  Compare compare = Compare::equal;
  std::uint32_t value = 0;
  FilterTree left, right;

  static FilterTree constant(bool met);
  static FilterTree equal(std::uint32_t offset, std::uint8_t size, std::uint32_t value,
                          std::uint32_t mask = 0xffff'ffff);
};

FilterTree filter_both(FilterTree left, FilterTree right);
FilterTree filter_either(FilterTree left, FilterTree right);
FilterTree filter_not(FilterTree tree);

/// All of the frame when the condition is met, else nothing.
[[nodiscard]] std::vector<FilterInstruction> generate_filter(const FilterCondition& condition);

}  // namespace catenet
