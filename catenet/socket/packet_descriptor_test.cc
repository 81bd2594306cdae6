// SPDX-License-Identifier: Apache-2.0
// Packet sockets through the socket layer: what PacketDescriptor adds to FramePcb. The calls' answers are compared with
// the kernel's in posix/oracle_test.cc.
#include "catenet/socket/packet_descriptor.h"

#include <gtest/gtest.h>

#include "catenet/ip/ip_test_net.h"
#include "catenet/socket/socket_layer.h"

namespace catenet::socket {
namespace {

class PacketSocket : public ip::OneHost {
 protected:
  void SetUp() override {
    start();
    udp_ = std::make_unique<transport::Udp>(*node, node->ipv4);
    tcp_ = std::make_unique<transport::Tcp>(*node, node->ipv4);
    frames_ = std::make_unique<link::Frames>(*node);
    sockets_ = std::make_unique<SocketLayer>(
        Protocols{.node = *node, .network = node->ipv4, .udp = *udp_, .tcp = *tcp_, .frames = frames_.get()});
  }
  void TearDown() override {
    sockets_.reset();
    frames_.reset();
    tcp_.reset();
    udp_.reset();
    OneHost::TearDown();
  }
  SocketLayer& host() { return *sockets_; }
  static int errno_of(const auto& result) { return result ? 0 : result.error().code; }

 private:
  std::unique_ptr<transport::Udp> udp_;
  std::unique_ptr<transport::Tcp> tcp_;
  std::unique_ptr<link::Frames> frames_;
  std::unique_ptr<SocketLayer> sockets_;
};

TEST_F(PacketSocket, HearsAndTellsWhoseFrameItWas) {
  const int fd = host().socket(SocketType::packet_payload, wire::Family::kV4, 0x0800).value();
  EXPECT_EQ(*host().poll(fd), ready::kWrite);
  inject_ip({.payload = ip::pattern(100)});
  EXPECT_EQ(*host().poll(fd), ready::kWrite | ready::kRead);
  const auto rows = host().pcb_table();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].protocol, "packet");
  EXPECT_EQ(rows[0].queued, 1U);
  std::array<std::byte, 40> room;
  const auto got = host().recv_from(fd, room);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->size, 40U);
  EXPECT_EQ(got->full_size, 120U);
  EXPECT_EQ(got->interface, 1U);
  EXPECT_EQ(got->link.protocol, 0x0800);
  EXPECT_EQ(got->link.kind, link::FrameKind::to_us);
  EXPECT_EQ(got->link.address.to_mac(), ip::mac(2));
  EXPECT_EQ(room[0], std::byte{0x45});
  EXPECT_EQ(errno_of(host().recv_from(fd, room)), EAGAIN);
}

TEST_F(PacketSocket, SendsWithAHeaderOfTheHosts) {
  const int fd = host().socket(SocketType::packet_payload).value();
  const link::LinkEndpoint to{.protocol = 0x88b5, .interface = 1, .address = ip::mac(5)};
  const auto payload = ip::pattern(50);
  EXPECT_EQ(host().send_link(fd, payload, to).value(), 50U);
  ASSERT_EQ(wire0->frames.size(), 1U);
  EXPECT_EQ(wire0->frames[0].eth().type, 0x88b5);
  EXPECT_EQ(wire0->frames[0].eth().destination, ip::mac(5));
  EXPECT_EQ(wire0->frames[0].eth().source, ip::mac(1));
  EXPECT_EQ(errno_of(host().send(fd, payload)), ENXIO);
  ASSERT_TRUE(host().bind_link(fd, to));
  EXPECT_EQ(host().link_name(fd)->interface, 1U);
  EXPECT_EQ(errno_of(host().send(fd, payload)), EINVAL) << "to whom?";
}

TEST_F(PacketSocket, WhatBelongsToOthersIsRefused) {
  const int fd = host().socket(SocketType::packet, wire::Family::kV4, link::kEveryProtocol).value();
  const int datagram = host().socket(SocketType::datagram).value();
  const wire::Endpoint end{*wire::IpAddress::parse("10.0.0.2"), 7};
  const auto payload = ip::pattern(50);
  EXPECT_EQ(errno_of(host().bind(fd, end)), EINVAL);
  EXPECT_EQ(errno_of(host().connect(fd, end)), EOPNOTSUPP);
  EXPECT_EQ(errno_of(host().send_to(fd, payload, end)), EINVAL);
  EXPECT_EQ(errno_of(host().getpeername(fd)), EOPNOTSUPP);
  EXPECT_EQ(errno_of(host().set_option(fd, option::TimeToLive{3})), ENOPROTOOPT);
  EXPECT_EQ(errno_of(host().set_option(fd, option::JoinLink{9, link::FramePcb::Membership::promiscuous})), ENODEV);
  EXPECT_EQ(errno_of(host().bind_link(datagram, {})), EINVAL);
  EXPECT_EQ(errno_of(host().send_link(datagram, payload, {})), EINVAL);
  EXPECT_EQ(errno_of(host().link_name(datagram)), EINVAL);
  EXPECT_EQ(errno_of(host().take_statistics(datagram)), ENOPROTOOPT);
  EXPECT_EQ(errno_of(host().bind_link(fd, {.interface = 9})), ENODEV);
  ASSERT_TRUE(host().set_option(fd, option::IgnoreOutgoing{true}));
  EXPECT_TRUE(host().get_option<option::IgnoreOutgoing>(fd)->on);
}

}  // namespace
}  // namespace catenet::socket
