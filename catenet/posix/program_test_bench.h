// SPDX-License-Identifier: Apache-2.0
// For tests: the same program run by the kernel and inside a simulated host, and what it printed.
#pragma once
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <vector>

#include "catenet/posix/process.h"

namespace catenet::posix {

/// What a program printed, and how it ended.
struct Transcript {
  std::string text;
  int exit_code = -1;  ///< 128 + the signal that ended it
  void add(std::string_view more) { text += more; }
  [[nodiscard]] Sink sink() { return Sink::to<&Transcript::add>(*this); }
  bool operator==(const Transcript&) const = default;
};

/// A child of the kernel's with pipes at its input and output.
class KernelRun {
 public:
  explicit KernelRun(std::vector<std::string> arguments, std::string_view input = "") {
    int in[2];
    int out[2];
    if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0) {
      return;
    }
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    ::posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    std::vector<char*> argv;
    for (std::string& a : arguments) {
      argv.push_back(a.data());
    }
    argv.push_back(nullptr);
    if (::posix_spawn(&child_, argv[0], &actions, nullptr, argv.data(), environ) != 0) {
      child_ = -1;
    }
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(in[0]);
    ::close(out[1]);
    (void)!::write(in[1], input.data(), input.size());
    ::close(in[1]);
    out_ = out[0];
  }
  ~KernelRun() {
    if (child_ > 0) {
      (void)finish();
    }
  }
  KernelRun(const KernelRun&) = delete;
  KernelRun& operator=(const KernelRun&) = delete;
  void read_until(std::string_view text) {
    while (transcript_.text.find(text) == std::string::npos && read_some()) {
    }
  }
  Transcript finish() {
    while (read_some()) {
    }
    ::close(out_);
    int status = 0;
    ::waitpid(child_, &status, 0);
    child_ = -1;
    transcript_.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return transcript_;
  }

 private:
  bool read_some() {
    char piece[4096];
    const ssize_t n = ::read(out_, piece, sizeof piece);
    if (n > 0) {
      transcript_.add({piece, static_cast<std::size_t>(n)});
    }
    return n > 0;
  }
  pid_t child_ = -1;
  int out_ = -1;
  Transcript transcript_;
};

}  // namespace catenet::posix
