// SPDX-License-Identifier: Apache-2.0
// Packet sockets on interfaces whose media do as they are told. What single calls answer is compared with the kernel in
// posix/oracle_test.cc (testdata/packet.c). Covers frames.cc and frame_pcb.cc.
#include "catenet/link/frames/frames.h"

#include <gtest/gtest.h>

#include "catenet/link/bare_ip/bare_ip_link.h"
#include "catenet/link/ethernet/ethernet_link.h"
#include "catenet/net/net_test_bench.h"
#include "catenet/queue/fifo.h"
#include "catenet/wire/ethernet.h"

namespace catenet::link {
namespace {

constexpr std::uint16_t kTestType = 0x88b5;

wire::MacAddress station(std::uint8_t n) { return {0x02, 0, 0, 0, 0, n}; }

std::vector<std::byte> frame_for(const wire::MacAddress& to, std::size_t size = 64, std::uint16_t type = kTestType) {
  std::vector<std::byte> bytes(size, std::byte{'.'});
  const auto header = wire::EthernetHeader::make(to, station(9), wire::EtherType{type});
  std::memcpy(bytes.data(), &header, sizeof header);
  return bytes;
}

class FramesTest : public ::testing::Test {
 protected:
  FramesTest() : node(environment, 1, "node"), eth0(plug("eth0", medium0, 1)), eth1(plug("eth1", medium1, 2)) {}
  Interface& plug(const char* name, ScriptedMedium& medium, std::uint8_t n) {
    Interface& interface = node.add_interface(name);
    interface.set_link_layer(std::make_unique<EthernetLink>());
    interface.set_qdisc(std::make_unique<queue::Fifo>());
    interface.set_address(station(n));
    interface.attach(medium);
    return interface;
  }
  void arrive(ScriptedMedium& medium, const std::vector<std::byte>& bytes) {
    Packet packet = pool.make();
    ASSERT_TRUE(packet.append(bytes));
    medium.sink->receive(std::move(packet));
  }
  static int code_of(const Result<void>& result) { return result ? 0 : result.error().code; }
  static LinkEndpoint take(FramePcb& pcb) {
    auto frame = pcb.receive();
    if (!frame) {
      return {};
    }
    frame->bytes.consume();
    return frame->from;
  }

