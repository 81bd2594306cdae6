// SPDX-License-Identifier: Apache-2.0
// For tests of programs: alice and bob with a router between them, programs started by their command line as a lab
// starts them, and a hand-written peer for servers and clients.
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "catenet/app/program.h"
#include "catenet/socket/async_socket.h"
#include "catenet/testing/routed_hosts.h"

namespace catenet::app {

inline std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find(' '), line.size());
    if (end > 0) {
      words.emplace_back(line.substr(0, end));
    }
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return words;
}

/// A program that runs, with what it printed and told.
class Running final : public Output {
 public:
  Running(socket::SocketLayer& host, std::string_view line) {
    const auto words = words_of(line);
    const ProgramKind* kind = find_program(words.at(0));
    EXPECT_NE(kind, nullptr) << line;
    EXPECT_EQ(kind->check(words), std::nullopt) << line;
    start(kind->make(words, {host, *this, words[0]}));
  }
  void start(std::unique_ptr<Program> made) {
    program = std::move(made);
    program->set_on_ready(Delegate<void()>::to<&Running::on_ready>(*this));
    program->set_on_end(Delegate<void()>::to<&Running::on_end>(*this));
    program->start();
  }
  void write(std::string_view text) override { out += text; }

  [[nodiscard]] const Fact* find(std::string_view name) const {
    for (const Fact& fact : program->facts()) {
      if (fact.name == name) {
        return &fact;
      }
    }
    return nullptr;
  }
  /// -1: there is no such fact.
  [[nodiscard]] std::int64_t fact(std::string_view name) const {
    const Fact* found = find(name);
    return found == nullptr ? -1 : found->value;
  }
  [[nodiscard]] int exit_code() const { return program->exit_code().value_or(-1); }

  std::unique_ptr<Program> program;
  std::string out;
  int readies = 0;
  int ends = 0;

 private:
  void on_ready() { ++readies; }
  void on_end() { ++ends; }
};

/// Connects, sends `text`, ends its half if asked to, and collects what comes until the end of the stream.
struct RawClient {
  RawClient(socket::SocketLayer& host, std::uint16_t port, std::string text, bool half_close = false) {
    socket::spawn(host, talk(host, port, std::move(text), half_close, *this));
  }
  static socket::Task<void> talk(socket::SocketLayer& host, std::uint16_t port, std::string text, bool half_close,
                                 RawClient& self) {
    auto socket = socket::AsyncSocket::stream(host);
    const wire::Endpoint server{*host.resolve("bob"), port};
    const auto connected = co_await socket->connect(server);
    EXPECT_TRUE(connected.has_value());
    const auto sent = co_await socket->send_all(text);
    EXPECT_TRUE(sent.has_value());
    if (half_close) {
      (void)socket->shutdown(socket::ShutdownHow::send);
    }
    std::vector<std::byte> piece(4096);
    while (true) {
      const auto got = co_await socket->recv(piece);
      if (!got || *got == 0) {
        self.closed = true;
        self.reset = !got;
        co_return;
      }
      self.got += socket::as_text(std::span(piece).first(*got));
    }
  }
  std::string got;
  bool closed = false;
  bool reset = false;
};

/// Accepts one connection, waits for an empty line, sends `text` and closes.
inline socket::Task<void> raw_server(socket::SocketLayer& host, std::uint16_t port, std::string text,
                                     std::string& request) {
  auto listener = socket::AsyncSocket::listener(host, {wire::IpAddress::any(wire::Family::kV4), port});
  const auto fd = co_await listener->accept();
  EXPECT_TRUE(fd.has_value());
  socket::AsyncSocket connection(host, *fd);
  std::vector<std::byte> piece(4096);
  while (!request.ends_with("\r\n\r\n")) {
    const auto got = co_await connection.recv(piece);
    if (!got || *got == 0) {
      co_return;
    }
    request += socket::as_text(std::span(piece).first(*got));
  }
  const auto sent = co_await connection.send_all(text);
  EXPECT_TRUE(sent.has_value());
}

class AppTest : public ::testing::Test {
 protected:
  socket::SocketLayer& alice() { return net.alice.sockets(); }
  socket::SocketLayer& bob() { return net.bob.sockets(); }
  testing::RoutedHosts net;
};

}  // namespace catenet::app
