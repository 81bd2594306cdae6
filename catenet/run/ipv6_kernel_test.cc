// SPDX-License-Identifier: Apache-2.0
// IPv6 with the Linux kernel at the other end of a TAP device: a host of ours and a namespace, on one cable, in real
// time. Bulk and echo over TCP, datagrams whole and in fragments over UDP, and pings, both ways; and tshark, which must
// find nothing malformed and no wrong checksum in what passed. Labs do not configure IPv6, so the network is made here.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <string>

#include "catenet/link/ethernet/ethernet_link.h"
#include "catenet/live/driver.h"
#include "catenet/live/epoll_loop.h"
#include "catenet/live/linux_node.h"
#include "catenet/live/namespace.h"
#include "catenet/medium/cable.h"
#include "catenet/node/host.h"
#include "catenet/queue/fifo.h"
#include "catenet/socket/async_socket.h"
#include "catenet/trace/byte_sink.h"
#include "catenet/trace/capture.h"
#include "catenet/wire/icmpv6.h"

namespace catenet::run {
namespace {
using namespace literals;
using socket::AsyncSocket;
using socket::Task;
using wire::Endpoint;

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

Endpoint at(std::string_view text) { return *Endpoint::parse(text); }

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
  auto listener = *AsyncSocket::listener(host, at("[::]:7"));
  while (const auto fd = co_await listener.accept()) {
    spawn(host, echo_stream(AsyncSocket(host, *fd)));
  }
}

Task<void> echo_datagrams(socket::SocketLayer& host) {
  auto socket = *AsyncSocket::bound(host, at("[::]:7"));
  std::array<std::byte, 65536> buffer;
  while (const auto got = co_await socket.recv_from(buffer)) {
    (void)co_await socket.send_to(std::span(buffer).first(got->size), got->from);
  }
}

std::byte content(std::size_t i) { return static_cast<std::byte>(i * 2654435761U >> 13); }

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
  (void)co_await datagram.connect(at("[2001:db8::1]:7"));
  for (const std::size_t size : {std::size_t{1}, std::size_t{1452}, std::size_t{4000}}) {
    (void)co_await datagram.send(std::span(sent).first(size));
    const auto got = co_await datagram.recv(buffer).within(10_s);
    finding.what += " " + (got ? std::to_string(*got) : socket::errno_name(got.error().code));
  }
  auto ping = *AsyncSocket::ping(host, wire::Family::kV6);
  const wire::Icmpv6Header request = wire::Icmpv6Header::echo(0, 7);
  (void)co_await ping.send_to(std::as_bytes(std::span(&request, 1)), at("[2001:db8::1]:0"));
  const auto answer = co_await ping.recv(buffer).within(10_s);
  finding.what += answer && *answer == sizeof request ? " ping" : " silence";
  auto stream = *AsyncSocket::stream(host, wire::Family::kV6);
  if (const auto connected = co_await stream.connect(at("[2001:db8::1]:7")); !connected) {
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

std::string output_of(const std::string& command) {
  std::string text;
  FILE* pipe = ::popen(command.c_str(), "r");
  std::array<char, 4096> buffer;
  for (std::size_t n = 0; pipe != nullptr && (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    text.append(buffer.data(), n);
  }
  EXPECT_TRUE(pipe != nullptr && ::pclose(pipe) == 0) << command;
  return text;
}

class Ipv6KernelTest : public testing::TestWithParam<live::Attachment> {
 protected:
  void SetUp() override {
    if (::access("/usr/bin/python3", X_OK) != 0 || ::system("command -v ip >/dev/null") != 0) {
      GTEST_SKIP() << "needs python3 and ip";
    }
    live::NamespaceSpec spec{.name = "linux"};
    spec.nics.push_back({.name = "eth0", .mac = live::MacBytes{2, 0, 0, 0, 0, 1}, .attachment = GetParam()});
    spec.sysctls = {{"net/ipv6/conf/eth0/accept_dad", "0"}, {"net/ipv6/conf/eth0/disable_ipv6", "0"}};
    auto made = live::Namespace::create(spec);
    if (!made) {
      GTEST_SKIP() << made.error().text;
    }
    linux_ = std::move(*made);
    ASSERT_NE(::mkdtemp(folder_.data()), nullptr);
    std::ofstream(path("server.py")) << kServer;
    std::ofstream(path("client.py")) << kClient;
    sink_ = *trace::FileSink::create(path("ours.pcapng"));
    writer_.emplace(*sink_, "catenet");
    Interface& inner = plug(node_, "eth0", 1);
    inner.attach(cable_.a());
    node_.join(inner, linux_->nic(0));
    Interface& eth0 = plug(ours_, "eth0", 2);
    capture_.emplace(eth0, cable_.b(), *writer_, nullptr);
    capture_->plug_in();
    ASSERT_TRUE(ours_.ipv6().add_address(eth0, *wire::Ipv6Prefix::parse_interface("2001:db8::2/64")));
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
  bool address_is_ours() {
    return std::ranges::all_of(ours_.ipv6().addresses(),
                               [](const auto& a) { return a.state == ip::AddressState::preferred; });
  }
  std::string errors() {
    std::ifstream in(path("err"));
    return {std::istreambuf_iterator<char>(in), {}};
  }

  std::array<char, 32> folder_{"/tmp/catenet-ipv6-XXXXXX"};
  live::EpollLoop loop_ = std::move(*live::EpollLoop::create());
  Scheduler scheduler_;
  PacketPool pool_;
  Environment environment_{scheduler_, pool_, 1};
  std::unique_ptr<live::Namespace> linux_;
  medium::Cable cable_{environment_, environment_, 10, {.rate = BitRate::gbps(1)}, {.rate = BitRate::gbps(1)}};
  std::unique_ptr<trace::FileSink> sink_;
  std::optional<trace::PcapngWriter> writer_;
  node::Host ours_{environment_, 1, "ours"};
  live::LinuxNode node_{environment_, 2, "linux"};
  std::optional<trace::Capture> capture_;
  std::optional<live::Driver> driver_;
};

TEST_P(Ipv6KernelTest, TalksBothWays) {
  auto address = start("ip -6 address add 2001:db8::1/64 dev eth0 nodad");
  ASSERT_TRUE(run_until([&] { return address->poll().has_value(); }));
  ASSERT_EQ(address->poll(), (live::ExitStatus{false, 0})) << errors();
  auto server = start("exec /usr/bin/python3 " + path("server.py"));
  ASSERT_TRUE(run_until([&] {
    return linux_->is_listening(live::Transport::tcp, 7) && linux_->is_listening(live::Transport::udp, 7);
  })) << errors();
  ASSERT_TRUE(run_until([&] { return address_is_ours(); })) << "duplicate address detection takes a second";
  spawn(ours_.sockets(), echo_streams(ours_.sockets()));
  spawn(ours_.sockets(), echo_datagrams(ours_.sockets()));
  Finding found;
  spawn(ours_.sockets(), ask(ours_.sockets(), found));
  EXPECT_TRUE(run_until([&] { return found.done; }));
  EXPECT_EQ(found.what, " 1 1452 4000 ping bulk");

  auto client = start("exec /usr/bin/python3 " + path("client.py"));
  EXPECT_TRUE(run_until([&] { return client->poll().has_value(); }));
  EXPECT_EQ(client->poll(), (live::ExitStatus{false, 0})) << errors();
  EXPECT_GT(ours_.ipv6().counters().reassembled, 1U);
  EXPECT_GT(ours_.ipv6().counters().fragmented, 1U);
  ASSERT_TRUE(writer_->flush());
  if (::system("command -v tshark >/dev/null") == 0) {
    const std::string tshark = "tshark -n -r " + path("ours.pcapng") +
                               " -o tcp.check_checksum:TRUE -o udp.check_checksum:TRUE 2>/dev/null -Y ";
    EXPECT_EQ(output_of(tshark + "'_ws.malformed || tcp.checksum.status==0 || udp.checksum.status==0 || "
                                 "icmpv6.checksum.status==0'"),
              "");
    EXPECT_NE(output_of(tshark + "'ipv6 && tcp' | head -n 3"), "");
  }
}

INSTANTIATE_TEST_SUITE_P(Ways, Ipv6KernelTest, testing::Values(live::Attachment::automatic, live::Attachment::tap),
                         [](const auto& way) {
                           return std::string(way.param == live::Attachment::tap ? "plain" : "with_offloads");
                         });

}  // namespace
}  // namespace catenet::run
