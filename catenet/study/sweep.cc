// SPDX-License-Identifier: Apache-2.0
#include "catenet/study/sweep.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "catenet/base/wall_clock.h"
#include "catenet/live/descriptor.h"
#include "catenet/live/epoll_loop.h"
#include "catenet/run/version.h"
#include "catenet/study/failure.h"
#include "catenet/study/shown.h"

namespace catenet::study {
namespace {

using Done = std::expected<void, RunFailure>;

constexpr int kTickMs = 200;
constexpr int kCannotStart = 127;
constexpr std::uint64_t kMostReport = std::uint64_t{1} << 30;
constexpr std::size_t kErrorKept = 2'000;  // characters of what a run said

/// At most so many bytes; nothing of a file that is not there.
std::string file_text(const std::filesystem::path& path, std::uint64_t most) {
  std::error_code error;
  const std::uint64_t size = std::filesystem::file_size(path, error);
  std::ifstream file(path, std::ios::binary);
  std::string text(error ? 0 : std::min(size, most), 0);
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  return text;
}

/// A run under way. Killed when the object goes.
class Child {
 public:
  Child(std::size_t point, std::uint64_t seed, std::filesystem::path folder)
      : point_(point), seed_(seed), folder_(std::move(folder)) {}
  ~Child() { kill_now(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  bool start(const std::filesystem::path& program, const std::filesystem::path& lab) {
    std::vector<std::string> words = {program.string(),      "run",   lab.string(),     "--seed",
                                      fmt::to_string(seed_), "--out", folder_.string(), "--quiet"};
    std::vector<char*> argv;
    for (std::string& word : words) {
      argv.push_back(word.data());
    }
    argv.push_back(nullptr);
    const std::string said = said_path().string();
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ == 0) {
      become(parent, said.c_str(), argv.data());
    }
    watch_ = live::UniqueFd(pid_ > 0 ? static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)) : -1);
    return pid_ > 0 && watch_.get() >= 0;
  }
  /// True once it has ended; status() then.
  bool poll_end() {
    if (pid_ > 0 && ::waitpid(pid_, &status_, WNOHANG) == pid_) {
      pid_ = -1;
    }
    return pid_ <= 0;
  }
  void ask_to_end() const {
    if (pid_ > 0) {
      ::kill(pid_, SIGTERM);
    }
  }
  void kill_now() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, &status_, 0);
      pid_ = -1;
    }
  }
  void time_out() {
    timed_out_ = true;
    kill_now();
  }

  [[nodiscard]] int watch() const { return watch_.get(); }
  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] bool timed_out() const { return timed_out_; }
  [[nodiscard]] std::size_t point() const { return point_; }
  [[nodiscard]] std::uint64_t seed() const { return seed_; }
  [[nodiscard]] double seconds() const { return clock_.seconds(); }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  /// What it prints.
  [[nodiscard]] std::filesystem::path said_path() const { return folder_ / "run.log"; }

 private:
  /// In the child: only what is safe between fork and exec. It dies with its parent, whatever ends that.
  [[noreturn]] static void become(pid_t parent, const char* said, char** argv) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    const int file = ::open(said, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    const int nothing = ::open("/dev/null", O_RDONLY);
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && ::getppid() == parent && file >= 0 && nothing >= 0 &&
        ::dup2(nothing, 0) == 0 && ::dup2(file, 1) == 1 && ::dup2(file, 2) == 2) {
      ::execv(argv[0], argv);
    }
    ::_exit(kCannotStart);
  }

  std::size_t point_;
  std::uint64_t seed_;
  std::filesystem::path folder_;
  Stopwatch clock_;
  pid_t pid_ = -1;
  live::UniqueFd watch_;
  int status_ = 0;
  bool timed_out_ = false;
};

