// SPDX-License-Identifier: Apache-2.0
#include "catenet/live/process.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>

#include "catenet/live/control.h"
#include "catenet/live/monotonic.h"

namespace catenet::live {

std::string ExitStatus::text() const {
  if (!by_signal) {
    return "exit " + std::to_string(value);
  }
  const char* name = ::sigabbrev_np(value);
  return "killed by " + (name != nullptr ? "SIG" + std::string(name) : "signal " + std::to_string(value));
}

Process::Process(std::shared_ptr<UniqueFd> control, int id, UniqueFd exit, UniqueFd out, UniqueFd err)
    : control_(std::move(control)), id_(id), exit_(std::move(exit)), out_(std::move(out)), err_(std::move(err)) {}

Process::~Process() {
  if (!poll()) {
    kill();
  }
}

std::optional<ExitStatus> Process::poll() {
  if (status_) {
    return status_;
  }
  ExitReport report;
  ssize_t n = 0;
  do {
    n = ::read(exit_.get(), &report, sizeof report);
  } while (n < 0 && errno == EINTR);
  if (n < 0 && errno == EAGAIN) {
    return std::nullopt;
  }
  // End of file without a report: the keeper was killed, and everything inside with it.
  status_ = n == sizeof report ? ExitStatus{report.by_signal != 0, report.value} : ExitStatus{true, SIGKILL};
  return status_;
}

std::optional<ExitStatus> Process::wait(Duration timeout) {
  const std::int64_t start = monotonic_ns();
  while (!poll()) {
    const std::int64_t left = timeout.ns() - (monotonic_ns() - start);
    if (left <= 0) {
      return std::nullopt;
    }
    pollfd wait{exit_.get(), POLLIN, 0};
    ::poll(&wait, 1, static_cast<int>(std::min<std::int64_t>(left / 1'000'000 + 1, 60'000)));
  }
  return status_;
}

// When the namespace is gone, so is the program: a failed send says nothing new.
void Process::terminate(Duration grace) {
  if (!poll()) {
    (void)send_control(control_->get(), {Verb::stop, SIGTERM, id_, std::max<std::int64_t>(grace.ns(), 0), {}, {}});
  }
}

void Process::signal(int number) {
  if (!poll()) {
    (void)send_control(control_->get(), {Verb::stop, number, id_, -1, {}, {}});
  }
}

}  // namespace catenet::live
