// SPDX-License-Identifier: Apache-2.0
// Symbolic constants as scripts write them, with Linux's values.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "catenet/packetdrill/script.h"

namespace catenet::packetdrill {

[[nodiscard]] std::optional<std::int64_t> symbol(std::string_view name);
/// "EAGAIN" of 11; "E<number>" for those that have no name here.
[[nodiscard]] std::string error_name(int code);
/// Integers, constants, a|b, htons(n), inet_addr("a.b.c.d") as host-order numbers; nothing for anything else, and
/// `unknown` then names the word that is not known.
[[nodiscard]] std::optional<std::int64_t> number_of(const Expr& expression, std::string& unknown);

}  // namespace catenet::packetdrill
