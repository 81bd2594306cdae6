// SPDX-License-Identifier: Apache-2.0
// Multicast with the Linux kernel at the other end of a TAP device, both families: both ends are in the group, each
// hears the other and, as it asked, itself or not. A bridge that snoops learns who is where. And a ping over a raw
// socket.
#include "catenet/packet/checksum.h"
#include "catenet/run/kernel_test_net.h"
#include "catenet/wire/icmp.h"

namespace catenet::run {
namespace {
using socket::AsyncSocket;
using socket::Task;
namespace option = socket::option;

// The far side, in Python: in both groups, answers every "tick" with a "tock" to the group.
constexpr const char* kMember = R"(
import select, socket, struct
index = socket.if_nametoindex("eth0")
four = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
four.bind(("", 4000))
mreqn = struct.pack("=4s4si", socket.inet_aton("239.1.1.1"), bytes(4), index)
four.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, mreqn)
four.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, mreqn)
four.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)
six = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
six.bind(("::", 4000))
six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, struct.pack("=16sI", socket.inet_pton(socket.AF_INET6, "ff15::9"), index))
six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 0)
while True:
    for s in select.select([four, six], [], [])[0]:
        text, _ = s.recvfrom(100)
        if text == b"tick":
            s.sendto(b"tock", ("239.1.1.1", 4000) if s is four else ("ff15::9", 4000))
)";

struct Heard {
  std::vector<std::string> what;
  bool done = false;
};

/// Is in a group, says "tick" to it until somebody answers, and tells what it hears.
Task<void> tick(socket::SocketLayer& host, wire::Family family, wire::Endpoint group, bool loop, Heard& heard) {
  auto member = *AsyncSocket::datagram(host, family);
  Interface* eth0 = host.node().find_interface("eth0");
  if (family == wire::Family::kV6) {
    EXPECT_TRUE(host.set_option(member.fd(), option::V6Only{true}));  // the other family has a socket of its own
  }
  EXPECT_TRUE(host.bind(member.fd(), {wire::IpAddress::any(family), group.port}));
  EXPECT_TRUE(host.set_option(member.fd(), option::JoinGroup{group.address, eth0}));
  EXPECT_TRUE(host.set_option(member.fd(), option::MulticastInterface{eth0, wire::IpAddress::any(family)}));
  EXPECT_TRUE(host.set_option(member.fd(), option::MulticastLoop{loop}));
  constexpr std::string_view kTick = "tick";
  std::array<std::byte, 100> buffer;
  for (int i = 0; i < 100 && !heard.done; ++i) {
    (void)co_await member.send_to(std::as_bytes(std::span(kTick)), group);
    while (const auto got = co_await member.recv_from(buffer).within(100_ms)) {
      const std::string text(reinterpret_cast<const char*>(buffer.data()), got->size);
      heard.what.push_back(text + " from " + got->from.address.to_string());
      heard.done |= text == "tock";
    }
  }
  heard.done = true;
}

Task<void> ping_raw(socket::SocketLayer& host, Heard& heard) {
  const int fd = *host.socket(socket::SocketType::raw, wire::Family::kV4, 1);
  AsyncSocket raw(host, fd);
  struct {
    wire::IcmpHeader head = wire::IcmpHeader::echo(77, 1);
    std::array<std::byte, 40> data{};
  } request;
  request.head.checksum = internet_checksum(std::as_bytes(std::span(&request, 1)));
  (void)co_await raw.send_to(std::as_bytes(std::span(&request, 1)), endpoint_at("10.9.0.1:0"));
  std::array<std::byte, 100> buffer;
  while (const auto got = co_await raw.recv_from(buffer).within(5_s)) {
    if (got->size == 68 && buffer[20] == std::byte{0}) {
      heard.what.push_back("reply from " + got->from.address.to_string());
      break;
    }
  }
  heard.done = true;
}

class GroupsKernelTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = net.set_up(live::Attachment::automatic); !why.empty()) {
      GTEST_SKIP() << why;
    }
  }
  KernelNet net;
};

TEST_F(GroupsKernelTest, MembersHearEachOther) {
  auto member = net.start_python("member.py", kMember);
  ASSERT_TRUE(net.run_until([&] { return net.kernel_listens(live::Transport::udp, 4000); })) << net.errors();
  Heard four;
  Heard six;
  spawn(net.sockets(), tick(net.sockets(), wire::Family::kV4, endpoint_at("239.1.1.1:4000"), false, four));
  spawn(net.sockets(), tick(net.sockets(), wire::Family::kV6, endpoint_at("[ff15::9]:4000"), true, six));
  EXPECT_TRUE(net.run_until([&] { return four.done && six.done; }));
  ASSERT_FALSE(four.what.empty()) << net.errors();
  EXPECT_EQ(four.what.front(), "tock from 10.9.0.1") << "and not its own tick";
  ASSERT_FALSE(six.what.empty()) << net.errors();
  EXPECT_EQ(six.what.front(), "tick from 2001:db8::2") << "its own, which comes back at once";
  EXPECT_EQ(six.what.back(), "tock from 2001:db8::1");
  EXPECT_EQ(net.captured("_ws.malformed || udp.checksum.status==0"), "");
}

// The kernel's end of the cable is a port of a bridge, which asks for members (in the words of IGMPv2 and MLDv1, unless
// told otherwise) and believes what it hears.
TEST_F(GroupsKernelTest, ASnoopingBridgeLearnsWhatIsReported) {
  auto bridge = net.start(
      "ip link add br0 type bridge mcast_snooping 1 mcast_querier 1 mcast_last_member_interval 20 && "
      "ip link set eth0 master br0 && ip link set br0 up && bridge mdb show");
  ASSERT_TRUE(net.run_until([&] { return bridge->poll().has_value(); }));
  if (bridge->poll() != (live::ExitStatus{false, 0})) {
    GTEST_SKIP() << "no bridges here: " << net.errors();
  }
  const auto is_member = [&](const char* group) {
    auto show = net.start("bridge mdb show");
    EXPECT_TRUE(net.run_until([&] { return show->poll().has_value(); }));
    return net.output().find(group) != std::string::npos;
  };
  std::vector<int> sockets;
  for (const auto& [family, group] : {std::pair{wire::Family::kV4, wire::IpAddress(wire::Ipv4Address(239, 1, 1, 1))},
                                      {wire::Family::kV6, *wire::IpAddress::parse("ff15::9")}}) {
    sockets.push_back(*net.sockets().socket(socket::SocketType::datagram, family));
    ASSERT_TRUE(net.sockets().set_option(sockets.back(), option::JoinGroup{group, net.ours().find_interface("eth0")}));
  }
  EXPECT_TRUE(net.run_until([&] { return is_member("239.1.1.1") && is_member("ff15::9"); })) << net.output();
  for (const int fd : sockets) {
    ASSERT_TRUE(net.sockets().close(fd));
  }
  EXPECT_TRUE(net.run_until([&] { return !is_member("239.1.1.1") && !is_member("ff15::9"); })) << net.output();
  EXPECT_EQ(net.captured("_ws.malformed || igmp.checksum.status==0 || icmpv6.checksum.status==0"), "");
}

TEST_F(GroupsKernelTest, ARawPingIsAnswered) {
  Heard heard;
  spawn(net.sockets(), ping_raw(net.sockets(), heard));
  EXPECT_TRUE(net.run_until([&] { return heard.done; }));
  EXPECT_EQ(heard.what, std::vector<std::string>{"reply from 10.9.0.1"});
  EXPECT_EQ(net.ours().drops().of(DropReason::icmp_no_socket), 0U);
}

}  // namespace
}  // namespace catenet::run
