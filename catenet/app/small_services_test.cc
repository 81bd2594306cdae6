// SPDX-License-Identifier: Apache-2.0
// Also of stream_service.cc, coroutine_program.cc, echo.cc and programs.cc.
#include "catenet/app/small_services.h"

#include <gmock/gmock.h>

#include "catenet/app/app_test_bench.h"
#include "catenet/app/coroutine_program.h"

namespace catenet::app {
namespace {
using namespace literals;
using ::testing::HasSubstr;

class SmallServices : public AppTest {};

// RFC 864: the first lines of its example.
TEST(Chargen, Pattern) {
  const auto line = [](std::uint64_t n) {
    const ChargenLine text = chargen_line(n);
    return std::string(text.begin(), text.end());
  };
  EXPECT_EQ(line(0), " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefg\r\n");
  EXPECT_EQ(line(1), "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefgh\r\n");
  EXPECT_EQ(line(94), "~ !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdef\r\n");
  EXPECT_EQ(line(95), line(0));
}

TEST_F(SmallServices, EchoOverTcpWithMoreThanTheBuffersHold) {
  Running server(bob(), "echo-server");
  net.run_for(1_s);
  EXPECT_EQ(server.readies, 1);
  Running echo(alice(), "echo bob size=1MB count=2 timeout=60s");
  net.run_for(60_s);
  EXPECT_EQ(echo.exit_code(), 0) << echo.out;
  EXPECT_EQ(echo.fact("bytes"), 2'000'000);
  EXPECT_EQ(server.fact("bytes"), 2'000'000);
  EXPECT_EQ(echo.fact("received"), 2);
  EXPECT_THAT(echo.out, HasSubstr("echo: 2 of 2 came back, 2000000 bytes verified"));
}

TEST_F(SmallServices, EchoOverUdp) {
  Running server(bob(), "echo-server port=1007");
  net.run_for(1_s);
  Running echo(alice(), "echo bob port=1007 proto=udp size=100 count=3");
  net.run_for(5_s);
  EXPECT_EQ(echo.exit_code(), 0) << echo.out;
  // 100 + 8 + 20 + 14 + 12 bytes, four times at 10 Mbit/s, and four times 1 ms; the first one waits for ARP too.
  EXPECT_EQ(echo.fact("rtt_min"), 4 * (123'200 + 1'000'000));
  EXPECT_GT(echo.fact("rtt_max"), echo.fact("rtt_min"));
  EXPECT_EQ(server.fact("datagrams"), 3);
}

TEST_F(SmallServices, EchoClientSeesWrongContent) {
  struct Liar {
    static socket::Task<void> lie(socket::SocketLayer& host) {
      auto listener = socket::AsyncSocket::listener(host, {wire::IpAddress::any(wire::Family::kV4), 7});
      const auto fd = co_await listener->accept();
      socket::AsyncSocket connection(host, *fd);
      std::array<std::byte, 64> all;
      (void)co_await connection.recv_exactly(all);
      all[10] ^= std::byte{1};
      (void)co_await connection.send_all(all);
    }
  };
  socket::spawn(bob(), Liar::lie(bob()));
  Running echo(alice(), "echo bob");
  net.run_for(5_s);
  EXPECT_EQ(echo.exit_code(), 1);
  EXPECT_THAT(echo.out, HasSubstr("byte 10 is not what was sent"));
  EXPECT_EQ(echo.fact("rtt_avg"), -1) << "what was not measured is no fact";
}

TEST_F(SmallServices, EchoToNobody) {
  Running tcp(alice(), "echo bob");
  Running udp(alice(), "echo bob proto=udp");
  net.run_for(5_s);
  EXPECT_EQ(tcp.out, "echo: 10.0.2.2:7: Connection refused\n");
  EXPECT_EQ(tcp.exit_code(), 1);
  EXPECT_THAT(udp.out, HasSubstr("datagram 1: Connection refused")) << "by ICMP";
  EXPECT_EQ(udp.exit_code(), 1);
}

TEST_F(SmallServices, DiscardTakesAllAndSaysNothing) {
  Running server(bob(), "discard-server");
  net.run_for(1_s);
  RawClient client(alice(), 9, std::string(100'000, 'x'), true);
  net.run_for(10_s);
  EXPECT_TRUE(client.closed);
  EXPECT_EQ(client.got, "");
  EXPECT_EQ(server.fact("bytes"), 100'000);
  server.program->stop();
  net.run_for(1_s);
  EXPECT_EQ(server.exit_code(), 0);
}

TEST_F(SmallServices, ChargenSendsUntilTheClientLeaves) {
  Running server(bob(), "chargen-server");
  net.run_for(1_s);
  struct Reader {
    static socket::Task<void> read(socket::SocketLayer& host, std::string& got) {
      auto socket = socket::AsyncSocket::stream(host);
      (void)co_await socket->connect({*host.resolve("bob"), 19});
      std::vector<std::byte> piece(74 * 200);
      const auto n = co_await socket->recv_exactly(piece);
      got = socket::as_text(std::span(piece).first(n.value_or(0)));
    }
  };
  std::string got;
  socket::spawn(alice(), Reader::read(alice(), got));
  net.run_for(5_s);
  ASSERT_EQ(got.size(), 74U * 200);
  for (std::size_t line = 0; line < 200; ++line) {
    const ChargenLine expected = chargen_line(line);
    EXPECT_EQ(got.substr(line * 74, 74), std::string(expected.begin(), expected.end()));
  }
  EXPECT_EQ(server.exit_code(), -1) << "the service goes on";
}

TEST_F(SmallServices, ChargenAnswersADatagramButNoOtherService) {
  Running server(bob(), "chargen-server");
  net.run_for(1_s);
  struct Asker {
    static socket::Task<void> ask(socket::SocketLayer& host, std::uint16_t port, std::optional<std::size_t>& got) {
      auto socket = socket::AsyncSocket::bound(host, {wire::IpAddress::any(wire::Family::kV4), port});
      std::vector<std::byte> buffer(1000);
      const wire::Endpoint server{*host.resolve("bob"), 19};
      (void)co_await socket->send_to(std::span(buffer).first(1), server);
      const auto answer = co_await socket->recv_from(buffer);
      if (answer) {
        got = answer->size;
      }
    }
  };
  std::optional<std::size_t> answer;
  std::optional<std::size_t> looped;
  socket::spawn(alice(), Asker::ask(alice(), 5000, answer));
  socket::spawn(alice(), Asker::ask(alice(), 7, looped));
  net.run_for(5_s);
  ASSERT_TRUE(answer);
  EXPECT_LE(*answer, 512U);
  EXPECT_FALSE(looped) << "an echo service would answer that without end";
}

TEST_F(SmallServices, TheTable) {
  std::string last;
  for (const ProgramKind& kind : program_kinds()) {
    EXPECT_LT(last, kind.name);
    last = kind.name;
    EXPECT_EQ(find_program(kind.name), &kind);
    EXPECT_TRUE(kind.usage.starts_with(kind.name));
    EXPECT_FALSE(kind.purpose.empty());
    EXPECT_TRUE(std::is_sorted(kind.facts.begin(), kind.facts.end())) << kind.name;
    // Every program refuses an argument that it does not know, and says 2 if it is made nevertheless.
    const std::vector<std::string> wrong = {std::string(kind.name), "no_such_argument=1"};
    EXPECT_NE(kind.check(wrong), std::nullopt) << kind.name;
  }
  EXPECT_EQ(find_program("pong"), nullptr);
  const std::vector<std::string> wrong = {"ping"};
  struct Bad final : Output {
    void write(std::string_view text) override { out += text; }
    std::string out;
  } out;
  const auto program = find_program("ping")->make(wrong, {alice(), out, "ping"});
  program->start();
  net.run_for(1_s);
  EXPECT_EQ(program->exit_code(), 2);
  EXPECT_THAT(out.out, HasSubstr("HOST is missing\nusage: ping HOST"));
}

TEST_F(SmallServices, AProgramMayDieAtAnyTime) {
  auto server = std::make_unique<Running>(bob(), "echo-server");
  net.run_for(1_s);
  auto echo = std::make_unique<Running>(alice(), "echo bob size=1MB");
  net.run_for(200_ms);
  echo.reset();
  server.reset();
  net.run_for(60_s);
  Running never_ran(alice(), "echo bob");
}

// Whoever owns a program may drop it in on_end.
TEST_F(SmallServices, DestroyedInItsOwnEnd) {
  struct Owner {
    void on_end() { program.reset(); }
    std::unique_ptr<Program> program;
  } owner;
  struct Null final : Output {
    void write(std::string_view) override {}
  } out;
  const std::vector<std::string> words = {"echo", "bob"};
  owner.program = find_program("echo")->make(words, {alice(), out, "echo"});
  owner.program->set_on_end(Delegate<void()>::to<&Owner::on_end>(owner));
  owner.program->start();
  net.run_for(1_s);
  EXPECT_EQ(owner.program, nullptr);
}

}  // namespace
}  // namespace catenet::app
