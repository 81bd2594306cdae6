// SPDX-License-Identifier: Apache-2.0
// The one table of built-in programs. To add one: its files, and a line here (and one in lab/registry.cc).
#include <algorithm>
#include <array>

#include "catenet/app/bulk.h"
#include "catenet/app/calls.h"
#include "catenet/app/counter.h"
#include "catenet/app/echo.h"
#include "catenet/app/fetch.h"
#include "catenet/app/generators.h"
#include "catenet/app/http_server.h"
#include "catenet/app/ping.h"
#include "catenet/app/program.h"
#include "catenet/app/small_services.h"
#include "catenet/app/trace.h"
#include "catenet/app/udp_sink.h"

namespace catenet::app {

std::span<const ProgramKind> program_kinds() {
  static const std::array kKinds = {
      bulk_kind(),           bulk_server_kind(),    calls_kind(),          cbr_kind(),
      chargen_server_kind(), counter_backup_kind(), counter_client_kind(), counter_primary_kind(),
      discard_server_kind(), echo_kind(),           echo_server_kind(),    fetch_kind(),
      http_server_kind(),    ping_kind(),           poisson_kind(),        trace_kind(),
      udp_sink_kind(),
  };
  return kKinds;
}

const ProgramKind* find_program(std::string_view name) {
  const auto kinds = program_kinds();
  const auto it = std::find_if(kinds.begin(), kinds.end(), [&](const ProgramKind& kind) { return kind.name == name; });
  return it == kinds.end() ? nullptr : &*it;
}

}  // namespace catenet::app
