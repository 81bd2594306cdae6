// SPDX-License-Identifier: Apache-2.0
// Fibres: blocking calls, stacks, stopping, the end of the host. Covers fibre.cc.
#include "catenet/socket/fibre.h"

#include <gmock/gmock.h>

#include <array>

#include "catenet/socket/socket_test_net.h"

namespace catenet::socket {
namespace {

using namespace catenet::literals;
using testing::ElementsAre;

class FibreTest : public testing::Test {
 protected:
  std::unique_ptr<TwoHosts> net = std::make_unique<TwoHosts>();
  SocketLayer& a = net->a.sockets;
  SocketLayer& b = net->b.sockets;
};

struct Guard {
  bool* gone;
  ~Guard() { *gone = true; }
};

TEST_F(FibreTest, SleepsInVirtualTimeSideBySide) {
  std::vector<std::string> said;
  for (const int n : {3, 1, 2}) {
    spawn_fibre(a, [&, n] {
      for (int i = 0; i < 2; ++i) {
        EXPECT_TRUE(blocking::sleep(a, Duration::milliseconds(n)));
        said.push_back(std::to_string(a.now().ns() / 1'000'000) + ":" + std::to_string(n));
      }
    });
  }
  EXPECT_TRUE(said.empty());
  net->run();
  EXPECT_THAT(said, ElementsAre("1:1", "2:2", "2:1", "3:3", "4:2", "6:3"));
  EXPECT_EQ(a.fibres().running(), 0U);
}

TEST_F(FibreTest, StacksAreUsedAgain) {
  for (int round = 0; round < 3; ++round) {
    spawn_fibre(a, [&] { (void)blocking::sleep(a, 1_ms); });
    spawn_fibre(a, [&] { (void)blocking::sleep(a, 1_ms); });
    net->run();
    EXPECT_EQ(a.fibres().stacks().free_stacks(), 2U);
  }
}

TEST_F(FibreTest, FibresAreLimited) {
  SocketLayer::Limits limits;
  limits.fibres = 1;
  TwoHosts few(limits);
  spawn_fibre(few.a.sockets, [] {});
  auto refused = spawn_fibre(few.a.sockets, [] { FAIL(); }).join();
  ASSERT_TRUE(refused.await_ready());
  EXPECT_EQ(code_of(refused.await_resume()), EAGAIN);
  few.run();
}

TEST_F(FibreTest, ABlockingCallOutsideOfAFibreIsAnError) {
  const int fd = a.socket(SocketType::datagram).value();
  std::array<std::byte, 4> buffer;
  EXPECT_EQ(code_of(blocking::recv(a, fd, buffer)), EDEADLK);
  EXPECT_EQ(code_of(blocking::sleep(a, 1_ms)), EDEADLK);
}

TEST_F(FibreTest, AStoppedFibreIsUnwound) {
  bool gone = false;
  bool after = false;
  auto handle = spawn_fibre(a, [&] {
    const Guard guard{&gone};
    const int fd = a.socket(SocketType::datagram).value();
    std::array<std::byte, 4> buffer;
    (void)a.bind(fd, at("0.0.0.0:9"));
    (void)blocking::recv(a, fd, buffer);
    after = true;
  });
  int joined = -1;
  spawn_fibre(a, [&] { joined = code_of(block_on(a, handle.join())); });
  net->run();
  EXPECT_TRUE(handle.is_running());
  handle.cancel();
  net->run();
  EXPECT_TRUE(gone);
  EXPECT_FALSE(after);
  EXPECT_EQ(joined, ECANCELED);
}

TEST_F(FibreTest, TheEndOfTheHostUnwindsItsFibres) {
  bool gone = false;
  bool never_ran = true;
  spawn_fibre(a, [&] {
    const Guard guard{&gone};
    (void)blocking::sleep(a, 100_s);
  });
  net->run();
  spawn_fibre(a, [&] { never_ran = false; });
  net.reset();
  EXPECT_TRUE(gone);
  EXPECT_TRUE(never_ran);
}

TEST_F(FibreTest, ADestructorThatBlocksDoesNotHangTheUnwinding) {
  struct Polite {
    SocketLayer& host;
    ~Polite() { (void)blocking::sleep(host, 1_s); }
  };
  bool gone = false;
  auto handle = spawn_fibre(a, [&] {
    const Guard guard{&gone};
    const Polite polite{a};
    (void)blocking::sleep(a, 100_s);
  });
  net->run();
  handle.cancel();
  net->run();
  EXPECT_TRUE(gone);
}

int deep(int n) {
  volatile char room[512] = {};
  room[0] = static_cast<char>(n);
  return n == 0 ? 0 : deep(n - 1) + room[0] - static_cast<char>(n) + 1;
}

TEST_F(FibreTest, AStackIsAsLargeAsItSays) {
  int depth = 0;
  spawn_fibre(a, [&] { depth = deep(100); });
  net->run();
  EXPECT_EQ(depth, 100);
}

TEST_F(FibreTest, BlockingCallsWithLimits) {
  std::vector<std::string> said;
  spawn_fibre(a, [&] {
    const auto say = [&](std::string_view what, int code) {
      said.push_back(std::to_string(a.now().ns() / 1'000'000) + " " + std::string(what) + " " + errno_name(code));
    };
    const int fd = a.socket(SocketType::datagram).value();
    std::array<std::byte, 4> buffer;
    say("recv_from", code_of(blocking::recv_from(a, fd, buffer, 5_ms)));
    say("recv_error", code_of(blocking::recv_error(a, fd, 5_ms)));
    const int listener = a.socket(SocketType::stream).value();
    (void)a.bind(listener, at("0.0.0.0:80"));
    (void)a.listen(listener);
    say("accept", code_of(blocking::accept(a, listener, nullptr, 5_ms)));
    const int stream = a.socket(SocketType::stream).value();
    say("connect", code_of(blocking::connect(a, stream, at("10.0.0.2:80"))));
  });
  net->run();
  EXPECT_THAT(said, ElementsAre("5 recv_from ETIMEDOUT", "10 recv_error ETIMEDOUT", "15 accept ETIMEDOUT",
                                "17 connect ECONNREFUSED"));
}

}  // namespace
}  // namespace catenet::socket
