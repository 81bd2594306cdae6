// SPDX-License-Identifier: Apache-2.0
// TCP with the Linux kernel at the other end, case by case, over both families, in both roles, with and without loss:
// half-close, urgent data, resets, a window that fills and opens again, bulk, ten thousand short connections. tshark
// finds nothing wrong in what passed, and without loss nobody believes that there was any.
#include "catenet/run/kernel_test_net.h"

namespace catenet::run {
namespace {
using socket::AsyncSocket;
using socket::Task;

constexpr std::uint16_t kReversePort = 7001;  // reads to the end, answers with all of it, the last byte first
constexpr std::uint16_t kResetPort = 7002;    // reads a byte, then resets
constexpr std::uint16_t kSlowPort = 7003;     // does not read for a second; answers with how much it was
constexpr std::uint16_t kLinePort = 7004;     // a byte in, a byte out, close

constexpr const char* kKernelServer = R"(
import socket, struct, sys, threading, time
def reverse(c):
    got = b""
    while d := c.recv(65536): got += d
    c.sendall(got[::-1])
def reset(c):
    c.recv(1)
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
def slow(c):
    time.sleep(1)
    n = 0
    while d := c.recv(65536): n += len(d)
    c.sendall(str(n).encode())
def line(c):
    c.sendall(c.recv(1))
def serve(listener, what):
    while True:
        c = listener.accept()[0]
        def one(c):
            with c: what(c)
        threading.Thread(target=one, args=(c,), daemon=True).start()
for port, what in (7001, reverse), (7002, reset), (7003, slow), (7004, line):
    s = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=512)
    threading.Thread(target=serve, args=(s, what), daemon=True).start()
time.sleep(1000)
)";

constexpr const char* kKernelClient = R"(
import os, socket, sys, threading
host, amount, connections = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
def call(port): return socket.create_connection((host, port), timeout=55)
def read_all(c):
    got = b""
    while d := c.recv(65536): got += d
    return got
data = os.urandom(amount)
c = call(7001)
c.sendall(data)
c.shutdown(socket.SHUT_WR)
assert read_all(c) == data[::-1]
c = call(7001)
c.sendall(b"ab")
c.send(b"!", socket.MSG_OOB)
c.sendall(b"cd")
c.shutdown(socket.SHUT_WR)
assert read_all(c) == b"dc!ba"
c = call(7002)
c.settimeout(1)
try:
    while True:
        c.sendall(b"x")
        try: assert c.recv(1) and False
        except TimeoutError: pass  # nobody sends a reset twice: the next byte brings another
except (ConnectionResetError, BrokenPipeError):
    pass
c = call(7003)
c.sendall(data)
c.shutdown(socket.SHUT_WR)
assert read_all(c) == str(amount).encode()
left = connections
lock = threading.Lock()
failed = []
def lines():
    global left
    while True:
        with lock:
            if left == 0: return
            left -= 1
        try:
            with call(7004) as c:
                c.sendall(b"y")
                assert c.recv(1) == b"y" and c.recv(1) == b""
        except Exception as e:
            failed.append(repr(e))
threads = [threading.Thread(target=lines) for _ in range(8)]
for t in threads: t.start()
for t in threads: t.join()
assert not failed, (len(failed), failed[0])
with open("/proc/net/netstat") as f:
    names, values = [l.split() for l in f if l.startswith("TcpExt")][:2]
count = dict(zip(names[1:], map(int, values[1:])))
print(max(0, count["TCPDSACKRecv"] - count["TCPLossProbes"] - 2 * count["TCPTimeouts"]))
)";

// --- our end ---------------------------------------------------------------------------------------------------------

Task<std::vector<std::byte>> read_all(AsyncSocket& socket) {
  std::vector<std::byte> all;
  std::array<std::byte, 65536> buffer;
  for (;;) {
    const auto n = co_await socket.recv(buffer).within(55_s);
    if (!n || *n == 0) {
      co_return all;
    }
    all.insert(all.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*n));
  }
}

