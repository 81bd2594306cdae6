// SPDX-License-Identifier: Apache-2.0
// The textbook's walk through the control blocks.
#include "catenet/socket/pcb_view.h"

#include <gtest/gtest.h>

#include "catenet/socket/socket_test_net.h"

namespace catenet::socket {
namespace {

std::string table_of(const SocketLayer& host) { return pcb_text(host.pcb_table()); }

TEST(PcbView, ShowsTheTablesAfterEachCall) {
  TwoHosts net;
  SocketLayer& server = net.b.sockets;
  SocketLayer& client = net.a.sockets;
  EXPECT_EQ(table_of(server), "local address  local port  foreign address  foreign port  listening\n");
  const int listener = server.socket(SocketType::stream).value();
  EXPECT_EQ(table_of(server),
            "local address  local port  foreign address  foreign port  listening\n"
            "-              -           -                -\n");
  ASSERT_TRUE(server.bind(listener, at("0.0.0.0:1234")));
  ASSERT_TRUE(server.listen(listener, 5));
  EXPECT_EQ(table_of(server),
            "local address  local port  foreign address  foreign port  listening\n"
            "0.0.0.0        1234        -                -             *\n");
  const int c = client.socket(SocketType::stream).value();
  ASSERT_TRUE(client.bind(c, at("0.0.0.0:7801")));
  EXPECT_EQ(table_of(client),
            "local address  local port  foreign address  foreign port  listening\n"
            "0.0.0.0        7801        -                -\n");
  (void)client.connect(c, at("10.0.0.2:1234"));
  net.run();
  const std::string both =
      "local address  local port  foreign address  foreign port  listening\n"
      "0.0.0.0        1234        -                -             *\n"
      "10.0.0.2       1234        10.0.0.1         7801\n";
  EXPECT_EQ(table_of(server), both) << "waits to be accepted";
  EXPECT_EQ(server.pcb_table().back().fd, -1);
  ASSERT_TRUE(server.accept(listener));
  EXPECT_EQ(table_of(server), both);
  EXPECT_EQ(server.pcb_table().back().fd, 4);
  EXPECT_EQ(server.pcb_table().back().state, "ESTABLISHED");
  EXPECT_EQ(table_of(client),
            "local address  local port  foreign address  foreign port  listening\n"
            "10.0.0.1       7801        10.0.0.2         1234\n");
}

TEST(PcbView, ShowsUdpSocketsAndThoseOfOtherRooms) {
  TwoHosts net;
  SocketLayer& host = net.a.sockets;
  const int fd = host.socket(SocketType::datagram).value();
  ASSERT_TRUE(host.bind(fd, at("0.0.0.0:53")));
  transport::UdpPcb other(net.a.udp);
  ASSERT_TRUE(other.bind(at("10.0.0.1:520")));
  ASSERT_TRUE(other.connect(at("10.0.0.2:520")));
  const auto rows = host.pcb_table();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].protocol, "udp");
  EXPECT_EQ(rows[0].fd, fd);
  EXPECT_EQ(rows[0].local, at("0.0.0.0:53"));
  EXPECT_EQ(rows[1].fd, -1);
  EXPECT_EQ(rows[1].foreign, at("10.0.0.2:520"));
}

TEST(PcbView, TellsUdpLiteFromUdp) {
  TwoHosts net;
  SocketLayer& host = net.a.sockets;
  const int fd = host.socket(SocketType::datagram_lite).value();
  ASSERT_TRUE(host.bind(fd, at("0.0.0.0:53")));
  transport::UdpPcb other(net.a.udp_lite);
  ASSERT_TRUE(other.bind(at("10.0.0.1:520")));
  const auto rows = host.pcb_table();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].protocol, "udplite");
  EXPECT_EQ(rows[1].protocol, "udplite");
  EXPECT_EQ(rows[1].local, at("10.0.0.1:520"));
}

}  // namespace
}  // namespace catenet::socket
