// SPDX-License-Identifier: Apache-2.0
// LiveError: what the machine refused, as one line a user can act on. base's Error carries static text only; here the
// text names files, NICs and addresses, and none of it is on the packet path, so a string is affordable.
#pragma once
#include <cstring>
#include <expected>
#include <string>
#include <utility>

namespace catenet::live {

struct LiveError {
  int code = 0;      ///< an errno value
  std::string text;  ///< one line, no full stop: what was being done, why it failed, what to do
};

template <typename T>
using LiveResult = std::expected<T, LiveError>;

[[nodiscard]] inline std::unexpected<LiveError> live_fail(int code, std::string text) {
  return std::unexpected(LiveError{code, std::move(text)});
}

/// The kernel's words for an errno value ("Permission denied"); never translated.
inline std::string errno_text(int code) {
  const char* text = strerrordesc_np(code);
  return text != nullptr ? text : "error " + std::to_string(code);
}

/// `return os_fail("open /dev/net/tun", errno);`
[[nodiscard]] inline std::unexpected<LiveError> os_fail(const std::string& doing, int code) {
  return live_fail(code, doing + ": " + errno_text(code));
}

}  // namespace catenet::live
