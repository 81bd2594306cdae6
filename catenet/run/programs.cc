// SPDX-License-Identifier: Apache-2.0
#include "catenet/run/programs.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "catenet/live/listen_probe.h"

namespace catenet::run {

using Phase = ProgramRecord::Phase;

bool ProgramRecord::as_expected() const {
  if (!failure.empty() || (phase == Phase::waiting && !crashed)) {
    return false;
  }
  if (*described->service) {
    return crashed || phase != Phase::ended || exit == 0 || signal == SIGTERM || signal == SIGKILL;
  }
  const std::optional<int>& wanted = *described->exit;
  return phase == Phase::ended && (!wanted || (!cut_off && !crashed && signal == 0 && exit == *wanted));
}

std::string ProgramRecord::ending() const {
  if (!failure.empty()) {
    return "did not start: " + failure;
  }
  if (crashed) {
    return "cut off by the crash of its node";
  }
  switch (phase) {
    case Phase::waiting:
      return "never started";
    case Phase::starting:
    case Phase::running:
      return "still running";
    case Phase::ended:
      break;
  }
  if (cut_off) {
    return "cut off by the end of the lab";
  }
  return signal != 0 ? "killed by signal " + std::to_string(signal) : "exit " + std::to_string(exit);
}

/// stdout of a built-in program: a file, and perhaps the terminal.
class Programs::FileOutput final : public app::Output {
 public:
  using Echo = Delegate<void(const ProgramRecord&, std::string_view)>;
  /// With `later`, which is set then, what is printed waits for tell().
  FileOutput(const std::filesystem::path& path, const ProgramRecord& record, Echo echo, bool* later)
      : file_(path, record.starts > 1 ? std::ios::app : std::ios::trunc), record_(record), echo_(echo), later_(later) {}
  [[nodiscard]] bool is_whole() const { return file_.good(); }
  void flush() { file_.flush(); }
  void write(std::string_view text) override {
    file_ << text;
    if (echo_ && later_ != nullptr) {
      untold_ += text;
      *later_ = true;
    } else if (echo_) {
      echo_(record_, text);
    }
  }
  void tell() {
    if (!untold_.empty()) {
      echo_(record_, untold_);
      untold_.clear();
    }
  }

 private:
  std::ofstream file_;
  const ProgramRecord& record_;
  Echo echo_;
  bool* later_;  // null: one thread runs all programs, and what they say is heard at once
  std::string untold_;
};

/// What a program needs while it runs; it stays until the network goes, for its sockets may still be open.
struct Programs::Running {
  Running(Programs& p, std::size_t i, Node& node)
      : programs(p), index(i), start_timer(node.timers(), Delegate<void(Instant)>::to<&Running::on_start>(*this)) {}
  void on_start(Instant) { programs.start(index); }
  void on_ready() {
    ProgramRecord& record = *programs.records_[index];
    record.ready = true;
    record.ready_at = programs.node_of(record).now();
    programs.changed(record).is = true;
    programs.node_of(record).note(NoteKind::program_ready, [&] { return record.described->name; });
  }
  void on_end() {
    ProgramRecord& record = *programs.records_[index];
    record.facts = program->facts();
    programs.ended(index, program->exit_code().value_or(1), 0);
    if (!program->keeps_sockets()) {
      program.reset();  // its last word was said: this is the end of Program::end()
    }
  }
  void on_exit_readable() {
    const auto status = process->poll();
    if (!status) {
      return;
    }
    programs.loop_->unwatch(process->exit_fd());
    programs.ended(index, status->by_signal ? -1 : status->value, status->by_signal ? status->value : 0);
  }

