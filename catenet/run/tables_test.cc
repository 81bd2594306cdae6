// SPDX-License-Identifier: Apache-2.0
#include "catenet/run/tables.h"

#include <gmock/gmock.h>

#include "catenet/run/run_test_bench.h"

namespace catenet::run {
namespace {
using testing::ElementsAre;

TEST(Tables, AreSevenAndFoundByName) {
  std::vector<std::string_view> names;
  for (const TableKind& kind : table_kinds()) {
    names.push_back(kind.name);
    EXPECT_EQ(find_table(kind.name), &kind);
    EXPECT_FALSE(kind.purpose.empty());
    EXPECT_FALSE(kind.columns.empty());
  }
  EXPECT_THAT(names, ElementsAre("arp", "mac", "fib", "pcb", "interfaces", "drops", "counters"));
  EXPECT_EQ(find_table("dns"), nullptr);
  EXPECT_EQ(find_table(""), nullptr);
}

TEST(Tables, AnEmptyTableSaysSo) {
  EXPECT_EQ(render_table(*find_table("arp"), Json::array()), "  (empty)\n");
  EXPECT_EQ(render_table(*find_table("mac"), Json()), "  (empty)\n") << "a table that the node does not have";
}

TEST(Tables, WordsAlignLeftAndNumbersRight) {
  const Json rows = Json::parse(R"([
      {"address": "02:00:00:00:00:01", "port": "alice", "age_s": 0.5},
      {"address": "02:00:00:00:00:02", "port": "b", "age_s": 120.25}])");
  EXPECT_EQ(render_table(*find_table("mac"), rows),
            "  address            port      age\n"
            "  02:00:00:00:00:01  alice     0.5\n"
            "  02:00:00:00:00:02  b      120.25\n");
}

TEST(Tables, ColumnsThatNoRowFillsAreLeftOut) {
  const Json rows = Json::parse(R"([
      {"address": "10.0.0.1", "link": "-", "state": "incomplete", "interface": "eth0"},
      {"address": "10.0.0.23", "link": "02:00:00:00:00:01", "state": "complete"}])");
  EXPECT_EQ(render_table(*find_table("arp"), rows),
            "  address    link address       state       interface\n"
            "  10.0.0.1   -                  incomplete  eth0\n"
            "  10.0.0.23  02:00:00:00:00:01  complete\n");
}

TEST(Tables, ValuesThatAreNotWordsHaveTheirOwnLook) {
  const Json rows = Json::parse(R"([
      {"protocol": "tcp", "local_address": "0.0.0.0", "local_port": 80, "foreign_address": "-", "foreign_port": 0,
       "listening": "*", "state": "LISTEN", "recv_q": 0, "send_q": null}])");
  EXPECT_EQ(render_table(*find_table("pcb"), rows),
            "  proto  local address  port  foreign address  port  listening  state   recv-q  send-q\n"
            "  tcp    0.0.0.0          80  -                   -  *          LISTEN       0\n");
  EXPECT_EQ(render_table(*find_table("interfaces"),
                         Json::parse(R"([{"name": "a", "up": true}, {"name": "b", "up": false}])")),
            "  name  up\n  a     yes\n  b     no\n");
}

TEST(Tables, OfAHostASwitchAndDrops) {
  const Ran ran(R"(
until: 3s
nodes:
  a: {kind: host, run: [ping c count=1, {run: ping 10.99.0.1 count=1, name: nowhere, exit: any}]}
  sw: switch
  c: {kind: host, run: http-server}
links: [a -- sw -- c]
)");
  const auto lines = ran.folder.read_lines("tables.jsonl");
  ASSERT_EQ(lines.size(), 3U);
  const Json& a = lines[0];
  EXPECT_EQ(a["moment"], "end");
  EXPECT_EQ(a["node"], "a");
  EXPECT_FALSE(a.contains("mac"));
  ASSERT_EQ(a["arp"].size(), 1U);
  EXPECT_EQ(a["arp"][0]["link"], ran.lab.nodes[2].interfaces[0].mac->to_string());
  EXPECT_EQ(a["arp"][0]["interface"], "sw");
  EXPECT_EQ(a["fib"][0]["kind"], "connected");
  EXPECT_EQ(a["fib"][0]["via"], "-");
  EXPECT_EQ(a["interfaces"][0]["tx_packets"], ran.report()["nodes"]["a"]["interfaces"]["sw"]["tx_packets"]);
  const Json& sw = lines[1];
  EXPECT_EQ(sw["mac"].size(), 2U);
  EXPECT_FALSE(sw.contains("arp"));
  EXPECT_EQ(sw["interfaces"][0]["address"], "-");
  const Json& c = lines[2];
  ASSERT_EQ(c["pcb"].size(), 1U);
  EXPECT_EQ(c["pcb"][0]["local_port"], 80);
  EXPECT_EQ(c["pcb"][0]["listening"], "*");
  EXPECT_EQ(c["pcb"][0]["foreign_address"], "-");
  EXPECT_EQ(c["drops"][0]["reason"], "arp-not-for-us") << c["drops"];
  EXPECT_FALSE(std::string(c["drops"][0]["why"]).empty());
}

}  // namespace
}  // namespace catenet::run
