// SPDX-License-Identifier: Apache-2.0
// Which process runs now. A call of the system has no argument for it, so this is the one piece of state of the room:
// it is set whenever a fibre of a process goes on, and taken back when the fibre waits or ends. Everything else belongs
// to the Process.
#pragma once
#include <cerrno>

namespace catenet::posix {

class Process;
class Thread;

struct Current {
  Process* process = nullptr;  ///< null: no simulated program runs
  Thread* thread = nullptr;
};

[[nodiscard]] Current current();
/// Puts the process's streams and its data in place; {} when none runs.
void set_current(Current current);

/// The calling process. Only calls of a program come here.
[[nodiscard]] Process& self();

/// While it lives, `now` is the process that runs; afterwards none.
class Entered {
 public:
  explicit Entered(Current now) { set_current(now); }
  ~Entered() { set_current({}); }
  Entered(const Entered&) = delete;
  Entered& operator=(const Entered&) = delete;
};

/// Around a wait: others run meanwhile, and errno is ours again afterwards, also when the fibre is being unwound.
class Suspended {
 public:
  Suspended() : saved_(current()), code_(errno) { set_current({}); }
  ~Suspended() {
    set_current(saved_);
    errno = code_;
  }
  Suspended(const Suspended&) = delete;
  Suspended& operator=(const Suspended&) = delete;

 private:
  Current saved_;
  int code_;
};

}  // namespace catenet::posix
