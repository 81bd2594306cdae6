// SPDX-License-Identifier: Apache-2.0
// AddressFilter: says of most addresses at once that they are none of the node's. Every packet's source is compared
// with all of the node's own addresses; a router with hundreds of interfaces would spend most of its time on that.
//
// One bit for each hash, at least sixteen bits for each of them, so that one foreign address in sixteen at most is
// looked for in vain. It only grows: an address that went leaves its bit behind. A node with few addresses has no
// filter.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace catenet::ip {

class AddressFilter {
 public:
  static constexpr std::size_t kFew = 4;  ///< addresses; looking at so many costs no more than asking

  [[nodiscard]] bool may_have(std::uint64_t hash) const { return (words_[word_of(hash)] >> (hash & 63) & 1) != 0; }
  /// Room for so many hashes: true if it has grown, and all of them must be added anew. Before the first question.
  [[nodiscard]] bool fit(std::size_t hashes) {
    if (hashes * kBitsEach <= words_.size() * 64) {
      return false;
    }
    std::size_t words = 1;
    bits_ = 0;
    while (words * 64 < 2 * hashes * kBitsEach) {
      words *= 2;
      ++bits_;
    }
    words_.assign(words, 0);
    return true;
  }
  void add(std::uint64_t hash) { words_[word_of(hash)] |= std::uint64_t{1} << (hash & 63); }

 private:
  static constexpr std::size_t kBitsEach = 16;
  [[nodiscard]] std::size_t word_of(std::uint64_t hash) const { return bits_ == 0 ? 0 : hash >> (64 - bits_); }
  std::vector<std::uint64_t> words_;  // 1 << bits_ of them
  unsigned bits_ = 0;
};

}  // namespace catenet::ip
