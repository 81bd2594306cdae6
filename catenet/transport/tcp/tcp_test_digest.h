// SPDX-License-Identifier: Apache-2.0
// Hash functions that are none, for tests of what is signed and when: this room has no real ones. They tell keys,
// algorithms and bytes apart. catenet/crypto tests with real ones.
#pragma once
#include <vector>

#include "catenet/base/hash.h"
#include "catenet/transport/tcp/tcp_signature.h"

namespace catenet::transport {

class ToyDigest final : public SegmentDigest {
 public:
  [[nodiscard]] Output compute(Algorithm algorithm, std::span<const std::byte> key,
                               std::span<const std::span<const std::byte>> pieces) override {
    bytes.clear();
    std::uint64_t sum = static_cast<std::uint64_t>(algorithm) + 1;
    const auto add = [&](std::span<const std::byte> some) {
      for (const std::byte b : some) {
        sum = mix64(sum, std::to_integer<std::uint64_t>(b) + 1);
      }
    };
    add(key);
    for (const auto piece : pieces) {
      add(piece);
      bytes.insert(bytes.end(), piece.begin(), piece.end());
    }
    Output out{};
    for (std::size_t i = 0; i < size_of(algorithm); ++i) {
      sum = mix64(sum, i);
      out[i] = static_cast<std::byte>(sum);
    }
    return out;
  }

  std::vector<std::byte> bytes;  ///< what was hashed last
};

inline std::unique_ptr<SegmentDigest> make_toy_digest() { return std::make_unique<ToyDigest>(); }

}  // namespace catenet::transport
