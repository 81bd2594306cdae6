// SPDX-License-Identifier: Apache-2.0
// TCP's MD5 signatures (RFC 2385) with the Linux kernel at the other end of a TAP device, over IPv4 and IPv6: data both
// ways with the right key, and silence with a wrong one, without one, and with one that nobody wants. Each end counts
// what it drops under the same names.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <string>

#include "catenet/crypto/segment_digest.h"
#include "catenet/link/ethernet/ethernet_link.h"
#include "catenet/live/driver.h"
#include "catenet/live/epoll_loop.h"
#include "catenet/live/linux_node.h"
#include "catenet/live/namespace.h"
#include "catenet/medium/cable.h"
#include "catenet/node/host.h"
#include "catenet/queue/fifo.h"
#include "catenet/socket/async_socket.h"

namespace catenet::run {
namespace {
using namespace literals;
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
    bytes[i] = static_cast<std::byte>(i * 2654435761U >> 13);
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
        if (buffer[i] != static_cast<std::byte>(n * 2654435761U >> 13)) {
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
  [[nodiscard]] static bool is_v4() { return GetParam() == wire::Family::kV4; }
  [[nodiscard]] static std::string ours_text() { return is_v4() ? "10.0.0.2" : "2001:db8::2"; }
  [[nodiscard]] static std::string linux_text() { return is_v4() ? "10.0.0.1" : "2001:db8::1"; }
  void SetUp() override {
    if (::access("/usr/bin/python3", X_OK) != 0 || ::system("command -v ip >/dev/null") != 0) {
      GTEST_SKIP() << "needs python3 and ip";
    }
    live::NamespaceSpec spec{.name = "linux"};
    spec.nics.push_back({.name = "eth0", .mac = live::MacBytes{2, 0, 0, 0, 0, 1}});
    spec.sysctls = {{"net/ipv6/conf/eth0/accept_dad", "0"}, {"net/ipv6/conf/eth0/disable_ipv6", "0"}};
    auto made = live::Namespace::create(spec);
    if (!made) {
      GTEST_SKIP() << made.error().text;
    }
    linux_ = std::move(*made);
    ASSERT_NE(::mkdtemp(folder_.data()), nullptr);
    const std::string names = "OURS, LINUX = '" + ours_text() + "', '" + linux_text() + "'\n";
    std::ofstream(path("server.py")) << names << kSigning << kSignedServer;
    std::ofstream(path("client.py")) << names << kSigning << kSignedClient;
    Interface& inner = plug(node_, "eth0", 1);
    inner.attach(cable_.a());
    node_.join(inner, linux_->nic(0));
    Interface& eth0 = plug(ours_, "eth0", 2);
    eth0.attach(cable_.b());
    if (is_v4()) {
      ASSERT_TRUE(ours_.ipv4().add_address(eth0, *wire::Ipv4Prefix::parse_interface("10.0.0.2/24")));
    } else {
      ASSERT_TRUE(ours_.ipv6().add_address(eth0, *wire::Ipv6Prefix::parse_interface("2001:db8::2/64")));
    }
    driver_.emplace(scheduler_, loop_);
    ASSERT_TRUE(driver_->add(node_));
  }
  void TearDown() override {
    ours_.stop_programs();
    driver_.reset();
    linux_.reset();
    node_.drain(DropReason::run_ended);
    cable_.drain(DropReason::run_ended);
    ours_.find_interface("eth0") != nullptr ? ours_.find_interface("eth0")->drain(DropReason::run_ended) : void();
    (void)!::system(("rm -rf " + std::string(folder_.data())).c_str());
  }
  static Interface& plug(Node& node, std::string_view name, std::uint8_t number) {
    Interface& interface = node.add_interface(name);
    interface.set_link_layer(std::make_unique<link::EthernetLink>());
    interface.set_qdisc(std::make_unique<queue::Fifo>());
    interface.set_address(wire::MacAddress({2, 0, 0, 0, 0, number}));
    return interface;
  }
  [[nodiscard]] std::string path(const char* file) const { return std::string(folder_.data()) + "/" + file; }
  std::unique_ptr<live::Process> start(const std::string& command) {
    auto process = linux_->start(
        {.command = command, .out = live::Output::file(path("out")), .err = live::Output::file(path("err"))});
    EXPECT_TRUE(process);
    return std::move(*process);
  }
  /// Real time passes until `done`, 60 s at most.
  template <typename F>
  bool run_until(F&& done) {
    const Instant end = loop_.now() + 60_s;
    while (!done() && loop_.now() < end) {
      EXPECT_TRUE(driver_->run_until(loop_.now() + 5_ms));
    }
    return done();
  }
  bool is_ready() {
    return is_v4() || std::ranges::all_of(ours_.ipv6().addresses(),
                                          [](const auto& a) { return a.state == ip::AddressState::preferred; });
  }
  std::string errors() {
    std::ifstream in(path("err"));
    return {std::istreambuf_iterator<char>(in), {}};
  }

  std::array<char, 32> folder_{"/tmp/catenet-md5-XXXXXX"};
  live::EpollLoop loop_ = std::move(*live::EpollLoop::create());
  Scheduler scheduler_;
  PacketPool pool_;
  Environment environment_{scheduler_, pool_, 1};
  std::unique_ptr<live::Namespace> linux_;
  medium::Cable cable_{environment_, environment_, 10, {.rate = BitRate::gbps(1)}, {.rate = BitRate::gbps(1)}};
  node::Host ours_{environment_, 1, "ours", {.tcp_digest = crypto::make_segment_digest}};
  live::LinuxNode node_{environment_, 2, "linux"};
  std::optional<live::Driver> driver_;
};

TEST_P(Md5KernelTest, TalksBothWaysAndHearsNobodyElse) {
  auto address = start("ip address add " + linux_text() + (is_v4() ? "/24" : "/64 nodad") + " dev eth0");
  ASSERT_TRUE(run_until([&] { return address->poll().has_value(); }));
  ASSERT_EQ(address->poll(), (live::ExitStatus{false, 0})) << errors();
  auto server = start("exec /usr/bin/python3 " + path("server.py"));
  ASSERT_TRUE(run_until([&] {
    return server->poll().has_value() || std::ranges::all_of(std::array{7, 8, 9}, [&](int port) {
             return linux_->is_listening(live::Transport::tcp, static_cast<std::uint16_t>(port));
           });
  })) << errors();
  if (server->poll()) {
    GTEST_SKIP() << "this kernel has no MD5 signatures? " << errors();
  }
  ASSERT_TRUE(run_until([&] { return is_ready(); }));
  const wire::IpAddress peer = *wire::IpAddress::parse(linux_text());
  spawn(ours_.sockets(), serve_signed(ours_.sockets(), {*wire::IpAddress::parse(ours_text()), 7}, peer));
  SignedFinding found;
  spawn(ours_.sockets(), ask_signed(ours_.sockets(), peer, found));
  EXPECT_TRUE(run_until([&] { return found.done; }));
  EXPECT_EQ(found.what, " bulk ETIMEDOUT ETIMEDOUT ETIMEDOUT");
  const transport::TcpSignatureCounters& counters = ours_.tcp().signature_counters();
  EXPECT_EQ(counters.md5_failure, 0U) << "the kernel signs as we do";

  auto client = start("exec /usr/bin/python3 " + path("client.py"));
  EXPECT_TRUE(run_until([&] { return client->poll().has_value(); }));
  EXPECT_EQ(client->poll(), (live::ExitStatus{false, 0})) << errors();
  EXPECT_GT(counters.md5_failure, 0U);
  EXPECT_GT(counters.md5_not_found, 0U);
}

INSTANTIATE_TEST_SUITE_P(Families, Md5KernelTest, testing::Values(wire::Family::kV4, wire::Family::kV6),
                         [](const auto& family) { return family.param == wire::Family::kV4 ? "v4" : "v6"; });

}  // namespace
}  // namespace catenet::run
