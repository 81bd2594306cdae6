// SPDX-License-Identifier: Apache-2.0
#include "catenet/study/trial.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "catenet/base/check.h"
#include "catenet/base/wall_clock.h"
#include "catenet/live/descriptor.h"
#include "catenet/run/load.h"
#include "catenet/study/run_folder.h"
#include "catenet/study/silent_console.h"

namespace catenet::study {
namespace {

constexpr std::size_t kMostAnswer = 60'000;  // bytes; what failed is cut before that
constexpr std::size_t kMostLines = 50;

Json to_json(const TrialResult& result) {
  Json failed = Json::array();
  for (const std::string& line : result.failed) {
    if (failed.size() < kMostLines) {
      failed.push_back(line.substr(0, 1'000));
    }
  }
  return {{"outcome", static_cast<int>(result.outcome)},
          {"failed", failed},
          {"digest", result.digest},
          {"end", result.end.ns()}};
}

TrialResult result_from(std::string_view text) {
  const Json json = Json::parse(text);  // our own worker wrote it
  TrialResult result;
  result.outcome = static_cast<TrialResult::Outcome>(json["outcome"].get<int>());
  result.failed = json["failed"].get<std::vector<std::string>>();
  result.digest = json["digest"].get<std::string>();
  result.end = Duration::nanoseconds(json["end"].get<std::int64_t>());
  return result;
}

/// In the worker: one message is a trial, the answer its result. Ends when its parent does.
[[noreturn]] void serve(int fd, const TrialLab& lab, const std::filesystem::path& folder) {
  std::string buffer(live::kMaxMessage, 0);
  for (;;) {
    const ssize_t n = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      ::_exit(0);
    }
    const Json asked = Json::parse(std::string_view(buffer.data(), static_cast<std::size_t>(n)));
    const Trial trial{asked["seed"].get<std::uint64_t>(), asked["events"].get<std::vector<std::string>>()};
    const std::string answer =
        to_json(run_trial(lab, trial, folder)).dump(-1, ' ', false, Json::error_handler_t::replace);
    if (::send(fd, answer.data(), std::min(answer.size(), kMostAnswer), MSG_NOSIGNAL) < 0) {
      ::_exit(1);
    }
  }
}

}  // namespace

TrialResult run_trial(const TrialLab& lab, const Trial& trial, const std::filesystem::path& folder) {
  using enum TrialResult::Outcome;
  std::vector<std::string> overrides = lab.overrides;
  overrides.push_back(fmt::format("seed={}", trial.seed));
  overrides.emplace_back("capture=none");
  const lab::LoadedLab loaded = run::load_lab(lab.file, overrides, trial.events);
  if (!loaded.ok()) {
    return {refused, {loaded.errors()}, {}, {}};
  }
  SilentConsole console;
  run::RunOptions options;
  options.out = folder;
  options.lab_folder = std::filesystem::absolute(lab.file).parent_path();
  const auto ran = run::run_lab(loaded.lab, options, console);
  if (!ran) {
    return {refused, {ran.error().text}, {}, {}};
  }
  TrialResult result{passed, ran->failed, {}, ran->outcome.end - Instant::zero()};
  result.digest = fmt::format("{:016x}", ran->outcome.digest);
  if (!ran->outcome.packets.holds()) {
    result.outcome = crashed;
    result.failed.emplace_back("packets are not conserved");
  } else if (!ran->failed.empty()) {
    result.outcome = failed;
  }
  return result;
}

/// A process that makes one trial after the other.
class TrialWorkers::Worker {
 public:
  explicit Worker(std::filesystem::path folder) : folder_(std::move(folder)) {}
  ~Worker() { end(); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  [[nodiscard]] bool is_busy() const { return trial_.has_value(); }
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] double seconds() const { return clock_.seconds(); }

