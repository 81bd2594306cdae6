// SPDX-License-Identifier: Apache-2.0
// IPv6 with the Linux kernel at the other end of a TAP device: a host of ours and a namespace, on one cable, in real
// time. Bulk and echo over TCP, datagrams whole and in fragments over UDP, and pings, both ways; and tshark, which must
// find nothing malformed and no wrong checksum in what passed. Labs do not configure IPv6, so the network is made here.
#include "catenet/run/kernel_test_net.h"
#include "catenet/wire/icmpv6.h"

namespace catenet::run {
namespace {
using socket::AsyncSocket;
using socket::Task;

constexpr std::size_t kSixBulk = 3'000'000;

// The far side, in Python: an echo of streams and of datagrams on port 7; told so, a client of ours on port 7.
constexpr const char* kServer = R"(
import socket, threading
def streams():
    s = socket.create_server(("::", 7), family=socket.AF_INET6, dualstack_ipv6=False)
    while True:
        c = s.accept()[0]
        while d := c.recv(65536): c.sendall(d)
        c.close()
threading.Thread(target=streams, daemon=True).start()
u = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
u.bind(("::", 7))
while True:
    d, a = u.recvfrom(65536)
    u.sendto(d, a)
)";
constexpr const char* kClient = R"(
import os, socket, threading
data = os.urandom(3000000)
c = socket.create_connection(("2001:db8::2", 7), timeout=30)
threading.Thread(target=lambda: (c.sendall(data), c.shutdown(socket.SHUT_WR))).start()
got = b""
while d := c.recv(65536): got += d
assert got == data, len(got)
u = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
u.settimeout(10)
u.connect(("2001:db8::2", 7))
for size in (1, 1452, 4000):
    u.send(data[:size])
    assert u.recv(65536) == data[:size], size
d = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
d.settimeout(10)
d.connect(("2001:db8::2", 9))
d.send(b"anybody?")
try:
    d.recv(10)
    assert False
except ConnectionRefusedError:
    pass
)";

struct Finding {
  bool done = false;
  std::string what;
};

Task<void> echo_stream(AsyncSocket socket) {
  std::array<std::byte, 65536> buffer;
  for (;;) {
    const auto n = co_await socket.recv(buffer);
    if (!n || *n == 0 || !co_await socket.send_all(std::span(buffer).first(*n))) {
      co_return;
    }
  }
}

Task<void> echo_streams(socket::SocketLayer& host) {
  auto listener = *AsyncSocket::listener(host, endpoint_at("[::]:7"));
  while (const auto fd = co_await listener.accept()) {
    spawn(host, echo_stream(AsyncSocket(host, *fd)));
  }
}

Task<void> echo_datagrams(socket::SocketLayer& host) {
  auto socket = *AsyncSocket::bound(host, endpoint_at("[::]:7"));
  std::array<std::byte, 65536> buffer;
  while (const auto got = co_await socket.recv_from(buffer)) {
    (void)co_await socket.send_to(std::span(buffer).first(got->size), got->from);
  }
}

/// While the socket's owner receives.
Task<void> send_bulk(socket::SocketLayer& host, int fd) {
  std::vector<std::byte> bytes(kSixBulk);
  for (std::size_t i = 0; i < kSixBulk; ++i) {
    bytes[i] = content(i);
  }
  (void)co_await socket::async_send_all(host, fd, bytes);
  (void)host.shutdown(fd, socket::ShutdownHow::send);
}

/// Bytes there and back, and datagrams of three sizes, and a ping.
Task<void> ask(socket::SocketLayer& host, Finding& finding) {
  auto datagram = *AsyncSocket::datagram(host, wire::Family::kV6);
  std::array<std::byte, 65536> buffer;
  std::vector<std::byte> sent(4000, std::byte{0x5a});
  (void)co_await datagram.connect(endpoint_at("[2001:db8::1]:7"));
  for (const std::size_t size : {std::size_t{1}, std::size_t{1452}, std::size_t{4000}}) {
    (void)co_await datagram.send(std::span(sent).first(size));
    const auto got = co_await datagram.recv(buffer).within(10_s);
    finding.what += " " + (got ? std::to_string(*got) : socket::errno_name(got.error().code));
  }
  auto ping = *AsyncSocket::ping(host, wire::Family::kV6);
  const wire::Icmpv6Header request = wire::Icmpv6Header::echo(0, 7);
  (void)co_await ping.send_to(std::as_bytes(std::span(&request, 1)), endpoint_at("[2001:db8::1]:0"));
  const auto answer = co_await ping.recv(buffer).within(10_s);
  finding.what += answer && *answer == sizeof request ? " ping" : " silence";
  auto stream = *AsyncSocket::stream(host, wire::Family::kV6);
  if (const auto connected = co_await stream.connect(endpoint_at("[2001:db8::1]:7")); !connected) {
    finding.what += " " + socket::errno_name(connected.error().code);
    finding.done = true;
    co_return;
  }
  spawn(host, send_bulk(host, stream.fd()));
  std::size_t n = 0;
  bool same = true;
  for (;;) {
    const auto got = co_await stream.recv(buffer).within(30_s);
    if (!got || *got == 0) {
      break;
    }
    for (std::size_t i = 0; i < *got; ++i) {
      same = same && buffer[i] == content(n++);
    }
  }
  finding.what += same && n == kSixBulk ? " bulk" : " " + std::to_string(n) + " bytes";
  finding.done = true;
}

class Ipv6KernelTest : public testing::TestWithParam<live::Attachment> {
 protected:
  void SetUp() override {
    if (const std::string why = net.set_up(GetParam()); !why.empty()) {
      GTEST_SKIP() << why;
    }
  }
  KernelNet net;
};

TEST_P(Ipv6KernelTest, TalksBothWays) {
  auto server = net.start_python("server.py", kServer);
  ASSERT_TRUE(net.run_until([&] {
    return net.kernel_listens(live::Transport::tcp, 7) && net.kernel_listens(live::Transport::udp, 7);
  })) << net.errors();
  spawn(net.sockets(), echo_streams(net.sockets()));
  spawn(net.sockets(), echo_datagrams(net.sockets()));
  Finding found;
  spawn(net.sockets(), ask(net.sockets(), found));
  EXPECT_TRUE(net.run_until([&] { return found.done; }));
  EXPECT_EQ(found.what, " 1 1452 4000 ping bulk");

  auto client = net.start_python("client.py", kClient);
  EXPECT_TRUE(net.run_until([&] { return client->poll().has_value(); }));
  EXPECT_EQ(client->poll(), (live::ExitStatus{false, 0})) << net.errors();
  EXPECT_GT(net.ours().ipv6().counters().reassembled, 1U);
  EXPECT_GT(net.ours().ipv6().counters().fragmented, 1U);
  EXPECT_EQ(net.captured("_ws.malformed || tcp.checksum.status==0 || udp.checksum.status==0 || "
                         "icmpv6.checksum.status==0"),
            "");
  EXPECT_TRUE(!KernelNet::has_tshark() || !net.captured("ipv6 && tcp && frame.number < 1000").empty());
}

INSTANTIATE_TEST_SUITE_P(Ways, Ipv6KernelTest, testing::Values(live::Attachment::automatic, live::Attachment::tap),
                         [](const auto& way) {
                           return std::string(way.param == live::Attachment::tap ? "plain" : "with_offloads");
                         });

}  // namespace
}  // namespace catenet::run
