// SPDX-License-Identifier: Apache-2.0
#include "catenet/run/runner.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>

#include "catenet/base/wall_clock.h"
#include "catenet/live/driver.h"
#include "catenet/run/effective_lab.h"
#include "catenet/run/events.h"
#include "catenet/run/stepper.h"
#include "catenet/run/version.h"
#include "catenet/trace/event_log.h"
#include "catenet/trace/story.h"

namespace catenet::run {
namespace {

constexpr Duration kLingerVirtual = Duration::seconds(1);  // for the last segments and their acknowledgements
constexpr Duration kLingerReal = Duration::milliseconds(300);
constexpr Duration kGrace = Duration::seconds(2);  // between SIGTERM and SIGKILL at the end
constexpr double kProgressEveryS = 0.2;

/// As std::filesystem::absolute(), without its exceptions: it does not take an empty path, which means "here" to us.
std::filesystem::path full_path(const std::filesystem::path& path) {
  std::error_code error;
  const auto made = std::filesystem::absolute(path.empty() ? "." : path, error);
  return error ? path : made;
}

/// How a person in the present folder calls it.
std::string from_here(const std::filesystem::path& path) {
  std::error_code error;
  const auto relative = std::filesystem::relative(path, error);
  return error || relative.empty() ? path.string() : relative.string();
}

std::string reason_of(const Error& error) { return live::errno_text(error.code); }

/// One run, from description to report.
class Run {
 public:
  Run(const lab::Description& lab, const RunOptions& options, Console& console)
      : lab_(lab),
        options_(options),
        console_(console),
        real_time_(lab.needs_real_time()),
        journal_(real_time_ || !options.step_table.empty() ? trace::Journal::Reading::at_once
                                                           : trace::Journal::Reading::in_order),
        story_(Delegate<void(std::string_view)>::to<&Run::tell>(*this),
               trace::Story::Options{.colour = options.colour, .per_kind = 40, .name_width = name_width(lab)}) {}

  std::expected<RunResult, RunFailure> go() {
    if (auto done = prepare(); !done) {
      return std::unexpected(done.error());
    }
    setup_s_ = clock_.seconds();
    auto ran = real_time_ ? run_real() : run_virtual();
    if (!ran) {
      return std::unexpected(ran.error());
    }
    return finish();
  }

 private:
  using Step = std::expected<void, RunFailure>;

  static std::uint32_t name_width(const lab::Description& lab) {
    std::size_t width = 6;
    for (const lab::Node& node : lab.nodes) {
      width = std::max(width, node.name.size());
    }
    return static_cast<std::uint32_t>(std::min<std::size_t>(width, 20));
  }
  static std::unexpected<RunFailure> machine(std::string text) {
    return std::unexpected(RunFailure{3, std::move(text)});
  }
  void tell(std::string_view line) { console_.story(line); }
  void echo(const ProgramRecord&, std::string_view text) { console_.text(text); }

  Step prepare() {
    if (!options_.step_table.empty() && find_table(options_.step_table) == nullptr) {
      return std::unexpected(RunFailure{2, "there is no table '" + options_.step_table + "'"});
    }
    std::error_code error;
    std::filesystem::create_directories(options_.out / "programs", error);
    if (error) {
      return machine("cannot make the output folder " + options_.out.string() + ": " + error.message());
    }
    for (const auto& file : std::filesystem::directory_iterator(options_.out, error)) {  // of an earlier run
      if (file.path().extension() == ".pcapng") {
        std::filesystem::remove(file.path(), error);
      }
    }
    if (auto written = write_effective_lab(lab_, options_.lab_folder, options_.out); !written) {
      return machine(written.error());
    }
    for (auto [sink, name] : {std::pair{&events_sink_, "events.jsonl"}, std::pair{&tables_sink_, "tables.jsonl"}}) {
      auto made = trace::FileSink::create((options_.out / name).string());
      if (!made) {
        return machine(fmt::format("cannot write {}: {}", (options_.out / name).string(), reason_of(made.error())));
      }
      *sink = std::move(*made);
    }
    events_ = std::make_unique<trace::EventLog>(*events_sink_);
    journal_.add(*events_);
    journal_.add(story_);
    NetworkOptions network_options;
    const bool walk = !options_.step_table.empty();  // one call after the other, in the order of time
    network_options.partition_size = walk ? 0 : options_.partition_size;
    network_options.threads = walk ? 1 : options_.threads;
    network_options.captures = options_.out;
    network_options.application = "catenet " + std::string(kVersion);
    auto built = Network::build(lab_, journal_, network_options);
    if (!built) {
      return machine(built.error());
    }
    network_ = std::move(*built);
    if (options_.flows && !watch_flows()) {
      return machine("cannot make " + (options_.out / "flows").string());
    }
    if (real_time_) {
      if (auto made = network_->make_namespaces(full_path(options_.lab_folder).string()); !made) {
        return machine(made.error().text);
      }
    }
    programs_ = std::make_unique<Programs>(
        *network_, full_path(options_.out) / "programs", full_path(options_.lab_folder),
        options_.echo_programs ? Delegate<void(const ProgramRecord&, std::string_view)>::to<&Run::echo>(*this)
                               : Delegate<void(const ProgramRecord&, std::string_view)>());
    lab_events_ = std::make_unique<Events>(*network_, *programs_, Faults::OnRestart::to<&Run::on_restart>(*this));
    if (!options_.step_table.empty()) {
      stepper_ = std::make_unique<Stepper>(*network_, *find_table(options_.step_table), console_);
    }
    return {};
  }

