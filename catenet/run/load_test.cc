// SPDX-License-Identifier: Apache-2.0
// load.cc: a lab meets the rules of the programs and reasons that this build has.
#include "catenet/run/load.h"

#include <gmock/gmock.h>

#include "catenet/run/run_test_bench.h"

namespace catenet::run {
namespace {

std::string errors_of(std::string_view lab, const std::vector<std::string>& overrides = {}) {
  const Folder place;
  std::ofstream(place / "t.yaml") << lab;
  return load_lab(place / "t.yaml", overrides).errors();
}

TEST(LoadLab, KnowsProgramsTheirFactsAndReasons) {
  const std::string good = "nodes: {a: {run: [ping b]}, b: host}\nlinks: [a -- b]\n";
  EXPECT_EQ(errors_of(good + "expect: [ping.rtt_avg < 1s, drops.queue-full == 0]\n"), "");
  EXPECT_EQ(errors_of(good, {"seed=7"}), "");
  EXPECT_THAT(errors_of(good, {"nodes.a.run=[ping b count=x]"}), testing::HasSubstr("count"));
  EXPECT_THAT(errors_of(good + "expect: [ping.rtt_awg < 1s]\n"), testing::HasSubstr("rtt_avg"));
  EXPECT_THAT(errors_of(good + "expect: [drops.queue-ful == 0]\n"), testing::HasSubstr("queue-full"));
}

}  // namespace
}  // namespace catenet::run
