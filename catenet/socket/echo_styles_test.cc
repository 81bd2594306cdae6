// SPDX-License-Identifier: Apache-2.0
// The same echo server in each style. A client that knows nothing of the styles must see the same transcript, to the
// nanosecond. docs/sockets.md shows these servers.
#include <gmock/gmock.h>

#include <array>
#include <list>

#include "catenet/socket/async_socket.h"
#include "catenet/socket/fibre.h"
#include "catenet/socket/socket.h"
#include "catenet/socket/socket_test_net.h"

namespace catenet::socket {
namespace {

using namespace catenet::literals;

// ---- non-blocking, with watchers ----------------------------------------------------------------------------------

class EchoByReadiness {
 public:
  explicit EchoByReadiness(SocketLayer& host) : host_(host), listener_(host.socket(SocketType::stream).value()) {
    (void)host_.bind(listener_, at("0.0.0.0:7"));
    (void)host_.listen(listener_);
    (void)host_.watch(listener_, SocketTable::Watcher::to<&EchoByReadiness::on_ready>(*this));
  }
  void on_ready(int fd, unsigned) {
    if (fd == listener_) {
      while (const auto connection = host_.accept(listener_)) {
        (void)host_.watch(*connection, SocketTable::Watcher::to<&EchoByReadiness::on_ready>(*this));
      }
      return;
    }
    std::array<std::byte, 512> buffer;
    while (const auto n = host_.recv(fd, buffer)) {
      if (*n == 0 || !host_.send(fd, std::span(buffer).first(*n))) {
        (void)host_.close(fd);
        return;
      }
    }
  }

 private:
  SocketLayer& host_;
  int listener_;
};

// ---- coroutines -----------------------------------------------------------------------------------------------------

Task<> echo_connection(AsyncSocket socket) {
  std::array<std::byte, 512> buffer;
  for (;;) {
    const auto n = co_await socket.recv(buffer);
    if (!n || *n == 0 || !co_await socket.send_all(std::span(buffer).first(*n))) {
      co_return;
    }
  }
}
Task<> echo_by_coroutines(SocketLayer& host) {
  auto listener = AsyncSocket::listener(host, at("0.0.0.0:7"));
  while (const auto fd = co_await listener->accept()) {
    spawn(host, echo_connection(AsyncSocket(host, *fd)));
  }
}

// ---- blocking calls on fibres ---------------------------------------------------------------------------------------

void echo_by_fibres(SocketLayer& host) {
  const int listener = host.socket(SocketType::stream).value();
  (void)host.bind(listener, at("0.0.0.0:7"));
  (void)host.listen(listener);
  while (const auto fd = blocking::accept(host, listener)) {
    spawn_fibre(host, [&host, fd = *fd] {
      std::array<std::byte, 512> buffer;
      for (;;) {
        const auto n = blocking::recv(host, fd, buffer);
        if (!n || *n == 0 || !blocking::send(host, fd, std::span(buffer).first(*n))) {
          break;
        }
      }
      (void)host.close(fd);
    });
  }
}

// ---- Socket and ServerSocket ----------------------------------------------------------------------------------------

void echo_by_streams(SocketLayer& host) {
  ServerSocket server(host, 7);
  while (auto socket = server.accept()) {
    spawn_fibre(host, [connection = std::move(*socket)]() mutable {
      std::array<std::byte, 512> buffer;
      for (;;) {
        const auto n = connection.input().read(buffer);
        if (!n || *n == 0 || !connection.output().write(std::span(buffer).first(*n))) {
          return;
        }
      }
    });
  }
}

// ---- the judge ------------------------------------------------------------------------------------------------------

struct Talk {
  SocketLayer& host;
  std::vector<std::string> lines;
  int fd = -1;
  void say(std::string_view what, std::string_view value) {
    lines.push_back(std::to_string(host.now().ns()) + " " + std::string(what) + " " + std::string(value));
  }
  void start() {
    fd = host.socket(SocketType::stream).value();
    (void)host.connect(fd, at("10.0.0.2:7"));
    (void)host.watch(fd, SocketTable::Watcher::to<&Talk::on_ready>(*this));
  }
  void on_ready(int, unsigned mask) {
    if ((mask & ready::kRead) == 0) {
      return;
    }
    std::array<std::byte, 100> buffer;
    while (const auto n = host.recv(fd, buffer)) {
      say("got", *n == 0 ? "the end" : as_text(std::span(buffer).first(*n)));
      if (*n == 0) {
        (void)host.watch(fd, {});
        return;
      }
    }
  }
};

std::vector<std::string> talk_to(auto&& start_server) {
  TwoHosts net;
  auto server = start_server(net.b.sockets);
  net.run(1_ms);
  std::list<Talk> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back({net.a.sockets, {}});
    clients.back().start();
  }
  net.run();
  for (const char* text : {"one", "two", "three"}) {
    for (Talk& talk : clients) {
      (void)net.a.sockets.send(talk.fd, as_bytes(text));
    }
    net.run();
  }
  std::vector<std::string> all;
  for (Talk& talk : clients) {
    (void)net.a.sockets.shutdown(talk.fd, ShutdownHow::send);
    net.run();
    (void)net.a.sockets.close(talk.fd);
    all.insert(all.end(), talk.lines.begin(), talk.lines.end());
  }
  net.run();
  EXPECT_EQ(net.b.sockets.table().open_descriptors(), 1U) << "only the listener is left";
  EXPECT_EQ(net.pool.stats().unaccounted, 0U);
  return all;
}

TEST(EchoStyles, AllGiveTheSameTranscript) {
  const auto readiness = talk_to([](SocketLayer& host) { return std::make_unique<EchoByReadiness>(host); });
  ASSERT_EQ(readiness.size(), 12U);
  EXPECT_THAT(readiness[0], testing::EndsWith("got one"));
  EXPECT_THAT(readiness[3], testing::EndsWith("got the end"));
  const auto tasks = talk_to([](SocketLayer& host) { return spawn(host, echo_by_coroutines(host)); });
  EXPECT_EQ(tasks, readiness);
  const auto fibres = talk_to([](SocketLayer& host) { return spawn_fibre(host, [&host] { echo_by_fibres(host); }); });
  EXPECT_EQ(fibres, readiness);
  const auto streams = talk_to([](SocketLayer& host) { return spawn_fibre(host, [&host] { echo_by_streams(host); }); });
  EXPECT_EQ(streams, readiness);
}

}  // namespace
}  // namespace catenet::socket
