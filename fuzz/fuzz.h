// SPDX-License-Identifier: Apache-2.0
// What every fuzz target shares: the entry point's shape and an assertion that both libFuzzer and a plain test notice.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace catenet::fuzz {

inline void expect(bool ok) {
  if (!ok) {
    std::abort();
  }
}

inline std::span<const std::byte> input(const std::uint8_t* data, std::size_t size) {
  return std::as_bytes(std::span(data, size));
}

inline void expect_equal(std::span<const std::byte> a, std::span<const std::byte> b) {
  expect(std::ranges::equal(a, b));
}

}  // namespace catenet::fuzz
