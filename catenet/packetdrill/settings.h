// SPDX-License-Identifier: Apache-2.0
// What a script sets before and between its packets: options of its head, and shell commands. No command is run: those
// that set what we have set it here; those that ask for what Linux would do anyway, and we too, are passed over; any
// other makes the script skipped, by name.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "catenet/base/time.h"
#include "catenet/transport/tcp/config.h"
#include "catenet/transport/tcp/fast_open.h"

namespace catenet::packetdrill {

/// What sysctls set about TCP: of a connection, and of the host.
struct TcpSettings {
  transport::TcpConfig config;
  transport::TcpPolicy policy;
  transport::TcpLimits limits;
  std::optional<transport::FastOpenKeys> fast_open_keys;
  bool forget_fast_open = false;  ///< what has been learnt of servers
};

struct Settings {
  TcpSettings tcp;
  std::uint32_t mtu = 1500;
  Duration tolerance = Duration::milliseconds(4);
  unsigned tolerance_percent_tenths = 125;  ///< of the time since the event before; the greater of the two counts
};

/// What public scripts take for granted: Linux's behaviour as far as it can be set.
void apply_linux_profile(TcpSettings& tcp);

// Each answers why the script must be skipped, or nothing.
[[nodiscard]] std::optional<std::string> apply_option(std::string_view name, std::string_view value, Settings& into);
[[nodiscard]] std::optional<std::string> apply_command(std::string_view command, TcpSettings& into);
/// net.ipv4.tcp_sack, net/ipv4/tcp_sack or /proc/sys/net/ipv4/tcp_sack.
[[nodiscard]] std::optional<std::string> apply_sysctl(std::string_view name, std::string_view value, TcpSettings& into);

}  // namespace catenet::packetdrill
