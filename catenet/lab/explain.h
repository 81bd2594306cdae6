// SPDX-License-Identifier: Apache-2.0
// The complete effective lab as YAML that loads again to the same lab: every value with where it came from as a
// comment: "# default" (built in), "# from defaults", "# assigned" (worked out), nothing for what the user wrote. What
// would mean something else if it were given (worked-out routes, the default of min_rto) is a comment as a whole.
#pragma once
#include <cstdint>
#include <string>

#include "catenet/lab/description.h"

namespace catenet::lab {

enum class Origins : std::uint8_t {
  shown,   ///< as comments, for people
  hidden,  ///< for one run, without `matrix:` and `seeds:`; explaining what was explained gives the same text
};

/// `lab` is complete (assign() has run without errors).
std::string explain(const Description& lab, Origins origins = Origins::shown);

}  // namespace catenet::lab
