// SPDX-License-Identifier: Apache-2.0
// ping: ICMP echo (RFC 792), with the output of the iputils program that Linux has. It verifies the data that comes
// back, tells of duplicates and of ICMP errors, and ends after the last reply; or, if some are missing, after twice the
// longest round trip (or `timeout`, when there was none).
#pragma once
#include "catenet/app/program.h"
#include "catenet/base/time.h"

namespace catenet::app {

[[nodiscard]] ProgramKind ping_kind();

/// "0.412", "4.12", "41.2", "412": as many digits of a time in milliseconds as ping shows.
[[nodiscard]] std::string ping_time_text(Duration rtt);

}  // namespace catenet::app