  /// A host has new rooms: who looked on in those it had looks on in these.
  void on_restart(lab::NodeIndex node) {
    if (!flows_.empty()) {
      network_->nodes()[node].host->tcp().set_watch(flows_[node].get());
    }
    if (stepper_ != nullptr) {
      stepper_->watch_again(node);
    }
  }
  /// What programs and events wait for, and the events that are due. `now`: the end of the window, the present; `due`:
  /// what comes next.
  void look(Instant now, Instant due) {
    programs_->update(now);
    lab_events_->look(now);
    if (lab_events_->next() <= due) {
      lab_events_->apply(due);
      if (!real_time_) {
        network_->settle();
      }
      programs_->update(due);
      lab_events_->look(due);
    }
    if (alarm_) {
      network_->environment_of(0).scheduler.schedule(*alarm_, lab_events_->next());
    }
  }
  /// In real time events are one of the scheduler's sources, the first of all.
  struct Alarm final : EventSource {
    explicit Alarm(Run& r) : EventSource(0), run(r) {}
    void fire(Instant now) override { run.look(now, now); }
    Run& run;
  };

  /// A recorder for each simulated host.
  bool watch_flows() {
    flows_.resize(lab_.nodes.size());
    for (lab::NodeIndex i = 0; i < lab_.nodes.size(); ++i) {
      if (node::Host* host = network_->nodes()[i].host; host != nullptr) {
        flows_[i] = std::make_unique<FlowRecorder>(*options_.flows);
        host->tcp().set_watch(flows_[i].get());
      }
    }
    return begin_flows(options_.out / "flows");
  }
  bool keep_flows() {
    bool good = true;
    for (lab::NodeIndex i = 0; i < flows_.size(); ++i) {
      good = (flows_[i] == nullptr || write_flows(options_.out / "flows", lab_.nodes[i].name, *flows_[i])) && good;
    }
    return good;
  }

  /// A signal that asks to end; the run then ends as at its end, with its report.
  bool is_interrupted() {
    if (signals_ && signals_->next()) {
      interrupted_ = true;
    }
    return interrupted_;
  }

  /// The run ends a while after its last program.
  void shorten(sim::Simulation& sim, Instant& end) {
    if (programs_->all_ended() && !stopping_) {
      stopping_ = true;
      end = std::min(end, programs_->last_end() + kLingerVirtual);
      sim.stop_at(end);
    }
  }

