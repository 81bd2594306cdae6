// SPDX-License-Identifier: Apache-2.0
// linux_tables.cc: a namespace's tables as the kernel has them, in a lab that runs in real time.
#include <gmock/gmock.h>

#include "catenet/run/run_test_bench.h"

namespace catenet::run {
namespace {

/// python3 listens inside; a host that Catenet simulates asks it.
constexpr std::string_view kTablesLab = R"(
until: 20s
nodes:
  web: {stack: linux, run: [{run: python3 -m http.server 8000, name: server, service: true, ready: tcp:8000}]}
  gw: router
  a: {kind: host, run: [{run: 'fetch http://web:8000/', name: get, after: server}]}
links: [web -- gw, gw -- a]
expect: [get.status == 200, nodes.web.interfaces.gw.rx_packets > 3, nodes.web.interfaces.eth0.rx_packets > 3]
)";

TEST(LinuxTables, ShowTheNeighboursRoutesAndSocketsOfANamespace) {
  const Ran ran(kTablesLab);
  if (ran.failed_to_run) {
    ASSERT_EQ(ran.failure.exit_code, 3);
    GTEST_SKIP() << ran.failure.text;
  }
  EXPECT_EQ(ran.status(), "passed") << testing::PrintToString(ran.result.failed);
  EXPECT_EQ(ran.report()["sim"]["clock"], "real");
  EXPECT_TRUE(ran.report()["sim"]["digest"].is_null());
  EXPECT_EQ(ran.report()["wall"]["attachments"].size(), 1U);
  EXPECT_EQ(ran.program("server")["kind"], "linux");
  Json web;
  for (const Json& line : ran.folder.read_lines("tables.jsonl")) {
    web = line["node"] == "web" ? line : web;
  }
  const std::string gateway = ran.lab.nodes[1].interfaces[0].address->address().to_string();
  ASSERT_EQ(web["arp"].size(), 1U) << web;
  EXPECT_EQ(web["arp"][0], (Json{{"address", gateway},
                                 {"link", ran.lab.nodes[1].interfaces[0].mac->to_string()},
                                 {"state", "complete"},
                                 {"interface", "eth0"}}));
  bool has_default = false;
  bool has_connected = false;
  for (const Json& row : web["fib"]) {
    has_default = has_default || (row["prefix"] == "0.0.0.0/0" && row["via"] == gateway && row["interface"] == "eth0");
    has_connected = has_connected || (row["prefix"] == "10.0.0.0/24" && row["via"] == "-");
  }
  EXPECT_TRUE(has_default && has_connected) << web["fib"];
  bool listens = false;
  for (const Json& row : web["pcb"]) {
    listens = listens || (row["protocol"] == "tcp" && row["local_port"] == 8000 && row["listening"] == "*" &&
                          row["state"] == "LISTEN" && row["foreign_address"] == "-");
  }
  EXPECT_TRUE(listens) << web["pcb"];
  EXPECT_EQ(web["interfaces"][0]["name"], "eth0");
}

TEST(LinuxTables, AnEmptyTableIsEmptyAndAnExitCodeIsTold) {
  const Ran ran(
      "until: 10s\nnodes: {alone: {stack: linux, run: 'echo hello; exit 3'}, b: host}\nlinks: [alone -- b]\n"
      "expect: [echo.exit == 3]");
  if (ran.failed_to_run) {
    ASSERT_EQ(ran.failure.exit_code, 3);
    GTEST_SKIP() << ran.failure.text;
  }
  EXPECT_EQ(ran.folder.read("programs/echo.stdout"), "hello\n");
  EXPECT_EQ(ran.program("echo")["exit"], 3);
  EXPECT_TRUE(ran.result.outcome.expectations.at(0).ok);
  EXPECT_EQ(ran.status(), "failed");
  const Json alone = ran.folder.read_lines("tables.jsonl").at(0);
  EXPECT_EQ(alone["node"], "alone");
  EXPECT_TRUE(alone["pcb"].empty()) << alone["pcb"];
}

}  // namespace
}  // namespace catenet::run