Task<void> serve_one(AsyncSocket socket, std::uint16_t port) {
  std::array<std::byte, 1> byte;
  switch (port) {
    case kReversePort: {
      std::vector<std::byte> all = co_await read_all(socket);
      std::ranges::reverse(all);
      (void)co_await socket.send_all(all);
      break;
    }
    case kResetPort:
      (void)co_await socket.recv(byte);
      (void)socket.set_option(socket::option::Linger{true, {}});
      break;
    case kSlowPort: {
      co_await socket::sleep_for(socket.host(), 1_s);
      const std::string count = std::to_string((co_await read_all(socket)).size());
      (void)co_await socket.send_all(count);
      break;
    }
    default:
      (void)co_await socket.recv(byte);
      (void)co_await socket.send_all(byte);
  }
}

Task<void> serve(socket::SocketLayer& host, std::uint16_t port) {
  auto listener = *AsyncSocket::listener(host, {wire::Ipv6Address(), port}, 512);
  while (const auto fd = co_await listener.accept()) {
    spawn(host, serve_one(AsyncSocket(host, *fd), port));
  }
}

struct Asked {
  explicit Asked(wire::IpAddress kernel) : to(kernel) {}
  wire::IpAddress to;
  std::size_t amount = 0;
  std::uint32_t connections = 0;  // short ones that are left
  std::uint32_t failed = 0;       // of them
  int running = 1;                // coroutines
  std::string what;               // how each case went
};

Task<Result<AsyncSocket>> call(socket::SocketLayer& host, wire::IpAddress to, std::uint16_t port) {
  auto made = AsyncSocket::stream(host, to.family());
  if (made) {
    if (const auto done = co_await made->connect({to, port}).within(55_s); !done) {
      co_return std::unexpected(done.error());
    }
  }
  co_return made;
}

Task<void> ask_for_bytes(socket::SocketLayer& host, Asked& asked, std::uint16_t port) {
  std::vector<std::byte> bytes(asked.amount);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = content(i);
  }
  auto socket = co_await call(host, asked.to, port);
  if (!socket || !co_await socket->send_all(bytes) || !socket->shutdown(socket::ShutdownHow::send)) {
    asked.what += " no bytes";
    co_return;
  }
  const std::vector<std::byte> got = co_await read_all(*socket);
  if (port == kReversePort) {
    std::ranges::reverse(bytes);
    asked.what += got == bytes ? " reversed" : " " + std::to_string(got.size()) + " bytes back";
  } else {
    asked.what += " " + std::string(reinterpret_cast<const char*>(got.data()), got.size());
  }
}

Task<void> ask_for_reset(socket::SocketLayer& host, Asked& asked) {
  auto socket = co_await call(host, asked.to, kResetPort);
  std::array<std::byte, 1> byte{};
  while (socket) {
    if (const auto sent = co_await socket->send_all(byte); !sent) {
      asked.what += " " + socket::errno_name(sent.error().code);
      co_return;
    }
    const auto got = co_await socket->recv(byte).within(1_s);
    if (got || got.error().code != ETIMEDOUT) {  // nobody sends a reset twice: the next byte brings another
      asked.what += " " + (got ? "no error" : socket::errno_name(got.error().code));
      co_return;
    }
  }
  asked.what += " no connection";
}

Task<void> ask_for_lines(socket::SocketLayer& host, Asked& asked) {
  while (asked.connections > 0) {
    --asked.connections;
    std::array<std::byte, 2> bytes{std::byte{'y'}, std::byte{}};
    auto socket = co_await call(host, asked.to, kLinePort);
    const bool good = socket && co_await socket->send_all(std::span(bytes).first(1)) &&
                      (co_await socket->recv(bytes).within(55_s)).value_or(0) == 1 && bytes[0] == std::byte{'y'} &&
                      (co_await socket->recv(bytes).within(55_s)).value_or(1) == 0;
    asked.failed += good ? 0 : 1;
  }
  --asked.running;
}

