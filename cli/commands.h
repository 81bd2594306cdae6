// SPDX-License-Identifier: Apache-2.0
// The commands of the program, one file each. Exit codes: 0 fine; 1 the lab ran and an expectation or a program failed;
// 2 wrong use or a wrong lab; 3 the machine lacks something; 70 a bug of ours; 130 interrupted.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catenet/lab/loader.h"

namespace CLI {
class App;
}

namespace catenet::cli {

enum Exit : int { kFine = 0, kFailed = 1, kUsage = 2, kMachine = 3, kBug = 70, kInterrupted = 130 };

struct RunArguments {
  std::string lab;
  std::string out;  ///< empty: out/<lab>
  std::optional<std::uint64_t> seed;
  std::string until;
  std::vector<std::string> set;
  std::vector<std::string> what;  ///< --do
  std::vector<std::string> tables_at;
  bool flows = false;
  std::uint32_t flow_rows = 0;  ///< 0: the usual limit; else flows are meant
  bool spin = false;
  std::string step;
  std::uint32_t partition_size = 32;
  unsigned threads = 1;
  bool json = false;
  bool quiet = false;
};
int run_command(const RunArguments& arguments);

struct CheckArguments {
  std::string lab;
  std::vector<std::string> set;
  bool explain = false;
  bool json = false;
};
int check_command(const CheckArguments& arguments);

struct ShowArguments {
  std::string out;
  std::string table;
  std::string node;
  std::string at;
  bool info = false;  ///< pcb: all that is known of each connection
  bool all = false;   ///< counters: zeros too
  bool json = false;
};
int show_command(const ShowArguments& arguments);

struct PlotArguments {
  std::string out;
  std::string flow;  ///< empty: the one that sent the most
  std::string file;  ///< empty: OUT/flows/FLOW.svg
};
int plot_command(const PlotArguments& arguments);

struct DiffArguments {
  std::string a;
  std::string b;
  bool rerun = false;
  bool json = false;
  bool quiet = false;
};
int diff_command(const DiffArguments& arguments);

struct ReplayArguments {
  std::string run;
  std::string to;
  std::string out;                ///< empty: RUN/replay-TIMEs
  std::vector<std::string> then;  ///< events of the lab
  std::vector<std::string> what;  ///< --do
  std::string until;
  bool json = false;
  bool quiet = false;
};
int replay_command(const ReplayArguments& arguments);

struct SweepArguments {
  std::string lab;
  std::string out;  ///< empty: out/<lab>-sweep
  std::vector<std::string> set;
  std::string seeds;
  std::vector<std::string> facts;
  std::uint32_t jobs = 0;  ///< 0: as many as there are cores, one in real time
  std::string timeout;
  std::string csv;
  std::string html;
  bool restart = false;
  bool keep = false;
  bool json = false;
  bool quiet = false;
};
int sweep_command(const SweepArguments& arguments);

struct HuntArguments {
  std::string lab;
  std::string out;  ///< empty: out/<lab>-hunt
  std::vector<std::string> set;
  std::string seeds = "1..1000";
  std::vector<std::string> faults;  ///< empty: the usual ones
  std::uint32_t most = 4;
  std::string window;
  std::uint32_t jobs = 0;  ///< 0: as many as there are cores
  std::string timeout;
  bool json = false;
  bool quiet = false;
};
int hunt_command(const HuntArguments& arguments);

struct PacketdrillArguments {
  std::vector<std::string> files;
  std::string profile;         ///< empty or "linux"
  std::string ip_version;      ///< empty: as the scripts say
  std::uint32_t mtu = 0;       ///< 0: as the scripts say
  std::int64_t tolerance = 0;  ///< microseconds; 0: as the scripts say
  bool json = false;
  bool quiet = false;
};
int packetdrill_command(const PacketdrillArguments& arguments);

/// The programs that simulated hosts can run, with their arguments.
int programs_command();

/// Loads a lab with the rules of what this build can run. Prints errors and gives the exit code when it is not fine.
[[nodiscard]] std::optional<int> load(const std::string& file, const std::vector<std::string>& overrides,
                                      lab::LoadedLab& into);

/// Colour on standard output or error: a terminal, NO_COLOR not set, TERM not "dumb".
[[nodiscard]] bool colour_on(int descriptor);
void print_error(std::string_view text);

}  // namespace catenet::cli
