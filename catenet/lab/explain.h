// SPDX-License-Identifier: Apache-2.0
// The complete effective lab as YAML that loads again to the same lab: every value with where it came from as a
// comment:
// "# default" (built in), "# from defaults", "# assigned" (worked out), nothing for what the user wrote.
#pragma once
#include <string>

#include "catenet/lab/description.h"

namespace catenet::lab {

/// `lab` is complete (assign() has run without errors).
std::string explain(const Description& lab);

}  // namespace catenet::lab
