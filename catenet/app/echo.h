// SPDX-License-Identifier: Apache-2.0
// echo: the client of RFC 862. It sends pseudo-random bytes and verifies that the same ones come back.
#pragma once
#include "catenet/app/program.h"

namespace catenet::app {

[[nodiscard]] ProgramKind echo_kind();

}  // namespace catenet::app
