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
#include "catenet/wire/mapped_address.h"

namespace catenet::packetdrill {

/// What sysctls set about TCP: of a connection, and of the host.
struct TcpSettings {
  transport::TcpConfig config;
  transport::TcpPolicy policy;
  transport::TcpLimits limits;
  std::optional<transport::FastOpenKeys> fast_open_keys;
  bool forget_fast_open = false;  ///< what has been learnt of servers
  bool freebsd = false;           ///< the script is made for FreeBSD (freebsd.h)
  bool linux_profile = false;
};

/// Which family the sockets are of, and which the packets (--ip_version).
enum class IpVersion : std::uint8_t {
  ipv4,
  ipv4_mapped_ipv6,  ///< sockets of IPv6, packets of IPv4
  ipv6,
};
[[nodiscard]] std::optional<IpVersion> ip_version_named(std::string_view name);

/// Who talks to whom: the host (`local`), and the far end that the script plays.
struct Addresses {
  wire::IpAddress local;
  wire::IpAddress remote;
  wire::IpAddress gateway;
  std::uint8_t prefix_length = 0;  ///< of the local network
  bool mapped = false;             ///< the sockets are of IPv6 all the same
  [[nodiscard]] wire::Family socket_family() const { return mapped ? wire::Family::kV6 : local.family(); }
  /// As the sockets name it.
  [[nodiscard]] wire::IpAddress seen(const wire::IpAddress& address) const {
    return mapped ? wire::mapped(address) : address;
  }
};
struct Settings {
  TcpSettings tcp;
  IpVersion ip_version = IpVersion::ipv4;
  std::optional<wire::IpAddress> local;  ///< --local_ip and so on, instead of the usual addresses
  std::optional<wire::IpAddress> remote;
  std::optional<wire::IpAddress> gateway;
  std::optional<std::uint8_t> prefix_length;
  std::uint32_t mtu = 1500;
  Duration tolerance = Duration::milliseconds(4);
  unsigned tolerance_percent_tenths = 125;  ///< of the time since the event before; the greater of the two counts
};

/// Who talks to whom: those that public scripts are run with, as far as the settings do not say otherwise.
[[nodiscard]] Addresses addresses_of(const Settings& settings);
/// Why the addresses that a script names do not go with the family; nothing: they do.
[[nodiscard]] std::optional<std::string> address_mismatch(const Settings& settings);

/// What public scripts take for granted: Linux's behaviour as far as it can be set.
void apply_linux_profile(TcpSettings& tcp);

// Each answers why the script must be skipped, or nothing.
[[nodiscard]] std::optional<std::string> apply_option(std::string_view name, std::string_view value, Settings& into);
[[nodiscard]] std::optional<std::string> apply_command(std::string_view command, TcpSettings& into);
/// `dd bs=1 count=5 if=/dev/zero of=/tmp/file`: path and size; nothing: the command makes no file.
[[nodiscard]] std::optional<std::pair<std::string, std::size_t>> file_made_by(std::string_view command);
/// `grep " 0A " /proc/net/tcp | grep ":1F90"`: a row of this state and port must be there.
struct RowCheck {
  std::int64_t state = 0;  ///< Linux's number
  std::uint16_t port = 0;
};
[[nodiscard]] std::optional<RowCheck> row_check(std::string_view command);
/// net.ipv4.tcp_sack, net/ipv4/tcp_sack or /proc/sys/net/ipv4/tcp_sack.
[[nodiscard]] std::optional<std::string> apply_sysctl(std::string_view name, std::string_view value, TcpSettings& into);

}  // namespace catenet::packetdrill