  Step run_virtual() {
    if (auto made = live::SignalWatch::create()) {
      signals_.emplace(std::move(*made));
    }
    sim::Simulation& sim = network_->simulation();
    const Instant until = Instant::zero() + *lab_.until;
    Instant end = until;
    double last_look = clock_.seconds();
    look(Instant::zero(), Instant::zero());
    network_->settle();  // links have come up
    auto moment = options_.tables_at.begin();
    while (!interrupted_) {
      Instant limit = moment != options_.tables_at.end() ? std::min(*moment, end) : end;
      const Instant event = lab_events_->next();
      limit = std::min(limit, event - Duration::nanoseconds(1));  // before anything else of that time
      if (!sim.run_window(limit)) {
        if (event <= end && (moment == options_.tables_at.end() || event <= *moment)) {
          sim.run_until(limit);
          look(limit, event);
          shorten(sim, end);
          continue;
        }
        if (moment == options_.tables_at.end() || *moment > end) {
          break;
        }
        sim.run_until(limit);
        journal_.read_out(sim.now());
        keep_tables(fmt::format("{:.9f}", moment->to_seconds()), *moment);
        ++moment;
        continue;
      }
      journal_.read_out(sim.now());
      look(sim.now(), sim.now());
      shorten(sim, end);
      if (const double now = clock_.seconds(); now - last_look > kProgressEveryS) {  // windows may be short
        last_look = now;
        (void)is_interrupted();
        console_.progress(sim.now(), until, sim.events());
      }
    }
    if (!interrupted_) {
      sim.run_until(until);  // the clock goes to the end, or to the stop time
    }
    end_ = sim.now();
    digest_ = network_->digest();
    conclude();
    programs_->stop_all(kGrace);
    sim.stop_at(Instant::never());
    sim.run_until(end_);  // what services do when they are told to stop
    journal_.read_out(Instant::never());
    return {};
  }

  Step run_real() {
    auto signals = live::SignalWatch::create();
    if (!signals) {
      return machine(signals.error().text);
    }
    signals_.emplace(std::move(*signals));
    auto loop = live::EpollLoop::create();
    if (!loop) {
      return machine(loop.error().text);
    }
    live::EpollLoop::set_timer_slack(Duration::nanoseconds(1));
    loop_.emplace(std::move(*loop));
    driver_ = std::make_unique<live::Driver>(network_->environment_of(0).scheduler, *loop_);
    (void)driver_->set_spinning(options_.spin);  // nothing is watched yet, so nothing can fail
    for (auto& entry : network_->nodes()) {
      if (entry.linux_node != nullptr) {
        if (auto added = driver_->add(*entry.linux_node); !added) {
          return machine("cannot watch the NICs of " + entry.node->name() + ": " + reason_of(added.error()));
        }
      }
    }
    if (auto watched = loop_->watch(signals_->fd(), Delegate<void()>::to<&Run::on_signal>(*this)); !watched) {
      return machine("cannot watch for signals: " + reason_of(watched.error()));
    }
    programs_->use_loop(*loop_);
    alarm_.emplace(*this);
    look(Instant::zero(), Instant::zero());
    driver_->set_on_round(Delegate<void(Instant)>::to<&Run::on_round>(*this));
    if (auto ran = driver_->run_until(Instant::zero() + *lab_.until); !ran) {
      return machine("epoll: " + reason_of(ran.error()));
    }
    end_ = network_->environment_of(0).scheduler.now();
    alarm_.reset();
    conclude();
    return stop_real();
  }

  Step stop_real() {
    programs_->stop_all(kGrace);
    live::Driver last(network_->environment_of(0).scheduler, *loop_);  // only programs' ends are waited for now
    const Instant deadline = loop_->now() + kGrace + Duration::seconds(1);
    while (programs_->anything_runs() && loop_->now() < deadline) {
      if (auto ran = last.run_until(std::min(deadline, loop_->now() + Duration::milliseconds(20))); !ran) {
        return machine("epoll: " + reason_of(ran.error()));
      }
    }
    loop_->unwatch(signals_->fd());
    return {};
  }

  void on_signal() {
    if (is_interrupted()) {
      driver_->stop();
    }
  }
  void on_round(Instant now) {
    look(now, now);
    if (programs_->all_ended() && !stopping_) {
      stopping_ = true;
      driver_->stop_at(programs_->last_end() + kLingerReal);
    }
    while (next_moment_ < options_.tables_at.size() && options_.tables_at[next_moment_] <= now) {
      keep_tables(fmt::format("{:.9f}", options_.tables_at[next_moment_].to_seconds()), now);
      ++next_moment_;
    }
  }

  /// The state at the end, before services are stopped.
  void conclude() {
    keep_tables("end", end_);
    packets_ = conservation(*network_);
    programs_->collect();
    stepper_.reset();  // the sockets that close when the lab ends are no part of the walk
  }

  void keep_tables(const std::string& moment, Instant at) {
    for (lab::NodeIndex i = 0; i < lab_.nodes.size(); ++i) {
      Json line = {{"moment", moment}, {"t", at.to_seconds()}, {"node", lab_.nodes[i].name}};
      line.update(node_tables(*network_, i));
      (void)tables_sink_->write(trace::bytes_of(line.dump() + "\n"));  // its status is asked for at the end
    }
  }

