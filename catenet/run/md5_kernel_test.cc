// SPDX-License-Identifier: Apache-2.0
// TCP's MD5 signatures (RFC 2385) with the Linux kernel at the other end of a TAP device, over IPv4 and IPv6: data both
// ways with the right key, and silence with a wrong one, without one, and with one that nobody wants. Each end counts
// what it drops under the same names.
#include "catenet/crypto/segment_digest.h"
#include "catenet/run/kernel_test_net.h"

namespace catenet::run {
namespace {
using socket::AsyncSocket;
using socket::Task;
using wire::Endpoint;

constexpr std::size_t kSignedBulk = 1'000'000;

// What both Python programs begin with; OURS and LINUX are addresses.
constexpr const char* kSigning = R"(
import os, socket, struct, threading
family = socket.AF_INET6 if ":" in OURS else socket.AF_INET
def sign(s, key):  # struct tcp_md5sig
    if family == socket.AF_INET6:
        a = struct.pack("=HHI16sI", family, 0, 0, socket.inet_pton(family, OURS), 0)
    else:
        a = struct.pack("=HH4s", family, 0, socket.inet_pton(family, OURS))
    s.setsockopt(socket.IPPROTO_TCP, 14, a.ljust(128, b"\0") + struct.pack("=BBHI", 0, 0, len(key), 0) + key.ljust(80, b"\0"))
)";
constexpr const char* kSignedServer = R"(
def serve(port, key):
    s = socket.socket(family, socket.SOCK_STREAM)
    if key: sign(s, key)
    s.bind((LINUX, port))
    s.listen()
    while True:
        c = s.accept()[0]
        while d := c.recv(65536): c.sendall(d)
        c.close()
for port, key in (8, b"herring"), (9, None):
    threading.Thread(target=serve, args=(port, key), daemon=True).start()
serve(7, b"swordfish")
)";
constexpr const char* kSignedClient = R"(
def ask(key, timeout):
    c = socket.socket(family, socket.SOCK_STREAM)
    c.settimeout(timeout)
    if key: sign(c, key)
    c.connect((OURS, 7))
    data = os.urandom(1000000)
    threading.Thread(target=lambda: (c.sendall(data), c.shutdown(socket.SHUT_WR))).start()
    got = b""
    while d := c.recv(65536): got += d
    assert got == data, len(got)
ask(b"swordfish", 30)
for key in b"herring", None:
    try:
        ask(key, 0.5)
        assert False, key
    except TimeoutError:
        pass
lines = [l.split() for l in open("/proc/net/netstat") if l.startswith("TcpExt:")]
counts = dict(zip(lines[0], lines[1]))
for name in "TCPMD5Failure", "TCPMD5NotFound", "TCPMD5Unexpected":
    assert int(counts[name]) > 0, name
)";

struct SignedFinding {
  bool done = false;
  std::string what;
};

Task<void> echo_signed(AsyncSocket socket) {
  std::array<std::byte, 65536> buffer;
  for (;;) {
    const auto n = co_await socket.recv(buffer);
    if (!n || *n == 0 || !co_await socket.send_all(std::span(buffer).first(*n))) {
      co_return;
    }
  }
}

Result<void> sign_for(socket::SocketLayer& host, int fd, const wire::IpAddress& peer, std::string_view key) {
  return host.set_option(
      fd, socket::option::Md5Key{wire::IpPrefix::host(peer), transport::TcpSecret(std::as_bytes(std::span(key)))});
}

Task<void> serve_signed(socket::SocketLayer& host, Endpoint at, wire::IpAddress peer) {
  auto listener = *AsyncSocket::listener(host, at);
  EXPECT_TRUE(sign_for(host, listener.fd(), peer, "swordfish"));
  while (const auto fd = co_await listener.accept()) {
    spawn(host, echo_signed(AsyncSocket(host, *fd)));
  }
}

Task<void> send_signed_bulk(socket::SocketLayer& host, int fd) {
  std::vector<std::byte> bytes(kSignedBulk);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = content(i);
  }
  (void)co_await socket::async_send_all(host, fd, bytes);
  (void)host.shutdown(fd, socket::ShutdownHow::send);
}

