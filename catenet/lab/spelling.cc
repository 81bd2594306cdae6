// SPDX-License-Identifier: Apache-2.0
#include "catenet/lab/spelling.h"

#include <algorithm>
#include <cctype>
#include <numeric>

namespace catenet::lab {
namespace {

// Words longer than this are never typing slips of ours; it bounds the work on hostile input.
constexpr std::size_t kLongestWord = 64;

bool same_letters(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit) {
  const std::size_t gap = a.size() > b.size() ? a.size() - b.size() : b.size() - a.size();
  if (gap > limit) {
    return limit + 1;
  }
  // Three rows of the matrix: the swap of two neighbours looks two rows back.
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(above.begin(), above.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replace = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({replace, above[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    if (*std::min_element(row.begin(), row.end()) > limit && *std::min_element(above.begin(), above.end()) > limit) {
      return limit + 1;
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return std::min(above[b.size()], limit + 1);
}

NearestWord::NearestWord(std::string_view wrong)
    : wrong_(wrong.substr(0, kLongestWord)), best_distance_(std::max<std::size_t>(1, (wrong_.size() + 1) / 3) + 1) {}

void NearestWord::offer(std::string_view candidate) {
  if (candidate.size() > kLongestWord || best_distance_ == 0) {
    return;
  }
  // Wrong capitals alone ("mbit" for "Mbit") beat every other slip.
  const std::size_t distance = same_letters(wrong_, candidate) ? 0 : edit_distance(wrong_, candidate, best_distance_);
  // Replacing every letter of a short word is no likeness.
  if (distance < best_distance_ && (distance == 0 || distance < std::min(wrong_.size(), candidate.size()))) {
    best_distance_ = distance;
    best_ = candidate;
  }
}

std::string NearestWord::hint() const { return best_.empty() ? std::string() : "; did you mean '" + best_ + "'?"; }

std::string did_you_mean(std::string_view wrong, std::span<const std::string_view> candidates) {
  NearestWord nearest(wrong);
  for (const auto candidate : candidates) {
    nearest.offer(candidate);
  }
  return nearest.hint();
}

}  // namespace catenet::lab