  RunResult finish() {
    RunResult result;
    const double run_s = clock_.seconds() - setup_s_;
    programs_->collect();
    result.interrupted = interrupted_;
    result.outcome.end = end_;
    result.outcome.digest = digest_;
    result.outcome.packets = packets_;
    result.outcome.events = lab_events_->records();
    result.outcome.expectations = check_expectations(*network_, *programs_);
    for (const auto& record : programs_->records()) {
      if (!record->as_expected()) {
        result.failed.push_back(
            fmt::format("program {} on {}: {}; look at {}", record->described->name,
                        lab_.nodes[record->described->node].name, record->ending(),
                        from_here(programs_->output_file(*record, lab_.nodes[record->described->node].is_linux()))));
      }
    }
    for (const auto& expectation : result.outcome.expectations) {
      if (!expectation.ok) {
        result.failed.push_back(fmt::format("expect: {}: got {}{}", expectation.text, expectation.got,
                                            expectation.miss.empty() ? "" : " (" + expectation.miss + ")"));
      }
    }
    result.outcome.status = interrupted_ ? "interrupted" : result.failed.empty() ? "passed" : "failed";
    story_.end();
    if (!keep_flows()) {
      result.warnings.push_back((options_.out / "flows").string() + " is not complete");
    }
    add_warnings(result);
    result.report = make_report(*network_, *programs_, result.outcome, wall(run_s));
    return result;
  }

  void add_warnings(RunResult& result) {
    const std::pair<const char*, Result<void>> outputs[] = {{"a capture", network_->flush_captures()},
                                                            {"events.jsonl", events_->flush()},
                                                            {"tables.jsonl", tables_sink_->flush()}};
    for (const auto& [what, status] : outputs) {
      if (!status) {
        result.warnings.push_back(fmt::format("{} is not complete: {}", what, reason_of(status.error())));
      }
    }
    for (const auto& path : programs_->broken_outputs()) {
      result.warnings.push_back(path.string() + " is not complete");
    }
    for (const auto& entry : network_->nodes()) {
      if (entry.linux_node != nullptr && entry.linux_node->overruns() > 0) {
        result.warnings.push_back(fmt::format("{}: {} frames were lost between the kernel and Catenet",
                                              entry.node->name(), entry.linux_node->overruns()));
      }
    }
  }

  WallFacts wall(double run_s) const {
    WallFacts facts;
    facts.setup_s = setup_s_;
    facts.run_s = run_s;
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    facts.peak_rss_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
    facts.latest = driver_ != nullptr ? driver_->latest() : Duration{};
    for (const auto& entry : network_->nodes()) {
      if (entry.space != nullptr) {
        facts.overruns += entry.linux_node->overruns();
        facts.attachments.push_back(fmt::format("{}: {}, {}", entry.node->name(), entry.space->description(),
                                                entry.space->nic(0).description()));
      }
    }
    return facts;
  }

  const lab::Description& lab_;
  const RunOptions& options_;
  Console& console_;
  const bool real_time_;
  Stopwatch clock_;
  double setup_s_ = 0;
  trace::Journal journal_;
  trace::Story story_;
  std::unique_ptr<trace::FileSink> events_sink_;
  std::unique_ptr<trace::FileSink> tables_sink_;
  std::unique_ptr<trace::EventLog> events_;
  // Programs end before the network that they run in, and before the loop that watches them; the driver before both.
  std::optional<live::SignalWatch> signals_;
  std::optional<live::EpollLoop> loop_;
  std::vector<std::unique_ptr<FlowRecorder>> flows_;  // by node; null: not a simulated host. They outlive the network
  std::unique_ptr<Network> network_;
  std::unique_ptr<Stepper> stepper_;
  std::unique_ptr<live::Driver> driver_;
  std::unique_ptr<Programs> programs_;
  std::unique_ptr<Events> lab_events_;
  std::optional<Alarm> alarm_;
  Instant end_;
  std::uint64_t digest_ = 0;
  Conservation packets_;
  std::size_t next_moment_ = 0;
  bool interrupted_ = false;
  bool stopping_ = false;
};

}  // namespace

std::expected<RunResult, RunFailure> run_lab(const lab::Description& lab, const RunOptions& options, Console& console) {
  return Run(lab, options, console).go();
}

}  // namespace catenet::run
