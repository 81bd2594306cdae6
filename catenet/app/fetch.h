// SPDX-License-Identifier: Apache-2.0
// fetch: an HTTP/1.1 client (RFC 9112). It gets one URL, hashes what comes, and says how it went in the manner of
// curl's summary. Exit code 0 only for a status of 2xx with a complete body. Redirections are not followed.
#pragma once
#include "catenet/app/program.h"

namespace catenet::app {

[[nodiscard]] ProgramKind fetch_kind();

}  // namespace catenet::app
