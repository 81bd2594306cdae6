// SPDX-License-Identifier: Apache-2.0
// Sockets over the real network layer: host, router, host, with cables and ARP. Covers ping_descriptor.cc.
#include <gmock/gmock.h>

#include <array>

#include "catenet/ip/ip_test_net.h"
#include "catenet/socket/async_socket.h"
#include "catenet/socket/socket.h"
#include "catenet/socket/socket_layer.h"
#include "catenet/wire/icmp.h"

namespace catenet::socket {
namespace {

using namespace catenet::literals;
using testing::ElementsAre;
using Kind = ip::ErrorReport::Kind;

wire::Endpoint at(std::string_view text) { return wire::Endpoint::parse(text).value(); }

class RealNetworkTest : public ip::IpTest {
 protected:
  struct Machine {
    explicit Machine(ip::TestNode& n)
        : node(n), udp(n, n.ipv4), tcp(n, n.ipv4), sockets({n, n.ipv4, udp, tcp, &n.ipv4.icmp()}) {
      n.ipv4.register_protocol(transport::kProtocolUdp, udp);
      n.ipv4.register_protocol(transport::Tcp::kProtocolNumber, tcp);
    }
    ip::TestNode& node;
    transport::Udp udp;
    transport::Tcp tcp;
    SocketLayer sockets;
  };
  RealNetworkTest() {
    ip::Ipv4Config forwarding;
    forwarding.forwarding = true;
    ip::TestNode& alice = add_node("alice");
    ip::TestNode& router = add_node("router", forwarding);
    ip::TestNode& bob = add_node("bob");
    join(add_interface(alice, "eth0", 1, "10.0.1.1/24"), add_interface(router, "eth0", 2, "10.0.1.254/24"));
    join(add_interface(router, "eth1", 3, "10.0.2.254/24"), add_interface(bob, "eth0", 4, "10.0.2.1/24"));
    EXPECT_TRUE(alice.ipv4.set_default_route(ip::ip4("10.0.1.254")));
    EXPECT_TRUE(bob.ipv4.set_default_route(ip::ip4("10.0.2.254")));
    a_ = std::make_unique<Machine>(alice);
    b_ = std::make_unique<Machine>(bob);
  }
  void TearDown() override {
    a_.reset();
    b_.reset();
    IpTest::TearDown();
  }
  std::unique_ptr<Machine> a_;
  std::unique_ptr<Machine> b_;
};

std::vector<std::byte> echo(std::uint16_t sequence, std::string_view data) {
  const wire::IcmpHeader header = wire::IcmpHeader::echo(0, sequence);
  const auto head = std::as_bytes(std::span(&header, 1));
  std::vector<std::byte> message(head.size() + data.size());
  std::ranges::copy(as_bytes(data), std::ranges::copy(head, message.begin()).out);
  return message;
}

Task<> ping(SocketLayer& host, wire::Endpoint to, std::vector<std::string>& said) {
  auto socket = AsyncSocket::ping(host);
  for (std::uint16_t sequence = 1; sequence <= 2; ++sequence) {
    const auto message = echo(sequence, "0123456789");
    (void)co_await socket->send_to(message, to);
    std::array<std::byte, 100> buffer;
    const auto got = co_await socket->recv_from(buffer).within(1_s);
    if (!got) {
      said.push_back(errno_name(got.error().code));
      continue;
    }
    const auto* reply = reinterpret_cast<const wire::IcmpHeader*>(buffer.data());
    said.push_back(std::to_string(got->size) + " bytes from " + got->from.address.to_string() +
                   " seq=" + std::to_string(reply->sequence()) + " ttl=" + std::to_string(got->ttl));
  }
}

TEST_F(RealNetworkTest, PingThroughARouter) {
  std::vector<std::string> said;
  spawn(a_->sockets, ping(a_->sockets, at("10.0.2.1:0"), said));
  run_for(3_s);
  EXPECT_THAT(said, ElementsAre("18 bytes from 10.0.2.1 seq=1 ttl=63", "18 bytes from 10.0.2.1 seq=2 ttl=63"));
}

Task<> trace(SocketLayer& host, wire::IpAddress to, std::vector<std::string>& said) {
  auto socket = AsyncSocket::datagram(host);
  (void)socket->set_option(option::ReceiveErrors{true});
  for (std::uint8_t ttl = 1; ttl <= 3; ++ttl) {
    (void)socket->set_option(option::TimeToLive{ttl});
    (void)co_await socket->send_to(as_bytes("probe"), {to, static_cast<std::uint16_t>(33'434 + ttl)});
    const auto error = co_await socket->recv_error().within(1_s);
    said.push_back(std::to_string(ttl) + " " + (error ? error->reporter.to_string() : "*"));
    if (error && error->kind == Kind::port_unreachable) {
      break;
    }
  }
}

TEST_F(RealNetworkTest, TraceShowsTheRouter) {
  std::vector<std::string> said;
  spawn(a_->sockets, trace(a_->sockets, ip::ip4("10.0.2.1"), said));
  run_for(5_s);
  EXPECT_THAT(said, ElementsAre("1 10.0.1.254", "2 10.0.2.1"));
}

TEST_F(RealNetworkTest, AStreamThroughARouter) {
  std::string got;
  spawn_fibre(b_->sockets, [&] {
    ServerSocket server(b_->sockets, 80);
    auto s = server.accept();
    got = s->input().read_all().value();
  });
  std::string text(200'000, 'x');
  spawn_fibre(a_->sockets, [&] {
    Socket s(a_->sockets, "10.0.2.1", 80);
    EXPECT_TRUE(s.output().write(text));
  });
  run_for(5_s);
  EXPECT_EQ(got.size(), text.size());
}

TEST_F(RealNetworkTest, PingSocketsAnswerAsLinuxDoes) {
  SocketLayer& host = a_->sockets;
  const int fd = host.socket(SocketType::ping).value();
  const auto code = [](const auto& result) { return result ? 0 : result.error().code; };
  std::array<std::byte, 64> buffer;
  EXPECT_EQ(code(host.recv(fd, buffer)), EAGAIN);
  EXPECT_EQ(code(host.send(fd, echo(1, ""))), EDESTADDRREQ);
  EXPECT_EQ(code(host.send_to(fd, as_bytes("junk"), at("10.0.2.1:0"))), EINVAL);
  EXPECT_EQ(code(host.send_to(fd, std::vector<std::byte>(64), at("10.0.2.1:0"))), EINVAL) << "an echo reply";
  EXPECT_EQ(code(host.getpeername(fd)), ENOTCONN);
  EXPECT_EQ(code(host.bind(fd, at("10.9.9.9:5"))), EADDRNOTAVAIL);
  EXPECT_EQ(code(host.bind(fd, at("0.0.0.0:77"))), 0);
  EXPECT_EQ(code(host.bind(fd, at("0.0.0.0:78"))), EINVAL);
  EXPECT_EQ(host.getsockname(fd).value().port, 77);
  const int other = host.socket(SocketType::ping).value();
  EXPECT_EQ(code(host.bind(other, at("0.0.0.0:77"))), EADDRINUSE);
  EXPECT_EQ(code(host.connect(fd, at("255.255.255.255:0"))), EACCES);
  EXPECT_EQ(code(host.connect(fd, at("10.0.2.1:0"))), 0);
  EXPECT_EQ(code(host.send(fd, echo(5, "hello"))), 0);
  EXPECT_EQ(host.pcb_table().front().protocol, "icmp");
  run_for(1_s);
  EXPECT_EQ(host.poll(fd).value(), ready::kRead | ready::kWrite);
  EXPECT_EQ(host.peek(fd, buffer).value(), 13U);
  EXPECT_EQ(host.recv(fd, buffer).value(), 13U);
  EXPECT_EQ(code(host.set_option(fd, option::NoDelay{true})), ENOPROTOOPT);
  EXPECT_EQ(code(host.listen(fd)), EOPNOTSUPP);
  EXPECT_EQ(code(host.shutdown(fd, ShutdownHow::send)), 0);
  EXPECT_EQ(code(host.send(fd, echo(6, ""))), EPIPE);
}

TEST_F(RealNetworkTest, ThePingErrorQueueNamesTheRouter) {
  SocketLayer& host = a_->sockets;
  const int fd = host.socket(SocketType::ping).value();
  ASSERT_TRUE(host.set_option(fd, option::ReceiveErrors{true}));
  ASSERT_TRUE(host.set_option(fd, option::TimeToLive{1}));
  EXPECT_EQ(host.get_option<option::TimeToLive>(fd)->hops, 1);
  ASSERT_TRUE(host.send_to(fd, echo(9, "x"), at("10.0.2.1:0")));
  run_for(1_s);
  EXPECT_EQ(host.poll(fd).value(), ready::kWrite | ready::kError | ready::kErrorQueue);
  const auto error = host.recv_error(fd);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind, Kind::time_exceeded);
  EXPECT_EQ(error->reporter, wire::IpAddress(ip::ip4("10.0.1.254")));
  EXPECT_EQ(error->sequence, 9);
  // Unread replies are dropped with a reason when the host ends.
  ASSERT_TRUE(host.set_option(fd, option::TimeToLive{64}));
  ASSERT_TRUE(host.send_to(fd, echo(10, "x"), at("10.0.2.1:0")));
  run_for(1_s);
}

}  // namespace
}  // namespace catenet::socket
