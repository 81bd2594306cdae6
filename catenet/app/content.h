// SPDX-License-Identifier: Apache-2.0
// Content: endless pseudo-random bytes, known by their position. What a sender sends and a receiver verifies, what the
// HTTP server's files are made of: no byte is stored, two ends with the same seed agree, and a byte that is lost,
// doubled or out of its place is seen.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "catenet/base/hash.h"

namespace catenet::app {

class Content {
 public:
  explicit Content(std::string_view name) : seed_(hash_text(name)) {}
  /// Writes the bytes at `offset` and after it.
  void fill(std::uint64_t offset, std::span<std::byte> out) const;
  /// How many bytes from the front are what they should be at `offset`.
  [[nodiscard]] std::size_t matching(std::uint64_t offset, std::span<const std::byte> bytes) const;

 private:
  std::uint64_t seed_;
};

}  // namespace catenet::app
