// SPDX-License-Identifier: Apache-2.0
// Processes: data of their own, stopping, names of the lab. Covers process.cc.
#include "catenet/posix/process.h"

#include <gtest/gtest.h>

#include <fstream>

#include "catenet/posix/program_test_bench.h"
#include "catenet/socket/socket.h"
#include "catenet/testing/routed_hosts.h"

CATENET_POSIX_PROGRAM(epoll_edge);
CATENET_POSIX_PROGRAM(client);
CATENET_POSIX_PROGRAM(echo);

namespace catenet::posix {
namespace {

using testing::RoutedHosts;

// The server counts its clients in a global map, which has memory of its own.
TEST(Process, TwoOfOneProgramShareNoData) {
  RoutedHosts net;
  Transcript said[4];
  std::vector<std::shared_ptr<Process>> all;
  for (const int i : {0, 1}) {
    auto& host = i == 0 ? net.alice : net.bob;
    all.push_back(Process::start(host.sockets(), catenet_posix_image_epoll_edge,
                                 {.arguments = {"epoll_edge", "7", "2"}, .output = said[i].sink()}));
  }
  net.run_for(Duration::milliseconds(1));
  for (const int i : {2, 3}) {
    auto& host = i == 2 ? net.alice : net.bob;
    all.push_back(Process::start(host.sockets(), catenet_posix_image_client,
                                 {.arguments = {"client", i == 2 ? "bob" : "alice", "7", "2"},
                                  .input = "upper x\nupper y\n",
                                  .output = said[i].sink()}));
  }
  net.run_for(Duration::seconds(5));
  for (const auto& process : all) {
    EXPECT_FALSE(process->is_running());
    EXPECT_EQ(process->exit_code(), 0);
    process->stop();
  }
  EXPECT_EQ(said[0].text, said[1].text);
  EXPECT_EQ(said[2].text, said[3].text);
  EXPECT_EQ(said[2].text, "1: hello\n2: hello\n1: X\n2: Y\n1: the end\n2: the end\n");
}

TEST(Process, StoppingEndsItWhereItWaits) {
  RoutedHosts net;
  Transcript said;
  const auto process = Process::start(net.bob.sockets(), catenet_posix_image_epoll_edge,
                                      {.arguments = {"epoll_edge", "7", "1"}, .output = said.sink()});
  net.run_for(Duration::seconds(1));
  EXPECT_TRUE(process->is_running());
  EXPECT_EQ(said.text, "ready\n");
  process->stop();
  net.run_for(Duration::milliseconds(1));
  EXPECT_FALSE(process->is_running());
  EXPECT_EQ(process->signal(), SIGTERM);
  EXPECT_EQ(net.bob.sockets().table().open_descriptors(), 0U);
}

TEST(Process, AnUnknownNameIsAnError) {
  RoutedHosts net;
  Transcript said;
  Transcript complained;
  const auto process =
      Process::start(net.bob.sockets(), catenet_posix_image_client,
                     {.arguments = {"client", "nobody", "7", "1"}, .output = said.sink(), .errors = complained.sink()});
  net.run_for(Duration::milliseconds(1));
  EXPECT_EQ(process->exit_code(), 1);
  EXPECT_EQ(complained.text, "client: nobody: Name or service not known\n");
  process->stop();
}

TEST(Process, TheServerOfTheManualEchoes) {
  RoutedHosts net;
  Transcript said;
  const auto server = Process::start(net.bob.sockets(), catenet_posix_image_echo, {.arguments = {"echo"}});
  net.run_for(Duration::milliseconds(1));
  std::string came_back;
  socket::spawn_fibre(net.alice.sockets(), [&] {
    socket::Socket s(net.alice.sockets(), "bob", 7);
    ASSERT_TRUE(s.output().write("to and fro\n"));
    came_back = s.input().read_line().value_or("");
  });
  net.run_for(Duration::seconds(1));
  EXPECT_EQ(came_back, "to and fro");
  EXPECT_TRUE(server->is_running());
  server->stop();

  const auto text_of = [](const std::string& path) {
    std::ifstream file(path);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  const std::string code = text_of(CATENET_SOURCE "/examples/sockets/echo.c");
  const std::size_t start = code.find("static void* serve");
  ASSERT_NE(start, std::string::npos);
  EXPECT_NE(text_of(CATENET_SOURCE "/docs/sockets.md").find(code.substr(start)), std::string::npos)
      << "docs/sockets.md shows another program";
}

}  // namespace
}  // namespace catenet::posix
