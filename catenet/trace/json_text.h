// SPDX-License-Identifier: Apache-2.0
// The little JSON that an event log needs: strings (RFC 8259 7) and times as exact decimal numbers.
#pragma once
#include <string>
#include <string_view>

#include "catenet/base/time.h"

namespace catenet::trace {

/// Appends `text` in quotation marks. Quotes, backslashes and control characters are escaped; what is not UTF-8 (output
/// of programs may be anything) becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);

/// Appends seconds with exactly `decimals` (1 to 9) digits after the point, cut off, not rounded: "0.003000000".
void append_seconds(std::string& out, Instant at, int decimals);

}  // namespace catenet::trace
