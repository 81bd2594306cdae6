// SPDX-License-Identifier: Apache-2.0
// Text and JSON from files that anybody may have written, made fit to be shown and walked through.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "catenet/run/tables.h"

namespace catenet::study {

inline constexpr std::size_t kDeepest = 64;  ///< levels of JSON that are looked at

/// For one line of a terminal: control characters become '?', and so does what is not UTF-8; cut behind `most` bytes.
[[nodiscard]] std::string shown(std::string_view text, std::size_t most = 240);

/// Discarded (is_discarded()) when it is not JSON, or deeper than kDeepest.
[[nodiscard]] run::Json parse_json(std::string_view text);

}  // namespace catenet::study
