// SPDX-License-Identifier: Apache-2.0
// trace: traceroute with UDP (RFC 1393 names the method): datagrams with growing TTL to ports from 33434 on, one after
// the other; routers answer with "time exceeded", the host itself with "port unreachable". Output as Linux's
// traceroute.
#pragma once
#include "catenet/app/program.h"

namespace catenet::app {

[[nodiscard]] ProgramKind trace_kind();

}  // namespace catenet::app
