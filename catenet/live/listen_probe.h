// SPDX-License-Identifier: Apache-2.0
// Readiness of a server without sending it a packet: the kernel's socket tables /proc/<pid>/net/{tcp,tcp6,udp,udp6}
// (proc(5)). A TCP port counts when a socket listens on it, a UDP port when an unconnected socket is bound to it.
#pragma once
#include <cstdint>
#include <string_view>

namespace catenet::live {

enum class Transport : std::uint8_t { tcp, udp };

/// `table` is the text of one such file. Lines it does not understand are skipped.
bool listens_in_table(std::string_view table, Transport transport, std::uint16_t port);

}  // namespace catenet::live
