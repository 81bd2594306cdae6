// SPDX-License-Identifier: Apache-2.0
#include "catenet/run/network.h"

#include <gmock/gmock.h>

#include "catenet/run/run_test_bench.h"

namespace catenet::run {
namespace {
using testing::ElementsAre;
using testing::HasSubstr;

struct Built {
  explicit Built(std::string_view text, const NetworkOptions& options = {}) : lab(load(text)) {
    auto made = Network::build(lab, journal, options);
    EXPECT_TRUE(made.has_value()) << made.error();
    network = std::move(*made);
  }
  node::Host& host(lab::NodeIndex i) { return *network->nodes()[i].host; }
  lab::Description lab;
  trace::Journal journal;
  std::unique_ptr<Network> network;
};

constexpr std::string_view kOffice = R"(
nodes:
  a: {kind: host, ttl: 9, tcp: {nagle: false, send_buffer: 64KiB}}
  sw: switch
  gw: {kind: router, addresses: {sw: 10.1.0.1/24}}
  c: {kind: host, mtu: 900, mac: 02:00:00:00:00:99}
links: [a -- sw, sw -- gw, {gw -- c: {queue: 2p, loss: 1%}}]
)";

TEST(Network, NodesAreWhatTheLabSays) {
  Built built(kOffice);
  const auto& nodes = built.network->nodes();
  ASSERT_EQ(nodes.size(), 4U);
  EXPECT_NE(nodes[0].host, nullptr);
  EXPECT_NE(nodes[1].bridge, nullptr);
  EXPECT_EQ(nodes[1].host, nullptr);
  EXPECT_TRUE(nodes[2].host->ipv4().config().forwarding);
  EXPECT_FALSE(nodes[0].host->ipv4().config().forwarding);
  EXPECT_EQ(nodes[0].host->ipv4().config().default_ttl, 9);
  EXPECT_FALSE(nodes[0].host->tcp().config().nagle);
  EXPECT_EQ(nodes[0].host->tcp().config().send_buffer, 65'536U);
  EXPECT_TRUE(nodes[3].host->tcp().config().nagle);
}

TEST(Network, InterfacesHaveTheirNamesAddressesAndSizes) {
  Built built(kOffice);
  const Node& gw = *built.network->nodes()[2].node;
  ASSERT_EQ(gw.interfaces().size(), 2U);
  EXPECT_EQ(gw.interfaces()[0]->name(), "sw");
  EXPECT_EQ(gw.interfaces()[1]->name(), "c");
  const Interface& c = *built.network->nodes()[3].node->find_interface("gw");
  EXPECT_EQ(c.mtu(), 900U);
  EXPECT_EQ(c.address().to_string(), "02:00:00:00:00:99");
  EXPECT_TRUE(c.is_up());
  EXPECT_EQ(built.network->links().size(), 3U);
  EXPECT_NE(built.network->links()[2].forward, nullptr) << "it loses packets";
  EXPECT_EQ(built.network->links()[0].forward, nullptr);
}

TEST(Network, RoutesAndNamesAreThoseOfTheLab) {
  Built built(kOffice);
  const auto route = [&](lab::NodeIndex i, std::string_view prefix) {
    for (const auto& r : built.host(i).ipv4().fib()) {
      if (r.prefix.to_string() == prefix) {
        return r.next_hop.to_string() + " " + r.interface->name();
      }
    }
    return std::string("none");
  };
  EXPECT_EQ(route(0, "0.0.0.0/0"), "10.1.0.1 sw");
  EXPECT_EQ(route(2, "10.1.0.0/24"), "0.0.0.0 sw");
  EXPECT_EQ(route(3, "0.0.0.0/0"), built.lab.nodes[2].interfaces[1].address->address().to_string() + " gw");
  const std::string a = built.lab.nodes[0].interfaces[0].address->address().to_string();
  EXPECT_THAT(built.network->hosts_file(), testing::StartsWith("127.0.0.1\tlocalhost\n" + a + "\ta\n10.1.0.1\tgw\n"));
  EXPECT_EQ(built.network->names().name_of(*wire::IpAddress::parse(a)), "a");
  EXPECT_EQ(built.network->names().name_of(*wire::IpAddress::parse("10.1.0.1")), "gw");
}

TEST(Network, WhatIsUnderWayEndsWithItsReason) {
  Built built(kOffice);  // gratuitous ARP is on its way
  EXPECT_GT(built.network->frames_under_way(), 0U);
  built.network->drain();
  EXPECT_EQ(built.network->frames_under_way(), 0U);
  EXPECT_EQ(built.network->simulation().pool().stats().alive(), 0U);
}

TEST(Network, CapturesAreThoseAskedFor) {
  Folder folder;
  const std::string text(kOffice);
  Built some(text + "capture: [a, 'gw:c']\n", {.captures = folder.path()});
  EXPECT_THAT(folder.files(), ElementsAre("a_sw.pcapng", "gw_c.pcapng"));
  EXPECT_TRUE(some.network->flush_captures());
  Folder empty;
  Built none(text + "capture: none\n", {.captures = empty.path()});
  EXPECT_TRUE(empty.files().empty());
}

TEST(Network, ACaptureThatCannotBeMadeIsAnError) {
  Folder folder;
  const lab::Description lab = load(kOffice);
  trace::Journal journal;
  const auto made = Network::build(lab, journal, {.captures = folder / "missing"});
  ASSERT_FALSE(made.has_value());
  EXPECT_THAT(made.error(), HasSubstr("cannot write " + (folder / "missing").string()));
  EXPECT_THAT(made.error(), HasSubstr("No such file"));
}

TEST(Network, TheGroupingOfNodesChangesNothing) {
  constexpr std::string_view kLossy = R"(
until: 20s
nodes:
  a: {kind: host, run: [bulk d bytes=200kB, {run: ping d count=5, name: p}, {run: ping c count=2, after: p}]}
  r1: router
  b: {kind: host, run: [cbr c time=2s rate=200kbit]}
  r2: router
  c: {kind: host, run: udp-sink}
  d: {kind: host, run: bulk-server}
links:
  - a -- r1
  - b -- r1
  - {r1 -- r2: {rate: 2Mbit, delay: 5ms, loss: 2%, duplicate: 1%, reorder: 2% by 3ms, jitter: 1ms, bit_error_rate: 1e-6}}
  - r2 -- c
  - r2 -- d
)";
  RunOptions options;
  options.partition_size = 0;
  const Ran whole(kLossy, options);
  EXPECT_EQ(whole.report()["sim"]["partitions"], 1);
  EXPECT_GT(whole.report()["drops"]["link-loss"], 0);
  for (const std::uint32_t size : {1U, 2U, 3U, 5U}) {
    options.partition_size = size;
    Ran parts(kLossy, options);
    EXPECT_GT(parts.report()["sim"]["partitions"], 1);
    EXPECT_EQ(parts.result.outcome.digest, whole.result.outcome.digest) << size;
    Json report = parts.report();
    report["wall"] = whole.report()["wall"];
    report["sim"]["partitions"] = 1;
    EXPECT_EQ(report, whole.report()) << size;
    for (const char* file : {"events.jsonl", "tables.jsonl", "a_r1.pcapng", "r2_r1.pcapng"}) {
      EXPECT_TRUE(parts.folder.read(file) == whole.folder.read(file)) << file << ", partitions of " << size;
    }
  }
  EXPECT_NE(Ran(std::string(kLossy) + "seed: 2\n").result.outcome.digest, whole.result.outcome.digest);
}

}  // namespace
}  // namespace catenet::run
