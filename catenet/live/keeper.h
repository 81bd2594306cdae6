// SPDX-License-Identifier: Apache-2.0
// The inside of Namespace::create(): the intermediate process that unshares, and the keeper, process 1 of the new PID
// namespace, that builds the node and then serves (control.h shows the conversation). Internal to live/.
#pragma once
#include <sys/types.h>

#include "catenet/live/descriptor.h"

namespace catenet::live {

struct NamespaceSpec;

/// The child's side of the fork in Namespace::create(); `owner` is the forking process. Never returns.
[[noreturn]] void run_intermediate(const NamespaceSpec& spec, UniqueFd control, pid_t owner);

}  // namespace catenet::live
