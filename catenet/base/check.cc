// SPDX-License-Identifier: Apache-2.0
#include "catenet/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace catenet {
namespace {
CheckHook check_hook = nullptr;  // one per process: a failed check ends the whole process
}

void set_check_hook(CheckHook hook) noexcept { check_hook = hook; }

void check_failed(const char* what, std::source_location where) noexcept {
  std::fprintf(stderr, "catenet: bug: %s\n  at %s:%u in %s\n  please report it with the lab and the seed\n", what,
               where.file_name(), static_cast<unsigned>(where.line()), where.function_name());
  std::fflush(stderr);
  if (check_hook != nullptr) {
    check_hook();
  }
  std::_Exit(70);
}

}  // namespace catenet