/// Ports 7, 8 and 9 with the key, and 7 without.
Task<void> ask_signed(socket::SocketLayer& host, wire::IpAddress peer, SignedFinding& finding) {
  std::array<std::byte, 65536> buffer;
  for (const std::uint16_t port : {std::uint16_t{7}, std::uint16_t{8}, std::uint16_t{9}, std::uint16_t{0}}) {
    auto stream = *AsyncSocket::stream(host, peer.family());
    if (port != 0) {
      EXPECT_TRUE(sign_for(host, stream.fd(), peer, "swordfish"));
    }
    const auto connected = co_await stream.connect({peer, port != 0 ? port : std::uint16_t{7}})
                               .within(port == 7 ? Duration::seconds(10) : Duration::milliseconds(500));
    if (!connected) {
      finding.what += " " + socket::errno_name(connected.error().code);
      continue;
    }
    spawn(host, send_signed_bulk(host, stream.fd()));
    std::size_t n = 0;
    for (;;) {
      const auto got = co_await stream.recv(buffer).within(30_s);
      if (!got || *got == 0) {
        break;
      }
      for (std::size_t i = 0; i < *got; ++i, ++n) {
        if (buffer[i] != content(n)) {
          finding.what += " wrong";
        }
      }
    }
    finding.what += n == kSignedBulk ? " bulk" : " " + std::to_string(n) + " bytes";
  }
  finding.done = true;
}

class Md5KernelTest : public testing::TestWithParam<wire::Family> {
 protected:
  void SetUp() override {
    if (const std::string why = net.set_up(live::Attachment::automatic); !why.empty()) {
      GTEST_SKIP() << why;
    }
    net.ours().tcp().set_digest(crypto::make_segment_digest);
  }
  [[nodiscard]] static bool is_v4() { return GetParam() == wire::Family::kV4; }
  [[nodiscard]] static std::string ours_text() { return is_v4() ? "10.9.0.2" : "2001:db8::2"; }
  [[nodiscard]] static std::string linux_text() { return is_v4() ? "10.9.0.1" : "2001:db8::1"; }
  [[nodiscard]] static std::string script(const char* text) {
    return "OURS, LINUX = '" + ours_text() + "', '" + linux_text() + "'\n" + kSigning + text;
  }
  KernelNet net;
};

TEST_P(Md5KernelTest, TalksBothWaysAndHearsNobodyElse) {
  auto server = net.start_python("server.py", script(kSignedServer));
  ASSERT_TRUE(net.run_until([&] {
    return server->poll().has_value() || std::ranges::all_of(std::array{7, 8, 9}, [&](int port) {
             return net.kernel_listens(live::Transport::tcp, static_cast<std::uint16_t>(port));
           });
  })) << net.errors();
  if (server->poll()) {
    GTEST_SKIP() << "this kernel has no MD5 signatures? " << net.errors();
  }
  const wire::IpAddress peer = *wire::IpAddress::parse(linux_text());
  spawn(net.sockets(), serve_signed(net.sockets(), {*wire::IpAddress::parse(ours_text()), 7}, peer));
  SignedFinding found;
  spawn(net.sockets(), ask_signed(net.sockets(), peer, found));
  EXPECT_TRUE(net.run_until([&] { return found.done; }));
  EXPECT_EQ(found.what, " bulk ETIMEDOUT ETIMEDOUT ETIMEDOUT");
  const transport::TcpSignatureCounters& counters = net.ours().tcp().signature_counters();
  EXPECT_EQ(counters.md5_failure, 0U) << "the kernel signs as we do";

  auto client = net.start_python("client.py", script(kSignedClient));
  EXPECT_TRUE(net.run_until([&] { return client->poll().has_value(); }));
  EXPECT_EQ(client->poll(), (live::ExitStatus{false, 0})) << net.errors();
  EXPECT_GT(counters.md5_failure, 0U);
  EXPECT_GT(counters.md5_not_found, 0U);
  EXPECT_EQ(net.captured("_ws.malformed || tcp.checksum.status==0"), "");
  EXPECT_TRUE(!KernelNet::has_tshark() || !net.captured("tcp.options.md5 && frame.number < 1000").empty());
}

INSTANTIATE_TEST_SUITE_P(Families, Md5KernelTest, testing::Values(wire::Family::kV4, wire::Family::kV6),
                         [](const auto& family) { return family.param == wire::Family::kV4 ? "v4" : "v6"; });

}  // namespace
}  // namespace catenet::run
