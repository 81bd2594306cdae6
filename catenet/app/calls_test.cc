// SPDX-License-Identifier: Apache-2.0
#include "catenet/app/calls.h"

#include <gmock/gmock.h>

#include "catenet/app/app_test_bench.h"

namespace catenet::app {
namespace {
using namespace literals;
using ::testing::HasSubstr;

class CallsTest : public AppTest {};

TEST_F(CallsTest, TheTextbookWalk) {
  Running server(bob(), "calls socket, bind 0.0.0.0:1234, listen 5, accept");
  net.run_for(1_s);
  EXPECT_EQ(server.exit_code(), -1) << "it waits in accept";
  Running client(alice(), "calls socket, bind 0.0.0.0:7801, connect bob:1234");
  net.run_for(1_s);
  EXPECT_EQ(server.out,
            "socket(stream) = 3\nbind(3, 0.0.0.0:1234) = 0\nlisten(3, 5) = 0\naccept(3, 10.0.1.1:7801) = 4\n");
  EXPECT_EQ(client.out, "socket(stream) = 3\nbind(3, 0.0.0.0:7801) = 0\nconnect(3, 10.0.2.2:1234) = 0\n");
  EXPECT_EQ(server.exit_code(), 0);
  EXPECT_EQ(client.exit_code(), 0);
  const auto rows = bob().pcb_table();
  ASSERT_EQ(rows.size(), 2U) << "its descriptors outlive the list";
  EXPECT_TRUE(rows[0].listening);
  EXPECT_EQ(rows[1].foreign.to_string(), "10.0.1.1:7801");
  server.program.reset();
  net.run_for(100_ms);
  for (const auto& row : bob().pcb_table()) {
    EXPECT_EQ(row.fd, -1) << "nobody holds it any more";
  }
}

TEST_F(CallsTest, BytesBothWays) {
  Running server(bob(), "calls socket, bind 0.0.0.0:80, listen, accept, recv 100, send good day, shutdown, close");
  Running client(alice(), "calls sleep 100ms, socket, connect bob:80, send hello world, recv, recv, close");
  net.run_for(2_s);
  EXPECT_THAT(server.out, HasSubstr("recv(4, 100) = 11 \"hello world\"\nsend(4, 8) = 8\nshutdown(4, send) = 0\n"
                                    "close(4) = 0\n"));
  EXPECT_THAT(client.out, HasSubstr("recv(3, 1024) = 8 \"good day\"\nrecv(3, 1024) = 0\nclose(3) = 0\n"));
  EXPECT_EQ(client.exit_code(), 0);
}

TEST_F(CallsTest, DatagramsAndErrors) {
  Running server(bob(), "calls socket udp, bind 0.0.0.0:53, recvfrom, socket udp, bind 0.0.0.0:53");
  Running client(alice(), "calls sleep 100ms, socket udp, sendto bob:53 who, socket, connect bob:9, accept@99");
  net.run_for(2_s);
  EXPECT_THAT(server.out, HasSubstr("= 3 \"who\"\n"));
  EXPECT_THAT(server.out, HasSubstr("bind(4, 0.0.0.0:53) = -1 EADDRINUSE\n"));
  EXPECT_EQ(server.exit_code(), 1);
  EXPECT_EQ(server.fact("errors"), 1);
  EXPECT_THAT(client.out, HasSubstr("connect(4, 10.0.2.2:9) = -1 ECONNREFUSED\naccept(99) = -1 EBADF\n"));
  EXPECT_EQ(client.fact("calls"), 6);
  EXPECT_EQ(client.fact("errors"), 2);
}

TEST(Calls, ParseErrors) {
  const auto wrong = [](std::string_view text) { return parse_calls(text).error(); };
  EXPECT_EQ(wrong("socket, bnid 0.0.0.0:1"),
            "unknown call 'bnid'; expected socket, bind, listen, accept, connect, send, recv, sendto, recvfrom, "
            "shutdown, close or sleep; did you mean 'bind'?");
  EXPECT_EQ(wrong(""), "no calls are given; expected a list such as 'socket, bind 0.0.0.0:1234, listen 5'");
  EXPECT_EQ(wrong("socket,,bind"), "an empty call between two commas");
  EXPECT_EQ(wrong("bind 1234"), "bind: '1234' is no address; expected HOST:PORT");
  EXPECT_EQ(wrong("bind 0.0.0.0:70000"), "bind: '70000' is out of range; expected 0 to 65535");
  EXPECT_EQ(wrong("socket tcp"), "socket: unknown word 'tcp'; expected stream or udp");
  EXPECT_EQ(wrong("accept 5"), "accept: '5' is one word too many");
  EXPECT_EQ(wrong("send"), "send: a text to send is missing");
  EXPECT_EQ(wrong("sleep 5"), "sleep: '5' has no unit; expected ns, us, ms, s, min, h or d");
  EXPECT_EQ(wrong("close@x"), "'x' is not a whole number; expected 0 to 65535");
  EXPECT_EQ(parse_calls("recv")->at(0).number, 1024U);
  EXPECT_EQ(parse_calls(" send@4  a b ")->at(0).text, "a b");
}

}  // namespace
}  // namespace catenet::app