/// What the report and the end of the process say.
SweepRun result_of(const Child& child, const FactPatterns& patterns) {
  SweepRun run;
  run.point = child.point();
  run.seed = child.seed();
  run.wall_s = child.seconds();
  const int status = child.status();
  if (WIFEXITED(status)) {
    run.exit = WEXITSTATUS(status);
  } else {
    run.signal = WTERMSIG(status);
  }
  const Json report = parse_json(file_text(child.folder() / "report.json", kMostReport));
  const bool ended = run.exit == 0 || run.exit == 1;
  if (child.timed_out() || !ended || !report.is_object()) {
    run.status = child.timed_out() ? "timeout" : run.signal ? "crashed" : "error";
    run.error = run.exit == kCannotStart ? "the program cannot be started" : file_text(child.said_path(), kErrorKept);
    return run;
  }
  run.status = *run.exit == 0 ? "passed" : "failed";
  run.facts = facts_of(report, patterns);
  run.facts["passed"] = *run.exit == 0 ? 1 : 0;
  const Json sim = report.value("sim", Json::object());
  const Json digest = sim.value("digest", Json());
  run.digest = digest.is_string() ? std::optional(digest.get<std::string>()) : std::nullopt;
  const Json end = sim.value("end_s", Json());
  run.end_s = end.is_number() ? std::optional(end.get<double>()) : std::nullopt;
  const Json expectations = report.value("expect", Json::array());
  for (const Json& e : expectations) {
    if (e.is_object() && e.value("text", Json()).is_string() && e.value("ok", Json()).is_boolean() &&
        e.value("got", Json()).is_string()) {
      run.expectations.push_back({e["text"].get<std::string>(), e["ok"].get<bool>(), e["got"].get<std::string>()});
    }
  }
  return run;
}

class Sweep {
 public:
  Sweep(const SweepPlan& plan, const SweepOptions& options, SweepListener& listener)
      : plan_(plan), options_(options), listener_(listener) {}

  std::expected<SweepOutcome, RunFailure> go() {
    if (auto ready = prepare(); !ready) {
      return std::unexpected(ready.error());
    }
    while (!outcome_.interrupted && (more_to_start() || !children_.empty())) {
      if (auto done = turn(); !done) {
        return std::unexpected(done.error());
      }
    }
    if (outcome_.interrupted) {
      stop();
    }
    if (auto made = store_->summarize_all(); !made) {
      return machine(made.error());
    }
    outcome_.progress = progress();
    return outcome_;
  }

