// SPDX-License-Identifier: Apache-2.0
// Numbers in address texts: strict, locale-free, without allocation. Shared by the address types of this folder; the
// stream operator lets test messages and tools print any of them.
#pragma once
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "catenet/base/text.h"

namespace catenet::wire {

/// A whole text of 1 to 9 decimal digits without sign, blanks or a leading zero ("0" itself is fine), at most
/// `max`. A leading zero is refused because others read it as octal (RFC 6943 3.1.1).
constexpr std::optional<std::uint32_t> parse_decimal(std::string_view text, std::uint32_t max) {
  if (text.empty() || text.size() > 9 || (text.size() > 1 && text[0] == '0')) {
    return std::nullopt;
  }
  std::uint32_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') {
      return std::nullopt;
    }
    value = value * 10 + static_cast<std::uint32_t>(c - '0');
  }
  return value <= max ? std::optional(value) : std::nullopt;
}

template <typename T>
concept HasText = requires(const T& value) {
  { value.to_string() } -> std::same_as<std::string>;
};

template <typename Stream, HasText T>
Stream& operator<<(Stream& stream, const T& value) {
  stream << value.to_string();
  return stream;
}

}  // namespace catenet::wire
