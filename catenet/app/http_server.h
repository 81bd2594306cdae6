// SPDX-License-Identifier: Apache-2.0
// http-server: a small origin server (RFC 9110, RFC 9112). Its files are made of Content, as large as one likes; every
// answer with a file carries the SHA-256 of it (Repr-Digest, RFC 9530), and PATH.sha256 is a line for `sha256sum -c`.
//
// There is no Date in its answers: virtual time is no clock (RFC 9110 6.6.1).
#pragma once
#include "catenet/app/program.h"

namespace catenet::app {

[[nodiscard]] ProgramKind http_server_kind();

}  // namespace catenet::app
