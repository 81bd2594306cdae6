// SPDX-License-Identifier: Apache-2.0
// A failed check() leaves with exit code 70, which libFuzzer would take for a normal end: here it aborts.
#include "fuzz/fuzz.h"

#include "catenet/base/check.h"

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  catenet::set_check_hook([]() noexcept { std::abort(); });
  return 0;
}
