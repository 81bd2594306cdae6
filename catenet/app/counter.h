// SPDX-License-Identifier: Apache-2.0
// A replicated counter: the smallest distributed system that can be wrong, for trying faults on (docs/hunt.md). One
// primary counts, its backups keep copies, and an increment is answered when a majority of all has it. A client asks
// until it is answered, with the same number each time, and compares the counter with what was answered in the end.
//
//   add N -> ok N VALUE     get N -> ok N VALUE     copy VALUE -> copied VALUE       one a datagram, over UDP
//
// counter-primary and counter-backup have faults to be planted: `bug=retry` counts an increment again when it is asked
// for again; `bug=stale` lets a late copy replace a newer one.
#pragma once
#include "catenet/app/program.h"

namespace catenet::app {

[[nodiscard]] ProgramKind counter_primary_kind();
[[nodiscard]] ProgramKind counter_backup_kind();
[[nodiscard]] ProgramKind counter_client_kind();

}  // namespace catenet::app
