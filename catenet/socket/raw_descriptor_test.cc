// SPDX-License-Identifier: Apache-2.0
// Raw sockets through the socket layer: what RawDescriptor adds to RawPcb. The calls' answers are compared with the
// kernel's in posix/oracle_test.cc.
#include "catenet/socket/raw_descriptor.h"

#include <gtest/gtest.h>

#include "catenet/ip/ip_test_net.h"
#include "catenet/socket/socket_layer.h"

namespace catenet::socket {
namespace {

using wire::Family;

constexpr std::uint16_t kSomeProtocol = 200;

class RawSocket : public ip::IpTest {
 protected:
  struct Machine {
    explicit Machine(ip::TestNode& n)
        : node(n),
          udp(n, n.ipv4),
          tcp(n, n.ipv4),
          raw(n.ipv4),
          sockets({.node = n,
                   .network = n.ipv4,
                   .udp = udp,
                   .tcp = tcp,
                   .raw = &raw,
                   .ipv6 = Delegate<ip::Ipv6&()>::to<&Machine::ipv6>(*this)}) {
      raw.set_ipv6(n.ipv6);
    }
    ip::Ipv6& ipv6() { return node.ipv6; }
    ip::TestNode& node;
    transport::Udp udp;
    transport::Tcp tcp;
    transport::Raw raw;
    SocketLayer sockets;
  };
  void SetUp() override {
    ip::Ipv4Config forwarding;
    forwarding.forwarding = true;
    ip::TestNode& a = add_node("alice");
    ip::TestNode& router = add_node("router", forwarding);
    ip::TestNode& b = add_node("bob");
    join(add_interface(a, "eth0", 1, "10.0.1.1/24"), add_interface(router, "eth0", 2, "10.0.1.254/24"));
    join(add_interface(router, "eth1", 3, "10.0.2.254/24"), add_interface(b, "eth0", 4, "10.0.2.2/24"));
    EXPECT_TRUE(a.ipv4.set_default_route(ip::ip4("10.0.1.254")));
    EXPECT_TRUE(b.ipv4.set_default_route(ip::ip4("10.0.2.254")));
    alice_ = std::make_unique<Machine>(a);
    bob_ = std::make_unique<Machine>(b);
  }
  void TearDown() override {
    alice_.reset();
    bob_.reset();
    IpTest::TearDown();
  }
  static int open(SocketLayer& host, Family family = Family::kV4) {
    return host.socket(SocketType::raw, family, kSomeProtocol).value();
  }
  static int code_of(const auto& result) { return result ? 0 : result.error().code; }
  static wire::Endpoint bob_end() { return {*wire::IpAddress::parse("10.0.2.2"), 0}; }
  static std::span<const std::byte> text(std::string_view word) { return std::as_bytes(std::span(word)); }
  SocketLayer& alice() { return alice_->sockets; }
  SocketLayer& bob() { return bob_->sockets; }

  std::unique_ptr<Machine> alice_;
  std::unique_ptr<Machine> bob_;
};

TEST_F(RawSocket, HasOneProtocolOfIp) {
  EXPECT_EQ(code_of(alice().socket(SocketType::raw)), EPROTONOSUPPORT);
  EXPECT_EQ(code_of(alice().socket(SocketType::raw, Family::kV4, 256)), EPROTONOSUPPORT);
  EXPECT_EQ(code_of(alice().socket(SocketType::raw, Family::kV6, 255)), 0);
  alice_->raw.set_limits({.sockets = 1});
  EXPECT_EQ(code_of(alice().socket(SocketType::raw, Family::kV4, 1)), ENOBUFS);
}

TEST_F(RawSocket, WakesItsWatcherAndTellsOfThePacket) {
  const int out = open(alice());
  const int in = open(bob());
  std::vector<unsigned> seen;
  auto note = [&](int, unsigned mask) { seen.push_back(mask); };
  ASSERT_TRUE(bob().watch(in, SocketTable::Watcher::of(note)));
  run_for(Duration::milliseconds(1));
  seen.clear();
  ASSERT_EQ(alice().send_to(out, text("hello"), bob_end()).value(), 5U);
  run_for(Duration::milliseconds(100));
  EXPECT_EQ(seen, std::vector<unsigned>{ready::kRead | ready::kWrite});
  const auto rows = bob().pcb_table();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].protocol, "raw");
  EXPECT_EQ(rows[0].local.port, kSomeProtocol);
  EXPECT_EQ(rows[0].queued, 1U);
  std::array<std::byte, 22> room;
  EXPECT_EQ(bob().peek_from(in, room)->full_size, 25U);
  const auto got = bob().recv_from(in, room);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->size, 22U);
  EXPECT_TRUE(got->truncated());
  EXPECT_EQ(got->from.to_string(), "10.0.1.1:0");
  EXPECT_EQ(got->to.address.to_string(), "10.0.2.2");
  EXPECT_EQ(got->interface, 1U);
  EXPECT_EQ(got->ttl, 63);
  EXPECT_EQ(code_of(bob().recv_from(in, room)), EAGAIN);
}

