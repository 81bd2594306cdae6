// SPDX-License-Identifier: Apache-2.0
// Recorded flows of whole runs: what they say agrees with the report, recording changes nothing, and limits hold.
#include "catenet/run/flow_record.h"

#include <gmock/gmock.h>

#include <cmath>

#include "catenet/run/flow_plot.h"
#include "catenet/run/run_test_bench.h"

namespace catenet::run {
namespace {

constexpr std::string_view kRecordedLab = R"(
until: 30s
seed: 5
nodes:
  a: {kind: host, run: [{run: bulk b bytes=1MB, name: send, at: 100ms}]}
  b: {kind: host, run: [bulk-server]}
links: [{a -- b: {rate: 20Mbit, delay: 10ms, loss: 1%}}]
)";

RunOptions recording(std::size_t rows = FlowLimits{}.rows, std::size_t connections = FlowLimits{}.connections) {
  RunOptions options;
  options.flows = FlowLimits{rows, connections};
  return options;
}

FlowTable table_of(const Ran& ran, std::string_view name) {
  std::ifstream file(ran.folder / "flows" / std::string(name));
  auto table = FlowTable::read(file);
  EXPECT_TRUE(table) << (table ? "" : table.error());
  return table ? *table : FlowTable();
}

Json flow_of(const Ran& ran, std::string_view node) {
  for (const Json& flow : ran.report()["flows"]) {
    if (flow["node"] == node) {
      return flow;
    }
  }
  ADD_FAILURE() << "no flow of " << node;
  return {};
}

TEST(FlowRecord, AgreesWithTheReport) {
  const Ran ran(kRecordedLab, recording());
  ASSERT_FALSE(ran.failed_to_run) << ran.failure.text;
  const auto index = ran.folder.read_lines("flows/flows.jsonl");
  ASSERT_EQ(index.size(), 2U) << "both ends";
  EXPECT_EQ(index[0]["flow"], "a-1");
  EXPECT_EQ(index[1]["flow"], "b-1");
  EXPECT_EQ(index[0]["started_s"], 0.1);
  EXPECT_EQ(index[0]["kept_every"], 1);
  const FlowTable a = table_of(ran, "a-1.csv");
  ASSERT_EQ(a.rows(), index[0]["rows"].get<std::size_t>());
  const Json reported = flow_of(ran, "a");
  EXPECT_EQ(a.column("retransmits").back(), reported["retransmits"].get<double>());
  EXPECT_GT(a.column("retransmits").back(), 0) << "1 % of 700 segments";
  EXPECT_EQ(a.column("snd_nxt").back(), 1'000'000 + 2) << "SYN and FIN have numbers too";
  EXPECT_EQ(a.column("snd_una").back(), 1'000'000 + 2);
  EXPECT_EQ(table_of(ran, "b-1.csv").column("rcv_nxt").back(), 1'000'000 + 2);
  double before = 0;
  for (std::size_t i = 0; i < a.rows(); ++i) {
    EXPECT_GE(a.column("time_s")[i], before);
    before = a.column("time_s")[i];
    EXPECT_LE(a.column("snd_una")[i], a.column("snd_nxt")[i]);
    EXPECT_LE(a.column("snd_nxt")[i], std::max(a.column("snd_edge")[i], 1.0));
    EXPECT_LE(a.column("in_flight_bytes")[i], a.column("snd_nxt")[i] - a.column("snd_una")[i] + 1448);
  }
  const auto least = std::ranges::min_element(a.column("srtt_ms"), [](double x, double y) {
    return !(x >= y);  // NaN is not less than anything
  });
  EXPECT_TRUE(std::isnan(*least) || *least >= 20.0) << "two links of 10 ms";
}

TEST(FlowRecord, ChangesNothing) {
  const Ran with(kRecordedLab, recording());
  const Ran without(kRecordedLab);
  EXPECT_EQ(with.result.outcome.digest, without.result.outcome.digest);
  EXPECT_EQ(with.report()["sim"], without.report()["sim"]);
  EXPECT_EQ(with.folder.read("tables.jsonl"), without.folder.read("tables.jsonl"));
  EXPECT_FALSE(std::filesystem::exists(without.folder / "flows"));
  const Ran again(kRecordedLab, recording());
  EXPECT_EQ(with.folder.read("flows/a-1.csv"), again.folder.read("flows/a-1.csv"));
  EXPECT_EQ(with.folder.read("flows/flows.jsonl"), again.folder.read("flows/flows.jsonl"));
}

TEST(FlowRecord, GetsCoarserInsteadOfLonger) {
  const Ran fine(kRecordedLab, recording());
  const Ran coarse(kRecordedLab, recording(64));
  const FlowTable all = table_of(fine, "a-1.csv");
  const FlowTable few = table_of(coarse, "a-1.csv");
  ASSERT_GT(all.rows(), 500U);
  EXPECT_LE(few.rows(), 65U) << "and how it ended";
  EXPECT_GT(few.rows(), 30U);
  const std::uint64_t every = coarse.folder.read_lines("flows/flows.jsonl")[0]["kept_every"];
  EXPECT_GT(every, 8U);
  for (std::size_t i = 0; i + 1 < few.rows(); ++i) {
    ASSERT_EQ(few.column("snd_una")[i], all.column("snd_una")[i * every]) << "row " << i;
  }
  EXPECT_EQ(few.column("time_s").back(), all.column("time_s").back());
}

TEST(FlowRecord, CountsWhatItLeavesOut) {
  const Ran ran(R"(
until: 10s
nodes:
  a:
    kind: host
    run:
      - {run: echo b count=1, name: one}
      - {run: echo b count=1, name: two, after: one}
      - {run: echo b count=1, name: three, after: two}
  b: {kind: host, run: [echo-server]}
links: [a -- b]
)",
                recording(100, 2));
  ASSERT_FALSE(ran.failed_to_run) << ran.failure.text;
  const auto index = ran.folder.read_lines("flows/flows.jsonl");
  ASSERT_EQ(index.size(), 6U);
  EXPECT_EQ(index[2], (Json{{"node", "a"}, {"left_out", 1}}));
  EXPECT_EQ(index[5], (Json{{"node", "b"}, {"left_out", 1}}));
  EXPECT_THAT(ran.folder.files(), testing::Contains("flows/a-2.csv"));
  EXPECT_THAT(ran.folder.files(), testing::Not(testing::Contains("flows/a-3.csv")));
}

}  // namespace
}  // namespace catenet::run