  bool begin(const TrialLab& lab, std::size_t number, Trial trial) {
    if (pid_ <= 0 && !launch(lab)) {
      return false;
    }
    const std::string text = Json({{"seed", trial.seed}, {"events", trial.events}}).dump();
    check(text.size() <= live::kMaxMessage, "a trial with more events than a message holds");
    number_ = number;
    trial_ = std::move(trial);
    clock_ = Stopwatch();
    return ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }
  /// What it has to say: its descriptor is readable.
  Finished take() {
    std::string buffer(live::kMaxMessage, 0);
    const ssize_t n = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (n > 0) {
      return finished(result_from(std::string_view(buffer.data(), static_cast<std::size_t>(n))));
    }
    const int status = end();
    return finished({TrialResult::Outcome::crashed,
                     {WIFSIGNALED(status) ? fmt::format("the program was ended by signal {}", WTERMSIG(status))
                                          : fmt::format("the program ended with code {}", WEXITSTATUS(status))},
                     {},
                     {}});
  }
  Finished time_out() {
    end();
    return finished({TrialResult::Outcome::timeout, {"it took too long"}, {}, {}});
  }

 private:
  bool launch(const TrialLab& lab) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
      return false;
    }
    fd_ = live::UniqueFd(ends[0]);
    live::UniqueFd theirs(ends[1]);
    std::error_code error;
    std::filesystem::create_directories(folder_, error);
    const pid_t parent = ::getpid();
    pid_ = error ? -1 : ::fork();
    if (pid_ == 0) {
      fd_.reset();
      (void)::signal(SIGINT, SIG_IGN);  // Ctrl-C reaches the whole group; the parent decides
      if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || ::getppid() != parent) {
        ::_exit(1);
      }
      serve(theirs.get(), lab, folder_);
    }
    return pid_ > 0;
  }
  int end() {
    int status = 0;
    fd_.reset();
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, &status, 0);
      pid_ = -1;
    }
    return status;
  }
  Finished finished(TrialResult result) {
    Finished out{number_, std::move(*trial_), std::move(result)};
    trial_.reset();
    return out;
  }

  std::filesystem::path folder_;
  pid_t pid_ = -1;
  live::UniqueFd fd_;
  std::size_t number_ = 0;
  std::optional<Trial> trial_;
  Stopwatch clock_;
};

TrialWorkers::TrialWorkers(TrialLab lab, std::filesystem::path folder, unsigned jobs, Duration timeout)
    : lab_(std::move(lab)), folder_(std::move(folder)), timeout_(timeout) {
  for (unsigned i = 0; i < jobs; ++i) {
    workers_.push_back(std::make_unique<Worker>(folder_ / fmt::format("worker-{}", i)));
  }
}

TrialWorkers::~TrialWorkers() = default;

bool TrialWorkers::has_idle() const { return running() < workers_.size(); }

std::size_t TrialWorkers::running() const {
  return static_cast<std::size_t>(
      std::count_if(workers_.begin(), workers_.end(), [](const auto& worker) { return worker->is_busy(); }));
}

std::optional<std::size_t> TrialWorkers::start(Trial trial) {
  for (const auto& worker : workers_) {
    if (!worker->is_busy()) {
      return worker->begin(lab_, next_, std::move(trial)) ? std::optional(next_++) : std::nullopt;
    }
  }
  return std::nullopt;
}

std::optional<TrialWorkers::Finished> TrialWorkers::wait(int most_ms, int also) {
  std::vector<pollfd> watched = {{also, POLLIN, 0}};
  std::vector<Worker*> busy;
  for (const auto& worker : workers_) {
    if (worker->is_busy()) {
      watched.push_back({worker->fd(), POLLIN, 0});
      busy.push_back(worker.get());
    }
  }
  (void)::poll(watched.data(), watched.size(), most_ms);
  for (std::size_t i = 0; i < busy.size(); ++i) {
    if (watched[i + 1].revents != 0) {
      return busy[i]->take();
    }
    if (busy[i]->seconds() > timeout_.to_seconds()) {
      return busy[i]->time_out();
    }
  }
  return std::nullopt;
}

}  // namespace catenet::study
