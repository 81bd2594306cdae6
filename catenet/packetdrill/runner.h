// SPDX-License-Identifier: Apache-2.0
// Plays a script against a host in virtual time. Every event happens at its time; a packet that the script expects must
// leave within the tolerance; a call must answer what the script says. The first thing that is not so ends the script.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "catenet/packetdrill/settings.h"

namespace catenet::packetdrill {

struct Outcome {
  enum class Status : std::uint8_t {
    passed,
    failed,
    skipped,
    broken,  ///< it is no script; counts as failed
  };
  Status status = Status::passed;
  unsigned line = 0;     ///< 0: the whole script
  std::string reason;    ///< "sequence number", "sysctl net.ipv4.tcp_x=1", ...; empty when it passed
  std::string expected;  ///< in the script's notation; may be empty
  std::string got;
};

struct RunOptions {
  bool linux_profile = false;
  Duration tolerance;                   ///< zero: as packetdrill, 4 ms
  std::optional<IpVersion> ip_version;  ///< goes before what the script says; neither: IPv4
  std::uint32_t mtu = 0;                ///< the same; 0: not said, 1500
};

/// Parses and runs.
[[nodiscard]] Outcome run_text(std::string_view text, const RunOptions& options);

}  // namespace catenet::packetdrill
