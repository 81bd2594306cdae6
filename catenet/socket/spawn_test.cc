// SPDX-License-Identifier: Apache-2.0
// Tasks: results, time limits, joining, stopping, the end of the host. Covers task.h, operation.h, job.cc, spawn.h and
// async_socket.h.
#include "catenet/socket/spawn.h"

#include <gmock/gmock.h>

#include <array>

#include "catenet/socket/async_socket.h"
#include "catenet/socket/socket_test_net.h"

namespace catenet::socket {
namespace {

using namespace catenet::literals;
using testing::ElementsAre;

class SpawnTest : public testing::Test {
 protected:
  std::unique_ptr<TwoHosts> net = std::make_unique<TwoHosts>();
  SocketLayer& a = net->a.sockets;
  SocketLayer& b = net->b.sockets;
};

Task<int> add(SocketLayer& host, int x, int y) {
  co_await sleep_for(host, 1_ms);
  co_return x + y;
}
Task<int> sum(SocketLayer& host, int n) {
  int total = 0;
  for (int i = 0; i < n; ++i) {
    total = co_await add(host, total, i);
  }
  co_return total;
}
template <typename T>
Task<> store(JoinHandle<T> handle, Result<T>& into) {
  into = co_await handle.join();
}

TEST_F(SpawnTest, ATaskAwaitsOthersInVirtualTime) {
  Result<int> result = fail(EAGAIN);
  spawn(a, store(spawn(a, sum(a, 5)), result));
  net->run(4_ms);
  EXPECT_FALSE(result);
  net->run(2_ms);
  EXPECT_EQ(result.value(), 10);
  EXPECT_EQ(a.running_tasks(), 0U);
}

Task<> note(std::vector<int>& order, int what) {
  order.push_back(what);
  co_return;
}

TEST_F(SpawnTest, ATaskStartsAfterThePresentEventInOrder) {
  std::vector<int> order;
  spawn(a, note(order, 1));
  spawn(a, note(order, 2));
  EXPECT_TRUE(order.empty());
  net->scheduler.run_posted();
  EXPECT_THAT(order, ElementsAre(1, 2));
}

// Says when it is destroyed.
struct Sentinel {
  bool* gone;
  ~Sentinel() { *gone = true; }
};
Task<> wait_for_ever(SocketLayer& host, bool& gone) {
  const Sentinel guard{&gone};
  auto socket = AsyncSocket::bound(host, at("0.0.0.0:9"));
  std::array<std::byte, 10> buffer;
  (void)co_await socket->recv(buffer);
}

TEST_F(SpawnTest, CancelDestroysATaskWhereItWaits) {
  bool gone = false;
  auto handle = spawn(a, wait_for_ever(a, gone));
  Result<void> joined = fail(EAGAIN);
  spawn(a, store(handle, joined));
  net->run();
  EXPECT_TRUE(handle.is_running());
  EXPECT_EQ(a.table().open_descriptors(), 1U);
  handle.cancel();
  handle.cancel();
  EXPECT_FALSE(gone) << "posted";
  net->run();
  EXPECT_TRUE(gone);
  EXPECT_FALSE(handle.is_running());
  EXPECT_EQ(code_of(joined), ECANCELED);
  EXPECT_EQ(a.table().open_descriptors(), 0U);
  handle.cancel();
  net->run();
}

TEST_F(SpawnTest, TheEndOfTheHostDestroysItsTasks) {
  bool waiting_gone = false;
  auto handle = spawn(a, wait_for_ever(a, waiting_gone));
  net->run();
  bool unstarted_gone = false;
  spawn(a, wait_for_ever(a, unstarted_gone));
  net.reset();
  EXPECT_TRUE(waiting_gone);
  EXPECT_FALSE(unstarted_gone) << "its body never began";
  EXPECT_FALSE(handle.is_running());
}

TEST_F(SpawnTest, TasksAreLimited) {
  SocketLayer::Limits limits;
  limits.tasks = 1;
  TwoHosts few(limits);
  bool gone = false;
  spawn(few.a.sockets, wait_for_ever(few.a.sockets, gone));
  auto refused = spawn(few.a.sockets, add(few.a.sockets, 1, 2)).join();
  ASSERT_TRUE(refused.await_ready());
  EXPECT_EQ(code_of(refused.await_resume()), EAGAIN);
}

Task<> time_limits(SocketLayer& host, std::vector<std::string>& said) {
  const auto say = [&](std::string_view what, int code) {
    said.push_back(std::to_string(host.now().ns() / 1'000'000) + " " + std::string(what) + " " + errno_name(code));
  };
  auto socket = AsyncSocket::bound(host, at("0.0.0.0:9"));
  std::array<std::byte, 10> buffer;
  say("recv", code_of(co_await socket->recv(buffer).within(5_ms)));
  say("recv_from", code_of(co_await socket->recv_from(buffer).within(5_ms)));
  auto stream = AsyncSocket::stream(host);
  say("connect", code_of(co_await stream->connect(at("10.0.0.2:80")).within(1_ms)));
  auto nested = co_await with_timeout(host, 3_ms, sum(host, 10));
  say("task", code_of(nested));
  auto quick = co_await with_timeout(host, 30_ms, add(host, 1, 1));
  said.push_back("quick " + std::to_string(quick.value()));
}

TEST_F(SpawnTest, EveryWaitMayHaveALimit) {
  std::vector<std::string> said;
  spawn(a, time_limits(a, said));
  net->run();
  EXPECT_THAT(said, ElementsAre("5 recv ETIMEDOUT", "10 recv_from ETIMEDOUT", "11 connect ETIMEDOUT",
                                "14 task ETIMEDOUT", "quick 2"));
  EXPECT_EQ(a.running_tasks(), 0U) << "the task that was too slow is gone";
}

Task<> close_later(SocketLayer& host, int fd) {
  co_await sleep_for(host, 2_ms);
  (void)host.close(fd);
}
Task<> read_until_closed(AsyncSocket& socket, int& code) {
  std::array<std::byte, 10> buffer;
  code = code_of(co_await socket.recv(buffer));
}

TEST_F(SpawnTest, CloseWakesAReaderWithEbadf) {
  auto socket = AsyncSocket::bound(a, at("0.0.0.0:9"));
  int code = 0;
  spawn(a, read_until_closed(*socket, code));
  spawn(a, close_later(a, socket->fd()));
  net->run();
  EXPECT_EQ(code, EBADF);
}

Task<> serve_big(SocketLayer& host, std::string& got) {
  auto listener = AsyncSocket::listener(host, at("0.0.0.0:80"));
  const auto fd = co_await listener->accept();
  AsyncSocket socket(host, *fd);
  std::array<std::byte, 5> head;
  const auto n = co_await socket.recv_exactly(head);
  got = as_text(std::span(head).first(*n));
  std::array<std::byte, 4096> buffer;
  for (;;) {
    const auto more = co_await socket.recv(buffer);
    if (!more || *more == 0) {
      break;
    }
    got += as_text(std::span(buffer).first(*more));
  }
}
Task<> send_big(SocketLayer& host, std::string text, Result<std::size_t>& sent) {
  auto socket = AsyncSocket::stream(host);
  (void)socket->set_option(option::SendBuffer{20'000});
  if (const auto done = co_await socket->connect(at("10.0.0.2:80")); !done) {
    sent = std::unexpected(done.error());
    co_return;
  }
  sent = co_await socket->send_all(text);
}

TEST_F(SpawnTest, SendAllGoesOnWhenThereIsRoom) {
  std::string text;
  for (int i = 0; text.size() < 300'000; ++i) {
    text += std::to_string(i) + ' ';
  }
  std::string got;
  Result<std::size_t> sent = fail(EAGAIN);
  spawn(b, serve_big(b, got));
  spawn(a, send_big(a, text, sent));
  net->run(2_s);
  EXPECT_EQ(sent.value(), text.size());
  EXPECT_EQ(got, text);
}

Task<> refused(SocketLayer& host, int& code) {
  auto socket = AsyncSocket::stream(host);
  code = code_of(co_await socket->connect(at("10.0.0.2:81")));
}

TEST_F(SpawnTest, AConnectThatFailsSaysWhy) {
  int code = 0;
  spawn(a, refused(a, code));
  net->run();
  EXPECT_EQ(code, ECONNREFUSED);
}

TEST_F(SpawnTest, AReadyDescriptorThatStillWouldBlockIsAnError) {
  transport::Udp::Limits limits;
  limits.ephemeral_first = limits.ephemeral_last = 50'000;
  net->a.udp.set_limits(limits);
  auto taken = AsyncSocket::bound(a, at("0.0.0.0:50000"));
  auto socket = AsyncSocket::datagram(a);
  auto send = socket->send_to(as_bytes("x"), at("10.0.0.2:9"));
  EXPECT_TRUE(send.await_ready()) << "UDP is always writable, waiting would not help";
  EXPECT_EQ(code_of(send.await_resume()), EAGAIN);
}

Task<> probe(SocketLayer& host, Result<ErrorRecord>& error) {
  auto socket = AsyncSocket::datagram(host);
  (void)socket->set_option(option::ReceiveErrors{true});
  (void)socket->set_option(option::TimeToLive{1});
  (void)co_await socket->send_to(as_bytes("probe"), at("10.0.0.2:33434"));
  error = co_await socket->recv_error().within(1_s);
}

TEST_F(SpawnTest, ATraceIsAFewLines) {
  Result<ErrorRecord> error = fail(EAGAIN);
  spawn(a, probe(a, error));
  net->run();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->reporter, net->cloud.router);
}

// The first bytes come in the same event as the last segment of the handshake: only accept waits.
TEST_F(SpawnTest, StepsShowWaitingAndTheResult) {
  Transcript t;
  t.follow(b);
  std::string got;
  spawn(b, serve_big(b, got));
  net->run();
  Result<std::size_t> sent = fail(EAGAIN);
  spawn(a, send_big(a, "hello", sent));
  net->run();
  EXPECT_THAT(t.lines,
              ElementsAre("socket(stream) = 3", "bind(3, 0.0.0.0:80) = 0", "listen(3, 128) = 0", "accept(3) waits",
                          "accept(3) = 4", "recv(4, 5) = 5", "recv(4, 4096) = 0", "close(4) = 0", "close(3) = 0"));
}

Task<> collect(AsyncSocket socket, std::vector<int>& answers) {
  std::array<std::array<std::byte, 8>, 3> rooms;
  std::array<Incoming, 3> incoming;
  for (std::size_t i = 0; i < rooms.size(); ++i) {
    incoming[i].room = rooms[i];
  }
  for (;;) {
    const auto got = co_await socket.recv_batch(incoming).within(20_ms);
    answers.push_back(got ? static_cast<int>(*got) : -got.error().code);
    if (!got) {
      co_return;
    }
  }
}

TEST_F(SpawnTest, ABatchIsAwaited) {
  std::vector<int> answers;
  auto server = AsyncSocket::bound(b, at("0.0.0.0:9"));
  spawn(b, collect(std::move(*server), answers));
  net->run(5_ms);
  EXPECT_TRUE(answers.empty());
  auto client = AsyncSocket::datagram(a);
  const std::vector<Outgoing> messages(5, {.payload = as_bytes("x"), .to = at("10.0.0.2:9")});
  EXPECT_EQ(client->send_batch(messages).value(), 5U);
  net->run(50_ms);
  EXPECT_THAT(answers, ElementsAre(3, 2, -ETIMEDOUT));
}

}  // namespace
}  // namespace catenet::socket
