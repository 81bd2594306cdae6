// SPDX-License-Identifier: Apache-2.0
// What is wrong with a lab, said as a compiler says it: file, line, column, what was expected, the nearest right word,
// the line itself and a caret. Errors are collected while reading, so that one run shows them all, sorted by place.
// Life cycle: one Diagnostics per load; readers add to it; whoever loaded the lab renders it once.
#pragma once
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace catenet::lab {

/// A place in what the user wrote. Lines and columns count from 1 (columns in bytes); line 0 means "no place".
struct Place {
  static constexpr std::uint32_t kFile = 0;      ///< the lab file
  static constexpr std::uint32_t kOverride = 1;  ///< --set arguments: line n is the n-th argument
  static constexpr std::uint32_t kEvents = 2;    ///< events that were added (LoadOptions::events): line n is the n-th
  std::uint32_t source = kFile;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  [[nodiscard]] constexpr bool known() const { return line != 0; }
  constexpr auto operator<=>(const Place&) const = default;
};

/// A text that places refer to: the lab file, or the --set arguments one to a line.
struct Source {
  std::string name;
  std::string text;
};

struct Diagnostic {
  Place place;
  std::string message;
};

class Diagnostics {
 public:
  static constexpr std::size_t kShown = 20;     ///< errors printed; the rest are counted
  static constexpr std::size_t kKept = 10'000;  ///< errors remembered, against labs made of nothing else

  void error(Place place, std::string message);
  [[nodiscard]] bool ok() const { return count_ == 0; }
  /// All errors seen, also those no longer remembered.
  [[nodiscard]] std::size_t count() const { return count_; }
  /// By source, line and column; at most kKept; equal errors at one place once.
  [[nodiscard]] std::vector<Diagnostic> sorted() const;
  /// Ready to print, each error ending in a newline. sources[place.source] is the text shown.
  [[nodiscard]] std::string render(std::span<const Source> sources, bool colour = false) const;

 private:
  std::vector<Diagnostic> errors_;
  std::size_t count_ = 0;
};

/// Length of the UTF-8 character at the front of `text` (not empty), 0 when it is not one (RFC 3629: no overlong forms,
/// no surrogates, nothing above U+10FFFF).
std::size_t utf8_length(std::string_view text);
/// 'text' in single quotes for a message: control characters shown as \xNN, long texts cut at 60 characters.
std::string in_quotes(std::string_view text);
/// "a, b or c"
std::string join_or(std::span<const std::string_view> words);

}  // namespace catenet::lab
