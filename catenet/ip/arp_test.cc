// SPDX-License-Identifier: Apache-2.0
// ARP and the neighbour cache's states (neighbor_cache.h), seen from the wire.
#include "catenet/ip/arp.h"

#include "catenet/ip/ip_test_net.h"

namespace catenet::ip {
namespace {

class ArpTest : public OneHost {
 protected:
  void inject_arp(const ArpPacket& arp, const MacAddress& to = mac(1)) {
    wire0->inject(make_frame(to, arp.sender_mac, EtherType::kArp, make_arp(arp)));
  }
  void answer(const char* ip, unsigned n) {
    inject_arp(ArpPacket::reply_to(ArpPacket::request(mac(1), ip4("10.0.0.1"), ip4(ip)), mac(n)));
  }
  NeighborState state(const char* ip) const {
    const auto* entry = node->ipv4.arp().cache().find(*eth0, ip4(ip));
    EXPECT_NE(entry, nullptr);
    return entry->state(scheduler.now());
  }
  [[nodiscard]] bool knows(const char* ip) const { return node->ipv4.arp().cache().find(*eth0, ip4(ip)) != nullptr; }
};

// The frame of a request: 28 bytes in a frame of 60 (64 with FCS), to everybody; the packet waits for the answer.
TEST_F(ArpTest, AsksParksAndSends) {
  start();
  ASSERT_TRUE(send_to("10.0.0.2"));
  ASSERT_EQ(wire0->frames.size(), 1u);
  const Sent& request = wire0->frames[0];
  EXPECT_EQ(request.bytes.size(), 60u);
  EXPECT_TRUE(request.eth().destination.is_broadcast());
  EXPECT_TRUE(request.arp().is_request());
  EXPECT_EQ(Ipv4Address(request.arp().sender_ip), ip4("10.0.0.1"));
  EXPECT_EQ(Ipv4Address(request.arp().target_ip), ip4("10.0.0.2"));
  EXPECT_TRUE(request.arp().target_mac.is_zero());
  EXPECT_EQ(state("10.0.0.2"), NeighborState::incomplete);
  answer("10.0.0.2", 2);
  ASSERT_EQ(wire0->frames.size(), 2u);
  EXPECT_TRUE(wire0->frames[1].is_ip());
  EXPECT_EQ(wire0->frames[1].eth().destination, mac(2));
  EXPECT_EQ(state("10.0.0.2"), NeighborState::reachable);
  ASSERT_TRUE(send_to("10.0.0.2"));
  EXPECT_EQ(wire0->frames.size(), 3u);  // no further question
  EXPECT_EQ(story.notes, std::vector<std::string>{"0 ms host arp-resolved: 10.0.0.2 is at 02:00:00:00:00:02 on eth0"});
}

/// Three packets wait for an address at most.
Ipv4Config three_parked() {
  Ipv4Config config;
  config.neighbor.parked_packets = 3;
  return config;
}

TEST_F(ArpTest, OneRequestASecondThreeTriesThenFailure) {
  start(three_parked());
  for (int i = 0; i < 40; ++i) {  // a packet every 100 ms does not make more requests
    ASSERT_TRUE(send_to("10.0.0.2"));
    run_for(Duration::milliseconds(70));
  }
  std::vector<std::int64_t> at;
  for (const Sent& sent : wire0->frames) {
    ASSERT_TRUE(sent.is_arp());
    at.push_back(sent.at.ns() / 1'000'000);
  }
  EXPECT_EQ(at, (std::vector<std::int64_t>{0, 1000, 2000}));
  EXPECT_EQ(drops(DropReason::arp_queue_full), 37u);
  run_for(Duration::seconds(1));
  EXPECT_EQ(drops(DropReason::arp_failed), 3u);
  ASSERT_EQ(node->udp.errors.size(), 3u);
  EXPECT_EQ(node->udp.errors[0].kind, ErrorReport::Kind::host_unreachable);
  EXPECT_EQ(node->udp.errors[0].destination, wire::IpAddress(ip4("10.0.0.2")));
  EXPECT_EQ(node->udp.quoted[0], pattern(8));
  EXPECT_FALSE(knows("10.0.0.2"));
}

TEST_F(ArpTest, OldestParkedPacketMakesRoom) {
  start(three_parked());
  for (std::size_t size = 11; size <= 15; ++size) {
    ASSERT_TRUE(send_to("10.0.0.2", size));
  }
  answer("10.0.0.2", 2);
  ASSERT_EQ(wire0->frames.size(), 4u);
  EXPECT_EQ(wire0->frames[1].payload(), pattern(13));
  EXPECT_EQ(wire0->frames[2].payload(), pattern(14));
  EXPECT_EQ(wire0->frames[3].payload(), pattern(15));
  EXPECT_EQ(drops(DropReason::arp_queue_full), 2u);
}

TEST_F(ArpTest, AnswersForItsAddressAndRemembersWhoAsked) {
  start();
  inject_arp(ArpPacket::request(mac(2), ip4("10.0.0.2"), ip4("10.0.0.1")), MacAddress::broadcast());
  ASSERT_EQ(wire0->frames.size(), 1u);
  const ArpPacket& reply = wire0->frames[0].arp();
  EXPECT_TRUE(reply.is_reply());
  EXPECT_EQ(wire0->frames[0].eth().destination, mac(2));
  EXPECT_EQ(reply.sender_mac, mac(1));
  EXPECT_EQ(Ipv4Address(reply.sender_ip), ip4("10.0.0.1"));
  EXPECT_EQ(reply.target_mac, mac(2));
  EXPECT_EQ(Ipv4Address(reply.target_ip), ip4("10.0.0.2"));
  EXPECT_EQ(state("10.0.0.2"), NeighborState::reachable);
}

TEST_F(ArpTest, OverheardRequestUpdatesButDoesNotCreate) {
  start();
  inject_arp(ArpPacket::request(mac(2), ip4("10.0.0.2"), ip4("10.0.0.77")), MacAddress::broadcast());
  EXPECT_FALSE(knows("10.0.0.2"));
  EXPECT_EQ(drops(DropReason::arp_not_for_us), 1u);
  teach(*node, *eth0, "10.0.0.2", 2);
  inject_arp(ArpPacket::request(mac(9), ip4("10.0.0.2"), ip4("10.0.0.2")), MacAddress::broadcast());  // announcement
  EXPECT_EQ(node->ipv4.arp().table()[0].link_address, wire::LinkAddress(mac(9)));
  EXPECT_EQ(wire0->frames.size(), 0u);
}

TEST_F(ArpTest, ProbeIsAnsweredAndTeachesNothing) {
  start();
  inject_arp(ArpPacket::request(mac(2), Ipv4Address(), ip4("10.0.0.1")), MacAddress::broadcast());
  EXPECT_EQ(wire0->frames.size(), 1u);
  EXPECT_EQ(node->ipv4.arp().cache().size(), 0u);
}

TEST_F(ArpTest, RefusesNonsense) {
  start();
  wire0->inject(make_frame(mac(1), mac(2), EtherType::kArp, pattern(28)));  // other hardware
  ArpPacket group = ArpPacket::request(MacAddress::broadcast(), ip4("10.0.0.2"), ip4("10.0.0.1"));
  wire0->inject(make_frame(mac(1), mac(2), EtherType::kArp, make_arp(group)));
  ArpPacket other = ArpPacket::request(mac(2), ip4("10.0.0.2"), ip4("10.0.0.1"));
  other.operation = std::uint16_t{9};
  inject_arp(other);
  EXPECT_EQ(drops(DropReason::bad_arp), 3u);
  inject_arp(ArpPacket::request(mac(2), ip4("10.0.0.1"), ip4("10.0.0.1")));  // our own address in other hands
  EXPECT_EQ(drops(DropReason::arp_not_for_us), 1u);
  EXPECT_EQ(node->ipv4.arp().cache().size(), 0u);
  EXPECT_TRUE(wire0->frames.empty());
}

// reachable -> stale (unused, silent) -> delay (used) -> probe by unicast -> by broadcast -> gone.
TEST_F(ArpTest, StaleEntryIsUsedAndProbed) {
  start();
  teach(*node, *eth0, "10.0.0.2", 2);
  run_for(Duration::seconds(61));
  EXPECT_EQ(state("10.0.0.2"), NeighborState::stale);
  EXPECT_TRUE(wire0->frames.empty());
  ASSERT_TRUE(send_to("10.0.0.2"));
  EXPECT_EQ(state("10.0.0.2"), NeighborState::delay);
  ASSERT_EQ(wire0->frames.size(), 1u);  // sent at once
  run_for(Duration::milliseconds(7500));
  EXPECT_EQ(state("10.0.0.2"), NeighborState::probe);
  ASSERT_EQ(wire0->frames.size(), 4u);
  for (std::size_t i = 1; i < 4; ++i) {
    EXPECT_TRUE(wire0->frames[i].is_arp());
    EXPECT_EQ(wire0->frames[i].eth().destination, mac(2));
    EXPECT_EQ(wire0->frames[i].at.ns(), (66 + static_cast<std::int64_t>(i) - 1) * 1'000'000'000);
  }
  ASSERT_TRUE(send_to("10.0.0.2"));
  EXPECT_TRUE(wire0->frames[4].is_ip());
  run_for(Duration::seconds(4));
  EXPECT_FALSE(knows("10.0.0.2"));
  ASSERT_EQ(wire0->frames.size(), 8u);
  for (std::size_t i = 5; i < 8; ++i) {
    EXPECT_TRUE(wire0->frames[i].eth().destination.is_broadcast());
  }
}

TEST_F(ArpTest, AnswerToProbeMakesReachable) {
  start();
  teach(*node, *eth0, "10.0.0.2", 2);
  run_for(Duration::seconds(61));
  ASSERT_TRUE(send_to("10.0.0.2"));
  run_for(Duration::seconds(6));
  EXPECT_EQ(state("10.0.0.2"), NeighborState::probe);
  answer("10.0.0.2", 2);
  EXPECT_EQ(state("10.0.0.2"), NeighborState::reachable);
  const std::size_t sent = wire0->frames.size();
  run_for(Duration::seconds(10));
  EXPECT_EQ(wire0->frames.size(), sent);
}

TEST_F(ArpTest, ConfirmationFromAboveSavesTheProbe) {
  start();
  teach(*node, *eth0, "10.0.0.2", 2);
  run_for(Duration::seconds(61));
  ASSERT_TRUE(send_to("10.0.0.2"));
  node->ipv4.arp().cache().confirm(*eth0, ip4("10.0.0.2"));
  run_for(Duration::seconds(20));
  EXPECT_EQ(wire0->frames.size(), 1u);
  EXPECT_EQ(state("10.0.0.2"), NeighborState::reachable);
}

TEST_F(ArpTest, FullCacheEvictsStaleEntriesOnly) {
  Ipv4Config config;
  config.neighbor.entries = 2;
  start(config);
  teach(*node, *eth0, "10.0.0.2", 2);
  run_for(Duration::seconds(1));
  teach(*node, *eth0, "10.0.0.3", 3);
  ASSERT_TRUE(send_to("10.0.0.4"));
  EXPECT_EQ(drops(DropReason::arp_cache_full), 1u);
  run_for(Duration::milliseconds(59'500));  // .2 is stale, .3 is not
  ASSERT_TRUE(send_to("10.0.0.4"));
  EXPECT_EQ(drops(DropReason::arp_cache_full), 1u);
  EXPECT_FALSE(knows("10.0.0.2"));
  EXPECT_TRUE(knows("10.0.0.3"));
}

TEST_F(ArpTest, PermanentEntryStays) {
  start();
  ASSERT_TRUE(node->ipv4.arp().cache().add_permanent(*eth0, ip4("10.0.0.2"), mac(2)));
  inject_arp(ArpPacket::request(mac(9), ip4("10.0.0.2"), ip4("10.0.0.1")));
  run_for(Duration::seconds(1000));
  ASSERT_TRUE(send_to("10.0.0.2"));
  EXPECT_EQ(wire0->frames.back().eth().destination, mac(2));
  EXPECT_EQ(state("10.0.0.2"), NeighborState::permanent);
  EXPECT_TRUE(node->ipv4.arp().cache().remove(*eth0, ip4("10.0.0.2")));
}

TEST_F(ArpTest, LinkDownForgetsLinkUpAnnounces) {
  start();
  teach(*node, *eth0, "10.0.0.3", 3);
  ASSERT_TRUE(send_to("10.0.0.2"));
  wire0->up = false;
  eth0->link_changed();
  EXPECT_EQ(node->ipv4.arp().cache().size(), 0u);
  EXPECT_EQ(drops(DropReason::link_down), 1u);
  wire0->frames.clear();
  wire0->up = true;
  eth0->link_changed();
  ASSERT_EQ(wire0->frames.size(), 1u);
  EXPECT_TRUE(wire0->frames[0].arp().is_announcement());
  EXPECT_TRUE(wire0->frames[0].eth().destination.is_broadcast());
  EXPECT_EQ(Ipv4Address(wire0->frames[0].arp().sender_ip), ip4("10.0.0.1"));
}

TEST_F(ArpTest, TableIsInOrder) {
  start();
  teach(*node, *eth0, "10.0.0.9", 9);
  ASSERT_TRUE(send_to("10.0.0.2"));
  run_for(Duration::milliseconds(500));
  const auto rows = node->ipv4.arp().table();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].address, ip4("10.0.0.2"));
  EXPECT_EQ(std::string(name(rows[0].state)), "incomplete");
  EXPECT_EQ(rows[0].parked, 1u);
  EXPECT_TRUE(rows[0].link_address.empty());
  EXPECT_EQ(rows[1].address, ip4("10.0.0.9"));
  EXPECT_EQ(rows[1].age, Duration::milliseconds(500));
}

}  // namespace
}  // namespace catenet::ip
