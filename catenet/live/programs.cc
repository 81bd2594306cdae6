// SPDX-License-Identifier: Apache-2.0
#include "catenet/live/programs.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "catenet/live/monotonic.h"

extern char** environ;

namespace catenet::live {
namespace {

bool same_variable(std::string_view a, std::string_view b) {
  return a.substr(0, a.find('=')) == b.substr(0, b.find('='));
}

bool is_proxy_setting(std::string_view variable) {
  std::string name(variable.substr(0, variable.find('=')));
  std::transform(name.begin(), name.end(), name.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  return name.ends_with("_proxy");
}

/// Where the shell could not be reached; written into the start pipe.
struct StartFailure {
  std::int32_t code;
  std::int32_t in_chdir;
};

struct Launch {
  const char* directory;
  char* const* arguments;
  char* const* environment;
  int out, err, start_pipe;
};

/// Between fork and exec: only system calls.
[[noreturn]] void become_program(const Launch& launch) {
  ::setsid();
  for (int number = 1; number < NSIG; ++number) {
    ::signal(number, SIG_DFL);
  }
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  StartFailure failure{0, 0};
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0 || ::dup2(null, 0) < 0 || ::dup2(launch.out, 1) < 0 || ::dup2(launch.err, 2) < 0) {
    failure.code = errno;
  } else if (launch.directory[0] != 0 && ::chdir(launch.directory) != 0) {
    failure = {errno, 1};
  } else {
    ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);  // everything is close-on-exec already; this is the second rope
    ::execve("/bin/sh", launch.arguments, launch.environment);
    failure.code = errno;
  }
  (void)!::write(launch.start_pipe, &failure, sizeof failure);
  ::_exit(127);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) {
    out.push_back(text.data());
  }
  out.push_back(nullptr);
  return out;
}

}  // namespace

std::vector<std::string> merge_environment(const char* const* outer, std::span<const std::string> extra) {
  std::vector<std::string> merged;
  for (; outer != nullptr && *outer != nullptr; ++outer) {
    const bool replaced =
        std::any_of(extra.begin(), extra.end(), [&](const std::string& e) { return same_variable(e, *outer); });
    if (!replaced && !is_proxy_setting(*outer)) {
      merged.emplace_back(*outer);
    }
  }
  merged.insert(merged.end(), extra.begin(), extra.end());
  return merged;
}

LiveResult<pid_t> Programs::start(Control request) {
  if (request.texts.size() < 2 || request.fds.size() != 3) {
    return live_fail(EPROTO, "start request");
  }
  std::vector<std::string> words = {"sh", "-c", request.texts[1]};
  std::vector<std::string> variables = merge_environment(environ, std::span(request.texts).subspan(2));
  std::vector<char*> arguments = pointers(words);
  std::vector<char*> environment = pointers(variables);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return os_fail("pipe", errno);
  }
  UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  const pid_t id = ::fork();
  if (id < 0) {
    return os_fail("fork", errno);
  }
  if (id == 0) {
    become_program({request.texts[0].c_str(), arguments.data(), environment.data(), request.fds[0].get(),
                    request.fds[1].get(), writer.get()});
  }
  writer.reset();
  StartFailure failure{0, 0};
  ssize_t n = 0;
  do {
    n = ::read(reader.get(), &failure, sizeof failure);
  } while (n < 0 && errno == EINTR);
  if (n == sizeof failure) {
    ::waitpid(id, nullptr, 0);
    return os_fail(failure.in_chdir != 0 ? "working directory " + request.texts[0] : "/bin/sh", failure.code);
  }
  programs_.push_back({id, std::move(request.fds[2])});
  return id;
}

Programs::Program* Programs::find(pid_t id) {
  auto at = std::find_if(programs_.begin(), programs_.end(), [id](const Program& p) { return p.id == id; });
  return at == programs_.end() ? nullptr : &*at;
}

void Programs::stop(const Control& request) {
  Program* program = find(static_cast<pid_t>(request.value));
  if (program == nullptr) {
    return;  // it has ended meanwhile
  }
  // The program is not reaped yet, so its number still names its own group.
  ::kill(-program->id, request.code);
  if (request.grace_ns >= 0) {
    program->stopping = true;
    program->kill_at_ns = monotonic_ns() + request.grace_ns;
  }
}

void Programs::reap() {
  while (true) {
    siginfo_t info{};
    if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) {
      return;
    }
    if (Program* program = find(info.si_pid); program != nullptr) {
      if (program->stopping) {
        ::kill(-program->id, SIGKILL);  // the rest of its group; the zombie still holds the number
      }
      ExitReport report{info.si_code == CLD_EXITED ? 0 : 1, info.si_status};
      (void)!::write(program->exit.get(), &report, sizeof report);
      programs_.erase(programs_.begin() + (program - programs_.data()));
    }
    ::waitpid(info.si_pid, nullptr, 0);
  }
}

int Programs::enforce_grace() {
  const std::int64_t now = monotonic_ns();
  std::int64_t next = -1;
  for (Program& program : programs_) {
    if (program.kill_at_ns < 0) {
      continue;
    }
    if (program.kill_at_ns <= now) {
      ::kill(-program.id, SIGKILL);
      program.kill_at_ns = -1;
    } else if (next < 0 || program.kill_at_ns < next) {
      next = program.kill_at_ns;
    }
  }
  return next < 0 ? -1 : static_cast<int>(std::min<std::int64_t>((next - now) / 1'000'000 + 1, 60'000));
}

}  // namespace catenet::live
