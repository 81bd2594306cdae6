// SPDX-License-Identifier: Apache-2.0
// Groups: union-find over the nodes of a lab. Private to run/.
#pragma once
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

namespace catenet::run {

class Groups {
 public:
  explicit Groups(std::size_t n) : parent_(n), size_(n, 1) { std::iota(parent_.begin(), parent_.end(), 0U); }
  std::uint32_t root(std::uint32_t n) {
    while (parent_[n] != n) {
      parent_[n] = parent_[parent_[n]];
      n = parent_[n];
    }
    return n;
  }
  [[nodiscard]] std::uint32_t size(std::uint32_t n) { return size_[root(n)]; }
  void join(std::uint32_t a, std::uint32_t b) {
    a = root(a);
    b = root(b);
    if (a == b) {
      return;
    }
    if (b < a) {
      std::swap(a, b);  // the lower number leads: the result does not depend on the order of joins
    }
    parent_[b] = a;
    size_[a] += size_[b];
  }

 private:
  std::vector<std::uint32_t> parent_;
  std::vector<std::uint32_t> size_;
};

}  // namespace catenet::run
