// SPDX-License-Identifier: Apache-2.0
// The keeper's children: programs started on the owner's request, watched, stopped and reaped. As process 1 the keeper
// also inherits and reaps every orphan inside. Internal to live/.
#pragma once
#include <sys/types.h>

#include <span>
#include <string>
#include <vector>

#include "catenet/live/control.h"
#include "catenet/live/error.h"

namespace catenet::live {

/// The environment of a program: `outer` without proxy settings, then `extra` on top ("NAME=value" each).
std::vector<std::string> merge_environment(const char* const* outer, std::span<const std::string> extra);

class Programs {
 public:
  /// `request`: texts = working directory, command, environment...; fds = stdout, stderr, exit pipe. Gives the process
  /// id; returns when /bin/sh runs or could not be run.
  LiveResult<pid_t> start(Control request);
  /// Signals the process group; with a grace, SIGKILL follows.
  void stop(const Control& request);
  /// Takes every child that has ended and reports those that were started here.
  void reap();
  /// Kills what has outlived its grace; gives the milliseconds until the next such moment, -1 for none (for poll(2)).
  int enforce_grace();

 private:
  struct Program {
    pid_t id;
    UniqueFd exit;
    bool stopping = false;
    std::int64_t kill_at_ns = -1;
  };
  Program* find(pid_t id);

  std::vector<Program> programs_;
};

}  // namespace catenet::live
