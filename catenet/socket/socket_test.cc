// SPDX-License-Identifier: Apache-2.0
// Socket, ServerSocket, DatagramSocket and their streams, with names. Covers socket.cc and name_table.cc.
#include "catenet/socket/socket.h"

#include <gmock/gmock.h>

#include <array>

#include "catenet/socket/socket_test_net.h"

namespace catenet::socket {
namespace {

using namespace catenet::literals;
using testing::ElementsAre;

class SocketTest : public testing::Test {
 protected:
  SocketTest() {
    names.add("web", ip("10.0.0.2"));
    names.add("mirror", ip("10.0.0.99"));
    names.add("mirror", ip("10.0.0.2"));
    names.add("mirror", ip("10.0.0.2"));
    a.set_names(&names);
  }
  NameTable names;
  TwoHosts net;
  SocketLayer& a = net.a.sockets;
  SocketLayer& b = net.b.sockets;
  std::vector<std::string> said;
};

TEST_F(SocketTest, LinesToAServerByName) {
  spawn_fibre(b, [&] {
    ServerSocket server(b, 80);
    auto socket = server.accept();
    while (const auto line = socket->input().read_line()) {
      said.push_back(*line);
      (void)socket->output().write(line->empty() ? "empty\n" : "ok\n");
    }
    (void)socket->output().write("end");
  });
  spawn_fibre(a, [&] {
    Socket s(a, "web", 80);
    ASSERT_TRUE(s) << s.error().context;
    EXPECT_EQ(s.peer().value(), at("10.0.0.2:80"));
    EXPECT_TRUE(s.set_tcp_no_delay(true));
    (void)s.output().write("GET /\r\nHost: web\n\nlast");
    EXPECT_EQ(s.input().read_line().value(), "ok");
    std::array<std::byte, 5> rest;
    EXPECT_EQ(s.input().read_fully(rest).value(), 5U) << "what a line left in the buffer comes first";
    EXPECT_EQ(as_text(rest), "ok\nem");
    EXPECT_TRUE(s.shutdown_output());
    EXPECT_EQ(s.input().read_all().value(), "pty\nok\nend");
    EXPECT_EQ(code_of(s.input().read_line()), ENODATA);
  });
  net.run();
  EXPECT_THAT(said, ElementsAre("GET /", "Host: web", "", "last"));
  EXPECT_EQ(a.fibres().running() + b.fibres().running(), 0U);
}

TEST_F(SocketTest, ErrorsAreKeptWhereJavaThrows) {
  spawn_fibre(a, [&] {
    const Socket unknown(a, "nobody", 80);
    EXPECT_FALSE(unknown);
    EXPECT_EQ(unknown.error().code, ENOENT);
    const Socket refused(a, "10.0.0.2", 80);
    EXPECT_EQ(refused.error().code, ECONNREFUSED);
    const Socket nowhere(a, at("192.0.2.1:80"));
    EXPECT_EQ(nowhere.error().code, ENETUNREACH);
    const ServerSocket first(a, 80);
    EXPECT_TRUE(first);
    const ServerSocket second(a, 80);
    EXPECT_EQ(second.error().code, EADDRINUSE);
    said.emplace_back("done");
  });
  net.run();
  EXPECT_THAT(said, ElementsAre("done"));
  EXPECT_EQ(a.table().open_descriptors(), 0U);
}

TEST_F(SocketTest, TheNextAddressOfANameIsTried) {
  spawn_fibre(b, [&] {
    ServerSocket server(b, 80);
    (void)server.accept();
  });
  spawn_fibre(a, [&] {
    const Socket s(a, "mirror", 80);
    EXPECT_TRUE(s);
    said.push_back(s.peer()->to_string());
  });
  net.run();
  EXPECT_THAT(said, ElementsAre("10.0.0.2:80"));
}

TEST_F(SocketTest, TimeOuts) {
  spawn_fibre(b, [&] {
    ServerSocket server(b, 80);
    auto silent = server.accept();
    server.set_so_timeout(5_ms);
    EXPECT_EQ(code_of(server.accept()), ETIMEDOUT);
    (void)blocking::sleep(b, 20_ms);
  });
  spawn_fibre(a, [&] {
    Socket s(a, "web", 80);
    s.set_so_timeout(3_ms);
    const Instant start = a.now();
    std::array<std::byte, 5> buffer;
    EXPECT_EQ(code_of(s.input().read(buffer)), ETIMEDOUT);
    EXPECT_EQ(a.now() - start, 3_ms);
    Socket moved = std::move(s);
    EXPECT_FALSE(s);  // NOLINT(bugprone-use-after-move): what a moved-from socket is, is what is tested
    EXPECT_EQ(code_of(moved.input().read(buffer)), ETIMEDOUT) << "its limit moved along";
    said.emplace_back("done");
  });
  net.run();
  EXPECT_THAT(said, ElementsAre("done"));
}

TEST_F(SocketTest, LimitsOfLinesAndStreams) {
  spawn_fibre(b, [&] {
    ServerSocket server(b, 80);
    for (int i = 0; i < 2; ++i) {
      auto s = server.accept();
      (void)s->output().write(std::string(1000, 'x'));
    }
  });
  spawn_fibre(a, [&] {
    Socket one(a, "web", 80);
    EXPECT_EQ(code_of(one.input().read_line(100)), EMSGSIZE);
    Socket two(a, "web", 80);
    EXPECT_EQ(code_of(two.input().read_all(100)), EMSGSIZE);
    said.emplace_back("done");
  });
  net.run();
  EXPECT_THAT(said, ElementsAre("done"));
}

TEST_F(SocketTest, Datagrams) {
  spawn_fibre(b, [&] {
    DatagramSocket server(b, 53);
    std::array<std::byte, 100> buffer;
    const auto got = server.receive(buffer);
    (void)server.send(std::span(buffer).first(got->size), got->from);
  });
  spawn_fibre(a, [&] {
    DatagramSocket client(a);
    EXPECT_TRUE(client.send(as_bytes("hi"), at("10.0.0.2:53")));
    std::array<std::byte, 100> buffer;
    const auto got = client.receive(buffer);
    said.emplace_back(as_text(std::span(buffer).first(got->size)));
    client.set_so_timeout(1_ms);
    EXPECT_EQ(code_of(client.receive(buffer)), ETIMEDOUT);
  });
  net.run();
  EXPECT_THAT(said, ElementsAre("hi"));
}

TEST_F(SocketTest, TheEndOfTheHostClosesQuietly) {
  auto two = std::make_unique<TwoHosts>();
  SocketLayer& host = two->a.sockets;
  spawn_fibre(host, [&host] {
    ServerSocket server(host, 80);
    (void)server.accept();
  });
  two->run();
  two.reset();
}

TEST(NameTable, NamesAndAddresses) {
  NameTable names;
  names.add("bob", ip("10.0.0.2"));
  names.add("alias", ip("10.0.0.2"));
  EXPECT_EQ(names.lookup("bob").value(), std::vector{ip("10.0.0.2")});
  EXPECT_EQ(names.lookup("10.1.2.3").value(), std::vector{ip("10.1.2.3")});
  EXPECT_EQ(code_of(names.lookup("carol")), ENOENT);
  EXPECT_EQ(names.name_of(ip("10.0.0.2")), "alias");
  EXPECT_EQ(names.name_of(ip("10.0.0.3")), "");
}

}  // namespace
}  // namespace catenet::socket
