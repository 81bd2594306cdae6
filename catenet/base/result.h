// SPDX-License-Identifier: Apache-2.0
// Result<T>: a value, or an Error with an errno-compatible code and a fixed piece of context. No exceptions on any
// path.
#pragma once
#include <cerrno>
#include <cstring>
#include <expected>

namespace catenet {

struct Error {
  int code = 0;              ///< an errno value: EINVAL, EAGAIN, ...
  const char* context = "";  ///< static text: what was being done or what was wrong
  bool operator==(const Error& o) const { return code == o.code; }
};

template <typename T>
using Result = std::expected<T, Error>;

/// `return fail(EINVAL, "header length below 20");`
[[nodiscard]] inline std::unexpected<Error> fail(int code, const char* context = "") {
  return std::unexpected(Error{code, context});
}

}  // namespace catenet
