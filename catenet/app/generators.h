// SPDX-License-Identifier: Apache-2.0
// cbr and poisson: UDP load. Datagrams of one size with a Probe at their head (flow_meter.h), at a constant bit rate,
// or with exponentially distributed gaps of the same mean from the program's own random stream. udp-sink measures them.
#pragma once
#include "catenet/app/program.h"

namespace catenet::app {

[[nodiscard]] ProgramKind cbr_kind();
[[nodiscard]] ProgramKind poisson_kind();

}  // namespace catenet::app