  Programs& programs;
  std::size_t index;
  Timer start_timer;
  std::unique_ptr<FileOutput> output;
  std::unique_ptr<app::Program> program;
  std::unique_ptr<live::Process> process;
};

Programs::Programs(Network& network, std::filesystem::path output, std::filesystem::path lab_folder,
                   Delegate<void(const ProgramRecord&, std::string_view)> echo)
    : network_(network),
      output_(std::move(output)),
      lab_folder_(std::move(lab_folder)),
      echo_(echo),
      real_time_(network.lab().needs_real_time()),
      changed_(network.simulation().threads()),
      states_(network.lab().nodes.size()) {
  for (const lab::Program& described : network.lab().programs) {
    records_.push_back(std::make_unique<ProgramRecord>());
    records_.back()->described = &described;
    running_.push_back(std::make_unique<Running>(*this, records_.size() - 1, node_of(*records_.back())));
    finite_ += *described.service ? 0 : 1;
  }
}

Programs::~Programs() {
  for (const auto& running : running_) {
    if (running->process != nullptr && loop_ != nullptr) {
      loop_->unwatch(running->process->exit_fd());
    }
  }
}

Node& Programs::node_of(const ProgramRecord& record) const { return *network_.nodes()[record.described->node].node; }

std::filesystem::path Programs::output_file(const ProgramRecord& record, bool standard_error) const {
  if (!standard_error && !record.described->stdout_file.empty()) {
    return output_ / record.described->stdout_file;
  }
  return output_ / (record.described->name + (standard_error ? ".stderr" : ".stdout"));
}

std::optional<Instant> Programs::may_start_at(const ProgramRecord& record) const {
  Instant at = std::max(Instant::zero() + *record.described->at, states_[record.described->node].since);
  for (const lab::ProgramIndex index : record.described->after) {
    const ProgramRecord& other = *records_[index];
    const bool happened =
        *other.described->service ? other.ready || other.phase == Phase::ended : other.phase == Phase::ended;
    if (!happened) {
      return std::nullopt;
    }
    const Instant when = *other.described->service && other.ready ? other.ready_at : other.ended;
    at = std::max(at, real_time_ ? when : when + kHandOver);
  }
  return at;
}

void Programs::update(Instant now) {
  if (real_time_) {
    probe_readiness(now);
  }
  if (!take_changes()) {
    return;
  }
  note_ends();
  for (std::size_t i = 0; i < records_.size(); ++i) {
    ProgramRecord& record = *records_[i];
    if (record.phase != Phase::waiting || states_[record.described->node].down) {
      continue;
    }
    if (const auto at = may_start_at(record)) {
      record.phase = Phase::starting;
      running_[i]->start_timer.arm(*at);
    }
  }
}

Programs::Changed& Programs::changed(const ProgramRecord& record) {
  return changed_[network_.environment_of(record.described->node).thread];
}

bool Programs::take_changes() {
  bool any = false;
  for (Changed& of_thread : changed_) {
    any = std::exchange(of_thread.is, false) || any;
  }
  return any;
}

// What programs leave behind on the threads that run them.
void Programs::note_ends() {
  finite_ended_ = 0;
  for (std::size_t i = 0; i < records_.size(); ++i) {
    const ProgramRecord& record = *records_[i];
    if (record.phase == Phase::ended && !*record.described->service) {
      ++finite_ended_;
      last_end_ = std::max(last_end_, record.ended);
    }
    if (running_[i]->output != nullptr) {
      running_[i]->output->tell();
    }
  }
}

void Programs::probe_readiness(Instant now) {
  for (const auto& record : records_) {
    const lab::Program& described = *record->described;
    if (record->phase != Phase::running || record->ready || !*described.service) {
      continue;
    }
    const auto& entry = network_.nodes()[described.node];
    if (entry.space == nullptr) {
      continue;
    }
    if (described.ready &&
        !entry.space->is_listening(described.ready->tcp ? live::Transport::tcp : live::Transport::udp,
                                   described.ready->port)) {
      continue;
    }
    record->ready = true;
    record->ready_at = now;
    changed(*record).is = true;
    entry.node->note(NoteKind::program_ready, [&] { return described.name; });
  }
}

void Programs::start(std::size_t index) {
  ProgramRecord& record = *records_[index];
  record.phase = Phase::running;
  record.crashed = false;
  ++record.starts;
  Node& node = node_of(record);
  record.started = node.now();
  std::error_code ignored;  // `stdout: logs/a.txt`; a folder that cannot be made shows when the file is opened
  std::filesystem::create_directories(output_file(record, false).parent_path(), ignored);
  node.note(NoteKind::program_started, [&] { return record.described->name + ": " + record.described->command; });
  if (network_.nodes()[record.described->node].host != nullptr) {
    start_simulated(index);
  } else {
    start_linux(index);
  }
}

void Programs::start_simulated(std::size_t index) {
  ProgramRecord& record = *records_[index];
  Running& running = *running_[index];
  node::Host& host = *network_.nodes()[record.described->node].host;
  const app::ProgramKind* kind = app::find_program(record.described->words.at(0));
  check(kind != nullptr, "a program that the lab's check let pass is not in the table");
  host.sockets().set_names(&network_.names());
  const std::filesystem::path path = output_file(record, false);
  running.output = std::make_unique<FileOutput>(path, record, echo_,
                                                network_.simulation().threads() > 1 ? &changed(record).is : nullptr);
  if (!running.output->is_whole()) {
    record.failure = "cannot write " + path.string();
    ended(index, 127, 0);
    return;
  }
  running.program =
      kind->make(record.described->words, app::Context{host.sockets(), *running.output, record.described->name});
  running.program->set_on_ready(Delegate<void()>::to<&Running::on_ready>(running));
  running.program->set_on_end(Delegate<void()>::to<&Running::on_end>(running));
  running.program->start();
}

void Programs::start_linux(std::size_t index) {
  ProgramRecord& record = *records_[index];
  Running& running = *running_[index];
  const auto& entry = network_.nodes()[record.described->node];
  live::ProcessSpec spec;
  spec.command = record.described->command;
  const auto open = record.starts > 1 ? live::Output::append : live::Output::file;
  spec.out = open(output_file(record, false).string());
  spec.err = open(output_file(record, true).string());
  spec.environment.push_back("CATENET_OUT=" + output_.string());
  spec.environment.push_back("PYTHONUNBUFFERED=1");  // a service's log is complete when the lab ends it
  for (const auto& [key, value] : record.described->env) {
    spec.environment.push_back(fmt::format("{}={}", key, value));
  }
  spec.working_directory = (lab_folder_ / record.described->cwd).string();
  auto process = entry.space->start(spec);
  if (!process) {
    record.failure = process.error().text;
    ended(index, 127, 0);
    return;
  }
  running.process = std::move(*process);
  const auto watched =
      loop_->watch(running.process->exit_fd(), Delegate<void()>::to<&Running::on_exit_readable>(running));
  check(watched.has_value(), "the end of a process cannot be watched");
  if (states_[record.described->node].paused) {
    running.process->signal(SIGSTOP);
  }
}

void Programs::crash(lab::NodeIndex node, bool comes_back) {
  states_[node] = {.down = true};
  if (node::Host* host = network_.nodes()[node].host; host != nullptr && host->has_sockets()) {
    host->sockets().table().let_go();  // before those who would close them with a FIN
  }
  for (std::size_t i = 0; i < records_.size(); ++i) {
    if (records_[i]->described->node == node && records_[i]->phase != Phase::ended) {
      cut_by_crash(i, comes_back);
    }
  }
  changed_.front().is = true;
}

void Programs::cut_by_crash(std::size_t index, bool comes_back) {
  ProgramRecord& record = *records_[index];
  Running& running = *running_[index];
  const bool ran = record.phase == Phase::running;
  running.start_timer.cancel();
  if (running.program != nullptr) {
    record.facts = running.program->facts();
    running.program.reset();
  }
  if (running.process != nullptr) {
    loop_->unwatch(running.process->exit_fd());
    running.process.reset();  // which kills it
  }
  record.phase = Phase::waiting;
  record.ready = false;
  record.crashed = true;
  record.ended = node_of(record).now();
  if (!comes_back && !*record.described->service) {
    record.phase = Phase::ended;
  }
  if (running.output != nullptr) {
    running.output->tell();
  }
  changed(record).is = true;
  if (ran) {
    node_of(record).note(NoteKind::program_exited, [&] { return record.described->name + ": " + record.ending(); });
  }
}

void Programs::start_again(lab::NodeIndex node) {
  states_[node] = {.since = network_.nodes()[node].node->now()};
  for (const auto& record : records_) {
    if (record->described->node == node && *record->described->service && record->phase == Phase::ended) {
      record->phase = Phase::waiting;
      record->ready = false;
      record->exit = -1;
      record->signal = 0;
      record->failure.clear();
    }
    changed(*record).is = true;
  }
  changed_.front().is = true;
}

void Programs::set_paused(lab::NodeIndex node, bool paused) {
  if (states_[node].paused == paused) {
    return;
  }
  states_[node].paused = paused;
  if (node::Host* host = network_.nodes()[node].host; host != nullptr) {
    host->sockets().table().set_paused(paused);
  }
  for (std::size_t i = 0; i < records_.size(); ++i) {
    if (records_[i]->described->node == node && running_[i]->process != nullptr) {
      running_[i]->process->signal(paused ? SIGSTOP : SIGCONT);
    }
  }
}

void Programs::ended(std::size_t index, int exit, int signal) {
  ProgramRecord& record = *records_[index];
  if (record.phase == Phase::ended) {
    return;
  }
  Node& node = node_of(record);
  record.phase = Phase::ended;
  record.ended = node.now();
  record.exit = exit;
  record.signal = signal;
  changed(record).is = true;
  node.note(NoteKind::program_exited, [&] { return record.described->name + ": " + record.ending(); });
}

bool Programs::all_ended() const { return finite_ > 0 && finite_ended_ == finite_; }

bool Programs::anything_runs() const {
  return std::any_of(records_.begin(), records_.end(),
                     [](const auto& record) { return record->phase == Phase::running; });
}

void Programs::stop_all(Duration grace) {
  for (std::size_t i = 0; i < records_.size(); ++i) {
    if (records_[i]->phase != Phase::running) {
      continue;
    }
    records_[i]->cut_off = !*records_[i]->described->service;
    if (running_[i]->program != nullptr) {
      running_[i]->program->stop();
    } else if (running_[i]->process != nullptr) {
      running_[i]->process->terminate(grace);
    }
  }
}

void Programs::collect() {
  for (std::size_t i = 0; i < records_.size(); ++i) {
    if (records_[i]->phase == Phase::running && running_[i]->program != nullptr) {
      records_[i]->facts = running_[i]->program->facts();
    }
    if (running_[i]->output != nullptr) {
      running_[i]->output->flush();
      running_[i]->output->tell();
    }
  }
}

std::vector<std::filesystem::path> Programs::broken_outputs() const {
  std::vector<std::filesystem::path> broken;
  for (std::size_t i = 0; i < records_.size(); ++i) {
    if (running_[i]->output != nullptr && !running_[i]->output->is_whole()) {
      broken.push_back(output_file(*records_[i], false));
    }
  }
  return broken;
}

}  // namespace catenet::run
