// SPDX-License-Identifier: Apache-2.0
// What the benchmark programs share: CPU time of this process (waiting and other people's work do not count), repeated
// slices of which the least disturbed one counts, and one JSON object per figure on standard output, for run.py.
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <string>

namespace catenet::bench {

/// CPU seconds that this process has used.
inline double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

/// Makes the compiler believe that the value is used.
template <typename T>
inline void keep(const T& value) {
  asm volatile("" : : "r,m"(value) : "memory");
}

/// Seconds that one call f(n) takes.
template <typename F>
double time_of(F&& f, std::uint64_t n) {
  const double start = cpu_seconds();
  f(n);
  return cpu_seconds() - start;
}

/// The n for which f(n) takes about `slice` seconds.
template <typename F>
std::uint64_t iterations_for(F&& f, double slice) {
  std::uint64_t n = 1;
  double took = time_of(f, n);
  while (took < slice / 4) {
    n *= took < slice / 1000 ? 10 : 2;
    took = time_of(f, n);
  }
  return std::max<std::uint64_t>(1, static_cast<std::uint64_t>(static_cast<double>(n) * slice / took));
}

/// Seconds per iteration of f(n), which does the work n times: the best of eleven slices of 20 ms.
template <typename F>
double seconds_per(F&& f) {
  const std::uint64_t n = iterations_for(f, 0.02);
  double best = 1e9;
  for (int slice = 0; slice < 11; ++slice) {
    best = std::min(best, time_of(f, n));
  }
  return best / static_cast<double>(n);
}

/// The same for two competitors, slice by slice in turn.
struct Pair {
  double ours;
  double theirs;
};
template <typename F, typename G>
Pair seconds_per(F&& ours, G&& theirs) {
  const std::uint64_t n = iterations_for(ours, 0.02);
  const std::uint64_t m = iterations_for(theirs, 0.02);
  Pair best{1e9, 1e9};
  for (int slice = 0; slice < 11; ++slice) {
    best.ours = std::min(best.ours, time_of(ours, n));
    best.theirs = std::min(best.theirs, time_of(theirs, m));
  }
  return {best.ours / static_cast<double>(n), best.theirs / static_cast<double>(m)};
}

/// Names and units are plain words: nothing to escape.
inline void report(const std::string& bench, const char* unit, double value) {
  std::printf("{\"bench\":\"%s\",\"unit\":\"%s\",\"value\":%.9g}\n", bench.c_str(), unit, value);
  std::fflush(stdout);
}
inline void report(const std::string& bench, const char* unit, double value, const char* peer, double peer_value) {
  std::printf("{\"bench\":\"%s\",\"unit\":\"%s\",\"value\":%.9g,\"peer\":\"%s\",\"peer_value\":%.9g}\n", bench.c_str(),
              unit, value, peer, peer_value);
  std::fflush(stdout);
}

}  // namespace catenet::bench
