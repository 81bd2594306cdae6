// SPDX-License-Identifier: Apache-2.0
// The engine under whole networks:
//   bench_engine chains ROUTERS | dumbbell FLOWS SECONDS | fattree4 MILLISECONDS | fattree8 THREADS FLOWS
//              | idle HOSTS | million HOSTS | phold POPULATION THREADS
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <string_view>

#include "bench/engine.h"

namespace catenet::bench {
namespace {

struct Scenario {
  std::string_view name;
  int arguments;
  void (*run)(unsigned a, unsigned b);
  unsigned most_a;
  unsigned most_b;
};

constexpr Scenario kScenarios[] = {
    {"chains", 1, [](unsigned a, unsigned) { run_chains(a); }, 65'536, 0},
    {"dumbbell", 2, run_dumbbell, 1000, 1000},
    {"fattree4", 1, [](unsigned a, unsigned) { run_fattree4(a); }, 10'000, 0},
    {"fattree8", 2, run_fattree8, 64, 1000},
    {"idle", 1, [](unsigned a, unsigned) { run_idle(a); }, 1'000'000, 0},
    {"million", 1, [](unsigned a, unsigned) { run_million(a); }, 4'000'000, 0},
    {"phold", 2, run_phold, 10'000'000, 64},
};

int usage() {
  std::fprintf(stderr,
               "usage: bench_engine chains ROUTERS | dumbbell FLOWS SECONDS | fattree4 MILLISECONDS | fattree8 THREADS "
               "FLOWS | idle HOSTS | million HOSTS | phold POPULATION THREADS\n");
  return 2;
}

int run(int argc, char** argv) {
  for (const Scenario& scenario : kScenarios) {
    if (argc < 2 || scenario.name != argv[1] || argc != 2 + scenario.arguments) {
      continue;
    }
    const long a = std::atol(argv[2]);
    const long b = scenario.arguments == 2 ? std::atol(argv[3]) : 0;
    if (a < 1 || a > long{scenario.most_a} || b < (scenario.arguments == 2 ? 1 : 0) || b > long{scenario.most_b}) {
      break;
    }
    scenario.run(static_cast<unsigned>(a), static_cast<unsigned>(b));
    return 0;
  }
  return usage();
}

}  // namespace

double wall_seconds() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

double resident_bytes() {
  long total = 0;
  long resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

}  // namespace catenet::bench

int main(int argc, char** argv) { return catenet::bench::run(argc, argv); }
