// SPDX-License-Identifier: Apache-2.0
// Programs: starts the programs of a lab when their time has come and what they wait for has happened, and keeps what
// became of them. Real ones run in namespaces, built-in ones on simulated hosts; for the rest of the run they look
// alike.
//
// A program starts at the later of `at` and the end (for services: the readiness) of everything named in `after`. In
// virtual time one named in `after` is followed kHandOver later: partitions learn of each other's programs only between
// windows, and this keeps the start independent of how the lab was partitioned.
#pragma once
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catenet/app/program.h"
#include "catenet/live/epoll_loop.h"
#include "catenet/live/process.h"
#include "catenet/run/network.h"

namespace catenet::run {

/// What became of one program.
struct ProgramRecord {
  enum class Phase : std::uint8_t { waiting, starting, running, ended };
  const lab::Program* described = nullptr;
  Phase phase = Phase::waiting;
  bool ready = false;  ///< a service that listens
  Instant started;
  Instant ready_at;
  Instant ended;         ///< or cut off by a crash
  int exit = -1;         ///< exit code; -1 while it runs, or ended by a signal
  int signal = 0;        ///< that ended it; 0: none
  bool cut_off = false;  ///< not a service, and still at work when the lab ended
  bool crashed = false;  ///< its node has crashed under it, and it has not been started again
  unsigned starts = 0;
  std::string failure;  ///< why it could not be started
  std::vector<app::Fact> facts;
  /// As the lab wants it: the expected exit code, or a service that ran to the end of the lab.
  [[nodiscard]] bool as_expected() const;
  /// "exit 0", "killed by signal 9", "did not start: ...", "still running".
  [[nodiscard]] std::string ending() const;
};

class Programs {
 public:
  static constexpr Duration kHandOver = sim::Simulation::kMaxWindow;

  /// `output` is where stdout and stderr go, one file each; `echo` (may be empty) also hears what built-in programs
  /// print.
  Programs(Network& network, std::filesystem::path output, std::filesystem::path lab_folder,
           Delegate<void(const ProgramRecord&, std::string_view)> echo);
  ~Programs();

  /// Real time: where ends of processes are watched. Without it linux programs cannot start.
  void use_loop(live::EpollLoop& loop) { loop_ = &loop; }

  /// Looks at who may start, and lets `echo` hear what was printed. `now`: virtual time, the end of the window; real
  /// time, the present.
  void update(Instant now);
  /// Every program that is not a service has ended (false when there is none but services).
  [[nodiscard]] bool all_ended() const;
  /// When the last of them ended.
  [[nodiscard]] Instant last_end() const { return last_end_; }
  /// Something that must end to end the run is waiting or running.
  [[nodiscard]] bool has_finite() const { return finite_ > 0; }
  /// The node is gone, and with it what its programs had in memory; their sockets vanish without a word. Those that had
  /// not ended wait for start_again() if the node `comes_back`, else they have ended now.
  void crash(lab::NodeIndex node, bool comes_back);
  /// The node is there again: its services, and what had not ended, start anew.
  void start_again(lab::NodeIndex node);
  /// Its programs do not run (SIGSTOP), or go on.
  void set_paused(lab::NodeIndex node, bool paused);
  /// Asks what still runs to end: services stop, others are told as by SIGTERM.
  void stop_all(Duration grace);
  [[nodiscard]] bool anything_runs() const;
  /// Collects the facts of programs that have not ended, and writes out what all have printed.
  void collect();
  /// Files of built-in programs that could not be written whole, after collect().
  [[nodiscard]] std::vector<std::filesystem::path> broken_outputs() const;

  [[nodiscard]] const std::vector<std::unique_ptr<ProgramRecord>>& records() const { return records_; }
  [[nodiscard]] std::filesystem::path output_file(const ProgramRecord& record, bool standard_error) const;

 private:
  class FileOutput;
  struct Running;

  void start(std::size_t index);
  void start_simulated(std::size_t index);
  void start_linux(std::size_t index);
  void ended(std::size_t index, int exit, int signal);
  [[nodiscard]] std::optional<Instant> may_start_at(const ProgramRecord& record) const;
  void probe_readiness(Instant now);
  void note_ends();
  void cut_by_crash(std::size_t index, bool comes_back);
  [[nodiscard]] Node& node_of(const ProgramRecord& record) const;

  Network& network_;
  std::filesystem::path output_;
  std::filesystem::path lab_folder_;
  Delegate<void(const ProgramRecord&, std::string_view)> echo_;
  live::EpollLoop* loop_ = nullptr;
  bool real_time_;
  std::vector<std::unique_ptr<ProgramRecord>> records_;
  std::vector<std::unique_ptr<Running>> running_;  // beside records_
  std::size_t finite_ = 0;
  std::size_t finite_ended_ = 0;
  // Somebody ended, became ready or spoke since the last update: each thread says so for its own programs, and they are
  // asked when none of them runs.
  struct alignas(64) Changed {
    bool is = true;
  };
  [[nodiscard]] Changed& changed(const ProgramRecord& record);
  [[nodiscard]] bool take_changes();
  std::vector<Changed> changed_;  // by thread
  struct NodeState {
    bool down = false;
    bool paused = false;
    Instant since;  // it was started again
  };
  std::vector<NodeState> states_;  // by node
  Instant last_end_;
};

}  // namespace catenet::run
