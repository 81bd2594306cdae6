// SPDX-License-Identifier: Apache-2.0
#include "catenet/app/content.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "catenet/base/endian.h"

namespace catenet::app {

void Content::fill(std::uint64_t offset, std::span<std::byte> out) const {
  constexpr std::size_t kWord = sizeof(std::uint64_t);
  while (!out.empty()) {
    const auto word = std::bit_cast<std::array<std::byte, kWord>>(be64(mix64(seed_, offset / kWord)));
    const std::size_t from = offset % kWord;
    const std::size_t n = std::min(kWord - from, out.size());
    std::memcpy(out.data(), word.data() + from, n);
    out = out.subspan(n);
    offset += n;
  }
}

std::size_t Content::matching(std::uint64_t offset, std::span<const std::byte> bytes) const {
  std::array<std::byte, 1024> expected;
  std::size_t done = 0;
  while (done < bytes.size()) {
    const auto part = bytes.subspan(done, std::min(expected.size(), bytes.size() - done));
    const auto right = std::span(expected).first(part.size());
    fill(offset + done, right);
    const auto [at, _] = std::mismatch(part.begin(), part.end(), right.begin());
    done += static_cast<std::size_t>(at - part.begin());
    if (at != part.end()) {
      break;
    }
  }
  return done;
}

}  // namespace catenet::app
