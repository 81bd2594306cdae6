// SPDX-License-Identifier: Apache-2.0
// bulk and bulk-server: as much TCP as the path gives. The client sends Content, for a number of bytes or a time, and
// ends its half; the server verifies every byte and answers with one line, "received N\n" or "mismatch at N\n".
#pragma once
#include "catenet/app/program.h"

namespace catenet::app {

[[nodiscard]] ProgramKind bulk_kind();
[[nodiscard]] ProgramKind bulk_server_kind();

}  // namespace catenet::app