TEST_F(RawSocket, OptionsOfOthersAreRefused) {
  const int fd = open(alice());
  const int fd6 = open(alice(), Family::kV6);
  EXPECT_EQ(code_of(alice().set_option(fd, option::NoDelay{true})), ENOPROTOOPT);
  EXPECT_EQ(code_of(alice().set_option(fd, option::SegmentSize{100})), ENOPROTOOPT);
  EXPECT_EQ(code_of(alice().set_option(fd, option::ChecksumOffset{2})), ENOPROTOOPT);
  EXPECT_EQ(code_of(alice().set_option(fd6, option::ChecksumOffset{3})), EINVAL);
  EXPECT_EQ(code_of(alice().set_option(fd, option::UnwantedTypes{})), EOPNOTSUPP);
  EXPECT_EQ(code_of(alice().get_option<option::NoDelay>(fd)), ENOPROTOOPT);
  EXPECT_EQ(code_of(alice().listen(fd)), EOPNOTSUPP);
  ASSERT_TRUE(alice().set_option(fd, option::TimeToLive{3}));
  EXPECT_EQ(alice().get_option<option::TimeToLive>(fd)->hops, 3);
  EXPECT_EQ(code_of(alice().getpeername(fd)), ENOTCONN);
  const int datagram = alice().socket(SocketType::datagram).value();
  EXPECT_EQ(code_of(alice().set_option(datagram, option::HeaderIncluded{true})), ENOPROTOOPT);
}

class LabelReader final : public ip::Hook {
 public:
  Verdict on_packet(ip::HookPoint, Packet& packet, Interface*, Interface*) override {
    seen.emplace_back(packet.meta().priority, packet.meta().mark);
    return Verdict::accept;
  }
  std::vector<std::pair<int, std::uint32_t>> seen;
};

TEST_F(RawSocket, PriorityAndMarkGoWithThePacketsInsideTheirHost) {
  LabelReader sent;
  LabelReader heard;
  alice_->node.ipv4.add_hook(ip::HookPoint::output, sent);
  bob_->node.ipv4.add_hook(ip::HookPoint::prerouting, heard);
  for (const int fd : {open(alice()), alice().socket(SocketType::datagram).value()}) {
    ASSERT_TRUE(alice().set_option(fd, option::Priority{3}));
    ASSERT_TRUE(alice().set_option(fd, option::Mark{0xfeedf00d}));
    ASSERT_TRUE(alice().send_to(fd, text("hello"), {bob_end().address, 9}));
    ASSERT_TRUE(alice().set_option(fd, option::Priority{1 << 16}));
    ASSERT_TRUE(alice().send_to(fd, text("hello"), {bob_end().address, 9}));
    run_for(Duration::milliseconds(100));
    EXPECT_EQ(alice().get_option<option::Priority>(fd)->value, 1U << 16);
    const std::vector<std::pair<int, std::uint32_t>> labels{{3, 0xfeedf00d}, {7, 0xfeedf00d}};
    EXPECT_EQ(std::exchange(sent.seen, {}), labels);
    EXPECT_EQ(std::exchange(heard.seen, {}), (std::vector<std::pair<int, std::uint32_t>>(2)));
  }
}

TEST_F(RawSocket, TheErrorQueueTellsWhichRouterItWas) {
  const int fd = open(alice());
  ASSERT_TRUE(alice().set_option(fd, option::ReceiveErrors{true}));
  ASSERT_TRUE(alice().set_option(fd, option::TimeToLive{1}));
  ASSERT_TRUE(alice().send_to(fd, text("anybody?"), bob_end()));
  run_for(Duration::milliseconds(100));
  EXPECT_EQ(*alice().poll(fd), ready::kWrite | ready::kError | ready::kErrorQueue);
  const auto error = alice().recv_error(fd);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, EHOSTUNREACH);
  EXPECT_EQ(error->reporter.to_string(), "10.0.1.254");
  EXPECT_EQ(*alice().poll(fd), ready::kWrite);
}

}  // namespace
}  // namespace catenet::socket
