// SPDX-License-Identifier: Apache-2.0
// check(): our own bugs, on in release builds too. A failed check prints the condition and the place, then leaves with
// exit code 70 (EX_SOFTWARE), so that a user and a test can tell "Catenet is wrong" from "the lab is wrong".
// Never used on input from outside: that is dropped with a DropReason or answered with a Result.
#pragma once
#include <source_location>

namespace catenet {

/// Called before the process ends because of a failed check; the live driver uses it to undo namespaces.
using CheckHook = void (*)() noexcept;
void set_check_hook(CheckHook hook) noexcept;

[[noreturn]] void check_failed(const char* what, std::source_location where) noexcept;

/// Ends the program with exit code 70 when `ok` is false. `what` names the broken invariant.
inline void check(bool ok, const char* what = "invariant",
                  std::source_location where = std::source_location::current()) {
  if (!ok) [[unlikely]] {
    check_failed(what, where);
  }
}

}  // namespace catenet
