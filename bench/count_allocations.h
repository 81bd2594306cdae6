// SPDX-License-Identifier: Apache-2.0
// Counts the calls of the system's allocator in this program: malloc and its relatives, so operator new too.
#pragma once
#include <cstdint>

namespace catenet::bench {

/// Calls so far.
[[nodiscard]] std::uint64_t allocations();

}  // namespace catenet::bench
