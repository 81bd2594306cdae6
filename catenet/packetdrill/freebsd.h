// SPDX-License-Identifier: Apache-2.0
// Scripts made for FreeBSD: its sysctls, its settings as they are unless a sysctl says otherwise, and what it leaves to
// see of sockets. A script is one of them as soon as it sets a sysctl of net.inet, or from the start if it looks so.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catenet/packetdrill/script.h"
#include "catenet/packetdrill/settings.h"
#include "catenet/transport/tcp/tcb_types.h"

namespace catenet::packetdrill {

/// Without a sysctl: by the order of options in the SYNs that the host must send, or by the size of a buffer.
[[nodiscard]] bool is_made_for_freebsd(const Script& script);
void apply_freebsd_settings(TcpSettings& tcp);

/// `name` begins with "net.inet." or "kern."; the first of them brings FreeBSD's settings. Why the script must be
/// skipped, or nothing.
[[nodiscard]] std::optional<std::string> apply_freebsd_sysctl(std::string_view name, std::string_view value,
                                                              TcpSettings& into);

/// FreeBSD orders the options of a SYN otherwise, and fills up with EOL: nothing of which matters to who reads them
/// (RFC 9293 3.1). `got` in the order and with the padding of `expected`, if they say the same kinds.
[[nodiscard]] std::vector<TcpOption> in_order_of(const std::vector<TcpOption>& expected,
                                                 const std::vector<TcpOption>& got);

/// FreeBSD moves the window with every byte; we wait until it can move by a segment, as RFC 9293 3.8.6.2.2 asks. `got`
/// as the script writes it, if it is smaller by less than that.
[[nodiscard]] std::optional<std::uint16_t> window_like(std::optional<std::uint16_t> expected,
                                                       std::optional<std::uint16_t> got);

/// In CLOSING FreeBSD acknowledges by its FIN once more, we by the bare acknowledgement that RFC 9293 3.10.7.4 asks
/// for: both say the same. `got` as the script writes it, if it is that.
void acknowledgement_like(const TcpFields& expected, TcpFields& got);

/// "sockstat -4 -P tcp -s | grep -c TIME_WAIT | grep 1": how many sockets are in a state.
struct SocketCount {
  transport::TcpState state{};
  std::size_t count = 0;
};
[[nodiscard]] std::optional<SocketCount> socket_count(std::string_view command);

}  // namespace catenet::packetdrill
