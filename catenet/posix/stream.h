// SPDX-License-Identifier: Apache-2.0
// The C library's streams (FILE) on descriptors of a process, by fopencookie(3): printf() into a socket works.
#pragma once
#include <cstdio>

#include "catenet/posix/process.h"

namespace catenet::posix {

/// Null and errno when there is no memory or `mode` is none. `owns`: fclose() closes the descriptor.
[[nodiscard]] FILE* open_stream(Process& process, int fd, const char* mode, bool owns);

}  // namespace catenet::posix
