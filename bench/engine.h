// SPDX-License-Identifier: Apache-2.0
// The scenarios of bench_engine: whole networks in virtual time. Each checks that it did what it says, and prints its
// figures; bench/README.md says what they mean.
#pragma once
#include <cstdint>

namespace catenet::bench {

/// 4,096 routers in a line of groups of 16, groups joined by links of 100 us; a partition for each group.
void run_chains(unsigned routers);
/// TCP flows (CUBIC) over one link of 1 Gbit/s and 10 ms, for so many virtual seconds.
void run_dumbbell(unsigned flows, unsigned seconds);
/// S1: fat-tree of order 4, DCTCP over RED, web-search flows at a load of 0.3, for so many virtual milliseconds.
void run_fattree4(unsigned milliseconds);
/// Fat-tree of order 8, random flows of 1 MB, so many from each host; by one thread and by `threads`.
void run_fattree8(unsigned threads, unsigned flows_per_host);
/// Hosts in a row with a cable from each to the next: what making them takes.
void run_idle(unsigned hosts);
/// Hosts behind access routers, a hundredth of which exchange 100 kB each.
void run_million(unsigned hosts);
/// The parallel hold model: so many jobs that move between nodes, by `threads` threads.
void run_phold(unsigned population, unsigned threads);

/// Now, in seconds, for what many threads do at once.
[[nodiscard]] double wall_seconds();
[[nodiscard]] double resident_bytes();

}  // namespace catenet::bench