  Scheduler scheduler;
  PacketPool pool;
  Environment environment{scheduler, pool, 1};
  ScriptedMedium medium0;
  ScriptedMedium medium1;
  Recorder node;
  Interface& eth0;
  Interface& eth1;
  Frames frames{node};
};

TEST_F(FramesTest, InterfacesAreTappedWhileThereIsASocket) {
  EXPECT_EQ(eth0.tap(), nullptr);
  {
    FramePcb one(frames, true, kEveryProtocol);
    FramePcb two(frames, true, kEveryProtocol);
    EXPECT_NE(eth0.tap(), nullptr);
    EXPECT_NE(eth1.tap(), nullptr);
    frames.set_limits({.sockets = 2});
    EXPECT_EQ(code_of(frames.may_open()), ENOBUFS);
  }
  EXPECT_EQ(eth0.tap(), nullptr);
  EXPECT_EQ(frames.sockets(), 0U);
}

TEST_F(FramesTest, TheNodeStillGetsItsFrames) {
  FramePcb pcb(frames, false, kTestType);
  arrive(medium0, frame_for(station(1)));
  ASSERT_EQ(node.frames.size(), 1U);
  EXPECT_EQ(node.frames[0].packet.size(), 64U);
  ASSERT_NE(pcb.peek(), nullptr);
  EXPECT_EQ(pcb.peek()->bytes.size(), 50U) << "without its header";
  const LinkEndpoint from = take(pcb);
  EXPECT_EQ(from, (LinkEndpoint{kTestType, kHardwareEthernet, 1, FrameKind::to_us, station(9)}));
}

TEST_F(FramesTest, FramesForOthersAreSeenByWhoAsks) {
  FramePcb pcb(frames, true, kEveryProtocol);
  FramePcb other(frames, true, kEveryProtocol);
  arrive(medium0, frame_for(station(7)));
  EXPECT_FALSE(pcb.has_frame());
  ASSERT_TRUE(pcb.join(1, FramePcb::Membership::promiscuous));
  arrive(medium0, frame_for(station(7)));
  arrive(medium1, frame_for(station(7)));
  EXPECT_EQ(pcb.queued(), 1U) << "of eth0 only";
  EXPECT_EQ(other.queued(), 1U) << "the card lets them through for all";
  EXPECT_EQ(take(pcb).kind, FrameKind::to_other);
  ASSERT_TRUE(pcb.leave(1, FramePcb::Membership::promiscuous));
  arrive(medium0, frame_for(station(7)));
  EXPECT_FALSE(pcb.has_frame());
  EXPECT_EQ(code_of(pcb.join(3, FramePcb::Membership::promiscuous)), ENODEV);
}

TEST_F(FramesTest, WhatGoesOutIsSeenWhenItGoesButNotByItsSender) {
  FramePcb sender(frames, true, kEveryProtocol);
  FramePcb witness(frames, true, kEveryProtocol);
  ASSERT_TRUE(sender.bind(1, kEveryProtocol));
  ASSERT_TRUE(sender.send(frame_for(station(5))));
  ASSERT_TRUE(sender.send(frame_for(station(6)))) << "waits: the medium is busy";
  EXPECT_EQ(witness.queued(), 1U);
  medium0.free();
  EXPECT_EQ(witness.queued(), 2U);
  EXPECT_FALSE(sender.has_frame());
  EXPECT_EQ(take(witness).kind, FrameKind::outgoing);
}

TEST_F(FramesTest, ASendersNumberMeansNothingToAnotherHost) {
  FramePcb pcb(frames, true, kEveryProtocol);
  Packet packet = pool.make();
  ASSERT_TRUE(packet.append(frame_for(station(1))));
  packet.meta().sender = 1;  // as our own socket's
  medium0.sink->receive(std::move(packet));
  ASSERT_EQ(node.frames.size(), 1U);
  Packet on = std::move(node.frames[0].packet);
  node.frames.clear();
  eth1.send(std::move(on));  // forwarded
  EXPECT_EQ(pcb.queued(), 2U);
}

TEST_F(FramesTest, AFullQueueDropsByName) {
  FramePcb pcb(frames, true, kEveryProtocol);
  pcb.options().receive_limit = 2 * (64 + FramePcb::kFrameCost);
  for (int i = 0; i < 5; ++i) {
    arrive(medium0, frame_for(station(1)));
  }
  EXPECT_EQ(pcb.queued(), 2U);
  EXPECT_EQ(eth0.drops().of(DropReason::packet_receive_full), 3U);
  const auto statistics = pcb.take_statistics();
  EXPECT_EQ(statistics.frames, 5U);
  EXPECT_EQ(statistics.dropped, 3U);
  EXPECT_EQ(pcb.take_statistics().frames, 0U);
  (void)take(pcb);
  arrive(medium0, frame_for(station(1)));
  EXPECT_EQ(pcb.queued(), 2U);
}

TEST_F(FramesTest, AShortFrameIsPadded) {
  FramePcb pcb(frames, true, 0);
  const LinkEndpoint to{.interface = 2};
  ASSERT_TRUE(pcb.send(frame_for(station(5), 20), &to));
  ASSERT_EQ(medium1.sent.size(), 1U);
  EXPECT_EQ(medium1.sent[0].size(), 60U);
  EXPECT_EQ(medium1.sent[0].peek(59), std::byte{0});
}

TEST_F(FramesTest, PriorityAndMarkGoWithTheFrame) {
  FramePcb pcb(frames, true, 0);
  pcb.options().priority = 9;
  pcb.options().mark = 77;
  const LinkEndpoint to{.interface = 1};
  ASSERT_TRUE(pcb.send(frame_for(station(5)), &to));
  EXPECT_EQ(medium0.sent.at(0).meta().priority, 7) << "the highest that a packet has";
  EXPECT_EQ(medium0.sent.at(0).meta().mark, 77U);
}

TEST_F(FramesTest, OfACableThatIsOutNobodyIsTold) {
  FramePcb bound(frames, true, 0);
  ASSERT_TRUE(bound.bind(1, kTestType));
  medium0.up = false;
  frames.link_changed(eth0);
  EXPECT_EQ(bound.receive().error().code, EAGAIN);
  EXPECT_TRUE(bound.send(frame_for(station(5))));
  ASSERT_TRUE(bound.bind(1, kEveryProtocol));
  EXPECT_FALSE(bound.has_error());
}

TEST_F(FramesTest, AnInterfaceThatIsSwitchedOffIsToldOf) {
  FramePcb bound(frames, true, 0);
  FramePcb free(frames, true, kEveryProtocol);
  ASSERT_TRUE(bound.bind(1, kTestType));
  eth0.set_enabled(false);
  frames.link_changed(eth0);
  EXPECT_EQ(bound.receive().error().code, ENETDOWN);
  EXPECT_EQ(bound.receive().error().code, EAGAIN) << "once";
  EXPECT_EQ(free.receive().error().code, EAGAIN);
  EXPECT_EQ(code_of(bound.send(frame_for(station(5)))), ENETDOWN);
  ASSERT_TRUE(free.bind(1, kEveryProtocol));
  EXPECT_EQ(free.take_error(), ENETDOWN);
}

TEST_F(FramesTest, WithoutALinkLayerTheVersionTells) {
  eth0.set_link_layer(std::make_unique<BareIpLink>());
  eth0.set_address({});
  FramePcb all(frames, true, kEveryProtocol);
  FramePcb six(frames, false, 0x86dd);
  arrive(medium0, {std::byte{0x45}, std::byte{1}});
  arrive(medium0, {std::byte{0x60}, std::byte{1}});
  EXPECT_EQ(all.queued(), 2U);
  EXPECT_EQ(six.queued(), 1U);
  EXPECT_EQ(take(six), (LinkEndpoint{0x86dd, kHardwareNone, 1, FrameKind::to_us, {}}));
  ASSERT_TRUE(all.bind(1, 0));
  EXPECT_EQ(all.local().hardware, kHardwareNone);
  ASSERT_TRUE(all.send(std::vector<std::byte>(30, std::byte{0x45}))) << "no header is asked for";
  EXPECT_EQ(medium0.sent.at(0).size(), 30U);
}

}  // namespace
}  // namespace catenet::link