Task<void> ask(socket::SocketLayer& host, Asked& asked) {
  co_await ask_for_bytes(host, asked, kReversePort);
  co_await ask_for_reset(host, asked);
  co_await ask_for_bytes(host, asked, kSlowPort);
  for (int i = 0; i < 8; ++i) {
    ++asked.running;
    spawn(host, ask_for_lines(host, asked));
  }
  --asked.running;
}

// --- the cases -------------------------------------------------------------------------------------------------------

struct Shape {
  const char* name;
  std::uint32_t loss_percent;
  std::size_t amount;         // bytes of the longer streams
  std::uint32_t connections;  // short ones
};

class TcpKernel : public testing::TestWithParam<Shape> {
 protected:
  void SetUp() override {
    if (const std::string why = net.set_up(live::Attachment::automatic); !why.empty()) {
      GTEST_SKIP() << why;
    }
    net.set_loss(Probability::from_ppb(GetParam().loss_percent * 10'000'000ULL));
  }
  void both_ways(const char* ours, const char* kernels) {
    SCOPED_TRACE(kernels);
    const Shape& shape = GetParam();
    Asked asked(*wire::IpAddress::parse(kernels));
    asked.amount = shape.amount;
    asked.connections = shape.connections;
    spawn(net.sockets(), ask(net.sockets(), asked));
    EXPECT_TRUE(net.run_until([&] { return asked.running == 0; }));
    EXPECT_EQ(asked.what, " reversed ECONNRESET " + std::to_string(shape.amount));
    EXPECT_EQ(asked.failed + asked.connections, 0U);
    auto client = net.start_python(
        "client.py", kKernelClient,
        std::string(ours) + " " + std::to_string(shape.amount) + " " + std::to_string(shape.connections));
    EXPECT_TRUE(net.run_until([&] { return client->poll().has_value(); }));
    EXPECT_EQ(client->poll(), (live::ExitStatus{false, 0})) << net.errors();
    if (shape.loss_percent == 0) {
      // What came twice were probes of the tail, or the machine stood still. (Frames may be lost all the same: the
      // kernel takes a thousand at a time from a device.)
      EXPECT_EQ(net.output(), "0\n") << "the kernel sent again what had arrived";
      const transport::TcpStatistics& sent = net.ours().tcp().totals();
      EXPECT_LE(sent.dsack_recv, sent.loss_probes + 2 * sent.timeouts) << "we sent again what had arrived";
    }
  }
  KernelNet net;
};

TEST_P(TcpKernel, EveryCaseInBothRolesOverBothFamilies) {
  auto server = net.start_python("server.py", kKernelServer);
  for (const std::uint16_t port : {kReversePort, kResetPort, kSlowPort, kLinePort}) {
    spawn(net.sockets(), serve(net.sockets(), port));
    ASSERT_TRUE(net.run_until([&] { return net.kernel_listens(live::Transport::tcp, port); })) << net.errors();
  }
  both_ways("10.9.0.2", "10.9.0.1");
  both_ways("2001:db8::2", "2001:db8::1");
  // Whatever a port makes tshark think of the data is not ours.
  EXPECT_EQ(net.captured("(_ws.malformed && !tcp.payload) || tcp.checksum.status==0"), "");
}

INSTANTIATE_TEST_SUITE_P(Losses, TcpKernel,
                         testing::Values(Shape{"none", 0, 4'000'000, 5000}, Shape{"one_percent", 1, 300'000, 100},
                                         Shape{"five_percent", 5, 60'000, 20}, Shape{"twenty_percent", 20, 8'000, 4}),
                         [](const auto& shape) { return std::string(shape.param.name); });

}  // namespace
}  // namespace catenet::run