 private:
  Done prepare() {
    std::error_code error;
    for (const char* folder : {"points", "runs"}) {
      std::filesystem::create_directories(options_.out / folder, error);
      if (error) {
        return machine(fmt::format("cannot make {}: {}", (options_.out / folder).string(), error.message()));
      }
    }
    lock_ = live::UniqueFd(::open((options_.out / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    if (lock_.get() < 0 || ::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
      return machine(fmt::format("{} is in use by another sweep", options_.out.string()));
    }
    const auto file = options_.out / "sweep.db";
    if (options_.restart) {
      std::filesystem::remove(file, error);
      std::filesystem::remove_all(options_.out / "runs", error);
      std::filesystem::create_directories(options_.out / "runs", error);
    }
    auto store = SweepStore::open(file);
    if (!store) {
      return machine(store.error());
    }
    store_.emplace(std::move(*store));
    if (auto begun = store_->begin(plan_, std::string(run::kVersion)); !begun) {
      return wrong(fmt::format("{}: {}", options_.out.string(), begun.error()));
    }
    for (const auto& [point, seed] : store_->done()) {
      found_.emplace(point, seed);
    }
    failed_ = store_->count("failed");
    outcome_.found = found_.size();
    labs_.assign(plan_.points.size(), false);
    auto signals = live::SignalWatch::create();
    if (!signals) {
      return machine(signals.error().text);
    }
    signals_.emplace(std::move(*signals));
    skip_found();
    return {};
  }

  [[nodiscard]] bool more_to_start() const { return next_ < plan_.runs(); }
  [[nodiscard]] std::pair<std::size_t, std::uint64_t> next_run() const {
    return {next_ / plan_.seeds.size() + 1, plan_.seeds[next_ % plan_.seeds.size()]};
  }
  void skip_found() {
    while (more_to_start() && found_.contains(next_run())) {
      ++next_;
    }
  }

  Done turn() {
    while (more_to_start() && children_.size() < options_.jobs) {
      if (auto started = start(); !started) {
        return started;
      }
    }
    wait();
    for (auto child = children_.begin(); child != children_.end();) {
      if (options_.timeout && (*child)->seconds() > options_.timeout->to_seconds()) {
        (*child)->time_out();
      }
      if (!(*child)->poll_end()) {
        ++child;
        continue;
      }
      const std::unique_ptr<Child> ended = std::move(*child);
      child = children_.erase(child);
      if (auto kept = keep(*ended); !kept) {
        return kept;
      }
    }
    outcome_.interrupted = signals_->next().has_value();
    listener_.progress(progress());
    return {};
  }

  Done start() {
    const auto [point, seed] = next_run();
    ++next_;
    skip_found();
    const auto lab = options_.out / "points" / fmt::format("{}.yaml", point);
    if (auto written = write_lab(point, lab); !written) {
      return written;
    }
    const auto folder = options_.out / "runs" / fmt::format("{}-{}", point, seed);
    std::error_code error;
    std::filesystem::remove_all(folder, error);  // of a run that was cut off
    std::filesystem::create_directories(folder, error);
    auto child = std::make_unique<Child>(point, seed, folder);
    if (error || !child->start(options_.program, lab)) {
      return machine(fmt::format("cannot start a run in {}", folder.string()));
    }
    children_.push_back(std::move(child));
    return {};
  }

  Done write_lab(std::size_t point, const std::filesystem::path& path) {
    if (labs_[point - 1]) {
      return {};
    }
    const auto text = lab_of_point(plan_, plan_.points[point - 1], path.parent_path(), options_.keep);
    if (!text) {
      return wrong(text.error());
    }
    std::ofstream file(path, std::ios::binary);
    file << *text;
    file.close();
    if (!file) {
      return machine("cannot write " + path.string());
    }
    labs_[point - 1] = true;
    return {};
  }

  /// Until a run ends, a signal comes, or a moment has passed.
  void wait() {
    std::vector<pollfd> watched = {{signals_->fd(), POLLIN, 0}};
    for (const auto& child : children_) {
      watched.push_back({child->watch(), POLLIN, 0});
    }
    (void)::poll(watched.data(), watched.size(), kTickMs);
  }

  Done keep(const Child& child) {
    if (child.status() != 0 && WIFEXITED(child.status()) && WEXITSTATUS(child.status()) == 130) {
      outcome_.interrupted = true;  // Ctrl-C reaches the runs too; that one is none
      return {};
    }
    const SweepRun run = result_of(child, options_.facts);
    if (auto recorded = store_->record(run); !recorded) {
      return machine(recorded.error());
    }
    ++made_;
    failed_ += run.status == "failed" ? 1 : 0;
    without_result_ += run.has_result() ? 0 : 1;
    if (run.has_result() && !options_.keep) {
      std::error_code ignored;
      std::filesystem::remove_all(child.folder(), ignored);
    }
    listener_.finished(run);
    return {};
  }

  void stop() {
    for (const auto& child : children_) {
      child->ask_to_end();
    }
    constexpr double kGraceS = 5;
    const Stopwatch clock;
    while (clock.seconds() < kGraceS &&
           !std::all_of(children_.begin(), children_.end(), [](const auto& child) { return child->poll_end(); })) {
      (void)::poll(nullptr, 0, kTickMs / 10);
    }
    children_.clear();
  }

  [[nodiscard]] SweepProgress progress() const {
    SweepProgress out;
    out.runs = plan_.runs();
    out.done = found_.size() + made_;
    out.failed = failed_;
    out.without_result = without_result_;
    out.running = static_cast<std::uint32_t>(children_.size());
    if (made_ > 0) {
      out.left_s = clock_.seconds() / static_cast<double>(made_) * static_cast<double>(out.runs - out.done);
    }
    return out;
  }

  const SweepPlan& plan_;
  const SweepOptions& options_;
  SweepListener& listener_;
  SweepOutcome outcome_;
  live::UniqueFd lock_;
  std::optional<SweepStore> store_;
  std::optional<live::SignalWatch> signals_;
  std::set<std::pair<std::size_t, std::uint64_t>> found_;  // runs whose results are there
  std::uint64_t next_ = 0;                                 // of all runs, point by point
  std::uint64_t made_ = 0;
  std::uint64_t failed_ = 0;
  std::uint64_t without_result_ = 0;
  std::vector<bool> labs_;  // by point: its file is written
  std::vector<std::unique_ptr<Child>> children_;
  Stopwatch clock_;
};

}  // namespace

std::expected<SweepOutcome, RunFailure> run_sweep(const SweepPlan& plan, const SweepOptions& options,
                                                  SweepListener& listener) {
  return Sweep(plan, options, listener).go();
}

}  // namespace catenet::study
