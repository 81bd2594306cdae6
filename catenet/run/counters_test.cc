// SPDX-License-Identifier: Apache-2.0
// Counters of whole labs: both ends of a connection must agree, with each other, with the interfaces, and with the
// kernel's own, which nstat reads.
#include "catenet/run/counters.h"

#include <gmock/gmock.h>

#include <array>
#include <set>

#include "catenet/run/run_test_bench.h"

namespace catenet::run {
namespace {

Json counters_of(const Ran& ran, std::string_view node) {
  for (const Json& line : ran.folder.read_lines("tables.jsonl")) {
    if (line["node"] == node && line["moment"] == "end") {
      return line["counters"];
    }
  }
  ADD_FAILURE() << "no counters of " << node;
  return Json::object();
}

TEST(Counters, EachHasOneNameAndAClause) {
  std::set<std::string_view> names;
  std::set<std::string_view> objects;
  for (const CounterKind& kind : counter_kinds()) {
    EXPECT_TRUE(names.insert(kind.name).second) << kind.name;
    EXPECT_TRUE(kind.mib.empty() || objects.insert(kind.mib).second) << kind.mib;
    EXPECT_FALSE(kind.what.empty()) << kind.name;
  }
  for (const char* object : {"tcpActiveOpens", "tcpPassiveOpens", "tcpAttemptFails", "tcpEstabResets", "tcpCurrEstab",
                             "tcpInSegs", "tcpOutSegs", "tcpRetransSegs", "tcpInErrs", "tcpOutRsts", "udpInDatagrams",
                             "udpNoPorts", "udpInErrors", "udpOutDatagrams"}) {
    EXPECT_TRUE(objects.contains(object)) << object << " of RFC 4022 or RFC 4113";
  }
}

TEST(Counters, BothEndsAndTheRouterAgree) {
  const Ran ran(R"(
until: 20s
nodes:
  a: {kind: host, run: [{run: bulk b bytes=200kB, name: send}, {run: ping b count=3, name: p}]}
  gw: router
  b: {kind: host, run: [bulk-server, {run: ping 10.99.0.1 count=1, name: nowhere, exit: any}]}
links: [a -- gw, {gw -- b: {delay: 5ms}}]
)");
  ASSERT_FALSE(ran.failed_to_run) << ran.failure.text;
  const Json a = counters_of(ran, "a");
  const Json b = counters_of(ran, "b");
  const Json gw = counters_of(ran, "gw");
  ASSERT_EQ(a.size(), counter_kinds().size());
  EXPECT_EQ(a["TcpActiveOpens"], 1);
  EXPECT_EQ(b["TcpPassiveOpens"], 1);
  EXPECT_EQ(a["TcpPassiveOpens"], 0);
  EXPECT_GT(a["TcpOutSegs"].get<int>(), 200'000 / 1448);
  EXPECT_EQ(a["TcpOutSegs"], b["TcpInSegs"]);
  EXPECT_EQ(b["TcpOutSegs"], a["TcpInSegs"]);
  for (const char* none : {"TcpRetransSegs", "TcpInErrs", "TcpOutRsts", "TcpEstabResets", "TcpAttemptFails"}) {
    EXPECT_EQ(a[none], 0) << none;
    EXPECT_EQ(b[none], 0) << none;
  }
  EXPECT_EQ(a["IcmpOutEchos"], 3);
  EXPECT_EQ(b["IcmpInEchos"], 3);
  EXPECT_EQ(b["IcmpOutEchoReps"], 3);
  EXPECT_EQ(a["IcmpInEchoReps"], 3);
  EXPECT_EQ(gw["IcmpOutDestUnreachs"], 1) << "for the ping to nowhere";
  EXPECT_EQ(b["IcmpInDestUnreachs"], 1);
  EXPECT_EQ(gw["IpOutNoRoutes"], 1);
  EXPECT_EQ(gw["IpForwDatagrams"].get<int>(), a["TcpOutSegs"].get<int>() + b["TcpOutSegs"].get<int>() + 3 + 3);
  EXPECT_EQ(a["IpInDelivers"].get<int>(), a["TcpInSegs"].get<int>() + a["IcmpInMsgs"].get<int>());
  const Json& reported = ran.report()["nodes"]["a"]["counters"];
  EXPECT_EQ(reported["TcpActiveOpens"], 1);
  EXPECT_FALSE(reported.contains("TcpRetransSegs")) << "zeros are left out";
}

TEST(Counters, LossesAndUnwantedSegmentsAreCounted) {
  const Ran ran(R"(
until: 60s
seed: 3
nodes:
  a:
    kind: host
    run:
      - {run: bulk b bytes=500kB, name: send}
      - {run: bulk b bytes=1 port=81, name: refused, exit: any}
      - {run: cbr b port=5 count=3, name: cbr, exit: any}
  b: {kind: host, run: [bulk-server]}
links: [{a -- b: {delay: 5ms, rate: 10Mbit, loss: 2%}}]
)");
  ASSERT_FALSE(ran.failed_to_run) << ran.failure.text;
  const Json a = counters_of(ran, "a");
  const Json b = counters_of(ran, "b");
  std::uint64_t retransmits = 0;
  for (const Json& flow : ran.report()["flows"]) {
    retransmits += flow["node"] == "a" ? flow["retransmits"].get<std::uint64_t>() : 0;
  }
  EXPECT_GT(retransmits, 3U);
  EXPECT_EQ(a["TcpRetransSegs"].get<std::uint64_t>(), retransmits);
  EXPECT_GE(a["TcpExtTCPSackRecovery"].get<int>(), 1);
  EXPECT_GE(a["TcpExtTCPFastRetrans"].get<int>(), 1);
  EXPECT_GE(b["TcpExtTCPOFOQueue"].get<int>(), 1);
  EXPECT_EQ(a["TcpAttemptFails"], 1) << "nobody listens on port 81";
  EXPECT_EQ(b["TcpOutRsts"], 1);
  EXPECT_GE(b["UdpNoPorts"].get<int>(), 1);
}

TEST(Counters, UdpAndUdpLiteCountApart) {
  Scheduler scheduler;
  PacketPool pool;
  Environment environment{scheduler, pool, 1};
  node::Host host(environment, 1, "host");
  transport::UdpPcb server(host.udp_lite());
  transport::UdpPcb client(host.udp_lite());
  server.options().receive_limit = 300;
  ASSERT_TRUE(server.bind(*wire::Endpoint::parse("0.0.0.0:9")));
  ASSERT_TRUE(client.connect(*wire::Endpoint::parse("127.0.0.1:9")));
  const std::array<std::byte, 40> bytes{};
  ASSERT_TRUE(client.send(bytes) && client.send(bytes));
  ASSERT_TRUE(client.connect(*wire::Endpoint::parse("127.0.0.1:10")));
  ASSERT_TRUE(client.send(bytes));
  scheduler.run_until(scheduler.now() + Duration::seconds(1));
  const Json counters = host_counters(host);
  EXPECT_EQ(counters["UdpLiteInDatagrams"], 1);
  EXPECT_EQ(counters["UdpLiteInErrors"], 1);
  EXPECT_EQ(counters["UdpLiteRcvbufErrors"], 1);
  EXPECT_EQ(counters["UdpLiteNoPorts"], 1);
  EXPECT_EQ(counters["UdpLiteOutDatagrams"], 3);
  EXPECT_EQ(counters["UdpInDatagrams"], 0);
  EXPECT_EQ(counters["UdpRcvbufErrors"], 0);
}

TEST(Counters, RowsHaveNoZerosUnlessAsked) {
  const Json counters = {{"TcpActiveOpens", 2}, {"TcpOutRsts", 0}, {"TcpExtUnheardOf", 1}};
  const Json rows = counter_rows(counters, false);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0]["name"], "TcpActiveOpens");
  EXPECT_EQ(rows[0]["value"], 2);
  EXPECT_EQ(rows[0]["mib"], "tcpActiveOpens");
  EXPECT_EQ(rows[1]["mib"], "") << "a kernel has more than we know";
  EXPECT_EQ(counter_rows(counters, true).size(), 3U);
}

TEST(Counters, OfTheKernelAreReadByName) {
  const Folder folder;
  std::ofstream(folder / "snmp") << "Tcp: RtoAlgorithm MaxConn ActiveOpens\nTcp: 1 -1 17\nUdp: InDatagrams\nUdp: 4\n";
  std::ofstream(folder / "netstat") << "TcpExt: SyncookiesSent TW\nTcpExt: 3 9\n";
  std::ofstream(folder / "snmp6") << "Ip6InReceives                   \t8\nIp6OutRequests \t2\n";
  EXPECT_EQ(linux_counters(folder.path().string()), (Json{{"TcpRtoAlgorithm", 1},
                                                          {"TcpMaxConn", -1},
                                                          {"TcpActiveOpens", 17},
                                                          {"UdpInDatagrams", 4},
                                                          {"TcpExtSyncookiesSent", 3},
                                                          {"TcpExtTW", 9},
                                                          {"Ip6InReceives", 8},
                                                          {"Ip6OutRequests", 2}}));
  EXPECT_EQ(linux_counters("/nowhere"), Json::object());
}

}  // namespace
}  // namespace catenet::run
