// SPDX-License-Identifier: Apache-2.0
// Words in error messages: lists of what may stand there, and the nearest right word for a wrong one.
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace catenet::app {

/// "a", "a or b", "a, b or c"; empty for none.
[[nodiscard]] std::string join_or(std::span<const std::string_view> words);
/// "; did you mean 'count'?", or empty when no candidate is near (about one edit in three letters). Wrong capitals
/// alone count as no edit; the first of several equally near candidates wins.
[[nodiscard]] std::string did_you_mean(std::string_view wrong, std::span<const std::string_view> candidates);
/// Inserts, deletions, replacements and swaps of neighbours from one word to the other.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace catenet::app
