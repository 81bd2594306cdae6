// SPDX-License-Identifier: Apache-2.0
// The only mutable statics of the room: tools/tidy.py excuses this file.
#include "catenet/posix/current.h"

#include <cstdio>

#include "catenet/base/check.h"
#include "catenet/posix/process.h"

// What the names of the three standard streams in a program refer to.
extern "C" {
FILE* catenet_posix_stdin = nullptr;
FILE* catenet_posix_stdout = nullptr;
FILE* catenet_posix_stderr = nullptr;
}

namespace catenet::posix {
namespace {
Current running;
}

Current current() { return running; }

void set_current(Current current) {
  running = current;
  if (current.process != nullptr) {
    current.process->put_in_place();
  }
  const Process* process = current.process;
  catenet_posix_stdin = process != nullptr ? process->stream(0) : nullptr;
  catenet_posix_stdout = process != nullptr ? process->stream(1) : nullptr;
  catenet_posix_stderr = process != nullptr ? process->stream(2) : nullptr;
}

Process& self() {
  check(running.process != nullptr, "a call of a simulated program, and no process runs");
  return *running.process;
}

}  // namespace catenet::posix
