// SPDX-License-Identifier: Apache-2.0
// Process: a program in a Namespace, started by its keeper. The end is told through a pipe of its own, so an epoll loop
// watches exit_fd() and no SIGCHLD is involved. stdin is /dev/null; the program leads its own session and process
// group, to which signals go, so a shell's children get them too. A Process whose handle is destroyed is killed.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catenet/base/time.h"
#include "catenet/live/descriptor.h"
#include "catenet/live/error.h"

namespace catenet::live {

/// Where a program's stdout or stderr goes.
struct Output {
  enum class To : std::uint8_t { discard, file, append, pipe } to = To::discard;
  std::string path;  ///< To::file: made or emptied, To::append: made; opened outside with Catenet's rights
  static Output discard() { return {}; }
  static Output file(std::string path) { return {To::file, std::move(path)}; }
  /// Behind what the file holds already.
  static Output append(std::string path) { return {To::append, std::move(path)}; }
  /// Read it by Process::stdout_fd() / stderr_fd(); a full pipe (64 KiB) stops the program until it is read.
  static Output pipe() { return {To::pipe, {}}; }
};

struct ProcessSpec {
  std::string command;  ///< for /bin/sh -c
  Output out;
  Output err;
  /// "NAME=value", on top of the caller's environment without its proxy settings (http_proxy and relatives would lead
  /// curl out of the lab).
  std::vector<std::string> environment;
  std::string working_directory;  ///< empty: the Namespace's
};

struct ExitStatus {
  bool by_signal = false;
  int value = 0;  ///< exit code, or signal number; by_signal with SIGKILL also when the namespace ended under it
  [[nodiscard]] bool success() const { return !by_signal && value == 0; }
  /// "exit 2" or "killed by SIGTERM".
  [[nodiscard]] std::string text() const;
  bool operator==(const ExitStatus&) const = default;
};

class Process {
 public:
  Process(std::shared_ptr<UniqueFd> control, int id, UniqueFd exit, UniqueFd out, UniqueFd err);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// The process id inside the namespace.
  [[nodiscard]] int id() const { return id_; }
  /// Readable from the moment the program has ended, and then always: unwatch it when poll() has given the status.
  [[nodiscard]] int exit_fd() const { return exit_.get(); }
  /// Non-blocking; empty while the program runs.
  std::optional<ExitStatus> poll();
  /// Blocks up to `timeout`.
  std::optional<ExitStatus> wait(Duration timeout);

  /// SIGTERM now, SIGKILL after `grace` if it still runs (the keeper does the waiting).
  void terminate(Duration grace);
  void kill() { signal(9); }
  void signal(int number);

  /// Read ends for Output::pipe(), non-blocking; -1 otherwise.
  [[nodiscard]] int stdout_fd() const { return out_.get(); }
  [[nodiscard]] int stderr_fd() const { return err_.get(); }

 private:
  std::shared_ptr<UniqueFd> control_;
  int id_;
  UniqueFd exit_, out_, err_;
  std::optional<ExitStatus> status_;
};

}  // namespace catenet::live
