// SPDX-License-Identifier: Apache-2.0
// The fields of Linux's struct tcp_info as far as they mean the same here, by name, and the constants that assertions
// about them use.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "catenet/transport/tcp/tcb_types.h"

namespace catenet::packetdrill {

/// TCP_ESTABLISHED and so on.
[[nodiscard]] std::int64_t linux_state(transport::TcpState state);
/// Nothing for a field that is not known, or whose value here means something else.
[[nodiscard]] std::optional<std::int64_t> tcp_info_field(const transport::TcpPcbInfo& info, std::string_view name);

}  // namespace catenet::packetdrill
