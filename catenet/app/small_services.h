// SPDX-License-Identifier: Apache-2.0
// The small services of the early Internet, on TCP and UDP at once: echo-server (RFC 862), discard-server (RFC 863),
// chargen-server (RFC 864).
#pragma once
#include <array>
#include <cstdint>

#include "catenet/app/program.h"

namespace catenet::app {

[[nodiscard]] ProgramKind echo_server_kind();
[[nodiscard]] ProgramKind discard_server_kind();
[[nodiscard]] ProgramKind chargen_server_kind();

/// Line `n` of the pattern in RFC 864: 72 of the 95 printing characters, beginning with character n, then CR LF.
using ChargenLine = std::array<char, 74>;
[[nodiscard]] ChargenLine chargen_line(std::uint64_t n);

/// Would answering a datagram from this port start an endless exchange with a service of this kind?
[[nodiscard]] bool is_small_service_port(std::uint16_t port);

}  // namespace catenet::app
