// SPDX-License-Identifier: Apache-2.0
#include "catenet/run/report.h"

#include <gmock/gmock.h>

#include "catenet/run/run_test_bench.h"

namespace catenet::run {
namespace {
using testing::Contains;
using testing::ElementsAre;

std::vector<std::string> keys(const Json& object) {
  std::vector<std::string> names;
  for (const auto& [key, value] : object.items()) {
    names.push_back(key);
  }
  return names;
}

/// What the expectation's subject was at the end of the lab of three nodes.
std::string got(const std::string& subject) {
  lab::Description lab = load(kThreeNodes);
  lab::Expectation expectation = *lab::parse_expectation(subject + " == 0");
  lab.expectations.push_back(expectation);
  return Ran(std::move(lab)).result.outcome.expectations.at(0).got;
}

TEST(Report, HasItsKeysInOrder) {
  const Ran ran(kThreeNodes);
  const Json& r = ran.report();
  EXPECT_THAT(keys(r), ElementsAre("catenet", "lab", "seed", "status", "sim", "packets", "wall", "nodes", "drops",
                                   "programs", "flows", "events", "expect"));
  EXPECT_THAT(keys(r["sim"]), ElementsAre("clock", "end_s", "events", "packet_hops", "partitions", "digest"));
  EXPECT_THAT(keys(r["packets"]), ElementsAre("made", "delivered", "dropped", "in_flight", "conserved"));
  EXPECT_THAT(keys(r["wall"]), ElementsAre("setup_s", "run_s", "peak_rss_bytes"));
  EXPECT_THAT(keys(r["nodes"]), ElementsAre("a", "gw", "c"));
  EXPECT_THAT(keys(r["nodes"]["gw"]["interfaces"]), ElementsAre("a", "c"));
  EXPECT_THAT(keys(r["nodes"]["gw"]["interfaces"]["a"]),
              ElementsAre("tx_packets", "tx_bytes", "rx_packets", "rx_bytes", "drops"));
  EXPECT_THAT(keys(r["programs"][0]),
              ElementsAre("node", "name", "kind", "command", "service", "exit", "started_s", "ended_s", "result"));
  EXPECT_THAT(keys(r["flows"][0]), ElementsAre("proto", "node", "src", "dst", "state", "bytes_sent", "bytes_acked",
                                               "bytes_received", "retransmits", "goodput_bps", "srtt_s"));
  EXPECT_EQ(r["lab"], "three");
  EXPECT_EQ(r["sim"]["clock"], "virtual");
  EXPECT_EQ(r["sim"]["digest"].get<std::string>().size(), 16U);
}

TEST(Report, FactsSayTheirUnits) {
  const Ran ran(kThreeNodes);
  const Json result = ran.program("p")["result"];
  EXPECT_EQ(result["sent"], 2);
  EXPECT_EQ(result["loss"], 0.0);
  EXPECT_NEAR(result["rtt_min_s"].get<double>(), 0.004, 0.0001);
}

TEST(Report, BothBooksOfPacketsBalance) {
  const Ran ran(
      "until: 3s\n"
      "nodes: {a: {kind: host, run: bulk b time=10s}, b: {kind: host, run: bulk-server}}\n"
      "links: [{a -- b: {rate: 5Mbit, delay: 50ms, loss: 3%, duplicate: 5%, jitter: 2ms, bit_error_rate: 1e-6}}]");
  const Conservation& book = ran.result.outcome.packets;
  EXPECT_TRUE(book.holds()) << book.broken_link;
  EXPECT_GT(book.in_flight, 0U) << "the run ends in the middle";
  EXPECT_GT(book.dropped, 0U);
  EXPECT_EQ(book.made, book.delivered + book.dropped + book.in_flight);
  EXPECT_TRUE(ran.report()["packets"]["conserved"]);
  EXPECT_FALSE(ran.report()["packets"].contains("broken_link"));
}

TEST(Report, ALinkWhoseBookDoesNotBalanceIsNamed) {
  const lab::Description lab = load("nodes: {a: host, b: host}\nlinks: [a -- b]");
  trace::Journal journal;
  auto network = *Network::build(lab, journal, {});
  EXPECT_TRUE(conservation(*network).holds());
  Packet stray = network->simulation().pool().make();
  ASSERT_TRUE(stray.append_zeros(60));
  network->nodes()[1].node->interfaces()[0]->receive(std::move(stray));  // nobody sent it
  const Conservation book = conservation(*network);
  EXPECT_FALSE(book.holds());
  EXPECT_THAT(book.broken_link, testing::StartsWith("a--b: "));
  {
    Packet lost = network->simulation().pool().make();
  }
  EXPECT_EQ(conservation(*network).unaccounted, 1U);
}

TEST(Report, ExpectationsFindWhatTheReportSays) {
  const Ran ran(kThreeNodes);
  const auto& a = ran.report()["nodes"]["a"]["interfaces"]["gw"];
  EXPECT_EQ(got("p.exit"), "0");
  EXPECT_EQ(got("p.received"), "2");
  EXPECT_EQ(got("p.rtt_avg"), "5.004868ms");
  EXPECT_EQ(got("p.stdout_bytes"), std::to_string(ran.folder.read("programs/p.stdout").size()) + "B");
  EXPECT_EQ(got("drops.total"), "2");
  EXPECT_EQ(got("drops.arp-not-for-us"), "2");
  EXPECT_EQ(got("drops.ttl-expired"), "0");
  EXPECT_EQ(got("nodes.a.interfaces.gw.tx_packets"), a["tx_packets"].dump());
  EXPECT_EQ(got("nodes.a.interfaces.gw.rx_packets"), a["rx_packets"].dump());
  EXPECT_EQ(got("nodes.a.interfaces.gw.tx_bytes"), a["tx_bytes"].dump() + "B");
  EXPECT_EQ(got("nodes.gw.interfaces.a.drops.arp-not-for-us"), "1");
  EXPECT_EQ(got("nodes.gw.interfaces.a.drops.total"), "1");
  EXPECT_EQ(got("nodes.a.interfaces.gw.drops.total"), "0");
  EXPECT_EQ(got("sim.events"), ran.report()["sim"]["events"].dump());
  EXPECT_EQ(got("sim.packet_hops"), ran.report()["sim"]["packet_hops"].dump());
  EXPECT_THAT(got("sim.end"), testing::StartsWith("1.10"));
  EXPECT_EQ(got("flows.total"), "2") << "both ends of the echo";
  EXPECT_EQ(got("flows.retransmits"), "0");
}

TEST(Report, WhatThereIsNotIsNothing) {
  for (const char* subject :
       {"x.exit", "p", "p.goodput", "p.exit.more", "drops", "drops.bad-luck", "sim.weather", "flows.worst", "nodes.a",
        "nodes.x.interfaces.gw.tx_bytes", "nodes.a.interfaces.x.tx_bytes", "nodes.a.interfaces.gw.speed",
        "nodes.a.interfaces.gw.tx_packets.more", "nodes.a.interfaces.gw.drops", "nodes.a.interfaces.gw.drops.bad-luck",
        "nodes.a.counters.gw.tx_packets"}) {
    EXPECT_EQ(got(subject), "nothing") << subject;
  }
}

TEST(Report, AnOldFileOfAProgramThatNeverStartedIsNotItsOutput) {
  Folder out;
  std::filesystem::create_directories(out / "programs");
  std::ofstream(out / "programs/p.stdout") << "of an earlier run";
  RunOptions options;
  options.out = out.path();
  const Ran ran(
      "until: 1s\nnodes: {a: {kind: host, run: [{run: ping b, name: p, at: 2s}]}, b: host}\nlinks: [a -- b]\n"
      "expect: [p.stdout_bytes > 0]",
      options);
  EXPECT_EQ(ran.result.outcome.expectations.at(0).got, "nothing");
}

TEST(Report, AnExpectationThatFailsFailsTheLab) {
  const Ran ran(std::string(kThreeNodes) + "expect: [p.received == 2, drops.total == 0]\n");
  EXPECT_EQ(ran.status(), "failed");
  EXPECT_THAT(ran.result.failed, ElementsAre("expect: drops.total == 0: got 2 (2 too high)"));
  const Json& rows = ran.report()["expect"];
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0], Json::parse(R"({"text": "p.received == 2", "ok": true, "got": "2"})"));
  EXPECT_EQ(rows[1]["ok"], false);
}

TEST(Report, ListsWhatExpectationsMayName) {
  const auto reasons = drop_reason_names();
  EXPECT_EQ(reasons.size(), kDropReasonCount);
  EXPECT_EQ(reasons.front(), "link-loss");
  EXPECT_EQ(reasons.back(), "run-ended");
  const auto facts = program_fact_names();
  for (const char* fact : {"exit", "duration", "stdout_bytes", "goodput", "received"}) {
    EXPECT_THAT(facts, Contains(fact));
  }
  EXPECT_TRUE(std::is_sorted(facts.begin(), facts.end()));
  EXPECT_EQ(std::adjacent_find(facts.begin(), facts.end()), facts.end());
}

}  // namespace
}  // namespace catenet::run
