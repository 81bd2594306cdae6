// SPDX-License-Identifier: Apache-2.0
// catenet: the command line. Arguments are declared here; what a command does is in its own file.
#include <CLI/CLI.hpp>

#include <fmt/format.h>

#include <algorithm>

#include "catenet/lab/spelling.h"
#include "catenet/run/tables.h"
#include "catenet/run/version.h"
#include "catenet/sim/simulation.h"
#include "cli/commands.h"

namespace catenet::cli {
namespace {

constexpr const char* kFooter =
    R"(Exit codes: 0 fine; 1 an expectation or a program of the lab failed; 2 wrong use or a wrong lab;
3 the machine lacks something (the message says what); 70 a bug of ours; 130 interrupted.

Examples:
  catenet run examples/office.yaml               run a lab; results go to out/office/
  catenet run lab.yaml --do 'alice: ping bob'    do one thing in a lab
  catenet run lab.yaml --set links.gw1--gw2.loss=5% --seed 7
  catenet check lab.yaml --explain               every default and every assigned address
  catenet show out/office pcb --node web         a table of a finished run
  catenet diff out/one out/two                   the first frame, event or table in which two runs differ
  catenet sweep lab.yaml --html sweep.html       every combination of matrix: and seeds:, with means and charts
  catenet replay out/campus --to 12.3s           every table at that moment of a run
  catenet run lab.yaml --flows && catenet plot out/lab    a connection's sequence numbers, window and round trips
)";

void add_run(CLI::App& app, RunArguments& a, int& exit) {
  CLI::App* run =
      app.add_subcommand("run", "Run a lab: in virtual time, or in real time if a node is a Linux namespace");
  run->add_option("LAB", a.lab, "the lab file (docs/lab-format.md)")->required();
  run->add_option("--out", a.out, "folder for the results (default: out/<lab>)")->type_name("DIR");
  run->add_option("--seed", a.seed, "seed of every random stream (default: the lab's, else 1)")->type_name("N");
  run->add_option("--until", a.until, "end the run at this time (default: the lab's, else 60s)")->type_name("TIME");
  run->add_option("--set", a.set, "override a value of the lab: path=value; may be repeated")
      ->type_name("PATH=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  run->add_option("--do", a.what,
                  "run only this program: 'alice: ping bob'; services of the lab stay; several run one after another")
      ->type_name("'NODE: COMMAND'")
      ->take_all()
      ->allow_extra_args(false);
  run->add_option("--step", a.step, "show this table after each socket call of the lab's programs")
      ->type_name("TABLE")
      ->check(CLI::IsMember(std::vector<std::string>{"arp", "mac", "fib", "pcb", "interfaces", "drops", "counters"}));
  run->add_flag("--spin", a.spin, "real time: never sleep, which keeps a processor busy and makes frames quicker");
  run->add_option("--tables-at", a.tables_at,
                  "also keep all tables at this time, for `catenet show --at`; may be repeated")
      ->type_name("TIME")
      ->take_all()
      ->allow_extra_args(false);
  run->add_flag("--flows", a.flows,
                "record every TCP connection of simulated hosts into OUT/flows, for `catenet plot`");
  run->add_option("--flow-rows", a.flow_rows,
                  "as --flows; so many rows for a connection at most, coarser if there is more (default: 4096)")
      ->type_name("N")
      ->check(CLI::Range(16, 1'000'000));
  run->add_option("--partition-size", a.partition_size,
                  "nodes simulated together; 0: all. Changes the speed, never the results")
      ->type_name("N");
  run->add_option("--threads", a.threads,
                  "threads that share the work, in virtual time (default: 1). Changes the speed, never the results")
      ->type_name("N")
      ->check(CLI::Range(1U, sim::Simulation::kMaxThreads));
  run->add_flag("--json", a.json, "print the report as JSON instead of the story");
  run->add_flag("--quiet,-q", a.quiet, "print only what failed");
  run->callback([&] { exit = run_command(a); });
}

void add_check(CLI::App& app, CheckArguments& a, int& exit) {
  CLI::App* check = app.add_subcommand("check", "Validate a lab without running it");
  check->add_option("LAB", a.lab, "the lab file")->required();
  check->add_option("--set", a.set, "override a value first: path=value")
      ->type_name("PATH=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  check->add_flag("--explain", a.explain, "print the complete lab with every default and assigned address");
  check->add_flag("--json", a.json, "print the summary as JSON");
  check->callback([&] { exit = check_command(a); });
}

void add_show(CLI::App& app, ShowArguments& a, int& exit) {
  CLI::App* show = app.add_subcommand("show", "Print a table of a finished run");
  show->add_option("OUT", a.out, "output folder of the run")->required();
  std::string tables = "one of:";
  for (const run::TableKind& kind : run::table_kinds()) {
    tables += fmt::format("\n{}: {}", kind.name, kind.purpose);
  }
  show->add_option("TABLE", a.table, tables)->required();
  show->add_option("--node", a.node, "only this node")->type_name("NODE");
  show->add_option("--at", a.at, "a moment kept by --tables-at (default: the end)")->type_name("TIME");
  show->add_flag("--info,-i", a.info, "pcb: a second line for each connection, with what `ss -tie` shows");
  show->add_flag("--all", a.all, "counters: also those that are zero");
  show->add_flag("--json", a.json, "as JSON, with every key");
  show->callback([&] { exit = show_command(a); });
}

void add_plot(CLI::App& app, PlotArguments& a, int& exit) {
  CLI::App* plot = app.add_subcommand("plot", "Draw a TCP connection of a run with --flows, as SVG");
  plot->add_option("OUT", a.out, "output folder of the run")->required();
  plot->add_option("FLOW", a.flow, "its name in OUT/flows, for instance alice-1 (default: the one that sent the most)");
  plot->add_option("-o,--output", a.file, "where to (default: OUT/flows/FLOW.svg)")->type_name("FILE");
  plot->callback([&] { exit = plot_command(a); });
}

void add_diff(CLI::App& app, DiffArguments& a, int& exit) {
  CLI::App* diff = app.add_subcommand("diff", "Find the first moment at which two runs differ, and show both sides");
  diff->add_option("A", a.a, "output folder of a run")->required();
  diff->add_option("B", a.b, "output folder of another")->required();
  diff->add_flag("--rerun", a.rerun,
                 "make both runs again with a capture of every interface, for runs that have none (virtual time)");
  diff->add_flag("--json", a.json, "print what was found as JSON");
  diff->add_flag("--quiet,-q", a.quiet, "print nothing; the exit code tells");
  diff->footer(
      "Compared are captures, events, tables and the report, but for what depends on the machine.\n"
      "Exit codes: 0 the runs are the same; 1 they differ; 2 a folder is not that of a run.");
  diff->callback([&] { exit = diff_command(a); });
}

void add_replay(CLI::App& app, ReplayArguments& a, int& exit) {
  CLI::App* replay =
      app.add_subcommand("replay", "Bring back every table of a run at a moment, or go on from there otherwise");
  replay->add_option("RUN", a.run, "output folder of a run in virtual time")->required();
  replay->add_option("--to", a.to, "the moment, for instance 12.3s")->required()->type_name("TIME");
  replay->add_option("--out", a.out, "folder for the results (default: RUN/replay-TIME)")->type_name("DIR");
  replay
      ->add_option("--then", a.then,
                   "what happens at that moment, as in events: of a lab: 'link a--b down', 'for 2s: crash a'; may be "
                   "repeated; the run goes on")
      ->type_name("EVENT")
      ->take_all()
      ->allow_extra_args(false);
  replay->add_option("--do", a.what, "from the moment on, also this program: 'alice: ping bob'; may be repeated")
      ->type_name("'NODE: COMMAND'")
      ->take_all()
      ->allow_extra_args(false);
  replay->add_option("--until", a.until, "with --then and --do: end at this time (default: the lab's)")
      ->type_name("TIME");
  replay->add_flag("--json", a.json, "print the report as JSON");
  replay->add_flag("--quiet,-q", a.quiet, "print only what is wrong");
  replay->footer(
      "The run is made again from RUN/lab.yaml, and what it left of the time before the moment is compared.\n"
      "Exit codes: 0 fine; 1 the past is not that of the run, or what was added failed; 2 wrong use.");
  replay->callback([&] { exit = replay_command(a); });
}

void add_sweep(CLI::App& app, SweepArguments& a, int& exit) {
  CLI::App* sweep = app.add_subcommand(
      "sweep", "Run a lab with every combination of its matrix: and its seeds:, and say what that gives");
  sweep->add_option("LAB", a.lab, "the lab file, with matrix: and seeds: (docs/sweep.md)")->required();
  sweep->add_option("--out", a.out, "folder for the results (default: out/<lab>-sweep)")->type_name("DIR");
  sweep->add_option("--jobs,-j", a.jobs, "runs at once (default: one for each core; one in real time)")
      ->type_name("N")
      ->check(CLI::Range(1, 1024));
  sweep->add_option("--set", a.set, "override a value of the lab, for all runs: path=value; may be repeated")
      ->type_name("PATH=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  sweep->add_option("--seeds", a.seeds, "instead of the lab's: 1..10, or [1, 5, 20..29]")->type_name("SEEDS");
  sweep
      ->add_option("--fact", a.facts,
                   "also keep these numbers of the reports, for instance 'nodes.*.counters.TcpRetransSegs'")
      ->type_name("PATTERN")
      ->take_all()
      ->allow_extra_args(false);
  sweep->add_option("--timeout", a.timeout, "end a run that takes longer than this, of wall time")->type_name("TIME");
  sweep->add_option("--csv", a.csv, "write a row for each run")->type_name("FILE");
  sweep->add_option("--html", a.html, "write a page with charts")->type_name("FILE");
  sweep->add_flag("--restart", a.restart, "throw away the results that are there");
  sweep->add_flag("--keep", a.keep, "keep the folder of each run, with the captures of the lab");
  sweep->add_flag("--json", a.json, "print the numbers of runs as JSON");
  sweep->add_flag("--quiet,-q", a.quiet, "print only what is wrong");
  sweep->footer(
      "Results are in OUT/sweep.db (SQLite), run by run: an interrupted sweep goes on where it was.\n"
      "Exit codes: 0 every run passed; 1 a run failed or has no result; 2 wrong use or a wrong lab.");
  sweep->callback([&] { exit = sweep_command(a); });
}

void add_hunt(CLI::App& app, HuntArguments& a, int& exit) {
  CLI::App* hunt = app.add_subcommand(
      "hunt", "Look for a seed and a schedule of faults that break a lab's expectations, and make it small");
  hunt->add_option("LAB", a.lab, "the lab file; what must hold is its `expect:` and its programs' exit codes")
      ->required();
  hunt->add_option("--seeds", a.seeds, "which to try (default: 1..1000); each has its own faults")->type_name("A..B");
  hunt->add_option("--faults", a.faults,
                   "what may happen: link, partition, loss, delay, duplicate, reorder, pause (all of these by "
                   "default), crash; none: seeds alone")
      ->type_name("KIND,...")
      ->delimiter(',');
  hunt->add_option("--most", a.most, "faults in a run at most (default: 4)")->type_name("N")->check(CLI::Range(1, 100));
  hunt->add_option("--window", a.window,
                   "faults begin and end in the first so much of a run (default: as long as it takes without any)")
      ->type_name("TIME");
  hunt->add_option("--jobs,-j", a.jobs, "runs at once (default: one for each core)")
      ->type_name("N")
      ->check(CLI::Range(1, 1024));
  hunt->add_option("--timeout", a.timeout, "wall time for each run (default: 60s)")->type_name("TIME");
  hunt->add_option("--set", a.set, "override a value of the lab: path=value; may be repeated")
      ->type_name("PATH=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  hunt->add_option("--out", a.out, "folder for the smallest run that fails (default: out/<lab>-hunt)")
      ->type_name("DIR");
  hunt->add_flag("--json", a.json, "print what was found as JSON");
  hunt->add_flag("--quiet,-q", a.quiet, "print only what was found");
  hunt->footer(
      "Exit codes: 0 nothing was found; 1 something was; 2 wrong use or a wrong lab; 3 the machine lacks "
      "something; 130 interrupted.");
  hunt->callback([&] { exit = hunt_command(a); });
}

void add_packetdrill(CLI::App& app, PacketdrillArguments& a, int& exit) {
  CLI::App* drill = app.add_subcommand("packetdrill", "Run packetdrill scripts against the stack, in virtual time");
  drill->add_option("FILE", a.files, "scripts (docs/testing.md); a folder stands for every .pkt below it")->required();
  drill->add_option("--profile", a.profile, "settings to start from: linux")
      ->type_name("NAME")
      ->check(CLI::IsMember(std::vector<std::string>{"linux"}));
  drill
      ->add_option("--ip_version", a.ip_version,
                   "of sockets and packets; goes before what a script says (default: ipv4)")
      ->type_name("VERSION")
      ->check(CLI::IsMember(std::vector<std::string>{"ipv4", "ipv4-mapped-ipv6", "ipv6"}));
  drill->add_option("--mtu", a.mtu, "of the link; goes before what a script says (default: 1500)")
      ->type_name("BYTES")
      ->check(CLI::Range(576, 65'535));
  drill->add_option("--tolerance_usecs", a.tolerance, "how early or late a packet may be (default: 4000)")
      ->type_name("N")
      ->check(CLI::Range(1, 100'000'000));
  drill->add_flag("--json", a.json, "print the results as JSON");
  drill->add_flag("--quiet,-q", a.quiet, "print only what failed, and the sum");
  drill->callback([&] { exit = packetdrill_command(a); });
}

int unknown_command(const CLI::App& app, std::string_view word) {
  lab::NearestWord nearest(word);
  std::string names;
  for (const CLI::App* command : app.get_subcommands(nullptr)) {
    nearest.offer(command->get_name());
    names += (names.empty() ? "" : ", ") + command->get_name();
  }
  print_error(fmt::format("no command '{}'; expected one of {}{}", word, names, nearest.hint()));
  return kUsage;
}

int main_of(int argc, char** argv) {
  CLI::App app{
      "Catenet: a whole internet in one program. Networks of simulated and real hosts, run from a short YAML file."};
  app.name("catenet");
  app.set_version_flag("--version", "catenet " + std::string(run::kVersion));
  app.require_subcommand(1);
  app.footer(kFooter);
  int exit = kFine;
  RunArguments run_arguments;
  CheckArguments check_arguments;
  ShowArguments show_arguments;
  add_run(app, run_arguments, exit);
  add_check(app, check_arguments, exit);
  add_show(app, show_arguments, exit);
  PlotArguments plot_arguments;
  add_plot(app, plot_arguments, exit);
  DiffArguments diff_arguments;
  add_diff(app, diff_arguments, exit);
  ReplayArguments replay_arguments;
  add_replay(app, replay_arguments, exit);
  SweepArguments sweep_arguments;
  add_sweep(app, sweep_arguments, exit);
  HuntArguments hunt_arguments;
  add_hunt(app, hunt_arguments, exit);
  PacketdrillArguments packetdrill_arguments;
  add_packetdrill(app, packetdrill_arguments, exit);
  app.add_subcommand("programs", "List the programs that simulated hosts can run")->callback([&] {
    exit = programs_command();
  });
  const auto commands = app.get_subcommands(nullptr);
  if (argc > 1 && argv[1][0] != '-' &&
      std::none_of(commands.begin(), commands.end(), [&](const CLI::App* c) { return c->get_name() == argv[1]; })) {
    return unknown_command(app, argv[1]);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kFine : kUsage;
  }
  return exit;
}

}  // namespace
}  // namespace catenet::cli

int main(int argc, char** argv) { return catenet::cli::main_of(argc, argv); }
