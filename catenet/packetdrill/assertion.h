// SPDX-License-Identifier: Apache-2.0
// %{ assert tcpi_snd_cwnd == 10, tcpi_snd_cwnd }%: the part of Python that such checks use. Integers, names, arithmetic
// (+ - * // % & | ^ << >> ~), comparisons (chained too), and, or, not, parentheses; statements assert, print and
// assignments (= += -=) to variables, which live as long as the script.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace catenet::packetdrill {

struct Verdict {
  enum class Kind : std::uint8_t { holds, fails, unsupported } kind = Kind::holds;
  std::string text;  ///< fails: the assertion and the values of its names; unsupported: what
};

using Variables = std::map<std::string, std::int64_t>;

/// `value` gives the value of a name that is no variable; nothing for one it does not know.
[[nodiscard]] Verdict check_code(std::string_view code, Variables& variables,
                                 const std::function<std::optional<std::int64_t>(std::string_view)>& value);

}  // namespace catenet::packetdrill
