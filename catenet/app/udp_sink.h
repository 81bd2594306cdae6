// SPDX-License-Identifier: Apache-2.0
// udp-sink: receives what cbr and poisson send, and measures it (flow_meter.h) for each sender. Its facts are sums over
// all senders; latency_max is the largest of them, jitter the mean of their estimates.
#pragma once
#include "catenet/app/program.h"

namespace catenet::app {

[[nodiscard]] ProgramKind udp_sink_kind();

}  // namespace catenet::app
